"""The extragradient method (Korpelevich 1976): a step to look ahead, and the same step again with what was seen there.

    w = proj(z - eta F(z)),   z+ = proj(z - eta F(w)),   eta ||F(z) - F(w)|| <= nu ||z - w||,   nu < 1

The rule for the step is Khobotov's (1987). The last pair converges for monotone F; averages of w at the rate 1/k.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from dualgap.solvers.saddle.field import Field
from dualgap.solvers.saddle.method import GradientMethod
from dualgap.solvers.saddle.walk import Pace, State, searched, stepped, strained


@dataclass(frozen=True)
class Extragradient(GradientMethod):
    """Extragradient with steps that adapt."""

    name: ClassVar[str] = "extragradient"
    summary: ClassVar[str] = "extragradient with adaptive steps, for any convex-concave saddle program"
    limit: ClassVar[float] = 0.9

    @staticmethod
    def advance(field: Field, state: State, pace: Pace) -> State:
        z = state.z
        here = field.force(z)

        def attempt(step: Any) -> tuple[Any, Any]:
            ahead = field.moved(z, here, step)
            there = field.force(ahead)
            return strained(field, step, (z, ahead), (here, there)), (ahead, there)

        step, strain, (ahead, there) = searched(state, pace, attempt)
        after = field.moved(z, there, step)
        return stepped(state, pace, after, ahead, step=step, strain=strain, far=field.distance(ahead, z))
