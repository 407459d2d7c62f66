"""Projected subgradient descent on the worst case, with the opponent's answers as multipliers.

    minimise g(x) = max over y of f(x, y):   x+ = proj(x - alpha / sqrt(k) grad_x f(x, y(x)) / ||.||),

``y(x)`` a best response. The best x is kept (Polyak 1987); the best responses, averaged with the steps as weights, are
the multipliers of the epigraph's rows, and certify from below (Nedic and Ozdaglar 2009). It is the simplest method
there is and slow: the other methods of this folder say by how much.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import ClassVar

import numpy as np

from dualgap.core.forms import Form, SaddleProgram
from dualgap.solvers.saddle.field import Field, Pair
from dualgap.solvers.saddle.method import SaddleMethod, Steps


@dataclass(frozen=True)
class SaddleSubgradient(SaddleMethod):
    """Projected subgradients with steps ``step / sqrt(k)``, 1 by default: relative to the gradient's size."""

    name: ClassVar[str] = "saddle-subgradient"
    summary: ClassVar[str] = "projected subgradients on the worst case, multipliers from the opponent's answers"

    iterations: int = 10_000

    def refuses(self, form: Form) -> str | None:
        assert isinstance(form, SaddleProgram)
        if form.best_y is None:
            return "saddle-subgradient needs the opponent's best response; extragradient does without"
        return super().refuses(form)

    def steps(self, field: Field, z: Pair, step: float, fixed: bool) -> Steps:
        return _Steps(field, z, self.step or 1.0, True)


class _Steps(Steps):
    _count = 0

    def advance(self) -> Pair:
        self._count += 1
        x = self.z[0]
        y = self.field.answer_y(x)
        assert y is not None
        _, slope, _ = self.field.gradients(x, y)
        norm = float(np.linalg.norm(slope))
        moved = self.step / sqrt(self._count) / (norm if norm > 0.0 else 1.0)
        after = self.field.x.project(x - moved * slope)
        self.residual = float(np.linalg.norm(after - x)) / moved
        self.z = (after, y)
        return x, y
