"""Newton steps from the trained model: what the forgotten rows did is undone to the first or second order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.solver import Context, Solver, Trait
from dualgap.problems.unlearning import Parameters, Unlearning
from dualgap.problems.unlearning.roles import FORGET
from dualgap.solvers.unlearning.descent import claim


def _curved(form: Unlearning) -> str | None:
    return None if form.model.linear else "a network's Hessian isn't positive definite: gradient methods take networks"


@dataclass(frozen=True)
class Influence(Solver):
    """``w + H^-1 g / n`` with H the Hessian of what the model was trained for, and g what the forgotten rows, each with
    its share of the ridge, add to n times its gradient: one step, whose factors can be kept from training.

    Source: Koh and Liang, Understanding black-box predictions via influence functions (2017).
    """

    name: ClassVar[str] = "influence"
    summary: ClassVar[str] = "the influence function of the forgotten rows, at the trained model's Hessian"
    accepts: ClassVar[tuple[type, ...]] = (Unlearning,)
    requires: ClassVar[tuple[str, ...]] = ("scipy",)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS})

    def refuses(self, form: Any) -> str | None:
        return _curved(form)

    def solve(self, form: Any, ctx: Context) -> Claim:
        assert isinstance(form, Unlearning)
        w, model = form.trained_model, form.model
        x, labels = form.part(FORGET)
        n = len(form.before.x)
        pulled = len(x) / n * float(form.l2) * w
        if len(x):
            pulled = pulled + model.slope(w, x, model.targets(labels), np.full(len(x), 1.0 / n))
        return claim(form, w - form.before.newton_step(w, pulled), Stop.FINISHED, 1)


@dataclass(frozen=True)
class NewtonRemoval(Solver):
    """Newton steps of the retain objective from the trained model: the first is the removal of Guo et al.

    Source: Guo, Goldstein, Hannun and van der Maaten, Certified data removal from machine learning models (2020).

    Attributes:
        steps: how many.
    """

    name: ClassVar[str] = "newton-removal"
    summary: ClassVar[str] = "Newton steps without the forgotten rows, from the trained model"
    accepts: ClassVar[tuple[type, ...]] = (Unlearning,)
    requires: ClassVar[tuple[str, ...]] = ("scipy",)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS, Trait.ANYTIME})

    steps: int = 2

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ValueError("steps: one at least")

    def refuses(self, form: Any) -> str | None:
        return _curved(form)

    def solve(self, form: Any, ctx: Context) -> Claim:
        assert isinstance(form, Unlearning)
        w = form.trained_model
        for step in range(1, self.steps + 1):
            if ctx.should_stop():
                return claim(form, w, Stop.TIME, step - 1)
            w = w + form.objective.newton_step(w, form.objective.gradient(w))
            ctx.report(Parameters(parameters=w), iterations=step)
        return claim(form, w, Stop.FINISHED, self.steps)
