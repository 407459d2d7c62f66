"""What several runs on one problem say together: the best value, the best bound, and who is contradicted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from dualgap.core.certificate import INFINITY, Bound, Evidence, Sense, Verdict, closes, gaps
from dualgap.core.exact import Real, nearest
from dualgap.core.problem import Problem
from dualgap.core.verify import DEFAULT_TOLERANCE
from dualgap.engine.refute import Contradiction, Point, beats, leader, point_of, refuted
from dualgap.engine.run import Run
from dualgap.study.sentence import joint_statement, listed

_LAST_BITS = 1e-12  # relative: which of two such values is lower differs from processor to processor
LIES = ("value", "witness", "file:")  # checks whose failure no verdict tells of


@dataclass(frozen=True)
class Standing:
    """What a run amounts to beside the others; ``note`` says why where that isn't its own certificate's verdict."""

    verdict: Verdict | None
    note: str = ""


@dataclass(frozen=True)
class Joint:
    """The runs' common certificate.

    Attributes:
        value: the best verified value; ``value_by`` names the runs that reached it, but for rounding.
        bound: the best proved or numerical bound that nothing contradicts; ``bound_by`` names its runs.
        evidence: of ``bound``.
        gap, relative_gap: between the two, signed in the problem's sense; the gap is exact where both are.
        claimed: the best bound that somebody merely claims, where it is tighter than ``bound``; ``claimed_by`` who.
        infeasible_by: the runs that prove that there is no feasible answer.
        contradictions: every refuted claim.
        standings: one for each run, in order.
        statement: one English sentence.
    """

    value: Real | None = None
    value_by: tuple[str, ...] = ()
    bound: Real | None = None
    bound_by: tuple[str, ...] = ()
    evidence: Evidence = Evidence.NONE
    gap: Real | None = None
    relative_gap: float | None = None
    claimed: Real | None = None
    claimed_by: tuple[str, ...] = ()
    infeasible_by: tuple[str, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    standings: tuple[Standing, ...] = ()
    statement: str = ""

    def data(self) -> dict[str, Any]:
        """As plain data; fractions as the nearest floats, with the exact ones under ``exact``."""
        numbers = {name: getattr(self, name) for name in ("value", "bound", "gap", "claimed")}
        exact = {name: str(n) for name, n in numbers.items() if isinstance(n, Fraction) and n.denominator > 1}
        return {
            **{name: nearest(n) if name in exact and n is not None else n for name, n in numbers.items()},
            **({"exact": exact} if exact else {}),
            "evidence": self.evidence,
            "relative_gap": self.relative_gap,
            "value_by": list(self.value_by),
            "bound_by": list(self.bound_by),
            "claimed_by": list(self.claimed_by),
            "infeasible_by": list(self.infeasible_by),
            "contradictions": [vars(item) for item in self.contradictions],
            "statement": self.statement,
        }


def judge(problem: Problem, runs: Sequence[Run]) -> tuple[tuple[Run, ...], Joint]:
    """The runs with refuted ones marked ``contradicted``, and what they say together.

    Args:
        problem: the closed spec that all of them are about.
        runs: with distinct names; those without a certificate take no part.
    """
    points = [point for run in runs if (point := point_of(problem, run)) is not None]
    found = [item for run in runs for item in refuted(problem.sense, run, points, runs)]
    against: dict[str, list[Contradiction]] = {}
    for item in found:
        against.setdefault(item.run, []).append(item)
    marked = tuple(_marked(run, against[run.name]) if run.name in against else run for run in runs)
    joint = _summary(problem.sense, marked, points)
    joint = replace(joint, contradictions=tuple(found))
    joint = replace(joint, standings=tuple(_standing(run, joint, points) for run in marked))
    return marked, replace(joint, statement=joint_statement(marked, joint))


def _inside(sense: Sense, points: Sequence[Point], best: Point, limit: Bound) -> Point:
    """The best point; where its tolerance carried it past the bound, one that reaches the bound without, if any."""
    inside = [point for point in points if not sense.better(point.value, limit.value)]
    other = leader(sense, inside) if sense.better(best.value, limit.value) else None
    return (
        other if other is not None and closes(sense, other.value, limit.value, DEFAULT_TOLERANCE, best.noise) else best
    )


def _marked(run: Run, found: Sequence[Contradiction]) -> Run:
    assert run.certificate is not None
    reasons = "; ".join(f"{item.reason} (found by {item.by}, checked)" for item in found if item.by != run.name)
    if not reasons:
        return run  # the verifier has said so already
    certificate = replace(run.certificate, verdict=Verdict.CONTRADICTED, statement=f"Contradicted: {reasons}.")
    return replace(run, certificate=certificate)


def _summary(sense: Sense, runs: Sequence[Run], points: Sequence[Point]) -> Joint:
    """The best of what stands."""
    best = leader(sense, points)
    sound: list[tuple[str, Bound]] = []
    for run in runs:
        for bound in run.certificate.bounds if run.certificate is not None else ():
            if not any(beats(sense, point, bound, run.witness) for point in points):
                sound.append((run.name, bound))
    verified = _tightest(sense, [item for item in sound if item[1].evidence.verified])
    claimed = _tightest(sense, [item for item in sound if item[1].evidence is Evidence.CLAIMED])
    if best is not None and verified is not None:
        best = _inside(sense, points, best, verified[1])
    value = best.value if best is not None else None
    joint = Joint(
        value=value,
        value_by=() if best is None else tuple(point.run for point in points if _same(sense, point, best)),
        infeasible_by=tuple(
            run.name for run in runs if run.certificate is not None and run.certificate.verdict is Verdict.INFEASIBLE
        ),
    )
    if verified is not None and abs(nearest(verified[1].value)) < INFINITY:
        limit = verified[1]
        joint = replace(joint, bound=limit.value, bound_by=_holders(sound, limit), evidence=limit.evidence)
    if claimed is not None and (joint.bound is None or sense.better(joint.bound, claimed[1].value)):
        joint = replace(joint, claimed=claimed[1].value, claimed_by=_holders(sound, claimed[1]))
    if value is not None and joint.bound is not None:
        gap, relative = gaps(sense, value, joint.bound, best.noise if best is not None else 0.0)
        joint = replace(joint, gap=gap, relative_gap=relative)
    return joint


def _same(sense: Sense, point: Point, best: Point) -> bool:
    """Whether nothing but the last bits of inexact values lies between them."""
    limit = _LAST_BITS if point.noise and best.noise else 0.0
    return abs(gaps(sense, point.value, best.value)[1]) <= limit


def _tightest(sense: Sense, bounds: Sequence[tuple[str, Bound]]) -> tuple[str, Bound] | None:
    """The tightest bound; the better evidence where two are equal."""
    order = list(Evidence)
    best: tuple[str, Bound] | None = None
    for name, bound in sorted(bounds, key=lambda item: order.index(item[1].evidence)):
        if best is None or sense.better(best[1].value, bound.value):
            best = (name, bound)
    return best


def _holders(bounds: Sequence[tuple[str, Bound]], limit: Bound) -> tuple[str, ...]:
    same = (name for name, bound in bounds if bound.value == limit.value and bound.evidence is limit.evidence)
    return tuple(dict.fromkeys(same))


def _standing(run: Run, joint: Joint, points: Sequence[Point]) -> Standing:
    certificate = run.certificate
    if certificate is None:
        return Standing(None, "refused" if run.refused else "failed")
    if certificate.verdict is Verdict.CONTRADICTED:
        by = dict.fromkeys(item.by for item in joint.contradictions if item.run == run.name)
        names = tuple(name if name != run.name else "its own answer" for name in by)
        return Standing(certificate.verdict, f"contradicted by {listed(names)}")
    point = next((point for point in points if point.run == run.name), None)
    weaker = certificate.verdict in (Verdict.FEASIBLE, Verdict.WITHIN, Verdict.CLAIMED_OPTIMAL)
    if weaker and point is not None and joint.bound is not None and run.name not in joint.bound_by:
        slack = 0.0 if certificate.tolerance == 0 and joint.evidence is Evidence.PROVED else DEFAULT_TOLERANCE
        if closes(certificate.sense, point.value, joint.bound, max(slack, certificate.tolerance), point.noise):
            how = "proved by" if joint.evidence is Evidence.PROVED else "bounded numerically by"
            return Standing(Verdict.OPTIMAL, f"{how} {listed(joint.bound_by)}")
    failed = [check.name for check in run.checks if not check.passed and check.name.startswith(LIES)]
    return Standing(certificate.verdict, f"failed checks: {', '.join(failed)}" if failed else "")
