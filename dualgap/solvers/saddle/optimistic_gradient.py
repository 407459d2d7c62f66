"""The optimistic gradient method, one gradient a step: the last change of F stands for the next one.

    z+ = proj(z - eta F(z) - eta_before (F(z) - F(z_before))),   eta ||F(z+) - F(z)|| <= delta/2 ||z+ - z||,  delta < 1

This is the forward-reflected-backward method with line search (Malitsky and Tam, SIAM J. Optimization 2020), Popov's
(1980) where nothing is projected. The last pair converges for monotone F.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from dualgap.solvers.saddle.field import Field, Pair
from dualgap.solvers.saddle.method import SaddleMethod, Steps, distance

_LIMIT = 0.49


@dataclass(frozen=True)
class OptimisticGradient(SaddleMethod):
    """Optimistic gradient with steps that adapt."""

    name: ClassVar[str] = "optimistic-gradient"
    summary: ClassVar[str] = "optimistic gradient, one gradient a step, for any convex-concave saddle program"

    def steps(self, field: Field, z: Pair, step: float, fixed: bool) -> Steps:
        return _Steps(field, z, step, fixed)


class _Steps(Steps):
    def __init__(self, field: Field, z: Pair, step: float, fixed: bool) -> None:
        super().__init__(field, z, step, fixed)
        self._here = self._before = self.force(z)
        self._last = step

    def advance(self) -> Pair:
        here, before = self._here, self._before
        self.lengthen()
        for _ in self.tries(_LIMIT):
            push = tuple(self.step * h + self._last * (h - b) for h, b in zip(here, before))
            after = self.field.project(self.z[0] - push[0], self.z[1] - push[1])
            there = self.force(after)
            far = distance(after, self.z)
            self.strain = self.step * distance(here, there) / far if far > 0.0 else 0.0
        self.residual = far / self.step
        self.z, self._before, self._here, self._last = after, here, there, self.step
        return self.z
