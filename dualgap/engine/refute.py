"""Who is refuted by whom: every verified point tests every bound, and every claim beside it.

A bound that a point of another run beats by more than ``tol + sum_i |y_i| violation_i`` is wrong, whoever stated it;
so is a claim of infeasibility beside a feasible point, of optimality beside a better one, of unboundedness beside a
verified bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dualgap.core.certificate import INFINITY, Bound, Certificate, Evidence, Sense, Verdict, gaps
from dualgap.core.claim import Stop
from dualgap.core.exact import Real, nearest
from dualgap.core.problem import Problem
from dualgap.core.solver import Trait
from dualgap.core.statement import format_value
from dualgap.core.verify import REPORTED_TOLERANCE, ROUNDING
from dualgap.core.witness import Multipliers, Witness
from dualgap.engine.run import Run
from dualgap.plugins.registry import registry

_OPTIMAL = (Verdict.OPTIMAL, Verdict.CLAIMED_OPTIMAL)
_INFEASIBLE = (Verdict.INFEASIBLE, Verdict.CLAIMED_INFEASIBLE)
_UNBOUNDED = (Verdict.UNBOUNDED, Verdict.CLAIMED_UNBOUNDED)


@dataclass(frozen=True)
class Contradiction:
    """``run`` claimed something that the verified result of ``by`` refutes."""

    run: str
    by: str
    reason: str


@dataclass(frozen=True)
class Point:
    """A verified feasible answer.

    Attributes:
        run: its run's name.
        value: recomputed.
        tolerance: that it was verified with.
        forgiven: the sum of the violations that the tolerance forgave.
        noise: differences of its value up to here are rounding.
    """

    run: str
    value: Real
    tolerance: float
    forgiven: float
    noise: float = 0.0


def feasible_value(run: Run) -> Real | None:
    """The value of a run's answer where the verifier found it feasible."""
    certificate = run.certificate
    if certificate is None or certificate.violations or run.answer is None:
        return None
    return certificate.value


def point_of(problem: Problem, run: Run) -> Point | None:
    """The run's answer where the verifier found it feasible."""
    value = feasible_value(run)
    if value is None or run.certificate is None:
        return None
    tolerance = run.certificate.tolerance
    if tolerance == 0:
        return Point(run.name, value, tolerance, 0.0)
    evaluation = problem.evaluate(run.answer)
    forgiven = sum(nearest(violation.amount) for violation in evaluation.violations.values())
    return Point(run.name, value, tolerance, forgiven, 0.0 if evaluation.exact else ROUNDING * evaluation.scale)


def refuted(sense: Sense, run: Run, points: Sequence[Point], runs: Sequence[Run]) -> list[Contradiction]:
    """What the other runs' verified results refute of a run's claims."""
    certificate = run.certificate
    if certificate is None:
        return []
    if certificate.verdict in _UNBOUNDED:
        return _refuted_unbounded(run, runs)
    best = leader(sense, [point for point in points if point.run != run.name])
    infeasible = certificate.verdict in _INFEASIBLE or run.stop is Stop.INFEASIBLE
    if certificate.verdict is Verdict.CONTRADICTED and (best is None or not infeasible):
        return [Contradiction(run.name, run.name, certificate.statement.removeprefix("Contradicted: ").rstrip("."))]
    if best is None:
        return []
    shown = f"{certificate.quantity} {format_value(best.value)} is feasible"
    if infeasible:
        return [Contradiction(run.name, best.run, f"{run.name} says infeasible, and {shown}")]
    beaten = [bound for bound in certificate.bounds if beats(sense, best, bound, run.witness)]
    if beaten:
        worst = beaten[0]
        said = "claims" if worst.evidence is Evidence.CLAIMED else "has"
        limit = "at most" if sense is Sense.MAXIMIZE else "at least"
        reason = f"{run.name} {said} the bound {limit} {format_value(worst.value)}, and {shown}"
        return [Contradiction(run.name, best.run, reason)]
    if _claims_optimum(run) and certificate.value is not None and _improves(sense, best, certificate):
        reason = f"{run.name} says that {format_value(certificate.value)} is optimal, and {shown}"
        return [Contradiction(run.name, best.run, reason)]
    return []


def _refuted_unbounded(run: Run, runs: Sequence[Run]) -> list[Contradiction]:
    for other in runs:
        for bound in other.certificate.bounds if other.certificate is not None else ():
            if bound.evidence.verified and abs(nearest(bound.value)) < INFINITY:
                reason = f"{run.name} says unbounded, and the bound {format_value(bound.value)} is {bound.evidence}"
                return [Contradiction(run.name, other.name, reason)]
    return []


def leader(sense: Sense, points: Sequence[Point]) -> Point | None:
    """The best point."""
    best: Point | None = None
    for point in points:
        if best is None or sense.better(point.value, best.value):
            best = point
    return best


def beats(sense: Sense, point: Point, bound: Bound, witness: Witness | None) -> bool:
    """Whether the point refutes the bound, with what floating point and forgiven violations can explain allowed for.

    ``sum_i |y_i| violation_i <= max_i |y_i| sum_i violation_i`` (Hoelder), which needs no names of rows.
    """
    gap, relative = gaps(sense, point.value, bound.value, point.noise)
    if gap >= 0 or relative == 0:
        return False
    if abs(nearest(bound.value)) == INFINITY:
        return True
    tolerance = REPORTED_TOLERANCE if bound.evidence is Evidence.CLAIMED else point.tolerance
    scale = max(1.0, abs(nearest(point.value)), abs(nearest(bound.value)))
    price = max(abs(witness.rows), default=0.0) if isinstance(witness, Multipliers) else 0.0
    return -gap > tolerance * scale + float(price) * point.forgiven + bound.margin


def _claims_optimum(run: Run) -> bool:
    """Whether the solver itself vouches for optimality: an exact one that finished, and wasn't asked for less."""
    certificate = run.certificate
    if certificate is None or certificate.verdict not in _OPTIMAL:
        return False
    entry = registry().solvers.get(run.solver)
    exact = entry is not None and Trait.EXACT in entry.resolve().traits
    return certificate.evidence.verified or (exact and run.stop is Stop.FINISHED and run.requested_gap == 0.0)


def _improves(sense: Sense, point: Point, certificate: Certificate) -> bool:
    assert certificate.value is not None
    gap, _ = gaps(sense, certificate.value, point.value)
    slack = max(point.tolerance, certificate.tolerance)
    scale = max(1.0, abs(nearest(point.value)), abs(nearest(certificate.value)))
    return gap > 0 if slack == 0.0 else gap > slack * scale
