"""Knapsack problems: 0/1, bounded and unbounded, in one or several dimensions."""

from dualgap.problems.knapsack.proofs import Replay
from dualgap.problems.knapsack.spec import Knapsack, KnapsackAnswer

__all__ = ["Knapsack", "KnapsackAnswer", "Replay"]
