"""Alternating gradient steps: one player moves, and the other answers to where it went.

    x+ = proj(x - eta grad_x f(x, y)),   y+ = proj(y + eta grad_y f(x+, y))

The oldest way to train an adversary. The last pair converges where f is strongly convex and strongly concave; where it
is bilinear the pair circles, and averages converge at the rate 1/k (Bailey, Gidel and Piliouras, COLT 2020).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from dualgap.solvers.saddle.field import Field, Pair
from dualgap.solvers.saddle.method import SaddleMethod, Steps, distance

_LIMIT = 0.5


@dataclass(frozen=True)
class AlternatingGradient(SaddleMethod):
    """Projected gradient steps by turns."""

    name: ClassVar[str] = "alternating-gradient"
    summary: ClassVar[str] = "projected gradient steps by turns, for saddle programs"

    iterations: int = 10_000

    def steps(self, field: Field, z: Pair, step: float, fixed: bool) -> Steps:
        return _Steps(field, z, step, fixed)


class _Steps(Steps):
    _here: Pair | None = None

    def advance(self) -> Pair:
        here = self.force(self.z) if self._here is None else self._here
        x, y = self.z
        for _ in self.tries(_LIMIT):
            after = self.field.x.project(x - self.step * here[0])
            _, _, rise = self.field.gradients(after, y)
            ahead = after, self.field.y.project(y + self.step * rise)
            there = self.force(ahead)
            far = distance(ahead, self.z)
            self.strain = self.step * distance(here, there) / far if far > 0.0 else 0.0
        self.residual = far / self.step
        self.z, self._here = ahead, there
        self.lengthen()
        return ahead
