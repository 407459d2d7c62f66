"""Ring attention, step by step: which stretches of a sequence each device holds, and the order of devices."""

from dualgap.problems.ring_attention.proofs import RingCapacity
from dualgap.problems.ring_attention.spec import RingAttention, RingOrder

__all__ = ["RingAttention", "RingCapacity", "RingOrder"]
