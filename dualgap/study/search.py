"""Something to hold an answer against: a bound, and a better answer, found by the default solvers in limited time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dualgap.core.certificate import INFINITY, Bound, Certificate, Check, Sense, Verdict, gaps
from dualgap.core.errors import NoRouteError
from dualgap.core.exact import Real, nearest
from dualgap.core.problem import Problem
from dualgap.core.statement import format_gap, format_value
from dualgap.core.witness import Witness
from dualgap.engine.run import Attempt, Run
from dualgap.engine.solve import solve


@dataclass(frozen=True)
class Search:
    """What was found. What is merely claimed grades nobody's answer.

    Attributes:
        sense: of the problem.
        check: whether a bound was found, and by whom.
        bounds: verified ones, the tightest first.
        attempts: the solvers that ran.
        best: the value of a verified answer, None where there is none.
        solver: who found it.
        witness: what the tightest bound rests on.
    """

    sense: Sense
    check: Check
    bounds: tuple[Bound, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    best: Real | None = None
    solver: str = ""
    witness: Witness | None = None

    def sentence(self, graded: Certificate) -> str:
        """Where the graded answer stands beside the best known one; empty where nothing is known."""
        if self.best is None or graded.value is None or graded.verdict is Verdict.OPTIMAL:
            return ""
        if not self.sense.better(self.best, graded.value):
            return "no better answer was found"
        _, relative = gaps(self.sense, graded.value, self.best)
        side = "below" if self.sense is Sense.MAXIMIZE else "above"
        unit = f" {graded.unit}" if graded.unit else ""
        best = f"{graded.quantity} {format_value(self.best)}{unit}"
        return f"{format_gap(relative)} {side} the best known: {best}, by {self.solver}"


def look_for_better(problem: Problem, answer: Any, seconds: float) -> Search:
    """Runs the default solvers, which start from the (feasible) answer."""
    try:
        run = solve(problem, start=answer, time=seconds)
    except NoRouteError as error:
        return Search(problem.sense, Check("bound", False, f"no solver looks for one: {error}"))
    certificate = run.certificate
    found = certificate.bounds if certificate is not None else ()
    verified = [bound for bound in found if bound.evidence.verified and abs(nearest(bound.value)) < INFINITY]
    tightest = problem.sense is Sense.MINIMIZE
    bounds = tuple(sorted(verified, key=lambda bound: bound.value, reverse=tightest))
    said = f"{bounds[0].evidence} by {run.solver}" if bounds else f"{run.solver} proved none within {seconds:g} s"
    feasible = certificate is not None and certificate.feasible
    return Search(
        sense=problem.sense,
        check=Check("bound", bool(bounds), said),
        bounds=bounds,
        attempts=run.attempts or (_attempt(run, bounds),),
        best=certificate.value if certificate is not None and feasible else None,
        solver=run.solver,
        witness=run.witness,
    )


def _attempt(run: Run, bounds: tuple[Bound, ...]) -> Attempt:
    certificate = run.certificate
    return Attempt(
        solver=run.solver,
        reason="looked for a bound",
        verdict=certificate.verdict if certificate is not None else Verdict.NOTHING,
        value=certificate.value if certificate is not None else None,
        bound=bounds[0].value if bounds else None,
        seconds=run.seconds.get("total", 0.0),
    )
