"""Convex sets with projection, linear minimum and membership, written once against the array API standard.

The same code projects NumPy arrays in a verifier and traced JAX arrays inside a solver (NumPy 2 and JAX arrays both
answer ``__array_namespace__``), so that core reaches no solver's library.
``project`` is Euclidean; ``support`` is the minimiser of ``direction'x`` over the set. A box with rows is in
``dualgap.core.polytope``, sets of matrices in ``dualgap.core.matrix_sets``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dualgap.core.thresholds import lowered_to, shrunk_to
from dualgap.core.traced import namespace


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
        xp = namespace(x)
        return xp.clip(x, xp.asarray(self.lower), xp.asarray(self.upper))

    def support(self, direction: Any) -> Any:
        xp = namespace(direction)
        lower, upper = xp.asarray(self.lower), xp.asarray(self.upper)
        indifferent = xp.clip(xp.zeros_like(direction), lower, upper)  # finite, whatever the box
        return xp.where(direction > 0, lower, xp.where(direction < 0, upper, indifferent))


@dataclass(frozen=True, eq=False)
class Simplex(Set):
    """``x >= 0, sum x = total`` on the last axis (projection: Michelot 1986)."""

    total: float = 1.0

    def project(self, x: Any) -> Any:
        return namespace(x).maximum(x - lowered_to(x, self.total), 0.0)

    def support(self, direction: Any) -> Any:
        xp = namespace(direction)
        best = xp.argmin(direction, axis=-1, keepdims=True)
        return xp.where(xp.arange(direction.shape[-1]) == best, self.total, 0.0)


@dataclass(frozen=True, eq=False)
class Ball(Set):
    """``||x - centre||_order <= radius``, order 1, 2 or infinity, over the last axis; radii may differ by row."""

    static: ClassVar[tuple[str, ...]] = ("order",)
    radius: Any
    order: float = 2
    centre: Any = 0.0

    def project(self, x: Any) -> Any:
        xp = namespace(x)
        shift = x - xp.asarray(self.centre)
        if self.order == 1:
            moved = _softened(shift, self.radius)
        elif self.order == 2:
            norm = xp.sqrt(xp.sum(shift * shift, axis=-1, keepdims=True))
            moved = shift * xp.minimum(1.0, self.radius / xp.maximum(norm, 1e-300))
        else:
            moved = xp.clip(shift, -self.radius, self.radius)
        return moved + xp.asarray(self.centre)

    def support(self, direction: Any) -> Any:
        xp = namespace(direction)
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
        xp = namespace(x)
        normal = xp.asarray(self.normal)
        excess = xp.maximum(normal @ x - self.offset, 0.0)
        return x - excess * normal / (normal @ normal)


@dataclass(frozen=True, eq=False)
class Affine(Set):
    """``matrix x = right_side``, rows linearly independent or not (projection through the pseudo-inverse)."""

    matrix: Any
    right_side: Any

    def project(self, x: Any) -> Any:
        xp = namespace(x)
        matrix = xp.asarray(self.matrix)
        return x - xp.linalg.pinv(matrix) @ (matrix @ x - xp.asarray(self.right_side))


@dataclass(frozen=True, eq=False)
class BallBox(Set):
    """A Euclidean, l1 or linf ball intersected with a box: ``||x - centre||_order <= radius``, ``lower <= x <= upper``.

    Over the last axis. The centre must lie in the box; then the nearest point is ``x - centre`` shrunk by one
    multiplier and cut off at the box (``dualgap.core.thresholds``).
    """

    static: ClassVar[tuple[str, ...]] = ("order",)
    radius: Any
    centre: Any
    lower: Any
    upper: Any
    order: float = 2

    def project(self, x: Any) -> Any:
        xp = namespace(x)
        centre, lower, upper = xp.asarray(self.centre), xp.asarray(self.lower), xp.asarray(self.upper)
        if self.order not in (1, 2):
            return xp.clip(x, xp.maximum(lower, centre - self.radius), xp.minimum(upper, centre + self.radius))
        shift, room = x - centre, xp.abs(xp.clip(x, lower, upper) - centre)
        if self.order == 1:
            moved = _softened(shift, self.radius, room)
        else:
            moved = shift * xp.sqrt(shrunk_to(shift, room, self.radius**2))
        return xp.clip(centre + moved, lower, upper)


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


def _softened(shift: Any, radius: Any, room: Any = None) -> Any:
    """``shift`` with its entries drawn towards 0 by a threshold: its l1 norm within ``room`` becomes ``radius``."""
    xp = namespace(shift)
    size = xp.abs(shift)
    norm = xp.sum(size if room is None else room, axis=-1, keepdims=True)
    inside = norm <= radius
    if xp is np and inside.all():
        return shift
    threshold = xp.where(inside, 0.0, xp.maximum(lowered_to(size, xp.minimum(radius, norm), room), 0.0))
    return shift - xp.clip(shift, -threshold, threshold)
