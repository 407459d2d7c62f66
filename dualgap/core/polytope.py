"""A box with a few dense rows: its projection, and the rows' multipliers that come with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dualgap.core.sets import Box, Set
from dualgap.core.traced import namespace, until

_SEARCHES = 192  # steps of a line search at most; every third one halves the bracket
_EXACT = 4e-15  # relative: a row's activity is met to rounding
_MET = 1e-13  # relative: all rows' activities are met


@dataclass(frozen=True, eq=False)
class BoxRows(Set):
    """A finite box intersected with ``row_lower <= matrix x <= row_upper`` (dense, few rows); it must not be empty.

    The projection is ``clip(x + matrix'mu)`` with one multiplier a row: ``mu_k >= 0`` pushes row k up to its lower
    side, ``mu_k <= 0`` down to its upper side. They come from exact dual ascent in each coordinate (Hildreth 1957),
    and along a Newton direction after each pass; one row takes one coordinate step.
    """

    static: ClassVar[tuple[str, ...]] = ("passes",)
    lower: Any
    upper: Any
    matrix: Any
    row_lower: Any
    row_upper: Any
    passes: int = 100

    def project(self, x: Any) -> Any:
        xp = namespace(x)
        moved = x + self.multipliers(x) @ xp.asarray(self.matrix)
        return xp.clip(moved, xp.asarray(self.lower), xp.asarray(self.upper))

    def contains(self, x: Any, tolerance: float = 1e-9) -> bool:
        """Whether x is within ``tolerance`` of the box, and of each row's halfspaces."""
        activity = np.asarray(self.matrix) @ np.asarray(x)
        missed = np.maximum(np.asarray(self.row_lower) - activity, activity - np.asarray(self.row_upper))
        norms = np.linalg.norm(np.asarray(self.matrix), axis=1)
        furthest = (missed / np.where(norms > 0, norms, 1.0)).max(initial=0.0)
        return bool(furthest <= tolerance) and Box(self.lower, self.upper).contains(x, tolerance)

    def multipliers(self, x: Any) -> Any:
        """(rows,) the multipliers mu of the projection of x."""
        xp = namespace(x)
        box = xp.asarray(self.lower), xp.asarray(self.upper)
        matrix = xp.asarray(self.matrix)
        sides = xp.asarray(self.row_lower), xp.asarray(self.row_upper)
        rows = matrix.shape[0]
        nothing = xp.sum(x) * 0.0
        start = xp.zeros(rows) + nothing
        if rows == 0:
            return start
        index = xp.arange(rows)

        def one_row(state: Any) -> Any:
            row, mu = state
            others = x + xp.where(index == row, 0.0, mu) @ matrix
            found = _line_multiplier(xp, others, matrix[row], box, (sides[0][row], sides[1][row]))
            return row + 1, xp.where(index == row, found, mu)

        def one_pass(state: Any) -> Any:
            count, mu, _ = state
            mu = until(xp, lambda inner: inner[0] >= rows, one_row, (0, mu))[1]
            if rows > 1:
                mu = _newton_steps(xp, x, mu, matrix, box, sides)
            return count + 1, mu, _row_error(xp, x, mu, matrix, box, sides)

        def done(state: Any) -> Any:
            count, _, error = state
            return (count >= (1 if rows == 1 else self.passes)) | (error <= _MET)

        return until(xp, done, one_pass, (0, start, nothing + xp.inf))[1]


def _row_error(xp: Any, x: Any, mu: Any, matrix: Any, box: Any, sides: Any) -> Any:
    """The largest distance of a row from where its multiplier wants it, relative to the row's largest activity."""
    activity = matrix @ xp.clip(x + mu @ matrix, *box)
    wanted = xp.where(mu > 0, sides[0], xp.where(mu < 0, sides[1], xp.clip(activity, *sides)))
    return xp.max(xp.abs(activity - wanted) / _row_scale(xp, matrix, box))


def _row_scale(xp: Any, normal: Any, box: Any) -> Any:
    scale = xp.abs(normal) @ xp.maximum(xp.abs(box[0]), xp.abs(box[1]))
    return xp.where(scale > 0, scale, 1.0)


def _newton_steps(xp: Any, x: Any, mu: Any, matrix: Any, box: Any, sides: Any) -> Any:
    """Newton steps on the rows with multipliers, each as far as the dual rises, until one is full."""
    ridge = 1e-12 * xp.max(xp.sum(matrix * matrix, axis=1)) + 1e-300

    def step(state: Any) -> Any:
        count, mu, _ = state
        moved = x + mu @ matrix
        active = mu != 0
        side = xp.where(active, xp.where(mu > 0, sides[0], sides[1]), 0.0)
        residual = xp.where(active, side - matrix @ xp.clip(moved, *box), 0.0)
        free = xp.astype((moved > box[0]) & (moved < box[1]), moved.dtype)
        pairs = xp.astype(active[:, None] & active[None, :], moved.dtype)
        curvature = (matrix * free) @ matrix.T * pairs
        direction = xp.linalg.solve(curvature + ridge * xp.eye(mu.shape[0]), residual)
        falling = active & (mu * direction < 0)
        to_zero = xp.where(falling, -mu / xp.where(falling, direction, 1.0), xp.inf)
        goal = xp.sum(direction * side)
        wanted = _line_multiplier(xp, moved, direction @ matrix, box, (goal, goal))
        length = xp.clip(wanted, 0.0, xp.min(to_zero))
        stopped = to_zero <= length
        return (
            count + 1,
            xp.where(stopped, 0.0, mu + length * direction),
            xp.any(stopped) | (xp.abs(length - 1.0) > 1e-3),
        )

    def done(state: Any) -> Any:
        count, _, again = state
        return (count >= mu.shape[0]) | xp.logical_not(again)

    return until(xp, done, step, (0, mu, xp.any(mu == mu)))[1]


def _line_multiplier(xp: Any, x: Any, normal: Any, box: Any, sides: Any) -> Any:
    """The multiplier mu nearest to zero that brings ``normal'clip(x + mu normal)`` into the interval ``sides``.

    The activity is piecewise linear and increasing in mu: Newton's method, with bisection where it leaves the bracket.
    """

    def miss(mu: Any) -> Any:
        return normal @ xp.clip(x + mu * normal, lower, upper) - goal

    def step(state: Any) -> Any:
        count, mu, error, left, right = state
        left, right = xp.where(error < 0, mu, left), xp.where(error > 0, mu, right)
        moved = x + mu * normal
        slope = xp.sum(xp.where((moved >= lower) & (moved <= upper), normal * normal, 0.0))
        newton = mu - error / xp.where(slope > 0, slope, 1.0)
        inside = (slope > 0) & (newton > left) & (newton < right) & (count % 3 < 2)
        mu = xp.where(inside, newton, 0.5 * (left + right))
        return count + 1, mu, miss(mu), left, right

    def done(state: Any) -> Any:
        count, _, error, left, right = state
        narrow = right - left <= _EXACT * xp.maximum(xp.abs(left), xp.abs(right))
        return (count >= _SEARCHES) | (xp.abs(error) <= _EXACT * scale) | narrow

    lower, upper = box
    start = normal @ xp.clip(x, lower, upper)
    goal = xp.clip(start, *sides)
    scale = _row_scale(xp, normal, box)
    size = xp.abs(normal)
    room = xp.maximum(xp.abs(x - lower), xp.abs(x - upper))
    reach = xp.max(xp.where(size > 0, room / xp.where(size > 0, size, 1.0), 0.0))
    nothing = start * 0.0
    return until(xp, done, step, (0, nothing, start - goal, nothing - reach, nothing + reach))[1]
