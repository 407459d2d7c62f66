"""Gradients of the retained and of the forgotten rows, put together in four ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dualgap.problems.unlearning import Unlearning
from dualgap.solvers.unlearning.descent import Descent, Slope, Slopes


@dataclass(frozen=True)
class FineTune(Descent):
    """Training goes on, on the retained rows: forgetting is left to chance."""

    name: ClassVar[str] = "fine-tune"
    summary: ClassVar[str] = "training goes on, on the retained rows only"

    @property
    def descends(self) -> bool:
        return True

    def slope(self, form: Unlearning, slopes: Slopes, seed: int) -> Slope:
        return slopes.retain


@dataclass(frozen=True)
class NegGrad(Descent):
    """Ascent on the forgotten rows' loss; it stops for nothing but its steps, so more of them destroy the model."""

    name: ClassVar[str] = "neg-grad"
    summary: ClassVar[str] = "ascent on the forgotten rows' loss"

    steps: int = 5

    def slope(self, form: Unlearning, slopes: Slopes, seed: int) -> Slope:
        return lambda w: -slopes.forget(w)


@dataclass(frozen=True)
class NegGradPlus(Descent):
    """Descent on ``share`` times the retain objective less the rest times the forgotten rows' loss.

    Source: Kurmanji, Triantafillou, Hayes and Triantafillou, Towards unbounded machine unlearning (2023), NegGrad+.

    Attributes:
        share: of the retain objective.
    """

    name: ClassVar[str] = "neg-grad-plus"
    summary: ClassVar[str] = "descent on the retained rows and ascent on the forgotten ones, weighted"

    share: float = 0.95

    def slope(self, form: Unlearning, slopes: Slopes, seed: int) -> Slope:
        return lambda w: self.share * slopes.retain(w) - (1.0 - self.share) * slopes.forget(w)


@dataclass(frozen=True)
class GradientSurgery(Descent):
    """Ascent on the forgotten rows along what the retain objective doesn't see; then training goes on.

    The ascent direction is projected onto the directions in which the retain objective is flat, to first order: after
    Yu et al., Gradient surgery for multi-task learning (2020).

    Attributes:
        ascents: the first steps, which ascend.
    """

    name: ClassVar[str] = "gradient-surgery"
    summary: ClassVar[str] = "ascent on the forgotten rows where the retain objective is flat, then fine-tuning"

    ascents: int = 5

    def slope(self, form: Unlearning, slopes: Slopes, seed: int) -> Slope:
        left = iter(range(self.ascents))

        def found(w: np.ndarray) -> np.ndarray:
            kept = slopes.retain(w)
            if next(left, None) is None:
                return kept
            gone, size = slopes.forget(w), float(kept @ kept)
            return -(gone - (gone @ kept) / size * kept) if size > 0 else -gone

        return found
