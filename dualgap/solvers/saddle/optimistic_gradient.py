"""The optimistic gradient method, one gradient a step: the last change of F stands for the next one.

    z+ = proj(z - eta F(z) - eta_before (F(z) - F(z_before))),   eta ||F(z+) - F(z)|| <= delta/2 ||z+ - z||,  delta < 1

This is the forward-reflected-backward method with line search (Malitsky and Tam, SIAM J. Optimization 2020), Popov's
(1980) where nothing is projected. The last pair converges for monotone F.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from dualgap.solvers.saddle.field import Field, Pair
from dualgap.solvers.saddle.method import GradientMethod
from dualgap.solvers.saddle.walk import Pace, State, searched, stepped, strained


@dataclass(frozen=True)
class OptimisticGradient(GradientMethod):
    """Optimistic gradient with steps that adapt."""

    name: ClassVar[str] = "optimistic-gradient"
    summary: ClassVar[str] = "optimistic gradient, one gradient a step, for any convex-concave saddle program"
    limit: ClassVar[float] = 0.49

    @staticmethod
    def begin(field: Field, z: Pair, step: float) -> Any:
        """F there, its change along the last step, and that step's length."""
        here = field.force(z)
        return here, (0.0 * here[0], 0.0 * here[1]), step

    @staticmethod
    def advance(field: Field, state: State, pace: Pace) -> State:
        z, (here, gained, last) = state.z, state.memory

        def attempt(step: Any) -> tuple[Any, Any]:
            hoped = (here[0] + last / step * gained[0], here[1] + last / step * gained[1])
            after = field.moved(z, hoped, step)
            there = field.force(after)
            return strained(field, step, (z, after), (here, there)), (after, there)

        step, strain, (after, there) = searched(state, pace, attempt)
        memory = there, (there[0] - here[0], there[1] - here[1]), step
        far = field.distance(after, z)
        return stepped(state, pace, after, after, step=step, strain=strain, far=far, memory=memory)
