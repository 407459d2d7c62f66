"""What is left of a knapsack in one dimension once its multiplier and an incumbent have fixed most of the items.

For a multiplier lambda >= 0 let r_j = v_j - lambda w_j and U = lambda c + sum_j limits_j max(0, r_j). A packing that
takes t copies fewer of an item with r_j > 0 (or t more of one with r_j < 0) is worth at most U - t |r_j|; so whatever
beats the incumbent z differs from the relaxation's choice by at most (U - z - 1) / |r_j| copies (Ingargiola and Korsh,
Reduction algorithm for zero-one single knapsack problems, Management Science 20, 1973).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import gcd
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.exact import Exact, combine, narrow

if TYPE_CHECKING:
    from dualgap.problems.knapsack.spec import Knapsack

_SAFE = 2**62


@dataclass(frozen=True)
class Packing:
    """The items worth a decision, as integers: values in steps of the objective, weights by their common divisor.

    Attributes:
        index: (k,) where they stand in the spec; they have positive value and weight and fit alone.
        values, weights, limits: (k,) positive integers.
        capacity: an integer.
        gratis: (n,) counts of what weighs nothing and is worth something: packed anyway.
        extra: what that is worth, in steps.
        unit: of a multiplier, in the problem's value per weight.
    """

    index: np.ndarray
    values: np.ndarray
    weights: np.ndarray
    limits: np.ndarray
    capacity: int
    gratis: np.ndarray
    extra: int
    unit: Fraction

    def whole(self, counts: np.ndarray) -> np.ndarray:
        """(n,) counts in the spec's order."""
        everything = self.gratis.copy()
        everything[self.index] = counts
        return everything

    def worth(self, counts: np.ndarray) -> int:
        """The value of (k,) counts and what is gratis, in steps."""
        return self.extra + dot(self.values, counts)


def dot(left: np.ndarray, right: np.ndarray) -> int:
    """The exact inner product of integer vectors."""
    return int(Exact(left).dot(Exact(right)))


def packing(problem: Knapsack) -> Packing:
    """The integers of a one-dimensional problem; nothing in it may be worth packing without end."""
    (weights, capacity), values = problem.exact_rows[0], problem.exact_values
    gratis = np.where((weights.numerators == 0) & (values.numerators > 0), problem.limits, 0).astype(np.int64)
    index = np.flatnonzero((values.numerators > 0) & (weights.numerators > 0) & (problem.limits > 0))
    step = problem.step or Fraction(1)
    divisor = gcd(*(int(weight) for weight in weights.numerators[index])) or 1
    grain = int(step * values.denominator)
    whole_values = values.numerators // grain
    return Packing(
        index=index,
        values=_narrowed(whole_values[index]),
        weights=_narrowed(weights.numerators[index] // divisor),
        limits=problem.limits[index],
        capacity=int(capacity * weights.denominator) // divisor,
        gratis=gratis,
        extra=dot(whole_values, gratis),
        unit=step * weights.denominator / divisor,
    )


def _narrowed(integers: np.ndarray) -> np.ndarray:
    return narrow(integers.tolist(), integers.shape) if integers.dtype == object else integers


@dataclass(frozen=True)
class Residual:
    """Where every packing better than ``incumbent`` must lie: ``lower <= x <= lower + free``.

    Attributes:
        packing: what it belongs to.
        relaxed: (k,) the relaxation's choice at the multiplier.
        lower, free: (k,) the box.
        distance: (k,) |r_j| on a common scale, for sorting.
        incumbent: in steps.
        bound: the multiplier's bound U, in steps, rounded down.
    """

    packing: Packing
    relaxed: np.ndarray
    lower: np.ndarray
    free: np.ndarray
    distance: np.ndarray
    incumbent: int
    bound: int

    @cached_property
    def capacity(self) -> int:
        """What the box leaves of the capacity; negative where nothing in it fits."""
        return self.packing.capacity - dot(self.packing.weights, self.lower)

    @cached_property
    def worth(self) -> int:
        """The value of ``lower`` and what is gratis, in steps."""
        return self.packing.worth(self.lower)

    @property
    def settled(self) -> bool:
        """Whether nothing better than the incumbent can exist."""
        return self.bound <= self.incumbent or self.capacity < 0

    def instance(self) -> Instance:
        """The knapsack over the free copies."""
        packed = self.packing
        items = np.flatnonzero((self.free > 0) & (packed.weights <= self.capacity))
        weights = packed.weights[items] if self.capacity < _SAFE else packed.weights[items].astype(object)
        limits = np.minimum(self.free[items], self.capacity // weights).astype(np.int64)
        need = max(self.incumbent + 1 - self.worth, 0)
        return Instance(
            items, packed.values[items], packed.weights[items], limits, self.capacity, need, self.bound - self.worth
        )


@dataclass(frozen=True)
class Instance:
    """A small knapsack: find the best value in [need, top], or that there is none.

    Attributes:
        items: (k,) positions in the packing.
        values, weights, limits: (k,).
        capacity, need, top: integers.
    """

    items: np.ndarray
    values: np.ndarray
    weights: np.ndarray
    limits: np.ndarray
    capacity: int
    need: int
    top: int

    @cached_property
    def pieces(self) -> tuple[np.ndarray, np.ndarray]:
        """(item, copies): binary splitting into pieces that are taken or not; sums are exactly 0 to ``limits``.

        Heavy pieces come first, so that few entries of a table matter to the last ones.
        """
        owners, copies = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        left, piece = self.limits.copy(), 1
        while (left > 0).any():
            owner = np.flatnonzero(left > 0)
            owners.append(owner)
            copies.append(np.minimum(left[owner], piece))
            left[owner] -= copies[-1]
            piece *= 2
        owner, count = np.concatenate(owners), np.concatenate(copies)
        order = np.argsort(-(self.weights[owner] * count), kind="stable")
        return owner[order], count[order]

    @cached_property
    def total_value(self) -> int:
        return dot(self.values, self.limits)

    @cached_property
    def reach(self) -> int:
        """The largest weight that matters: the capacity, or everything's."""
        return min(self.capacity, dot(self.weights, self.limits))

    @property
    def fits_int64(self) -> bool:
        """Whether no sum of values or weights can overflow."""
        return max(self.total_value, dot(self.weights, self.limits), self.capacity) < _SAFE

    @cached_property
    def proportional(self) -> bool:
        """Whether values are proportional to weights: subset sums."""
        return proportional(self.values, self.weights)


def proportional(values: np.ndarray, weights: np.ndarray) -> bool:
    """Whether one factor turns all weights into values; False where there are none."""
    if not len(values):
        return False
    v, w = int(values[0]), int(weights[0])
    wide = max(Exact(values).largest * w, Exact(weights).largest * v) >= _SAFE
    left, right = (values.astype(object), weights.astype(object)) if wide else (values, weights)
    return bool((left * w == right * v).all())


def windows(steps: np.ndarray, end: int, least: int) -> tuple[list[int], list[int]]:
    """(first, last) entries of a table that matter at each piece, for sums of pieces that shall end in [least, end].

    What is left can't lift a sum below ``least`` minus its total; what came before can't have passed its own.
    """
    reached = np.cumsum(steps)
    rest = (reached[-1] if len(steps) else 0) - reached
    first = np.maximum(steps, np.minimum(least - rest, end + 1))
    return first.tolist(), np.minimum(reached, end).tolist()


def entries(steps: np.ndarray, end: int, least: int) -> int:
    """How many entries all the windows have together."""
    first, last = windows(steps, end, least)
    return int(np.maximum(np.array(last, dtype=np.int64) - np.array(first, dtype=np.int64) + 1, 0).sum())


def residual(packed: Packing, multiplier: Fraction, incumbent: int) -> Residual:
    """The box for a multiplier (>= 0, on the scale of ``packed``) and an incumbent's value (or any guess of it)."""
    reduced = combine([(1, Exact(packed.values)), (-multiplier, Exact(packed.weights))])
    numerators, denominator = reduced.numerators, reduced.denominator
    chosen = numerators > 0
    gain = Exact(np.where(chosen, numerators, 0), denominator).dot(Exact(packed.limits))
    bound = packed.extra + multiplier * packed.capacity + gain
    distance = abs(numerators)
    slack = int((bound - incumbent - 1) * denominator // 1)
    free = np.zeros(len(packed.index), dtype=np.int64)
    if slack >= 0:
        wide = distance.astype(object) if slack >= _SAFE else distance
        copies = np.where(distance > 0, slack // np.maximum(wide, 1), packed.limits)
        free = np.minimum(copies, packed.limits).astype(np.int64)
    relaxed = np.where(chosen, packed.limits, 0)
    return Residual(packed, relaxed, np.where(chosen, packed.limits - free, 0), free, distance, incumbent, bound // 1)
