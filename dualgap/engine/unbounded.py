"""Unboundedness settled where it is a mere claim, and the direction by name with the bounds that would stop it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from dualgap.core.certificate import Sense, Verdict
from dualgap.core.errors import NoRouteError
from dualgap.core.exact import Real, fraction, simplest
from dualgap.core.problem import Problem
from dualgap.core.witness import Ray
from dualgap.engine.execute import execute
from dualgap.engine.infeasibility.findings import Direction
from dualgap.engine.infeasibility.view import exact_program
from dualgap.engine.prepare import prepare
from dualgap.engine.run import Run
from dualgap.engine.task import Settings
from dualgap.problems.systems.members import System

_LEAST = 0.05
_SECOND = "highs"
_SETTLED = (Verdict.UNBOUNDED, Verdict.INFEASIBLE, Verdict.CLAIMED_INFEASIBLE)


def settled(problem: Problem, run: Run, settings: Settings) -> Run:
    """A mere claim that a problem is unbounded, settled by HiGHS's ray and point, or by there being no point at all.

    It takes ``settings.explain_seconds`` of the time that is left at most. What settles it has been verified like any
    other run; the rest of the run stays. Backends that presolve, and first-order ones, often can't tell unbounded from
    infeasible.
    """
    certificate = run.certificate
    if certificate is None or certificate.verdict is not Verdict.CLAIMED_UNBOUNDED or run.solver == _SECOND:
        return run
    seconds = min(settings.explain_seconds, settings.time - run.seconds.get("total", 0.0))
    if seconds < _LEAST or exact_program(problem) is None:
        return run
    try:
        other = execute(problem, prepare(_SECOND), replace(settings, time=seconds, log=None))
    except NoRouteError:  # it refuses this one
        return run
    spent = {**run.seconds, "explain": other.seconds.get("total", 0.0)}
    if other.certificate is None or other.certificate.verdict not in _SETTLED:
        return replace(run, seconds=spent)
    note = "; ".join(part for part in (run.message, f"{_SECOND} settled it: {other.certificate.verdict}") if part)
    return replace(
        run,
        certificate=other.certificate,
        witness=other.witness,
        answer=other.answer,
        answer_data=other.answer_data,
        conflict=other.conflict,
        stop=other.stop,
        message=note,
        checks=(*run.checks, *other.checks),
        seconds=spent,
    )


def directed(problem: Problem, run: Run) -> Run:
    """The run with its ``direction`` where it ended unbounded with a ray that speaks of columns by name."""
    certificate = run.certificate
    if certificate is None or certificate.verdict not in (Verdict.UNBOUNDED, Verdict.CLAIMED_UNBOUNDED):
        return run
    found = exact_program(problem)
    if found is None or not isinstance(run.witness, Ray) or len(run.witness.direction) != len(found.form.cost):
        return run
    system, ray = System(found.form), run.witness
    costs = zip(found.form.cost.tolist(), ray.direction.tolist())
    gain = sum((fraction(cost) * fraction(step) for cost, step in costs), Fraction(0))
    sign = -1 if problem.sense is Sense.MAXIMIZE else 1
    steps, start = _named(system, ray.direction), _named(system, ray.point)
    missing = tuple(f"bound {name} {'<=' if step > 0 else '>='}" for name, step in steps.items())
    return replace(run, direction=Direction(steps, simplest(sign * gain), start, missing))


def _named(system: System, values: np.ndarray) -> dict[str, Real]:
    return {name: simplest(fraction(value)) for name, value in zip(system.columns, values.tolist()) if value}
