"""How each operator of each layer is sharded: the fastest choice of strategies that fits into memory."""

from dualgap.problems.operator_sharding.proofs import LeastMemory, MemoryPrice
from dualgap.problems.operator_sharding.spec import OperatorSharding, Sharding

__all__ = ["LeastMemory", "MemoryPrice", "OperatorSharding", "Sharding"]
