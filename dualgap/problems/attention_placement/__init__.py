"""Where attention blocks run: so many blocks of each kind on each device, the slowest device as fast as can be."""

from dualgap.problems.attention_placement.proofs import Capacity, DeviceWeights
from dualgap.problems.attention_placement.spec import AttentionPlacement, Placement

__all__ = ["AttentionPlacement", "Capacity", "DeviceWeights", "Placement"]
