"""Lower bounds on convex programs over a set, from the gradient at one point.

``f(x) + min over s in X of g'(s - x)`` (Frank and Wolfe 1956), and with strong convexity m
``f(x) + min over s in X of g'(s - x) + m/2 |s - x|^2``, attained at the projection of ``x - g/m``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from dualgap.core.forms import Convexity, SmoothProgram
from dualgap.core.sets import Product, Set
from dualgap.solvers.descent import Objective


class GradientBounds:
    """The best bound so far. ``objective`` is the form's, or a Lagrangian that is as convex as the form."""

    def __init__(self, objective: Objective, form: SmoothProgram, domain: Set) -> None:
        self.domain = domain
        self.modulus = form.modulus
        self.best: float | None = None
        convex = form.convexity is not Convexity.NONCONVEX
        has_support, strong = convex and offers(domain, "support"), convex and form.modulus > 0
        self._bound = _compiled(objective, has_support, strong) if has_support or strong else None

    def improve(self, x: Any, data: Any) -> bool:
        """Takes in what the gradient at x proves; whether that is better than what there was."""
        if self._bound is None:
            return False
        bound = float(self._bound(x, self.domain, data, np.float64(self.modulus)))
        if not np.isfinite(bound) or (self.best is not None and bound <= self.best):
            return False
        self.best = bound
        return True


@lru_cache(maxsize=64)
def _compiled(objective: Objective, has_support: bool, strong: bool) -> Callable[..., Any]:
    """Compiled ``(x, domain, data, modulus) -> lower bound``."""
    import jax
    import jax.numpy as jnp

    def bound(x: Any, domain: Set, data: Any, modulus: Any) -> Any:
        value, gradient = jax.value_and_grad(objective)(x, data)
        found = -jnp.inf
        if has_support:
            found = jnp.maximum(found, value + _along(gradient, domain.support(gradient), x))
        if strong:
            nearest = domain.project(jax.tree.map(lambda a, g: a - g / modulus, x, gradient))
            away = jax.tree.map(lambda a, b: a - b, nearest, x)
            square = sum(jnp.sum(leaf * leaf) for leaf in jax.tree.leaves(away))
            found = jnp.maximum(found, value + _along(gradient, nearest, x) + 0.5 * modulus * square)
        return found

    compiled: Callable[..., Any] = jax.jit(bound)
    return compiled


def _along(gradient: Any, there: Any, here: Any) -> Any:
    """gradient'(there - here) over the leaves; entries without a gradient count nothing, however far."""
    import jax
    import jax.numpy as jnp

    parts = jax.tree.map(lambda g, a, b: jnp.sum(jnp.where(g == 0, 0.0, g * (a - b))), gradient, there, here)
    return sum(jax.tree.leaves(parts))


def offers(domain: Set, method: str) -> bool:
    """Whether a set has ``project`` or ``support``; a product needs it of every factor."""
    if isinstance(domain, Product):
        return all(offers(factor, method) for factor in domain.factors)
    return getattr(type(domain), method) is not getattr(Set, method)
