"""What a run may say of an instance whose optimum is known."""

from __future__ import annotations

from typing import Any

from dualgap import Evidence, Run, Verdict
from dualgap.core.solver import Trait
from dualgap.testing.pipeline import false_claims
from tests.conformance.drawn import Drawn, point_of

INFEASIBLE = (Verdict.INFEASIBLE, Verdict.CLAIMED_INFEASIBLE)
OPTIMAL = (Verdict.OPTIMAL, Verdict.CLAIMED_OPTIMAL)
SLACK = 1e-6


def patience(drawn: Drawn, traits: frozenset[Trait]) -> float:
    """Seconds for a run: an exact solver ends by itself, however busy the machine; others may look until their time
    is up.
    """
    if Trait.EXACT in traits:
        return 60.0
    return 5.0 if drawn.optimum is not None else 1.0


def faults(drawn: Drawn, run: Run, traits: frozenset[Trait]) -> list[str]:
    """Everything false in the run: claims that don't hold, bounds that cut the optimum off, optima that aren't."""
    certificate = run.certificate
    if certificate is None:
        return [f"no certificate: {run.error or run.refused or run.message}"]
    exact = Trait.EXACT in traits and drawn.exact
    found = [f"false claim: {claim}" for claim in false_claims(run)]
    if certificate.verdict in (Verdict.VIOLATED, Verdict.CONTRADICTED):
        found.append(certificate.statement)
    if certificate.verdict in INFEASIBLE and drawn.optimum is not None:
        found.append(f"{certificate.verdict}, and {drawn.optimum} is feasible")
    if certificate.feasible:
        found += _answer(drawn, run)
    elif exact and not (drawn.optimum is None and certificate.verdict in INFEASIBLE):
        found.append(f"exact, but {certificate.verdict} ({run.stop}: {run.message})")
    elif certificate.verdict is Verdict.NOTHING and drawn.problem.trivial() is not None:
        found.append("nothing, where a trivial answer is feasible")
    claimed_best = certificate.verdict in OPTIMAL or (exact and certificate.feasible)
    if claimed_best and not _equal(certificate.value, drawn.optimum, drawn.slack):
        found.append(f"{certificate.verdict} at {certificate.value}, the optimum is {drawn.optimum}")
    return found + _bounds(drawn, certificate)


def _answer(drawn: Drawn, run: Run) -> list[str]:
    point = point_of(run.answer)
    feasible, value = drawn.judge(point)
    found = [] if feasible else [f"certified as feasible, and it isn't: {point}"]
    if not _equal(run.certificate.value, value, drawn.slack):
        found.append(f"certified at {run.certificate.value}, worth {value}")
    return found


def _bounds(drawn: Drawn, certificate: Any) -> list[str]:
    """A bound may not cut the optimum off; on an infeasible instance it may be anything."""
    if drawn.optimum is None:
        return []
    sign = 1.0 if drawn.problem.sense == "maximize" else -1.0
    return [
        f"the {bound.evidence} bound {bound.value} cuts off {drawn.optimum} ({bound.argument})"
        for bound in certificate.bounds
        if bound.evidence is not Evidence.NONE and sign * (drawn.optimum - float(bound.value)) > _allowed(bound, drawn)
    ]


def _allowed(bound: Any, drawn: Drawn) -> float:
    """Rounding of the float optimum only, where the bound is proved."""
    scale = max(1.0, abs(drawn.optimum or 0.0))
    return (drawn.slack / 1e3 if bound.evidence is Evidence.PROVED else SLACK) * scale


def _equal(left: Any, right: Any, slack: float) -> bool:
    if left is None or right is None:
        return False
    return abs(float(left) - float(right)) <= slack * max(1.0, abs(float(right)))
