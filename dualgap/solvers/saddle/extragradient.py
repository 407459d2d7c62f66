"""The extragradient method (Korpelevich 1976): a step to look ahead, and the same step again with what was seen there.

    w = proj(z - eta F(z)),   z+ = proj(z - eta F(w)),   eta ||F(z) - F(w)|| <= nu ||z - w||,   nu < 1

The rule for the step is Khobotov's (1987). The last pair converges for monotone F; averages of w at the rate 1/k.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from dualgap.solvers.saddle.field import Field, Pair
from dualgap.solvers.saddle.method import SaddleMethod, Steps, distance

_LIMIT = 0.9


@dataclass(frozen=True)
class Extragradient(SaddleMethod):
    """Extragradient with steps that adapt."""

    name: ClassVar[str] = "extragradient"
    summary: ClassVar[str] = "extragradient with adaptive steps, for any convex-concave saddle program"

    def steps(self, field: Field, z: Pair, step: float, fixed: bool) -> Steps:
        return _Steps(field, z, step, fixed)


class _Steps(Steps):
    def advance(self) -> Pair:
        here = self.force(self.z)
        for _ in self.tries(_LIMIT):
            ahead = self.moved(self.z, here, self.step)
            there = self.force(ahead)
            far = distance(ahead, self.z)
            self.strain = self.step * distance(here, there) / far if far > 0.0 else 0.0
        self.residual = far / self.step
        self.z = self.moved(self.z, there, self.step)
        self.lengthen()
        return ahead
