"""Alternating gradient steps: one player moves, and the other answers to where it went.

    x+ = proj(x - eta grad_x f(x, y)),   y+ = proj(y + eta grad_y f(x+, y))

The oldest way to train an adversary. The last pair converges where f is strongly convex and strongly concave; where it
is bilinear the pair circles, and averages converge at the rate 1/k (Bailey, Gidel and Piliouras, COLT 2020).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from dualgap.solvers.saddle.field import Field, Pair
from dualgap.solvers.saddle.method import GradientMethod
from dualgap.solvers.saddle.walk import Pace, State, searched, stepped, strained


@dataclass(frozen=True)
class AlternatingGradient(GradientMethod):
    """Projected gradient steps by turns."""

    name: ClassVar[str] = "alternating-gradient"
    summary: ClassVar[str] = "projected gradient steps by turns, for saddle programs"
    limit: ClassVar[float] = 0.5

    iterations: int = 10_000

    @staticmethod
    def begin(field: Field, z: Pair, step: float) -> Any:
        """F there."""
        return field.force(z)

    @staticmethod
    def advance(field: Field, state: State, pace: Pace) -> State:
        z, here = state.z, state.memory

        def attempt(step: Any) -> tuple[Any, Any]:
            x, _ = field.moved(z, here, step)
            _, y = field.moved(z, field.force((x, z[1])), step)
            there = field.force((x, y))
            return strained(field, step, (z, (x, y)), (here, there)), ((x, y), there)

        step, strain, (after, there) = searched(state, pace, attempt)
        far = field.distance(after, z)
        return stepped(state, pace, after, after, step=step, strain=strain, far=far, memory=there)
