"""The sum's linear program through its dual, the point recovered through the KKT conditions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.solver import Context, Solver, Trait
from dualgap.core.witness import FarkasRay, Ray
from dualgap.problems.log_sum_exp_ball import LogSumExpAnswer, LogSumExpBall, RowPrices
from dualgap.problems.log_sum_exp_ball.dual import dual_program, prices_of, recovered
from dualgap.problems.log_sum_exp_ball.views import lifted


@dataclass(frozen=True)
class DualRecovery(Solver):
    """Solves the dual, and the linear system of the rows with a price; without a point where that is undetermined.

    Its prices bound the log-sum-exp as well, and the point is feasible for it.

    Attributes:
        solver: of the dual linear program.
    """

    name: ClassVar[str] = "dual-recovery"
    summary: ClassVar[str] = "log-sum-exp-ball: the dual linear program, and x from the rows with a price"
    accepts: ClassVar[tuple[type, ...]] = (LogSumExpBall,)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS})

    solver: str = "highs"

    def solve(self, form: Any, ctx: Context) -> Claim:
        assert isinstance(form, LogSumExpBall)
        inner = ctx.subsolve(dual_program(form), self.solver)
        if inner.stop is Stop.UNBOUNDED:  # the dual has a point (y = 1): then the ball is empty
            ray = prices_of(form, inner.witness.direction) if isinstance(inner.witness, Ray) else None
            return Claim(stop=Stop.INFEASIBLE, witness=None if ray is None else FarkasRay(rows=ray))
        if inner.point is None:
            return Claim(stop=inner.stop, message=inner.message)
        prices = prices_of(form, inner.point)
        found = recovered(form, prices)
        n = form.size[0]
        share = 1.0 / n if form.smooth else 1.0
        value = None if inner.value is None else -float(inner.value)
        return Claim(
            point=None if found.point is None else LogSumExpAnswer(x=found.point),
            feasible=found.point is not None,
            stop=inner.stop,
            value=None if found.point is None else form.value(found.point),
            bound=value if value is None or not form.smooth else lifted(form, value),
            witness=RowPrices(weights=np.full(n, share), prices=share * prices),
            statistics={"active rows": found.active, "rank": found.rank},
            message=found.reason,
        )
