"""Change-making: the cheapest multiset of coins with an exact sum."""

from dualgap.problems.coin_change.proofs import AmountTable, Divisor, Potential, Unreachable
from dualgap.problems.coin_change.spec import CoinChange, CoinChangeAnswer

__all__ = ["AmountTable", "CoinChange", "CoinChangeAnswer", "Divisor", "Potential", "Unreachable"]
