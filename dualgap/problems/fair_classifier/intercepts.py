"""A model with every other intercept, searched exactly: by sorting its scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dualgap.problems.fair_classifier.pairs import Pairs
from dualgap.problems.fair_classifier.soft import Layers

_TIED = 1e-9  # of the largest score: an intercept needs more room between two scores than this
_LOOKED_AT = 500  # intercepts of each set, where several are searched together


@dataclass(frozen=True, eq=False)
class Intercepts:
    """The line through a model: a cut of the scores of each set of people who have an intercept of their own.

    Attributes:
        layers: the model.
        cuts: for each set, (t,) numbers to take from its bias, ascending.
        above: for each, (t, 2 G) the masses whose scores are above.
        pairs: the inequalities.
        totals: (2 G,) the masses.
    """

    layers: Layers
    cuts: tuple[np.ndarray, ...]
    above: tuple[np.ndarray, ...]
    pairs: Pairs
    totals: np.ndarray

    @staticmethod
    def of(layers: Layers, scores: np.ndarray, sets: np.ndarray, masses: np.ndarray, pairs: Pairs) -> Intercepts:
        """All cuts between scores that are apart.

        Args:
            layers: the model.
            scores: (n,) its scores.
            sets: (b, n) bool. masses: (n, 2 G). pairs: the inequalities.
        """
        found = [_cuts(scores[rows], masses[rows]) for rows in sets]
        return Intercepts(layers, tuple(c for c, _ in found), tuple(a for _, a in found), pairs, masses.sum(axis=0))

    def best(self, multipliers: np.ndarray) -> tuple[Layers, float, np.ndarray]:
        """The model with the least price, its error and excesses."""
        label = np.arange(len(self.totals)) % 2
        cost = (1.0 - 2.0 * label) / self.totals.sum() + multipliers @ self.pairs.matrix
        return self._at([int((above @ cost).argmin()) for above in self.above])

    def feasible(self) -> tuple[Layers, float, np.ndarray] | None:
        """The most accurate of the models that are fair enough; None where none is.

        Several sets: for every cut of the first (of many some are looked at) the others take their cheapest that is
        fair towards it.
        """
        label = np.arange(len(self.totals)) % 2
        spaced = [_spaced(len(cuts), _LOOKED_AT if len(self.cuts) > 1 else len(cuts)) for cuts in self.cuts]
        parts = [above[places] for above, places in zip(self.above, spaced)]
        chosen = [np.arange(len(parts[0])), *(self._towards(parts[0], part, label) for part in parts[1:])]
        positive = np.sum([part[places] for part, places in zip(parts, chosen)], axis=0)
        excess = (positive @ self.pairs.matrix.T + self.pairs.offset).max(axis=1, initial=-np.inf)
        wrong = np.where(excess <= 0.0, positive @ (1.0 - 2.0 * label), np.inf)
        first = int(wrong.argmin())
        if not np.isfinite(wrong[first]):
            return None
        return self._at([int(places[of[first]]) for places, of in zip(spaced, chosen)])

    def _towards(self, first: np.ndarray, other: np.ndarray, label: np.ndarray) -> np.ndarray:
        """(t,) for each cut of the first set, the place of the other set's cheapest one that is fair towards it."""
        matrix = self.pairs.matrix
        concerned = first.any(axis=0) | other.any(axis=0)
        rows = ~matrix[:, ~concerned].any(axis=1)
        own, theirs = first @ matrix[rows].T + self.pairs.offset[rows], other @ matrix[rows].T
        fair = np.ones((len(first), len(other)), dtype=bool)
        for k in range(own.shape[1]):
            fair &= own[:, k : k + 1] + theirs[None, :, k] <= 0.0
        return np.asarray(np.where(fair, other @ (1.0 - 2.0 * label), np.inf).argmin(axis=1))

    def _at(self, places: list[int]) -> tuple[Layers, float, np.ndarray]:
        weight, bias = self.layers[-1]
        positive = np.sum([above[place] for above, place in zip(self.above, places)], axis=0)
        taken = np.array([cuts[place] for cuts, place in zip(self.cuts, places)])
        error = positive[0::2].sum() + (self.totals - positive)[1::2].sum()
        shifted = (*self.layers[:-1], (weight, np.asarray(bias, dtype=np.float64) - taken))
        return shifted, float(error / self.totals.sum()), self.pairs.matrix @ positive + self.pairs.offset


def _cuts(scores: np.ndarray, masses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(cuts, masses above them): below all, between neighbours that are apart, and above all."""
    order = np.argsort(scores)
    ascending = scores[order]
    reach = float(np.abs(ascending[[0, -1]]).max()) or 1.0
    gaps = np.flatnonzero(np.diff(ascending) > _TIED * reach)
    middles = ascending[gaps] + 0.5 * (ascending[gaps + 1] - ascending[gaps])
    cuts = np.concatenate([[ascending[0] - reach], middles, [ascending[-1] + reach]])
    below = np.cumsum(masses[order], axis=0)
    total = below[-1]
    return cuts, np.vstack([total, total - below[gaps], np.zeros_like(total)])


def _spaced(count: int, most: int) -> np.ndarray:
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))
