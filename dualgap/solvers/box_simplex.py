"""Linear relaxations of one program over many boxes at once: the bounded dual simplex, a batch a pivot.

The dual simplex walks along the Lagrangian dual from vertex to vertex, uphill: whatever basis it has in the end, its
prices bound every point of the box. A step goes past the breakpoints at which columns change sides while the dual still
rises (Fourer, Notes on the dual simplex method, 1994; Maros 2003). Boxes that differ in a few bounds need few pivots
from each other's bases, and a pivot of a thousand boxes is a handful of array operations.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

_FEASIBLE = 1e-7  # relative: basic values this far outside their sides count as inside
_PIVOT = 1e-9


@dataclass(frozen=True)
class Relaxations:
    """What K boxes relax to.

    Attributes:
        prices: (K, m) on the rows, of the right signs.
        bounds: (K,) the Lagrangian bound at the prices, in float64.
        points: (K, n) optima of the relaxations where ``solved``, else the last basic points.
        solved: (K,) whether the relaxation is solved to its optimum; elsewhere it is below the cutoff or empty.
        basis: (K, m) columns, those from n on being the rows' slacks.
    """

    prices: np.ndarray
    bounds: np.ndarray
    points: np.ndarray
    solved: np.ndarray
    basis: np.ndarray


class BoxSimplex:
    """``max values'x, row_lower <= matrix x <= row_upper``; one side at least of every row is finite."""

    def __init__(
        self, values: np.ndarray, matrix: np.ndarray, row_lower: np.ndarray, row_upper: np.ndarray, pivots: int = 50
    ) -> None:
        rows, self.columns = matrix.shape
        flipped = np.where(np.isinf(row_upper), -1.0, 1.0)
        self.signs = flipped  # rows with a lower side only are turned round: matrix x + slack = side, slack >= 0
        self.sides = np.where(flipped > 0, row_upper, -row_lower)
        self.slack = np.where(flipped > 0, row_upper - row_lower, np.inf)
        self.matrix = np.hstack([flipped[:, None] * matrix, np.eye(rows)])
        self.values = np.concatenate([values, np.zeros(rows)])
        self.pivots = pivots

    def slacks(self) -> np.ndarray:
        """(1, m) the basis without a column."""
        return np.arange(self.columns, len(self.values))[None]

    def solve(self, lower: np.ndarray, upper: np.ndarray, basis: np.ndarray, cutoff: float) -> Relaxations:
        """Relaxes boxes (K, n) from bases (K, m); one whose bound falls to ``cutoff`` is left there."""
        state = _State.begin(self, lower, upper, basis)
        count, columns = len(lower), self.columns
        done = Relaxations(
            prices=np.zeros((count, len(self.sides))),
            bounds=np.zeros(count),
            points=np.zeros((count, columns)),
            solved=np.zeros(count, dtype=bool),
            basis=basis.copy(),
        )
        for pivot in range(self.pivots + 1):
            solved = state.look(self)
            over = solved | (state.bounds <= cutoff) | (pivot == self.pivots)
            if over.any():
                state.record(self, done, over, solved)
                state = state.where(~over)
            if not len(state.index):
                break
            endless = state.pivot(self, cutoff)
            if endless.any():
                state.record(self, done, endless, np.zeros(len(endless), dtype=bool))
                state = state.where(~endless)
        return done


@dataclass
class _State:
    """The boxes under way, with all N = n + m columns; ``look`` brings what depends on bases and prices up to date.

    Attributes:
        index: (K,) their places in the batch.
        lower, upper: (K, N).
        basis, inverse, prices: (K, m), (K, m, m), (K, m).
        bounds, points, reduced: (K,), (K, N), (K, N).
        below, above: (K, m) how far basic values are outside their sides.
    """

    index: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    basis: np.ndarray
    inverse: np.ndarray
    prices: np.ndarray
    bounds: np.ndarray
    points: np.ndarray
    reduced: np.ndarray
    below: np.ndarray
    above: np.ndarray

    @staticmethod
    def begin(lp: BoxSimplex, lower: np.ndarray, upper: np.ndarray, basis: np.ndarray) -> _State:
        count, rows = basis.shape
        try:
            inverse = np.linalg.inv(np.moveaxis(lp.matrix[:, basis], 0, 1))
        except np.linalg.LinAlgError:  # rounding has spoilt one: all start afresh
            basis, inverse = np.repeat(lp.slacks(), count, axis=0), np.tile(np.eye(rows), (count, 1, 1))
        prices = np.einsum("km,kmi->ki", lp.values[basis], inverse)
        unset = np.zeros((count, 0))
        return _State(
            index=np.arange(count),
            lower=np.hstack([lower, np.zeros((count, rows))]),
            upper=np.hstack([upper, np.broadcast_to(lp.slack, (count, rows))]),
            basis=basis.copy(),
            inverse=inverse,
            prices=np.where(np.isinf(lp.slack), np.maximum(prices, 0.0), prices),
            bounds=np.zeros(count),
            points=unset,
            reduced=unset,
            below=unset,
            above=unset,
        )

    def where(self, keep: np.ndarray) -> _State:
        return _State(*(getattr(self, field.name)[keep] for field in fields(self)))

    def look(self, lp: BoxSimplex) -> np.ndarray:
        """(K,) whether the basic point is feasible, and hence optimal."""
        self.reduced = lp.values - self.prices @ lp.matrix
        np.put_along_axis(self.reduced, self.basis, 0.0, axis=1)
        self.points = np.where(self.reduced > 0, self.upper, self.lower)
        self.points[np.isinf(self.points)] = 0.0  # a slack whose price is zero but for rounding
        self.bounds = self.prices @ lp.sides + np.einsum("kn,kn->k", self.reduced, self.points)
        np.put_along_axis(self.points, self.basis, 0.0, axis=1)
        basic = np.einsum("kij,kj->ki", self.inverse, lp.sides - self.points @ lp.matrix.T)
        np.put_along_axis(self.points, self.basis, basic, axis=1)
        low, high = (np.take_along_axis(side, self.basis, axis=1) for side in (self.lower, self.upper))
        self.below, self.above = low - basic, basic - high
        feasible: np.ndarray = (np.maximum(self.below, self.above) <= _FEASIBLE * (1.0 + np.abs(basic))).all(axis=1)
        return feasible

    def record(self, lp: BoxSimplex, done: Relaxations, which: np.ndarray, solved: np.ndarray) -> None:
        at = self.index[which]
        done.prices[at] = self.prices[which] * lp.signs
        done.bounds[at] = self.bounds[which]
        done.points[at] = self.points[which, : lp.columns]
        done.solved[at] = solved[which]
        done.basis[at] = self.basis[which]

    def pivot(self, lp: BoxSimplex, cutoff: float) -> np.ndarray:
        """One dual step each; (K,) where the dual rises without end: there prices move until the cutoff is met."""
        here = np.arange(len(self.index))
        outside = np.maximum(self.below, self.above)
        leaving = outside.argmax(axis=1)
        sign = np.where(self.below[here, leaving] > 0, 1.0, -1.0)
        direction = sign[:, None] * self.inverse[here, leaving]
        slope = direction @ lp.matrix  # by which reduced values fall a step
        entering, step, rise = _long_step(
            self.reduced, slope, self.upper - self.lower, self.basis, outside[here, leaving]
        )
        endless = entering < 0
        beyond = np.maximum(self.bounds - cutoff + 1.0, 0.0) / np.maximum(rise, _PIVOT)
        self.prices = self.prices + np.where(endless, step + beyond, step)[:, None] * direction
        self._exchange(lp, np.flatnonzero(~endless), leaving, entering)
        return endless

    def _exchange(self, lp: BoxSimplex, which: np.ndarray, leaving: np.ndarray, entering: np.ndarray) -> None:
        """Puts the entering columns in the leaving ones' places, and updates the inverses."""
        row, inverse = leaving[which], self.inverse[which]
        column = np.einsum("kij,jk->ki", inverse, lp.matrix[:, entering[which]])
        here = np.arange(len(which))
        scaled = inverse[here, row] / column[here, row][:, None]
        inverse -= column[:, :, None] * scaled[:, None, :]
        inverse[here, row] = scaled
        self.inverse[which] = inverse
        self.basis[which, row] = entering[which]


def _long_step(
    reduced: np.ndarray, slope: np.ndarray, width: np.ndarray, basis: np.ndarray, rise: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(entering column or -1, length, rise that is left) of each step, past the breakpoints that don't stop it."""
    falls = (reduced > 0) & (slope > _PIVOT) | (reduced <= 0) & (slope < -_PIVOT)
    falls &= width > 0
    np.put_along_axis(falls, basis, False, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        lengths = np.where(falls, reduced / slope, np.inf)
        loss = np.where(falls, np.abs(slope) * width, 0.0)
    entering, step, rise = np.full(len(rise), -1), np.zeros(len(rise)), rise.copy()
    going = np.arange(len(rise))
    while len(going):
        column = lengths[going].argmin(axis=1)
        length = lengths[going, column]
        there = np.isfinite(length)
        going, column, length = going[there], column[there], length[there]
        step[going] = length
        stops = rise[going] <= loss[going, column] * (1.0 + _FEASIBLE) + _FEASIBLE
        entering[going[stops]] = column[stops]
        going, column = going[~stops], column[~stops]
        rise[going] -= loss[going, column]
        lengths[going, column] = np.inf
    return entering, step, rise
