"""A small knapsack that fixing has left, and what tables over it take."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from dualgap.core.exact import Exact
from dualgap.problems.knapsack.packing import dot

SAFE = 2**62
"""Sums below this stay within int64, one addition included."""


@dataclass(frozen=True)
class Instance:
    """A small knapsack over kinds of equal items: find the best value in [need, top], or that there is none.

    Attributes:
        items, kinds, room: (t,) positions in the packing, each one's kind (ascending) and most copies.
        values, weights, limits: (k,) of the kinds.
        capacity, need, top: integers.
        priced: (k,) values less the charges of a price but for the capacity's: packings in [need, top] have a priced
            value of at least ``least``.
    """

    items: np.ndarray
    kinds: np.ndarray
    room: np.ndarray
    values: np.ndarray
    weights: np.ndarray
    limits: np.ndarray
    capacity: int
    need: int
    top: int
    priced: Exact
    least: Fraction

    def spread(self, counts: np.ndarray) -> np.ndarray:
        """(t,) copies of the items from (k,) copies of the kinds."""
        before = np.cumsum(self.room) - self.room
        first = np.searchsorted(self.kinds, np.arange(len(counts)))
        ahead = before - before[first][self.kinds]
        taken: np.ndarray = np.clip(counts[self.kinds] - ahead, 0, self.room)
        return taken

    @cached_property
    def pieces(self) -> tuple[np.ndarray, np.ndarray]:
        """(kind, copies): binary splitting into pieces that are taken or not; sums are exactly 0 to ``limits``.

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
        return max(self.total_value, dot(self.weights, self.limits), self.capacity) < SAFE

    @cached_property
    def proportional(self) -> bool:
        """Whether values are proportional to weights: subset sums."""
        return proportional(self.values, self.weights)


def proportional(values: np.ndarray, weights: np.ndarray) -> bool:
    """Whether one factor turns all weights into values; False where there are none."""
    if not len(values):
        return False
    v, w = int(values[0]), int(weights[0])
    wide = max(Exact(values).largest * w, Exact(weights).largest * v) >= SAFE
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
