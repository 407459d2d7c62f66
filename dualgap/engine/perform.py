"""One run, wherever it happens: build the form, solve, carry the claim back. Used by the worker and in process."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dualgap.core.claim import Claim, Outcome, Stop
from dualgap.core.errors import NoRouteError
from dualgap.core.problem import Problem
from dualgap.core.solver import Solver
from dualgap.engine.context import RunContext
from dualgap.engine.routes import BuiltRoute, Route
from dualgap.engine.starts import WarmStart, encode
from dualgap.engine.task import Task


@dataclass(frozen=True)
class Performance:
    """The outcome, the seconds that it took, the route taken, the peak of memory in bytes, the error if any."""

    outcome: Outcome
    seconds: Mapping[str, float]
    route: int = 0
    peak: int = 0
    error: str = ""


def unfinished(task: Task, stop: Stop, message: str, *, peak: int = 0, error: str = "") -> Performance:
    """What a run amounts to that came to no end of its own; the monitor knows what it had found."""
    return Performance(
        Outcome(stop=stop, relation=task.routes[0].relation, message=message), {}, peak=peak, error=error
    )


def perform(
    problem: Problem, found: Sequence[Route], solver: Solver, ctx: RunContext, start: WarmStart | None = None
) -> Performance:
    """Solves along the first of the routes that the solver doesn't refuse.

    Raises:
        NoRouteError: every route is refused, with the reasons.
    """
    begin = time.perf_counter()
    index, built = _build(problem, found, solver)
    ctx.attach(built)
    encoded = encode(problem, built, solver, start)
    ctx.start, ctx.start_witness = encoded.point, encoded.witness
    ctx.keep(encoded.repaired)
    ready = time.perf_counter()
    try:
        claim: Claim = solver.solve(built.form, ctx)
    finally:
        ctx.close()
    done = time.perf_counter()
    outcome = built.outcome(replace(claim, start=encoded.report(solver, claim.start)))
    seconds = {"build": ready - begin, **ctx.phases, "solve": done - ready - sum(ctx.phases.values())}
    return Performance(outcome, seconds, index)


def _build(problem: Problem, found: Sequence[Route], solver: Solver) -> tuple[int, BuiltRoute]:
    reasons: list[str] = []
    for index, route in enumerate(found):
        try:
            built = BuiltRoute(route, problem)
        except NoRouteError as error:
            reasons.append(str(error))
            continue
        reason = solver.refuses(built.form)
        if not reason:
            return index, built
        reasons.append(reason)
    raise NoRouteError(f"{solver.name} refuses: " + "; ".join(dict.fromkeys(reasons)))
