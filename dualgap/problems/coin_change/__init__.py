"""Change-making: the cheapest multiset of coins with an exact sum."""

from dualgap.problems.coin_change.spec import CoinChange, CoinChangeAnswer

__all__ = ["CoinChange", "CoinChangeAnswer"]
