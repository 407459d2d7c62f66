"""Convex sets with projection, linear minimum and membership, written once against the array API standard.

The same code projects NumPy arrays in a verifier and traced JAX arrays inside a solver (NumPy 2 and JAX arrays both
answer ``__array_namespace__``), so that core reaches no solver's library; ``until`` is the one loop, and it traces.
``project`` is Euclidean; ``support`` is the minimiser of ``direction'x`` over the set. A box with rows is in
``dualgap.core.polytope``, sets of matrices in ``dualgap.core.matrix_sets``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

_BISECTIONS = 64


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


def namespace(x: Any) -> Any:
    """NumPy or its like: the module that the array belongs to."""
    return x.__array_namespace__() if hasattr(x, "__array_namespace__") else np


def until(xp: Any, done: Callable[[Any], Any], step: Callable[[Any], Any], state: Any) -> Any:
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
        xp = namespace(x)
        return xp.clip(x, xp.asarray(self.lower), xp.asarray(self.upper))

    def support(self, direction: Any) -> Any:
        xp = namespace(direction)
        lower, upper = xp.asarray(self.lower), xp.asarray(self.upper)
        indifferent = xp.clip(xp.zeros_like(direction), lower, upper)  # finite, whatever the box
        return xp.where(direction > 0, lower, xp.where(direction < 0, upper, indifferent))


@dataclass(frozen=True, eq=False)
class Simplex(Set):
    """``x >= 0, sum x = total`` on the last axis (projection by sorting: Held, Wolfe and Crowder 1974)."""

    total: float = 1.0

    def project(self, x: Any) -> Any:
        xp = namespace(x)
        ordered = xp.flip(xp.sort(x, axis=-1), axis=-1)
        excess = xp.cumulative_sum(ordered, axis=-1) - self.total
        count = xp.arange(1, x.shape[-1] + 1)
        active = xp.sum(xp.astype(ordered * count > excess, int), axis=-1, keepdims=True)
        threshold = xp.take_along_axis(excess, active - 1, axis=-1) / active
        return xp.maximum(x - threshold, 0.0)

    def support(self, direction: Any) -> Any:
        xp = namespace(direction)
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
        xp = namespace(x)
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
        xp = namespace(x)
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
        return at(until(xp, lambda state: state[0] >= _BISECTIONS, halve, (0, nothing, right))[2])


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
