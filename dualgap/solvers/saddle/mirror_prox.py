"""Mirror-prox (Nemirovski 2004): extragradient in the geometry of the sets, entropy on simplices.

On a simplex the step is ``x exp(-eta g)``, scaled back to its total; elsewhere it is the projected one. The step is
accepted where ``eta <F(w) - F(z), w - z+> <= V(w, z) + V(z+, w)``, V the Bregman distance: what the analysis needs.
Averages of w converge at the rate 1/k.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from dualgap.core.sets import Product, Set, Simplex
from dualgap.core.traced import namespace
from dualgap.solvers.saddle.field import Field, Pair, Side
from dualgap.solvers.saddle.method import GradientMethod
from dualgap.solvers.saddle.walk import Pace, State, searched, stepped

_LEAST = 1e-300  # a weight that is 0 would stay 0


@dataclass(frozen=True)
class MirrorProx(GradientMethod):
    """Mirror-prox with steps that adapt."""

    name: ClassVar[str] = "mirror-prox"
    summary: ClassVar[str] = "mirror-prox: extragradient with entropy on simplices"
    limit: ClassVar[float] = 1.0

    @staticmethod
    def advance(field: Field, state: State, pace: Pace) -> State:
        z = state.z
        here, sides = field.force(z), (field.x, field.y)

        def mirrored(force: Pair, step: Any) -> Pair:
            x, y = (_mirrored(side, at, step * push) for side, at, push in zip(sides, z, force))
            return x, y

        def attempt(step: Any) -> tuple[Any, Any]:
            ahead = mirrored(here, step)
            there = field.force(ahead)
            after = mirrored(there, step)
            change = sum((t - h) @ (w - a) for t, h, w, a in zip(there, here, ahead, after))
            room = sum(_apart(side, w, at) + _apart(side, a, w) for side, w, a, at in zip(sides, ahead, after, z))
            xp = namespace(room)
            return xp.where(room > 0.0, step * change / xp.maximum(room, _LEAST), 0.0), (ahead, after)

        step, strain, (ahead, after) = searched(state, pace, attempt)
        return stepped(state, pace, after, ahead, step=step, strain=strain, far=field.distance(ahead, z))


def _mirrored(side: Side, at: Any, push: Any) -> Any:
    whole = side.shape.whole
    return side.shape.flat(_moved(side.domain, whole(at), whole(push), side.unit))


def _moved(domain: Set, at: Any, push: Any, unit: Any) -> Any:
    """The step in one set, or in each of a product's."""
    if isinstance(domain, Product):
        parts = zip(domain.factors, at, push, strict=True)
        return tuple(_moved(factor, here, there, unit) for factor, here, there in parts)
    if not isinstance(domain, Simplex):
        return domain.project(at - unit**2 * push)
    xp = namespace(at)
    logs = xp.log(xp.maximum(at, _LEAST)) - unit * push
    weights = xp.exp(logs - xp.max(logs, axis=-1, keepdims=True))
    return weights * (domain.total / xp.sum(weights, axis=-1, keepdims=True))


def _apart(side: Side, left: Any, right: Any) -> Any:
    whole = side.shape.whole
    return _bregman(side.domain, whole(left), whole(right), side.unit)


def _bregman(domain: Set, left: Any, right: Any, unit: Any) -> Any:
    """Half the squared distance in ``unit``, or the relative entropy, of points with the same total."""
    if isinstance(domain, Product):
        parts = zip(domain.factors, left, right, strict=True)
        return sum(_bregman(factor, one, other, unit) for factor, one, other in parts)
    xp = namespace(left)
    if not isinstance(domain, Simplex):
        return 0.5 * xp.sum((left - right) ** 2) / unit**2
    ratio = xp.log(xp.maximum(left, _LEAST) / xp.maximum(right, _LEAST))
    return xp.sum(left * ratio - left + right) / unit
