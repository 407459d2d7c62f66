"""Asking solvers whether a part of a system has a point. Points are checked exactly; a "none" is not believed."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from dualgap.core.certificate import Verdict
from dualgap.core.exact import fraction
from dualgap.core.forms import MixedIntegerProgram
from dualgap.engine.execute import execute
from dualgap.engine.prepare import prepare
from dualgap.engine.run import Run
from dualgap.engine.task import Settings
from dualgap.problems.integer_program import IntegerProgram, Sparse
from dualgap.problems.systems.members import Member, Part, System
from dualgap.problems.systems.points import Point, box_point, exact_point
from dualgap.problems.systems.refute import refute
from dualgap.solvers.whole import refusal

_DENIED = (Verdict.INFEASIBLE, Verdict.CLAIMED_INFEASIBLE)
_PATIENCE = 0.2  # of the time left, for one question: branch and bound needn't end where columns have no bounds
_SMALL = 50  # members of parts that exact arithmetic may settle before a solver is started
_QUICK = 0.02  # seconds for that


@dataclass(frozen=True)
class Reply:
    """What is said of a part: a point (checked exactly), or that there is none, or neither.

    ``support`` are the members that the solver says are infeasible by themselves; empty where it names none.
    """

    point: Point | None = None
    infeasible: bool = False
    support: tuple[Member, ...] = ()
    solver: str = ""


@dataclass
class Oracle:
    """Asks CP-SAT where a part can be stated in whole numbers, else HiGHS; or always ``solver``."""

    system: System
    settings: Settings
    deadline: float
    solver: str = ""
    asked: int = field(default=0, init=False)

    def time_left(self) -> float:
        return max(self.deadline - time.monotonic(), 0.0)

    def ask(self, members: Collection[Member], solver: str = "") -> Reply:
        """Whether the members can hold together, asked of a solver where that isn't plain."""
        part = self.system.part(members)
        if not part.rows.size:
            point = box_point(self.system, members)
            return Reply(point=point, infeasible=point is None)
        patience = _PATIENCE * self.time_left()
        if not patience:
            return Reply()
        if len(members) <= _SMALL and refute(self.system, members, min(patience, _QUICK)) is not None:
            return Reply(infeasible=True)
        self.asked += 1
        name = solver or self.solver or self.choice(part.form)
        run = execute(stated(part.form), prepare(name), replace(self.settings, time=patience))
        return self._reply(run, members, part)

    def choice(self, form: MixedIntegerProgram) -> str:
        """The solver for a form."""
        return "highs" if not form.integer.any() or refusal(form) else "cp-sat"

    def _reply(self, run: Run, members: Collection[Member], part: Part) -> Reply:
        verdict = run.certificate.verdict if run.certificate is not None else Verdict.NOTHING
        if run.answer is not None and run.certificate is not None and run.certificate.feasible:
            values = [Fraction(0)] * len(self.system.columns)
            for j, value in zip(part.columns.tolist(), np.asarray(run.answer.values).tolist()):
                values[j] = fraction(value)
            return Reply(point=exact_point(self.system, members, values), solver=run.solver)
        if verdict not in _DENIED:
            return Reply(solver=run.solver)
        named = {part.whole(member) for member in System(part.form).read(run.conflict)}
        return Reply(infeasible=True, support=tuple(member for member in members if member in named), solver=run.solver)


def stated(form: MixedIntegerProgram) -> IntegerProgram:
    """The form as a problem of its own, so that it is solved and certified like any other."""
    return IntegerProgram(
        objective="minimize",
        cost=form.cost,
        matrix=Sparse.of(form.matrix),
        row_lower=form.row_lower,
        row_upper=form.row_upper,
        lower=form.lower,
        upper=form.upper,
        integer=form.integer.astype(np.int64),
        columns=form.columns,
        rows=form.rows,
    )
