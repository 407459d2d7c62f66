"""Convex sets with projection, linear minimum and membership, written once against the array API standard.

The same code projects NumPy arrays in a verifier and traced JAX arrays inside a solver (NumPy 2 and JAX arrays both
answer ``__array_namespace__``), so that core reaches no solver's library. Loops have fixed counts, so they trace.
``project`` is Euclidean; ``support`` is the minimiser of ``direction'x`` over the set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

_BISECTIONS = 64


class Set:
    """Base: ``project(x)``, ``support(direction)`` (a minimiser of the linear function) and ``contains(x, tolerance)``."""

    def project(self, x: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no projection")

    def support(self, direction: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no closed linear minimum")

    def contains(self, x: Any, tolerance: float = 1e-9) -> bool:
        """Whether x is within ``tolerance`` (Euclidean) of the set."""
        return bool(np.linalg.norm(np.asarray(x) - np.asarray(self.project(x))) <= tolerance)


def _xp(x: Any) -> Any:
    return x.__array_namespace__() if hasattr(x, "__array_namespace__") else np


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
        return xp.where(direction > 0, xp.asarray(self.lower), xp.asarray(self.upper)) + xp.zeros_like(direction)


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
    """A finite box intersected with ``row_lower <= matrix x <= row_upper`` (dense, few rows).

    The projection is dual coordinate ascent on the rows' multipliers, each one-dimensional problem by bisection
    (x = clip(point + mu a), a'x monotone in mu): exact for one row after one pass, Hildreth's method (1957) for several.
    """

    lower: Any
    upper: Any
    matrix: Any
    row_lower: Any
    row_upper: Any
    passes: int = 20

    def project(self, x: Any) -> Any:
        xp = _xp(x)
        lower, upper, matrix = xp.asarray(self.lower), xp.asarray(self.upper), xp.asarray(self.matrix)
        rows = self.matrix.shape[0]
        span = xp.max(upper - lower) + xp.max(xp.abs(x - xp.clip(x, lower, upper))) + 1.0
        multipliers = [xp.sum(x) * 0.0 for _ in range(rows)]
        for _ in range(1 if rows == 1 else self.passes):
            for row in range(rows):
                normal = matrix[row]
                others = x + sum((multipliers[k] * matrix[k] for k in range(rows) if k != row), xp.zeros_like(x))
                low, high = self.row_lower[row], self.row_upper[row]
                smallest = xp.min(xp.where(normal == 0, xp.inf, xp.abs(normal)))
                reach = (span + xp.max(xp.abs(others - x))) / smallest
                multipliers[row] = _one_row(xp, others, normal, lower, upper, low, high, reach)
        moved = x + sum((multipliers[k] * matrix[k] for k in range(rows)), xp.zeros_like(x))
        return xp.clip(moved, lower, upper)


def _one_row(xp: Any, x: Any, normal: Any, lower: Any, upper: Any, low: Any, high: Any, reach: Any) -> Any:
    """The multiplier mu that brings ``normal'clip(x + mu normal)`` into [low, high], nearest to zero."""

    def activity(mu: Any) -> Any:
        return normal @ xp.clip(x + mu * normal, lower, upper)

    start = activity(reach * 0.0)
    goal = xp.clip(start, low, high)
    left, right = xp.where(start > goal, -reach, 0.0), xp.where(start < goal, reach, 0.0)
    for _ in range(_BISECTIONS):
        middle = 0.5 * (left + right)
        below = activity(middle) < goal
        left, right = xp.where(below, middle, left), xp.where(below, right, middle)
    return xp.where(start == goal, 0.0, xp.where(start > goal, left, right))


@dataclass(frozen=True, eq=False)
class BallBox(Set):
    """A Euclidean, l1 or linf ball intersected with a box: ``||x - centre||_order <= radius``, ``lower <= x <= upper``.

    Exact: the minimiser is ``clip(shrink(x, mu))`` with one multiplier mu >= 0, found by bisection (linf: a box).
    The centre must lie in the box.
    """

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

        left = xp.sum(x) * 0.0
        right = left + (1.0 if self.order == 2 else xp.max(xp.abs(x - centre)))
        inside = norm(at(left)) <= self.radius
        for _ in range(_BISECTIONS):
            middle = 0.5 * (left + right)
            outside = norm(at(middle)) > self.radius
            left, right = xp.where(outside, middle, left), xp.where(outside, right, middle)
        return xp.where(inside, at(xp.zeros_like(left)), at(right))


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
