"""Good packings in several dimensions, from fractional ones and from each other.

Relaxed packings are rounded down, which keeps them feasible, and filled in the order of efficiency at the best prices,
many at once (the repair of Chu and Beasley, A genetic algorithm for the multidimensional knapsack problem, 1998). One
is improved by exchanging up to two items near the core for up to two others, as long as that gains.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

_NEAR = 1e-6
_CANDIDATES = 36
"""Items on either side that exchanges consider: those whose reduced values are the smallest."""
_FILLED = 64
"""Items that are tried where there is room left; the others stay as relaxed."""


@dataclass(frozen=True)
class Packer:
    """The items of a program, all numbers whole and exact in float64.

    Attributes:
        values, limits: (k,).
        weights: (m, k) >= 0.
        room: (m,).
        reduced: (k,) values less what the best prices charge.
    """

    values: np.ndarray
    weights: np.ndarray
    room: np.ndarray
    limits: np.ndarray
    reduced: np.ndarray

    @cached_property
    def _near(self) -> np.ndarray:
        """The items worth packing, by the size of their reduced values."""
        worth = np.flatnonzero((self.values > 0) & (self.limits > 0))
        return worth[np.argsort(np.abs(self.reduced[worth]), kind="stable")]

    @cached_property
    def _order(self) -> list[int]:
        """Those nearest to the core, by efficiency."""
        near = self._near[:_FILLED]
        charged = np.maximum(self.values - self.reduced, 1e-300)[near]
        order: list[int] = near[np.argsort(-self.values[near] / charged, kind="stable")].tolist()
        return order

    def fits(self, counts: np.ndarray) -> np.ndarray:
        """(K,) which of (K, k) counts are packings."""
        within = ((counts >= 0) & (counts <= self.limits)).all(axis=1)
        return np.asarray(within & (counts @ self.weights.T <= self.room).all(axis=1))

    def best(self, points: np.ndarray) -> tuple[float, np.ndarray]:
        """The best packing that relaxed points (K, k) round to and its value; minus infinity where there is none."""
        counts = np.clip(np.floor(points + _NEAR), 0.0, self.limits)
        counts = self._filled(counts[self.fits(counts)])
        if not len(counts):
            return -np.inf, np.zeros(len(self.values))
        worth = counts @ self.values
        at = int(worth.argmax())
        return float(worth[at]), counts[at]

    def _filled(self, counts: np.ndarray) -> np.ndarray:
        counts, room = counts.copy(), self.room - counts @ self.weights.T
        for item in self._order:
            weights = self.weights[:, item]
            heavy = weights > 0
            fits = np.floor(room[:, heavy] / weights[heavy]).min(axis=1, initial=np.inf)
            taken = np.minimum(self.limits[item] - counts[:, item], fits)
            if taken.any():
                counts[:, item] += taken
                room -= taken[:, None] * weights
        return counts

    def improved(self, counts: np.ndarray) -> np.ndarray:
        """A packing from which no exchange gains; as good as ``counts`` (k,) at least."""
        counts = self._filled(counts[None])[0]
        while True:
            gain, change = self._exchange(counts)
            if gain <= 0:
                return counts
            counts = self._filled((counts + change)[None])[0]

    def _exchange(self, counts: np.ndarray) -> tuple[float, np.ndarray]:
        """The best exchange that fits, and what it gains; nothing gains more than 0 where there is none."""
        near = self._near
        leaving = _subsets(near[counts[near] > 0][:_CANDIDATES])
        entering = _subsets(near[counts[near] < self.limits[near]][:_CANDIDATES])
        value_out, value_in = (_sums(self.values[None], pairs)[0] for pairs in (leaving, entering))
        load_out, load_in = (_sums(self.weights, pairs) for pairs in (leaving, entering))
        out, into = np.nonzero(value_in[None, :] > value_out[:, None])
        for row, room in enumerate(self.room - self.weights @ counts):
            fits = load_in[row, into] <= room + load_out[row, out]
            out, into = out[fits], into[fits]
        change = np.zeros(len(counts))
        if not len(out):
            return 0.0, change
        gains = value_in[into] - value_out[out]
        at = int(gains.argmax())
        np.add.at(change, [j for j in leaving[:, out[at]] if j >= 0], -1.0)
        np.add.at(change, [j for j in entering[:, into[at]] if j >= 0], 1.0)
        return float(gains[at]), change


def _subsets(items: np.ndarray) -> np.ndarray:
    """(2, s) all sets of at most two different items, -1 standing for none."""
    first, second = np.triu_indices(len(items) + 1, 1)
    padded = np.append(items, -1)
    none = np.full((2, 1), -1)
    return np.hstack([np.array([padded[first], padded[second]]), none])


def _sums(rows: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """(m, s) the sums of rows (m, k) over pairs of columns (2, s)."""
    padded = np.hstack([rows, np.zeros((len(rows), 1))])
    return np.asarray(padded[:, pairs[0]] + padded[:, pairs[1]])
