"""Attacks that tell unlearned models from retrained ones: the competition's grid, and all intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.solver import Context, Solver, Trait
from dualgap.core.witness import Exhaustion
from dualgap.problems.unlearning_audit import Attacks, UnlearningAudit
from dualgap.problems.unlearning_audit.attacks import strongest
from dualgap.problems.unlearning_audit.competition import grid_attacks


@dataclass(frozen=True)
class GridAttack(Solver):
    """The competition's grid of thresholds, whose score is the official forget quality."""

    name: ClassVar[str] = "grid-attack"
    summary: ClassVar[str] = "the unlearning competition's grid of thresholds"
    accepts: ClassVar[tuple[type, ...]] = (UnlearningAudit,)
    traits: ClassVar[frozenset[Trait]] = frozenset()

    def solve(self, form: Any, ctx: Context) -> Claim:
        assert isinstance(form, UnlearningAudit)
        return Claim(_attacks(grid_attacks(*form.confidences)), feasible=True, stop=Stop.FINISHED)


@dataclass(frozen=True)
class ExhaustiveAttack(Solver):
    """Every interval whose ends are confidences that occur: nothing else can flag other models."""

    name: ClassVar[str] = "exhaustive-attack"
    summary: ClassVar[str] = "every interval of confidences, by counting: the strongest attack of its kind"
    accepts: ClassVar[tuple[type, ...]] = (UnlearningAudit,)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.EXACT, Trait.BOUNDS, Trait.ANYTIME})

    def solve(self, form: Any, ctx: Context) -> Claim:
        assert isinstance(form, UnlearningAudit)
        found: list[tuple[float, float, float]] = []
        for attack in strongest(*form.confidences):
            found.append(attack)
            if ctx.should_stop():
                break
        missing = form.unlearned.shape[1] - len(found)
        point = _attacks([*found, *[(0.0, -np.inf, np.inf)] * missing])
        if missing:
            return Claim(point, feasible=True, stop=Stop.TIME)
        return Claim(point, feasible=True, stop=Stop.FINISHED, witness=Exhaustion())


def _attacks(found: list[tuple[float, float, float]]) -> Attacks:
    _, lower, upper = np.array(found).T
    return Attacks(lower=lower, upper=upper)
