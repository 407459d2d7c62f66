"""First-order unlearning from the trained model, for linear models and networks: what each method descends."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.solver import Context, Solver, Trait
from dualgap.problems.unlearning import Parameters, Unlearning
from dualgap.problems.unlearning.roles import FORGET, RETAIN
from dualgap.problems.unlearning.training import batches, descent

_TOLD = 10  # steps between reports
_LINEAR, _NETWORK = 0.03, 1e-3  # Adam's first step, by default

Slope = Callable[[np.ndarray], np.ndarray]


class Slopes:
    """The gradients that methods put together.

    Attributes:
        retain: of the retain objective on a batch, another in each call.
        forget: of the forgotten rows' mean loss.
    """

    def __init__(self, form: Unlearning, batch: int, seed: int) -> None:
        self.form = form
        self.model = form.model
        self._x, labels = form.part(RETAIN)
        self._targets = self.model.targets(labels)
        self._gone, gone = form.part(FORGET)
        self._gone_targets = self.model.targets(gone)
        self._rows = batches(len(self._x), batch or len(self._x), seed)
        self._tilt = form.noise.astype(np.float64) / len(self._x) if form.noise.size else 0.0

    def retain(self, w: np.ndarray) -> np.ndarray:
        rows = next(self._rows)
        share = np.full(len(rows), 1.0 / len(rows))
        slope = self.model.slope(w, self._x[rows], self._targets[rows], share)
        return slope + float(self.form.l2) * w + self._tilt

    def forget(self, w: np.ndarray, targets: np.ndarray | None = None) -> np.ndarray:
        """Towards ``targets``: (m, outputs) probabilities; the rows' own labels by default."""
        if not len(self._gone):
            return np.zeros(self.model.size)
        share = np.full(len(self._gone), 1.0 / len(self._gone))
        return self.model.slope(w, self._gone, self._gone_targets if targets is None else targets, share)


@dataclass(frozen=True)
class _Descent(Solver):
    """Adam on a slope; methods differ in the slope.

    Attributes:
        steps: of Adam.
        rate: its first step, which falls along a half cosine; by default .03 for linear models, .001 for networks.
        batch: retained rows of a step; 0 for all.
    """

    accepts: ClassVar[tuple[type, ...]] = (Unlearning,)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.ANYTIME, Trait.RANDOMISED, Trait.BOUNDS})

    steps: int = 200
    rate: float | None = None
    batch: int = 128

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch < 0 or (self.rate is not None and not self.rate > 0):
            raise ValueError("steps from 1, rate above 0, batch from 0 (all rows)")

    @abstractmethod
    def slope(self, form: Unlearning, slopes: Slopes) -> Slope:
        """What Adam takes for the gradient."""

    def solve(self, form: Any, ctx: Context) -> Claim:
        assert isinstance(form, Unlearning)
        w, done = form.trained.astype(np.float64), 0
        slope = self.slope(form, Slopes(form, self.batch, ctx.seed))
        for done, point in enumerate(
            descent(slope, w, self.steps, self.rate or (_LINEAR if form.model.linear else _NETWORK)), start=1
        ):
            if not np.isfinite(point).all():
                return _claim(form, w, Stop.NONFINITE, done)
            w = point
            if done % _TOLD == 0:
                ctx.report(Parameters(parameters=w), iterations=done)
                if ctx.should_stop():
                    return _claim(form, w, Stop.TIME, done)
        return _claim(form, w, Stop.FINISHED, done)


def _claim(form: Unlearning, w: np.ndarray, stop: Stop, steps: int) -> Claim:
    point = Parameters(parameters=w)
    return Claim(point, feasible=True, stop=stop, witness=form.implied(point), statistics={"steps": steps})


@dataclass(frozen=True)
class FineTune(_Descent):
    """Training goes on, on the retained rows: forgetting is left to chance."""

    name: ClassVar[str] = "fine-tune"
    summary: ClassVar[str] = "training goes on, on the retained rows only"

    def slope(self, form: Unlearning, slopes: Slopes) -> Slope:
        return slopes.retain


@dataclass(frozen=True)
class NegGrad(_Descent):
    """Ascent on the forgotten rows' loss; it stops for nothing but its steps, so more of them destroy the model."""

    name: ClassVar[str] = "neg-grad"
    summary: ClassVar[str] = "ascent on the forgotten rows' loss"

    steps: int = 5

    def slope(self, form: Unlearning, slopes: Slopes) -> Slope:
        return lambda w: -slopes.forget(w)


@dataclass(frozen=True)
class NegGradPlus(_Descent):
    """Descent on ``share`` times the retain objective less the rest times the forgotten rows' loss.

    Source: Kurmanji, Triantafillou, Hayes and Triantafillou, Towards unbounded machine unlearning (2023), NegGrad+.

    Attributes:
        share: of the retain objective.
    """

    name: ClassVar[str] = "neg-grad-plus"
    summary: ClassVar[str] = "descent on the retained rows and ascent on the forgotten ones, weighted"

    share: float = 0.95

    def slope(self, form: Unlearning, slopes: Slopes) -> Slope:
        return lambda w: self.share * slopes.retain(w) - (1.0 - self.share) * slopes.forget(w)


@dataclass(frozen=True)
class GradientSurgery(_Descent):
    """Ascent on the forgotten rows along what the retain objective doesn't see; then training goes on.

    The ascent direction is projected onto the directions in which the retain objective is flat, to first order: after
    Yu et al., Gradient surgery for multi-task learning (2020).

    Attributes:
        ascents: the first steps, which ascend.
    """

    name: ClassVar[str] = "gradient-surgery"
    summary: ClassVar[str] = "ascent on the forgotten rows where the retain objective is flat, then fine-tuning"

    ascents: int = 5

    def slope(self, form: Unlearning, slopes: Slopes) -> Slope:
        left = iter(range(self.ascents))

        def found(w: np.ndarray) -> np.ndarray:
            kept = slopes.retain(w)
            if next(left, None) is None:
                return kept
            gone, size = slopes.forget(w), float(kept @ kept)
            return -(gone - (gone @ kept) / size * kept) if size > 0 else -gone

        return found


@dataclass(frozen=True)
class ForgetAscent(_Descent):
    """The Lagrangian of ``min J with forget loss >= rho``: Adam on the parameters, ascent on the multiplier.

    rho comes from rows that no model has seen (``level`` of the spec), not from retraining. Where rho is no more than
    the retrained model's own loss on the forgotten rows, a linear model's multiplier is 0 and the answer retraining.

    Attributes:
        ascent: of the multiplier, for each nat that the loss is short of rho.
        most: the largest multiplier, in units of retained over forgotten rows; beyond 1 no row is learnt any more.
    """

    name: ClassVar[str] = "forget-ascent"
    summary: ClassVar[str] = "Lagrangian: the forgotten rows' loss is to be that of unseen rows, without an oracle"

    ascent: float = 0.1
    most: float = 1.0

    def refuses(self, form: Any) -> str | None:
        return None if form.rho is not None else 'it needs a level: rows for testing, or level = "retrain" or a number'

    def slope(self, form: Unlearning, slopes: Slopes) -> Slope:
        x, labels = form.part(FORGET)
        top = self.most * len(form.objective.x) / max(1, len(x))
        rho, price = float(form.rho or 0.0), 0.0

        def found(w: np.ndarray) -> np.ndarray:
            nonlocal price
            short = rho - float(form.model.losses(w, x, labels).mean()) if len(x) else 0.0
            price = float(np.clip(price + self.ascent * short, 0.0, top))
            return slopes.retain(w) - price * slopes.forget(w)

        return found
