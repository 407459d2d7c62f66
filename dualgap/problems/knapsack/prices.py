"""Prices of a relaxed knapsack: multipliers on the capacity and on inequalities that every better packing obeys.

The capacity alone leaves gaps that no table closes: where values are weights and a constant, packings differ in how
many items they hold; where weights lie just above c/2, c/4, c/8, none fills the capacity. Both follow from inequalities
that anybody can recompute:

- at most K copies: the K + 1 lightest weigh more than the capacity;
- at least F copies: the F - 1 most valuable are worth no more than the incumbent (holds for better packings only);
- rounded weights: sum_j floor(q w_j / (c + 1)) x_j <= floor(q c / (c + 1)) for a factor q >= 1 (Gomory, Outline of an
  algorithm for integer solutions to linear programs, 1958; Chvatal, Edmonds polytopes, 1973).

The cardinality bounds are Martello and Toth's (Upper bounds and algorithms for hard 0-1 knapsack problems, Operations
Research 45, 1997).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from dualgap.core.exact import Exact
from dualgap.problems.knapsack.packing import Packing

_SAFE = 2**62


@dataclass(frozen=True)
class Price:
    """What the relaxation charges, in steps of the objective.

    Attributes:
        capacity: for a unit of weight, >= 0.
        count: for a copy packed; > 0 for "at most", < 0 (a premium) for "at least".
        rounded: (factor, price >= 0) of each inequality of rounded weights.
    """

    capacity: Fraction
    count: Fraction = Fraction(0)
    rounded: tuple[tuple[int, Fraction], ...] = ()


@dataclass(frozen=True)
class Charge:
    """A priced inequality: ``coefficients'x <= right`` at ``price`` >= 0, or ``>=`` at ``price`` < 0."""

    price: Fraction
    coefficients: np.ndarray
    right: int


def charges(packed: Packing, price: Price, incumbent: int) -> list[Charge]:
    """The inequalities that the price is on, but for the capacity; all hold for packings better than ``incumbent``."""
    found = []
    if price.count:
        right = most(packed) if price.count > 0 else fewest(packed, incumbent)
        found.append(Charge(price.count, np.ones(len(packed.index), dtype=np.int64), right))
    found += [Charge(each, *rounded(packed, factor)) for factor, each in price.rounded]
    return found


def rounded(packed: Packing, factor: int) -> tuple[np.ndarray, int]:
    """(k,) floor(q w_j / (c + 1)), and floor(q c / (c + 1))."""
    whole = packed.capacity + 1
    wide = whole >= _SAFE or factor * Exact(packed.weights).largest >= _SAFE
    weights = packed.weights.astype(object) if wide else packed.weights
    return weights * factor // whole, packed.capacity * factor // whole


def most(packed: Packing) -> int:
    """The largest number of copies that fit together."""
    return _prefix(packed.weights, packed.limits, packed.capacity, np.argsort(packed.weights, kind="stable"))


def fewest(packed: Packing, incumbent: int) -> int:
    """The least number of copies that are worth more than ``incumbent``; beyond all of them where none is."""
    room = incumbent - packed.extra
    return _prefix(packed.values, packed.limits, room, np.argsort(-packed.values, kind="stable")) + 1


def _prefix(amounts: np.ndarray, limits: np.ndarray, room: int, order: np.ndarray) -> int:
    """How many copies, taken in ``order``, stay within ``room``; -1 where it is negative."""
    if room < 0:
        return -1
    amounts, limits = amounts[order], limits[order]
    wide = Exact(amounts).largest * Exact(limits).largest * max(len(amounts), 1) >= _SAFE or room >= _SAFE
    if wide:
        amounts, limits = amounts.astype(object), limits.astype(object)
    sums = np.cumsum(amounts * limits)
    full = int(np.searchsorted(sums, room, side="right"))
    copies = int(limits[:full].sum())
    if full < len(amounts):
        used = int(sums[full - 1]) if full else 0
        copies += (room - used) // int(amounts[full])
    return copies
