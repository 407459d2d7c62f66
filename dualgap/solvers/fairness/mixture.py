"""The best mixture of classifiers at hand: a linear program over their masses, by column generation.

At hand are all thresholds of each of several scores. The program's rows hold the rates together, so a vertex of it
mixes at most one classifier more than there are rows that bind (Cotter et al., Two-player games for efficient non-convex
constrained optimization, 2019, section 4); prices of the rows tell which threshold of a score to take in next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from dualgap.core.errors import DualgapError
from dualgap.core.forms import MixedIntegerProgram
from dualgap.problems.fair_classifier.lagrangian import costs
from dualgap.problems.fair_classifier.rates import Rows
from dualgap.problems.fair_classifier.thresholds import cuts, masses_above

_SMALLEST = 1e-9  # weights below are rounded zeros
_IMPROVES = 1e-9  # of the error: reduced costs above are rounding
_ROUNDS = 60

Solve = Callable[[MixedIntegerProgram], tuple[np.ndarray, np.ndarray]]
"""A linear program to (point, row multipliers)."""


@dataclass(frozen=True, eq=False)
class Scored:
    """A score of the training rows and all its thresholds.

    Attributes:
        scores: (n,).
        sets: for each threshold that is chosen by itself, which rows it is for, (n,) bool.
        above: for each of them, (t, 2 G): masses above ``values``.
        values: for each of them, (t,) thresholds.
    """

    scores: np.ndarray
    sets: tuple[np.ndarray, ...]
    above: tuple[np.ndarray, ...]
    values: tuple[np.ndarray, ...]

    @staticmethod
    def of(
        scores: np.ndarray,
        sets: tuple[np.ndarray, ...],
        groups: np.ndarray,
        labels: np.ndarray,
        weights: np.ndarray,
        count: int,
    ) -> Scored:
        parts = [(scores[rows], groups[rows], labels[rows], weights[rows]) for rows in sets]
        return Scored(
            scores,
            sets,
            tuple(masses_above(*part, count) for part in parts),
            tuple(cuts(part[0]) for part in parts),
        )

    def cheapest(self, cost: np.ndarray) -> tuple[float, tuple[int, ...]]:
        """(least cost of the mass above, the thresholds' places), for (2 G,) costs of a unit above."""
        prices = [above @ cost for above in self.above]
        places = tuple(int(price.argmin()) for price in prices)
        return float(sum(price[place] for price, place in zip(prices, places))), places

    def masses(self, places: tuple[int, ...]) -> np.ndarray:
        """(2 G,) above the thresholds at these places."""
        return np.asarray(sum(above[place] for above, place in zip(self.above, places)))


@dataclass(frozen=True)
class Column:
    """A classifier of the mixture: thresholds of a score, by their places."""

    score: int
    places: tuple[int, ...]


@dataclass
class Pool:
    """Scores, the classifiers of them that were taken in, and the best mixture of those.

    Attributes:
        mass: (G, 2) of the training split by group and label.
        rows: what holds the rates together.
        solve: solves the linear programs.
        weights: of the columns, of the best mixture.
        multipliers: of the rows, there.
        error: of the mixture.
    """

    mass: np.ndarray
    rows: Rows
    solve: Solve
    scores: list[Scored] = field(default_factory=list)
    columns: dict[Column, np.ndarray] = field(default_factory=dict)
    weights: np.ndarray = field(default_factory=lambda: np.zeros(0))
    multipliers: np.ndarray = field(default_factory=lambda: np.zeros(0))
    error: float = float("inf")

    def add(self, scored: Scored) -> None:
        """Takes in a score with its first and last threshold: everybody, and nobody."""
        number = len(self.scores)
        self.scores.append(scored)
        for end in (0, -1):
            self._take(Column(number, tuple(len(values) - 1 if end else 0 for values in scored.values)))
        if len(self.multipliers):
            self._priced([number])
        else:
            self._take(Column(number, scored.cheapest(self._cost(np.zeros(len(self.rows.names))))[1]))

    def improve(self, stop: Callable[[], bool]) -> None:
        """Takes in what the prices ask for, until no threshold of any score improves the mixture."""
        for _ in range(_ROUNDS):
            self._mix()
            if not self._priced(range(len(self.scores))) or stop():
                return
        self._mix()

    def cost(self) -> np.ndarray:
        """(G, 2) what a unit predicted positive costs at the mixture's prices."""
        return self._cost(self.multipliers).reshape(self.mass.shape)

    def _cost(self, multipliers: np.ndarray) -> np.ndarray:
        found = costs(self.rows, self.mass, self._allowed(multipliers))
        assert found is not None, "prices of sides that rows don't have are left out"
        return found.cost.ravel()

    def _allowed(self, y: np.ndarray) -> np.ndarray:
        priced = ((y > 0) & np.isfinite(self.rows.lower)) | ((y < 0) & np.isfinite(self.rows.upper))
        return np.where(priced, y, 0.0)

    def _take(self, column: Column) -> bool:
        if column in self.columns:
            return False
        self.columns[column] = self.scores[column.score].masses(column.places)
        return True

    def _priced(self, numbers: range | list[int]) -> bool:
        """Takes in each score's cheapest thresholds where they are cheaper than what is mixed; whether any was."""
        cost = self._cost(self.multipliers)
        taken = False
        for number in numbers:
            price, places = self.scores[number].cheapest(cost)
            if price < self._level - _IMPROVES:
                taken |= self._take(Column(number, places))
        return taken

    def _mix(self) -> None:
        form = self._program()
        point, multipliers = self.solve(form)
        count = len(self.columns)
        weights = np.where(point[:count] > _SMALLEST, point[:count], 0.0)
        self.weights = weights / weights.sum()
        self.multipliers = self._allowed(multipliers[:-1])
        self._level = float(multipliers[-1])
        self.error = form.objective(point)

    def _program(self) -> MixedIntegerProgram:
        """min error, the rates' rows, weights that sum to 1."""
        from scipy.sparse import csr_array

        masses = np.array(list(self.columns.values()))
        total, k = float(self.mass.sum()), self.rows.auxiliary.shape[1]
        gain = (masses[:, 0::2].sum(axis=1) - masses[:, 1::2].sum(axis=1)) / total
        count = len(masses)
        fair = np.hstack([self.rows.positive @ masses.T, self.rows.auxiliary])
        return MixedIntegerProgram(
            cost=np.concatenate([gain, np.zeros(k)]),
            matrix=csr_array(np.vstack([fair, np.append(np.ones(count), np.zeros(k))])),
            row_lower=np.append(self.rows.lower, 1.0),
            row_upper=np.append(self.rows.upper, 1.0),
            lower=np.zeros(count + k),
            upper=np.ones(count + k),
            integer=np.zeros(count + k, dtype=bool),
            offset=float(self.mass[:, 1].sum()) / total,
        )

    @property
    def mixed(self) -> list[tuple[float, Column]]:
        """The members with their weights."""
        return [(w, column) for w, column in zip(self.weights.tolist(), self.columns) if w > 0]


class NoMixtureError(DualgapError):
    """The linear program of a mixture wasn't solved."""
