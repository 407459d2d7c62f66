"""Retraining without the forgotten rows: what every unlearning method is held against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.solver import Context, Solver, Trait
from dualgap.core.witness import GradientPoint
from dualgap.problems.unlearning import Parameters, Unlearning
from dualgap.problems.unlearning.objective import Objective
from dualgap.problems.unlearning.training import Recipe, trained


@dataclass(frozen=True)
class Retrain(Solver):
    """Linear models to a gradient's norm: exact. Networks by Adam from a seed: one sample of what retraining gives.

    Attributes:
        method: newton, with halved steps; or lbfgs, SciPy's L-BFGS-B.
        tolerance: the gradient's norm at which a linear model is trained.
        steps: of Newton (100 by default), of L-BFGS (10,000), or of Adam (as many as the spec has).
    """

    name: ClassVar[str] = "retrain"
    summary: ClassVar[str] = "training from scratch on the retained rows: the exact answer of a linear model"
    accepts: ClassVar[tuple[type, ...]] = (Unlearning,)
    requires: ClassVar[tuple[str, ...]] = ("scipy",)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.EXACT, Trait.BOUNDS})

    method: Literal["newton", "lbfgs"] = "newton"
    tolerance: float = 1e-10
    steps: int = 0

    def solve(self, form: Any, ctx: Context) -> Claim:
        assert isinstance(form, Unlearning)
        objective = form.objective
        if not objective.model.linear:
            recipe = Recipe(self.steps or form.steps, float(form.rate), form.batch_size)
            w = trained(objective, recipe, ctx.seed)
            return Claim(Parameters(parameters=w), feasible=True, message="a sample: training is random")
        start = np.zeros(objective.model.size)
        if self.method == "newton":
            w = objective.minimiser(start, self.tolerance, self.steps or 100)
        else:
            w = cold_lbfgs(objective, self.tolerance, self.steps or 10_000)
        norm = float(np.linalg.norm(objective.gradient(w)))
        return Claim(
            Parameters(parameters=w),
            feasible=True,
            witness=GradientPoint(point=w),
            stop=Stop.FINISHED if norm <= self.tolerance else Stop.ITERATIONS,
            statistics={"gradient": norm},
        )


def cold_lbfgs(objective: Objective, tolerance: float, steps: int = 10_000) -> np.ndarray:
    """(size,) the minimiser by SciPy's L-BFGS-B from zero, to a gradient's norm."""
    from scipy.optimize import minimize

    start = np.zeros(objective.model.size)
    settings: Any = {"maxiter": steps, "maxfun": 10 * steps, "gtol": tolerance / np.sqrt(len(start)), "ftol": 0.0}
    found = minimize(objective.value, start, jac=objective.gradient, method="L-BFGS-B", options=settings)
    return np.asarray(found.x)
