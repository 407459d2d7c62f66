"""Mirror-prox (Nemirovski 2004): extragradient in the geometry of the sets, entropy on simplices.

On a simplex the step is ``x exp(-eta g)``, scaled back to its total; elsewhere it is the projected one. The step is
accepted where ``eta <F(w) - F(z), w - z+> <= V(w, z) + V(z+, w)``, V the Bregman distance: what the analysis needs.
Averages of w converge at the rate 1/k.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dualgap.core.sets import Simplex
from dualgap.solvers.saddle.field import Field, Pair, Side
from dualgap.solvers.saddle.method import SaddleMethod, Steps, distance

_LEAST = 1e-300  # a weight that is 0 would stay 0


@dataclass(frozen=True)
class MirrorProx(SaddleMethod):
    """Mirror-prox with steps that adapt."""

    name: ClassVar[str] = "mirror-prox"
    summary: ClassVar[str] = "mirror-prox: extragradient with entropy on simplices"

    def steps(self, field: Field, z: Pair, step: float, fixed: bool) -> Steps:
        return _Steps(field, z, step, fixed)


class _Steps(Steps):
    def advance(self) -> Pair:
        here = self.force(self.z)
        for _ in self.tries(1.0):
            ahead = self._mirrored(here)
            there = self.force(ahead)
            after = self._mirrored(there)
            change = sum(float((t - h) @ (w - a)) for t, h, w, a in zip(there, here, ahead, after))
            room = self._apart(ahead, self.z) + self._apart(after, ahead)
            self.strain = self.step * change / room if room > 0.0 else 0.0
        self.residual = distance(ahead, self.z) / self.step
        self.z = after
        self.lengthen()
        return ahead

    def _mirrored(self, force: Pair) -> Pair:
        sides = (self.field.x, self.field.y)
        x, y = (_step(side, at, self.step * push) for side, at, push in zip(sides, self.z, force))
        return x, y

    def _apart(self, left: Pair, right: Pair) -> float:
        return sum(_bregman(side, a, b) for side, a, b in zip((self.field.x, self.field.y), left, right))


def _step(side: Side, at: np.ndarray, push: np.ndarray) -> np.ndarray:
    if not isinstance(side.domain, Simplex):
        return side.project(at - push)
    logs = np.log(np.maximum(at, _LEAST)) - push
    weights = np.exp(logs - logs.max())
    return np.asarray(weights * (side.domain.total / weights.sum()))


def _bregman(side: Side, left: np.ndarray, right: np.ndarray) -> float:
    if not isinstance(side.domain, Simplex):
        return 0.5 * float((left - right) @ (left - right))
    played = left > 0
    ratio = np.log(left[played] / np.maximum(right[played], _LEAST))
    return float(left[played] @ ratio - left.sum() + right.sum())
