"""Parameters and units that serve the forgotten rows are weakened or cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.solver import Context, Solver, Trait
from dualgap.problems.unlearning import Unlearning
from dualgap.problems.unlearning.roles import FORGET, RETAIN
from dualgap.solvers.unlearning.descent import Descent, Slope, Slopes, claim


@dataclass(frozen=True)
class ForgetPruning(Descent):
    """The units of the last hidden layer that forgotten rows excite the most are cut; then training goes on.

    A unit whose mean value over the forgotten rows is above the quantile loses its weights into the outputs; training
    may grow them again.

    Source: this method is from the notes that dualgap grew out of; no paper is known to us.

    Attributes:
        quantile: of the units' mean values; those above it are cut.
    """

    name: ClassVar[str] = "forget-pruning"
    summary: ClassVar[str] = "the units that forgotten rows excite the most are cut, then fine-tuning"

    quantile: float = 0.9

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.quantile < 1:
            raise ValueError("quantile: between 0 and 1")

    def refuses(self, form: Any) -> str | None:
        return "a linear model has no hidden units to cut" if form.model.linear else None

    def start(self, form: Unlearning) -> np.ndarray:
        w = form.trained_model.copy()
        x, _ = form.part(FORGET)
        if len(x):
            excited = form.model.hidden_values(w, x).mean(axis=0)
            weights, _ = form.model.unpacked(w)[-1]  # a view: cutting changes w
            weights[excited > np.quantile(excited, self.quantile)] = 0.0
        return w

    def slope(self, form: Unlearning, slopes: Slopes, seed: int) -> Slope:
        return slopes.retain


@dataclass(frozen=True)
class SelectiveDampening(Solver):
    """Each parameter whose importance to the forgotten rows is more than ``threshold`` times that to all training rows
    is multiplied by ``min(dampening * all / forgotten, 1)``. Importance is the diagonal of the empirical Fisher matrix:
    the mean square of each row's own gradient. No step of training, no chance.

    Source: Foster, Schoepf and Brintrup, Fast machine unlearning without retraining through selective synaptic
    dampening (2024).

    Attributes:
        threshold: their alpha. dampening: their lambda.
    """

    name: ClassVar[str] = "selective-dampening"
    summary: ClassVar[str] = "SSD: parameters that matter more to forgotten rows than to all are dampened"
    accepts: ClassVar[tuple[type, ...]] = (Unlearning,)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS})

    threshold: float = 10.0
    dampening: float = 1.0

    def __post_init__(self) -> None:
        if not (self.threshold > 0 and self.dampening >= 0):
            raise ValueError("threshold above 0, dampening from 0")

    def solve(self, form: Any, ctx: Context) -> Claim:
        assert isinstance(form, Unlearning)
        w = form.trained_model
        gone, every = (form.model.squared_slopes(w, *form.part(*roles)) for roles in ((FORGET,), (RETAIN, FORGET)))
        chosen = gone > self.threshold * every
        factor = np.minimum(self.dampening * every[chosen] / gone[chosen], 1.0)
        dampened = w.copy()
        dampened[chosen] *= factor
        return claim(form, dampened, Stop.FINISHED, 1)
