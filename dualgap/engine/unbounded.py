"""Where an unbounded problem runs away: the direction by name, and the bounds that would stop it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from dualgap.core.certificate import Sense, Verdict
from dualgap.core.exact import Real, fraction, simplest
from dualgap.core.problem import Problem
from dualgap.core.witness import Ray
from dualgap.engine.infeasibility.findings import Direction
from dualgap.engine.infeasibility.view import exact_program
from dualgap.engine.run import Run
from dualgap.problems.systems.members import System


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
