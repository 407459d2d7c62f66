"""What methods ask of a saddle program: its value, its gradients, projections, and best responses, in flat vectors.

With a payoff matrix everything is NumPy. Otherwise JAX differentiates the objective, compiled once for each objective.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from dualgap.core.forms import Convexity, SaddleProgram
from dualgap.core.sets import Set

Pair = tuple[np.ndarray, np.ndarray]
Gradients = Callable[[np.ndarray, np.ndarray], tuple[float, np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Shape:
    """An array, or a tuple of arrays, as one vector and back."""

    shapes: tuple[tuple[int, ...], ...]
    single: bool

    @staticmethod
    def of(point: Any) -> Shape:
        parts = point if isinstance(point, tuple) else (point,)
        return Shape(tuple(np.shape(part) for part in parts), not isinstance(point, tuple))

    def flat(self, point: Any) -> np.ndarray:
        parts = (point,) if self.single else point
        return np.concatenate([np.asarray(part, dtype=np.float64).ravel() for part in parts])

    def whole(self, vector: np.ndarray) -> Any:
        parts, begin = [], 0
        for shape in self.shapes:
            end = begin + int(np.prod(shape))
            parts.append(vector[begin:end].reshape(shape))
            begin = end
        return parts[0] if self.single else tuple(parts)


@dataclass(frozen=True)
class Side:
    """One player's set, over flat vectors; ``best`` is the response to the other player where the form knows one."""

    domain: Set
    shape: Shape
    best: Callable[[Any], Any] | None

    def project(self, vector: np.ndarray) -> np.ndarray:
        return self.shape.flat(self.domain.project(self.shape.whole(vector)))

    def least(self, direction: np.ndarray) -> np.ndarray | None:
        """A minimiser of a linear function over the set; None where the set has none in closed form, or no end."""
        try:
            found = self.shape.flat(self.domain.support(self.shape.whole(direction)))
        except NotImplementedError:
            return None
        return found if np.isfinite(found).all() else None


@dataclass(frozen=True)
class Field:
    """The operator ``F(x, y) = (grad_x f, -grad_y f)``, whose zeros on the sets are the saddle points.

    Attributes:
        gradients: (f, grad_x f, grad_y f) at a pair.
        convex: whether f is stated to be convex in x and concave in y.
    """

    form: SaddleProgram
    x: Side
    y: Side
    gradients: Gradients
    convex: bool

    def project(self, x: np.ndarray, y: np.ndarray) -> Pair:
        return self.x.project(x), self.y.project(y)

    def point(self, x: np.ndarray, y: np.ndarray) -> tuple[Any, Any]:
        """The pair in the form's own shapes."""
        return self.x.shape.whole(x), self.y.shape.whole(y)

    def value(self, x: np.ndarray, y: np.ndarray) -> float:
        return self.gradients(x, y)[0]

    def answer_x(self, y: np.ndarray) -> np.ndarray | None:
        """x's best response; None where the form knows none."""
        return None if self.x.best is None else self.x.shape.flat(self.x.best(self.y.shape.whole(y)))

    def answer_y(self, x: np.ndarray) -> np.ndarray | None:
        """y's best response; None where the form knows none."""
        return None if self.y.best is None else self.y.shape.flat(self.y.best(self.x.shape.whole(x)))


def field_of(form: SaddleProgram) -> Field:
    """The form's field. Use it with 64-bit numbers switched on; the first gradients compile."""
    x, y = (Shape.of(part) for part in form.initial)
    sides = (
        Side(form.x_set, x, _with_data(form.best_x, form.data)),
        Side(form.y_set, y, _with_data(form.best_y, form.data)),
    )
    if form.payoff is not None:
        payoff = np.asarray(form.payoff, dtype=np.float64)
        return Field(form, *sides, lambda u, v: _bilinear(payoff, u, v), True)
    return Field(form, *sides, _differentiated(form, x, y), form.convexity is not Convexity.NONCONVEX)


def _with_data(best: Callable[[Any, Any], Any] | None, data: Any) -> Callable[[Any], Any] | None:
    return None if best is None else lambda other: best(other, data)


def _bilinear(payoff: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    slope = payoff @ y
    return float(x @ slope), slope, x @ payoff


def _differentiated(form: SaddleProgram, x: Shape, y: Shape) -> Gradients:
    import jax

    data = jax.tree.map(jax.numpy.asarray, form.data)
    compiled = _compiled(form.objective)

    def gradients(u: np.ndarray, v: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        value, (slope_x, slope_y) = compiled(x.whole(u), y.whole(v), data)
        return float(value), x.flat(slope_x), y.flat(slope_y)

    return gradients


@lru_cache(maxsize=32)
def _compiled(objective: Callable[[Any, Any, Any], Any]) -> Any:
    import jax

    return jax.jit(jax.value_and_grad(objective, argnums=(0, 1)))
