"""The verifier: it takes a problem and an outcome that nobody believes, and issues a certificate.

It works from the spec alone: the answer is re-evaluated, a witness is turned into a bound by the problem's own code,
and what only the solver vouches for is marked ``claimed``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dualgap.core.certificate import (
    INFINITY,
    Bound,
    Certificate,
    Check,
    Evaluation,
    Evidence,
    Sense,
    Verdict,
    closes,
    gaps,
)
from dualgap.core.claim import Outcome, Stop
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.exact import Real, fraction, nearest, simplest
from dualgap.core.problem import Problem
from dualgap.core.statement import statement
from dualgap.core.witness import Multipliers, Ray, Unreadable, Witness

DEFAULT_TOLERANCE = 1e-6
ROUNDING = 1e-9  # of the terms that an inexact objective sums: what cancels leaves so much behind
WORD = "the solver's word"  # how the argument of a claimed bound begins
DROPPED = "dropped"  # how the checks of claims begin that are about another program, and no lies
REPORTED_TOLERANCE = 1e-6  # relative: how far a solver's reported numbers may be from recomputed ones


@dataclass(frozen=True)
class Verification:
    """A certificate and everything that was compared on the way."""

    certificate: Certificate
    checks: tuple[Check, ...]


def verify(
    problem: Problem,
    outcome: Outcome,
    *,
    gap: float = 0.0,
    tolerance: float | None = None,
    seconds: float = 10.0,
    known: Sequence[Bound] = (),
) -> Verification:
    """Grades an outcome.

    Args:
        problem: the closed spec.
        outcome: the solver's claim, lifted to the problem's terms.
        gap: the relative gap that counts as ``within``.
        tolerance: for rows and numerical gaps; 0 on exact data, else 1e-6 by default.
        seconds: for replaying an exact argument.
        known: bounds on the same problem that the verifier has issued before.
    """
    return _Verifier(problem, outcome, gap, tolerance, seconds, known).run()


class _Verifier:
    def __init__(
        self,
        problem: Problem,
        outcome: Outcome,
        gap: float,
        tolerance: float | None,
        seconds: float,
        known: Sequence[Bound],
    ) -> None:
        self.problem = problem
        self.outcome = outcome
        self.requested_gap = gap
        self.given_tolerance = tolerance
        self.seconds = seconds
        self.known = tuple(known)
        self.tolerance = DEFAULT_TOLERANCE if tolerance is None else tolerance
        self.checks: list[Check] = []
        self.noise = 0.0
        self.forgiven = 0.0

    def run(self) -> Verification:
        evaluation = self._evaluate()
        violations = self._violations(evaluation)
        bounds = self._bounds()
        verdict, bound = self._verdict(evaluation, violations, bounds)
        value = simplest(evaluation.objective) if evaluation is not None else None
        gap: Real | None = None
        relative: float | None = None
        if value is not None and bound is not None and not violations:
            gap, relative = gaps(self.problem.sense, value, bound.value, self.noise)
        certificate = Certificate(
            sense=self.problem.sense,
            verdict=verdict,
            statement="",
            value=value,
            quantity=self.problem.quantity,
            unit=self.problem.unit,
            violations=violations,
            tolerance=self.tolerance,
            scope=self.problem.scope,
            bound=simplest(bound.value) if bound is not None else None,
            evidence=bound.evidence if bound is not None else Evidence.NONE,
            argument=bound.argument if bound is not None else "",
            witness=self.outcome.witness.type if self.outcome.witness is not None else "",
            gap=simplest(gap) if gap is not None else None,
            relative_gap=relative,
            bounds=tuple(bounds),
            metrics={**evaluation.metrics, **self._sensitivity(verdict, violations)} if evaluation is not None else {},
        )
        said = statement(self.problem, certificate, self.outcome)
        return Verification(replace(certificate, statement=said), tuple(self.checks))

    def _sensitivity(self, verdict: Verdict, violations: Mapping[str, Real]) -> Mapping[str, Mapping[str, Real]]:
        if violations:
            return {}
        return self.problem.sensitivity(self.outcome.answer, self.outcome.witness, verdict is Verdict.OPTIMAL)

    def _check(self, name: str, passed: bool, detail: str) -> None:
        self.checks.append(Check(name, passed, detail))

    def _evaluate(self) -> Evaluation | None:
        if self.outcome.answer is None:
            return None
        evaluation = self.problem.evaluate(self.outcome.answer)
        if evaluation.exact and self.given_tolerance is None:
            self.tolerance = 0.0
        if not evaluation.exact:
            self.noise = ROUNDING * evaluation.scale
        if self.outcome.value is not None:
            said, true = self.outcome.value, evaluation.objective
            close = _close(nearest(said), nearest(true))
            self._check("value", close, f"the solver reports {_shown(said)}, recomputed {_shown(true)}")
        return evaluation

    def _violations(self, evaluation: Evaluation | None) -> Mapping[str, Real]:
        if evaluation is None:
            return {}
        failed = {
            name: simplest(violation.amount)
            for name, violation in evaluation.violations.items()
            if not violation.amount <= self.tolerance * max(1.0, violation.scale)  # NaN doesn't hold either
        }
        if evaluation.objective != evaluation.objective:
            failed["objective"] = evaluation.objective
        if self.outcome.feasible and self.outcome.relation.carries_points:  # else it spoke of another program's rows
            detail = "every row holds" if not failed else "violated: " + ", ".join(list(failed)[:5])
            self._check("feasibility", not failed, detail)
        self.forgiven = nearest(sum(v.amount for name, v in evaluation.violations.items() if name not in failed))
        return failed

    def _bounds(self) -> list[Bound]:
        """The bounds that hold (or are claimed), verified ones first."""
        found: list[Bound] = list(self.known)
        witness = self.outcome.witness
        if witness is not None and not isinstance(witness, Ray):  # which bounds nothing
            try:
                bound = self._bound(witness)
            except InvalidWitnessError as error:
                self._check("witness", False, str(error))
            else:
                self._check("witness", True, f"{bound.evidence}: {bound.argument}")
                found.append(bound)
        claimed = self.outcome.bound
        if claimed is not None and claimed != claimed:
            self._check("bound", False, "the solver's bound is not a number")
        elif claimed is not None and abs(nearest(claimed)) < INFINITY:
            if self.outcome.relation.carries_bounds:
                tight = self.problem.tighten(claimed) if isinstance(claimed, float) else claimed
                if abs(nearest(tight)) < INFINITY:  # the largest floats may be rounded beyond the range
                    found.append(
                        Bound(tight, Evidence.CLAIMED, ", for ".join(filter(None, [WORD, self.problem.candidates])))
                    )
            else:
                self._check("bound", False, f"{DROPPED}: a {self.outcome.relation} carries no bound")
        return found

    def _bound(self, witness: Witness) -> Bound:
        if isinstance(witness, Unreadable):
            raise InvalidWitnessError(witness.reason)
        return self.problem.bound(witness, self.seconds)

    def _verdict(
        self, evaluation: Evaluation | None, violations: Mapping[str, Real], bounds: list[Bound]
    ) -> tuple[Verdict, Bound | None]:
        sense, stop = self.problem.sense, self.outcome.stop
        hopeless = next((bound for bound in bounds if bound.value == sense.worst), None)
        feasible = evaluation is not None and not violations
        if hopeless is not None and not feasible:
            return Verdict.INFEASIBLE, hopeless
        if stop is Stop.INFEASIBLE or hopeless is not None:
            return self._claimed_infeasible(feasible), None
        if stop is Stop.UNBOUNDED:
            evidence = self.problem.unbounded(self.outcome.witness) if self.outcome.witness else Evidence.NONE
            if self.outcome.witness is not None:
                self._check("witness", evidence.verified, f"{evidence}: a direction of endless improvement")
            return (Verdict.UNBOUNDED if evidence.verified else Verdict.CLAIMED_UNBOUNDED), None
        best = _best(sense, bounds, self.noise)
        if evaluation is None:
            return Verdict.NOTHING, best
        if violations:
            lied = self.outcome.feasible and self.outcome.relation.carries_points
            return (Verdict.VIOLATED if lied else Verdict.NOTHING), best
        return self._graded(evaluation.objective, bounds)

    def _claimed_infeasible(self, feasible: bool) -> Verdict:
        trivial = None if feasible else self.problem.trivial()
        if trivial is not None:
            feasible = not self.problem.evaluate(trivial).violations
        if feasible:
            self._check("infeasibility", False, "the solver says infeasible, and a feasible answer is at hand")
            return Verdict.CONTRADICTED
        if not self.outcome.relation.carries_bounds:
            self._check("infeasibility", False, f"{DROPPED}: a {self.outcome.relation} carries no infeasibility")
            return Verdict.NOTHING
        return Verdict.CLAIMED_INFEASIBLE

    def _graded(self, value: Real, bounds: list[Bound]) -> tuple[Verdict, Bound | None]:
        sense = self.problem.sense
        for bound in bounds:
            gap, relative = gaps(sense, value, bound.value, self.noise)
            slack = REPORTED_TOLERANCE if bound.evidence is Evidence.CLAIMED else self.tolerance
            if gap < 0 and (slack == 0.0 or relative * self._inexcusable(gap) < -slack):
                self._check("bound", False, f"the answer's {_shown(value)} beats the bound {_shown(bound.value)}")
                return Verdict.CONTRADICTED, bound
        verified = _tightest(sense, _verified(bounds))
        anyhow = _tightest(sense, bounds)
        for candidate, closed in ((verified, Verdict.OPTIMAL), (anyhow, Verdict.CLAIMED_OPTIMAL)):
            if candidate is not None and self._closes(value, candidate, 0.0):
                return closed, candidate
        if verified is not None and self.requested_gap > 0 and self._closes(value, verified, self.requested_gap):
            return Verdict.WITHIN, verified
        return Verdict.FEASIBLE, _best(sense, bounds, self.noise)

    def _inexcusable(self, gap: Real) -> float:
        """The share of a negative gap that forgiven violations don't explain: they carry a value by up to
        ``max_i |y_i| sum_i violation_i`` beyond a bound.
        """
        witness = self.outcome.witness
        if not self.forgiven or not isinstance(witness, Multipliers):
            return 1.0
        price = float(np.abs(witness.rows).max(initial=0.0))
        return max(0.0, 1.0 + price * self.forgiven / nearest(gap))

    def _closes(self, value: Real, bound: Bound, requested: float) -> bool:
        exact = bound.evidence is Evidence.PROVED and not isinstance(value, float) and self.given_tolerance is None
        slack = 0.0 if exact and self.tolerance == 0.0 else max(self.tolerance, REPORTED_TOLERANCE)
        return closes(self.problem.sense, value, bound.value, max(requested, slack), self.noise)


def _best(sense: Sense, bounds: list[Bound], noise: float) -> Bound | None:
    """The tightest bound; a verified one where a solver's word is better by no more than the noise of its floats."""
    best, verified = _tightest(sense, bounds), _tightest(sense, _verified(bounds))
    if best is None or verified is None:
        return best
    _, ahead = gaps(sense, best.value, verified.value, noise)
    return verified if ahead <= ROUNDING else best


def _verified(bounds: list[Bound]) -> list[Bound]:
    return [bound for bound in bounds if bound.evidence.verified]


def _tightest(sense: Sense, bounds: list[Bound]) -> Bound | None:
    """The first of the tightest; a solver's float stands for its shortest decimal: 2.9 is no better than 29/10."""
    best: Bound | None = None
    for bound in bounds:
        if best is None or sense.better(_decimal(best.value), _decimal(bound.value)):
            best = bound
    return best


def _decimal(value: Real) -> Real:
    return fraction(value) if isinstance(value, float) and abs(nearest(value)) < INFINITY else value


def _close(said: float, true: float) -> bool:
    """Whether a reported number agrees with the recomputed one."""
    return abs(said - true) <= REPORTED_TOLERANCE * max(1.0, abs(true))


def _shown(value: Any) -> str:
    return f"{nearest(value):.10g}"
