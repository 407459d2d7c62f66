"""What methods ask of a saddle program: its value, its gradients and projections, in flat vectors.

Everything that steps need is written once for NumPy arrays and for traced JAX arrays. With a payoff matrix it is
NumPy alone; otherwise JAX differentiates the objective.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from dualgap.core.forms import Convexity, SaddleProgram
from dualgap.core.sets import Set
from dualgap.core.traced import namespace

Pair = tuple[Any, Any]
Gradients = Callable[[Any, Any], tuple[Any, Any, Any]]


@dataclass(frozen=True)
class Shape:
    """An array, or a tuple of arrays, as one vector and back."""

    shapes: tuple[tuple[int, ...], ...]
    single: bool

    @staticmethod
    def of(point: Any) -> Shape:
        parts = point if isinstance(point, tuple) else (point,)
        return Shape(tuple(np.shape(part) for part in parts), not isinstance(point, tuple))

    @property
    def size(self) -> int:
        """The vector's length."""
        return sum(map(prod, self.shapes))

    def flat(self, point: Any) -> Any:
        parts = [part.reshape(-1) for part in ((point,) if self.single else point)]
        return parts[0] if self.single else namespace(parts[0]).concat(parts)

    def vector(self, point: Any) -> np.ndarray:
        """``flat`` of anything like arrays, in NumPy."""
        parts = (point,) if self.single else point
        return np.concatenate([np.asarray(part, dtype=np.float64).reshape(-1) for part in parts])

    def whole(self, vector: Any) -> Any:
        if self.single:
            return vector.reshape(self.shapes[0])
        parts, begin = [], 0
        for shape in self.shapes:
            parts.append(vector[begin : begin + prod(shape)].reshape(shape))
            begin += prod(shape)
        return tuple(parts)


@dataclass(frozen=True)
class Side:
    """One player's set, over flat vectors; steps measure distances in it in multiples of ``unit``."""

    domain: Set
    shape: Shape
    unit: Any = 1.0

    def project(self, vector: Any) -> Any:
        return self.shape.flat(self.domain.project(self.shape.whole(vector)))

    def least(self, direction: np.ndarray) -> np.ndarray | None:
        """A minimiser of a linear function over the set; None where the set has none in closed form, or no end."""
        try:
            found = self.shape.vector(self.domain.support(self.shape.whole(direction)))
        except NotImplementedError:
            return None
        return found if np.isfinite(found).all() else None


@dataclass(frozen=True)
class Field:
    """The operator ``F(x, y) = (grad_x f, -grad_y f)``, whose zeros on the sets are the saddle points.

    Attributes:
        gradients: (f, grad_x f, grad_y f) at a pair.
    """

    x: Side
    y: Side
    gradients: Gradients

    def force(self, z: Pair) -> Pair:
        """F at a pair."""
        _, slope_x, slope_y = self.gradients(*z)
        return slope_x, -slope_y

    def moved(self, z: Pair, force: Pair, step: Any) -> Pair:
        """The projected step ``proj(z - step force)``."""
        x = self.x.project(z[0] - step * self.x.unit**2 * force[0])
        return x, self.y.project(z[1] - step * self.y.unit**2 * force[1])

    def distance(self, left: Pair, right: Pair) -> Any:
        """Euclidean over both players, each in its unit."""
        return _length((left[0] - right[0]) / self.x.unit, (left[1] - right[1]) / self.y.unit)

    def change(self, left: Pair, right: Pair) -> Any:
        """The distance of two forces, in the norm that is dual to it."""
        return _length((left[0] - right[0]) * self.x.unit, (left[1] - right[1]) * self.y.unit)


@dataclass(frozen=True)
class Game:
    """A form as its solvers see it on the host: NumPy vectors in and out.

    Attributes:
        field: with gradients in NumPy, from JAX where there is no payoff matrix.
        best_x, best_y: best responses to the other player, where the form knows them.
        convex: whether f is stated to be convex in x and concave in y.
    """

    field: Field
    best_x: Callable[[Any], Any] | None
    best_y: Callable[[Any], Any] | None
    convex: bool

    def point(self, x: np.ndarray, y: np.ndarray) -> tuple[Any, Any]:
        """The pair in the form's own shapes."""
        return self.field.x.shape.whole(x), self.field.y.shape.whole(y)

    def value(self, x: np.ndarray, y: np.ndarray) -> float:
        return float(self.field.gradients(x, y)[0])

    def answer_x(self, y: np.ndarray) -> np.ndarray | None:
        """x's best response; None where the form knows none."""
        return None if self.best_x is None else self.field.x.shape.vector(self.best_x(self.field.y.shape.whole(y)))

    def answer_y(self, x: np.ndarray) -> np.ndarray | None:
        """y's best response; None where the form knows none."""
        return None if self.best_y is None else self.field.y.shape.vector(self.best_y(self.field.x.shape.whole(x)))


def game_of(form: SaddleProgram) -> Game:
    """The form's game. Use it with 64-bit numbers switched on, if it has no payoff; the first gradients compile."""
    x, y = (Shape.of(part) for part in form.initial)
    if form.payoff is not None:
        payoff = np.asarray(form.payoff, dtype=np.float64)
        gradients: Gradients = lambda u, v: _bilinear(payoff, u, v)  # noqa: E731
    else:
        gradients = _on_host(form, x, y)
    best_x, best_y = (_with_data(best, form.data) for best in (form.best_x, form.best_y))
    convex = form.payoff is not None or form.convexity is not Convexity.NONCONVEX
    return Game(Field(Side(form.x_set, x), Side(form.y_set, y), gradients), best_x, best_y, convex)


def differentiated(objective: Callable[[Any, Any, Any], Any], x: Shape, y: Shape, data: Any) -> Gradients:
    """(f, grad_x f, grad_y f) of flat vectors, traceable."""
    import jax

    slope = jax.value_and_grad(objective, argnums=(0, 1))

    def gradients(u: Any, v: Any) -> tuple[Any, Any, Any]:
        value, (slope_x, slope_y) = slope(x.whole(u), y.whole(v), data)
        return value, x.flat(slope_x), y.flat(slope_y)

    return gradients


def _on_host(form: SaddleProgram, x: Shape, y: Shape) -> Gradients:
    import jax

    data = jax.tree.map(jax.numpy.asarray, form.data)
    compiled = _compiled(form.objective, x, y)

    def gradients(u: np.ndarray, v: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        value, slope_x, slope_y = compiled(u, v, data)
        return float(value), np.asarray(slope_x), np.asarray(slope_y)

    return gradients


@lru_cache(maxsize=32)
def _compiled(objective: Callable[[Any, Any, Any], Any], x: Shape, y: Shape) -> Any:
    import jax

    return jax.jit(lambda u, v, data: differentiated(objective, x, y, data)(u, v))


def _with_data(best: Callable[[Any, Any], Any] | None, data: Any) -> Callable[[Any], Any] | None:
    return None if best is None else lambda other: best(other, data)


def _bilinear(payoff: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    slope = payoff @ y
    return float(x @ slope), slope, x @ payoff


def _length(x: Any, y: Any) -> Any:
    return namespace(x).sqrt(x @ x + y @ y)
