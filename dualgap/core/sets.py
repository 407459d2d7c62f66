"""Convex sets with projection, linear minimum and membership, written once against the array API standard.

The same code projects NumPy arrays in a verifier and traced JAX arrays inside a solver (NumPy 2 and JAX arrays both
answer ``__array_namespace__``), so that core reaches no solver's library; ``_until`` is the one loop, and it traces.
``project`` is Euclidean; ``support`` is the minimiser of ``direction'x`` over the set.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

_BISECTIONS = 64
_EXACT = 4e-15  # relative: a row's activity is met to rounding
_MET = 1e-13  # relative: all rows' activities are met


class Set:
    """Base: ``project(x)``, ``support(direction)`` (a minimiser of the linear function) and ``contains(x, tolerance)``.

    Sets are frozen dataclasses. Their fields are data, which a solver may trace, but for the names in ``static``.
    """

    static: ClassVar[tuple[str, ...]] = ()

    def project(self, x: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no projection")

    def support(self, direction: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no closed linear minimum")

    def contains(self, x: Any, tolerance: float = 1e-9) -> bool:
        """Whether x is within ``tolerance`` (Euclidean) of the set."""
        return bool(np.linalg.norm(np.asarray(x) - np.asarray(self.project(x))) <= tolerance)


def _xp(x: Any) -> Any:
    return x.__array_namespace__() if hasattr(x, "__array_namespace__") else np


def _until(xp: Any, done: Callable[[Any], Any], step: Callable[[Any], Any], state: Any) -> Any:
    """``state = step(state)`` until ``done(state)``; a traced loop for JAX's arrays, which bring JAX along."""
    if xp.__name__.startswith("jax"):
        return sys.modules["jax"].lax.while_loop(lambda now: xp.logical_not(done(now)), step, state)
    while not done(state):
        state = step(state)
    return state


@dataclass(frozen=True)
class Reals(Set):
    """All of R^n."""

    def project(self, x: Any) -> Any:
        return x


@dataclass(frozen=True, eq=False)
class Box(Set):
    """``lower <= x <= upper``, elementwise; scalars or arrays."""

    lower: Any
    upper: Any

    def project(self, x: Any) -> Any:
        xp = _xp(x)
        return xp.clip(x, xp.asarray(self.lower), xp.asarray(self.upper))

    def support(self, direction: Any) -> Any:
        xp = _xp(direction)
        lower, upper = xp.asarray(self.lower), xp.asarray(self.upper)
        indifferent = xp.clip(xp.zeros_like(direction), lower, upper)  # finite, whatever the box
        return xp.where(direction > 0, lower, xp.where(direction < 0, upper, indifferent))


@dataclass(frozen=True, eq=False)
class Simplex(Set):
    """``x >= 0, sum x = total`` on the last axis (projection by sorting: Held, Wolfe and Crowder 1974)."""

    total: float = 1.0

    def project(self, x: Any) -> Any:
        xp = _xp(x)
        ordered = xp.flip(xp.sort(x, axis=-1), axis=-1)
        excess = xp.cumulative_sum(ordered, axis=-1) - self.total
        count = xp.arange(1, x.shape[-1] + 1)
        active = xp.sum(xp.astype(ordered * count > excess, int), axis=-1, keepdims=True)
        threshold = xp.take_along_axis(excess, active - 1, axis=-1) / active
        return xp.maximum(x - threshold, 0.0)

    def support(self, direction: Any) -> Any:
        xp = _xp(direction)
        best = xp.argmin(direction, axis=-1, keepdims=True)
        return xp.where(xp.arange(direction.shape[-1]) == best, self.total, 0.0)


@dataclass(frozen=True, eq=False)
class Ball(Set):
    """``||x - centre||_order <= radius``, order 1, 2 or infinity, over the last axis."""

    static: ClassVar[tuple[str, ...]] = ("order",)
    radius: float
    order: float = 2
    centre: Any = 0.0

    def project(self, x: Any) -> Any:
        xp = _xp(x)
        shift = x - xp.asarray(self.centre)
        if self.order == 1:
            inside = xp.sum(xp.abs(shift), axis=-1, keepdims=True) <= self.radius
            onto = xp.sign(shift) * Simplex(self.radius).project(xp.abs(shift))
            moved = xp.where(inside, shift, onto)
        elif self.order == 2:
            norm = xp.sqrt(xp.sum(shift * shift, axis=-1, keepdims=True))
            moved = shift * xp.minimum(1.0, self.radius / xp.maximum(norm, 1e-300))
        else:
            moved = xp.clip(shift, -self.radius, self.radius)
        return moved + xp.asarray(self.centre)

    def support(self, direction: Any) -> Any:
        xp = _xp(direction)
        if self.order == 1:
            size = xp.abs(direction)
            peak = xp.arange(direction.shape[-1]) == xp.argmax(size, axis=-1, keepdims=True)
            step = xp.where(peak, xp.sign(direction), 0.0)
        elif self.order == 2:
            norm = xp.sqrt(xp.sum(direction * direction, axis=-1, keepdims=True))
            step = direction / xp.maximum(norm, 1e-300)
        else:
            step = xp.sign(direction)
        return xp.asarray(self.centre) - self.radius * step


@dataclass(frozen=True, eq=False)
class Halfspace(Set):
    """``normal'x <= offset`` (one vector x)."""

    normal: Any
    offset: float

    def project(self, x: Any) -> Any:
        xp = _xp(x)
        normal = xp.asarray(self.normal)
        excess = xp.maximum(normal @ x - self.offset, 0.0)
        return x - excess * normal / (normal @ normal)


@dataclass(frozen=True, eq=False)
class Affine(Set):
    """``matrix x = right_side``, rows linearly independent or not (projection through the pseudo-inverse)."""

    matrix: Any
    right_side: Any

    def project(self, x: Any) -> Any:
        xp = _xp(x)
        matrix = xp.asarray(self.matrix)
        return x - xp.linalg.pinv(matrix) @ (matrix @ x - xp.asarray(self.right_side))


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
        xp = _xp(x)
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
        xp = _xp(x)
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
            mu = _until(xp, lambda inner: inner[0] >= rows, one_row, (0, mu))[1]
            if rows > 1:
                mu = _newton_steps(xp, x, mu, matrix, box, sides)
            return count + 1, mu, _row_error(xp, x, mu, matrix, box, sides)

        def done(state: Any) -> Any:
            count, _, error = state
            return (count >= (1 if rows == 1 else self.passes)) | (error <= _MET)

        return _until(xp, done, one_pass, (0, start, nothing + xp.inf))[1]


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

    return _until(xp, done, step, (0, mu, xp.any(mu == mu)))[1]


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
        return (count >= 3 * _BISECTIONS) | (xp.abs(error) <= _EXACT * scale) | narrow

    lower, upper = box
    start = normal @ xp.clip(x, lower, upper)
    goal = xp.clip(start, *sides)
    scale = _row_scale(xp, normal, box)
    size = xp.abs(normal)
    room = xp.maximum(xp.abs(x - lower), xp.abs(x - upper))
    reach = xp.max(xp.where(size > 0, room / xp.where(size > 0, size, 1.0), 0.0))
    nothing = start * 0.0
    return _until(xp, done, step, (0, nothing, start - goal, nothing - reach, nothing + reach))[1]


@dataclass(frozen=True, eq=False)
class BallBox(Set):
    """A Euclidean, l1 or linf ball intersected with a box: ``||x - centre||_order <= radius``, ``lower <= x <= upper``.

    Exact: the minimiser is ``clip(shrink(x, mu))`` with one multiplier mu >= 0, found by bisection (linf: a box).
    The centre must lie in the box.
    """

    static: ClassVar[tuple[str, ...]] = ("order",)
    radius: float
    centre: Any
    lower: Any
    upper: Any
    order: float = 2

    def project(self, x: Any) -> Any:
        xp = _xp(x)
        centre, lower, upper = xp.asarray(self.centre), xp.asarray(self.lower), xp.asarray(self.upper)
        if self.order not in (1, 2):
            return xp.clip(x, xp.maximum(lower, centre - self.radius), xp.minimum(upper, centre + self.radius))

        def at(mu: Any) -> Any:
            shift = x - centre
            moved = shift * (1.0 - mu) if self.order == 2 else xp.sign(shift) * xp.maximum(xp.abs(shift) - mu, 0.0)
            return xp.clip(centre + moved, lower, upper)

        def norm(point: Any) -> Any:
            shift = point - centre
            return xp.sum(xp.abs(shift)) if self.order == 1 else xp.sqrt(xp.sum(shift * shift))

        def halve(state: Any) -> Any:
            count, left, right = state
            middle = 0.5 * (left + right)
            outside = norm(at(middle)) > self.radius
            return count + 1, xp.where(outside, middle, left), xp.where(outside, right, middle)

        nothing = xp.sum(x) * 0.0
        furthest = nothing + (1.0 if self.order == 2 else xp.max(xp.abs(x - centre)))
        right = xp.where(norm(at(nothing)) <= self.radius, nothing, furthest)
        return at(_until(xp, lambda state: state[0] >= _BISECTIONS, halve, (0, nothing, right))[2])


@dataclass(frozen=True)
class Product(Set):
    """The Cartesian product; points are tuples."""

    factors: tuple[Set, ...]

    def project(self, x: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(factor.project(part) for factor, part in zip(self.factors, x, strict=True))

    def support(self, direction: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(factor.support(part) for factor, part in zip(self.factors, direction, strict=True))

    def contains(self, x: Sequence[Any], tolerance: float = 1e-9) -> bool:
        return all(factor.contains(part, tolerance) for factor, part in zip(self.factors, x, strict=True))


@dataclass(frozen=True)
class Frames(Set):
    """Orthonormal frames X'X = I, the Stiefel manifold (not convex; projection is the polar factor)."""

    def project(self, x: Any) -> Any:
        xp = _xp(x)
        left, _, right = xp.linalg.svd(x, full_matrices=False)
        return left @ right


@dataclass(frozen=True)
class Fantope(Set):
    """``0 <= P <= I, tr P = rank``, the convex hull of rank-k projections (Overton and Womersley 1992)."""

    static: ClassVar[tuple[str, ...]] = ("rank",)
    rank: int

    def project(self, x: Any) -> Any:
        xp = _xp(x)
        values, vectors = xp.linalg.eigh(0.5 * (x + x.T))
        clipped = BoxRows(
            np.zeros(values.shape[0]), np.ones(values.shape[0]), np.ones((1, values.shape[0])), [self.rank], [self.rank]
        ).project(values)
        return (vectors * clipped) @ vectors.T

    def support(self, direction: Any) -> Any:
        xp = _xp(direction)
        _, vectors = xp.linalg.eigh(0.5 * (direction + direction.T))
        chosen = vectors[:, : self.rank]
        return chosen @ chosen.T
