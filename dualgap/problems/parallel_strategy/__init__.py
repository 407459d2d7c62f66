"""How a transformer's training step is spread over devices: the fastest plan that fits into their memory."""

from dualgap.problems.parallel_strategy.plans import Plan
from dualgap.problems.parallel_strategy.proofs import StagePrices
from dualgap.problems.parallel_strategy.spec import ParallelStrategy

__all__ = ["ParallelStrategy", "Plan", "StagePrices"]
