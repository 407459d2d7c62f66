"""Numbers at and beyond the ends of floats and int64: nothing false is certified, and nothing crashes the verifier."""

from __future__ import annotations

import sys
from fractions import Fraction

import numpy as np
import pytest

from dualgap.core.certificate import Bound, Evaluation, Evidence, Sense, Verdict, Violation, closes, gaps
from dualgap.core.claim import Outcome
from dualgap.core.exact import nearest
from dualgap.core.problem import Answer, Problem
from dualgap.core.statement import format_value
from dualgap.core.verify import verify
from dualgap.core.witness import Multipliers
from dualgap.problems.knapsack import Knapsack, KnapsackAnswer

HUGE = 10**400
TINY_ITEM = Knapsack(values=[1e300, 1e-300], weights=[1, 1], capacity=2)
HEAVY = Knapsack(values=[1, 2], weights=[10**17, 10**17], capacity=2 * 10**17)
FIRST = KnapsackAnswer(counts=[1, 0])


def test_a_gap_too_small_for_a_float_is_no_proof_of_optimality() -> None:
    certificate = verify(TINY_ITEM, Outcome(answer=FIRST, witness=Multipliers(rows=[0.0]))).certificate
    assert certificate.verdict is Verdict.FEASIBLE
    assert certificate.gap == Fraction(1, 10**300)
    assert certificate.relative_gap == 0.0  # of 1e-600 nothing is left


def test_a_bound_beaten_by_less_than_a_float_is_contradicted() -> None:
    both = KnapsackAnswer(counts=[1, 1])
    wrong = Bound(10**300, Evidence.PROVED)
    assert verify(TINY_ITEM, Outcome(answer=both), known=[wrong]).certificate.verdict is Verdict.CONTRADICTED


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(answer=FIRST, witness=Multipliers(rows=[1.7e308])),
        Outcome(answer=FIRST, bound=sys.float_info.max),
        Outcome(answer=FIRST, bound=HUGE),
        Outcome(answer=FIRST, value=HUGE),
        Outcome(answer=FIRST, bound=-sys.float_info.max),
    ],
)
def test_claims_beyond_the_floats_are_graded(outcome: Outcome) -> None:
    certificate = verify(HEAVY, outcome).certificate
    assert certificate.value == 1
    assert certificate.statement


def test_answers_beyond_the_floats_are_graded() -> None:
    many = KnapsackAnswer(counts=[10**18])
    light = Knapsack(values=[1e300], weights=[0], capacity=1, copies="unbounded")
    assert verify(light, Outcome(answer=many)).certificate.value == 10**318
    heavy = Knapsack(values=[1], weights=[1e300], capacity=1, copies="unbounded")
    assert verify(heavy, Outcome(answer=many, feasible=True)).certificate.verdict is Verdict.VIOLATED


@pytest.mark.parametrize(("value", "shown"), [(HUGE, "about 10^400"), (-Fraction(HUGE, 3), "about -10^399")])
def test_numbers_beyond_the_floats_have_a_name(value: int | Fraction, shown: str) -> None:
    assert format_value(value) == shown
    assert abs(nearest(value)) == float("inf")


def test_gaps_are_divided_exactly() -> None:
    assert gaps(Sense.MAXIMIZE, HUGE, 2 * HUGE) == (HUGE, 0.5)
    assert gaps(Sense.MINIMIZE, Fraction(1, HUGE), 0) == (Fraction(1, HUGE), 0.0)
    assert not closes(Sense.MINIMIZE, Fraction(1, HUGE), 0, 0.0)
    assert closes(Sense.MINIMIZE, Fraction(1, HUGE), 0, 1e-9)


class Odd(Problem):
    """A problem whose evaluation is whatever the test says."""

    kind = "odd"
    objective: float = 0.0
    amount: float = 0.0
    scale: float = 1.0

    def evaluate(self, answer: Answer) -> Evaluation:
        return Evaluation(self.objective, {"row": Violation(self.amount, self.scale)}, exact=True)


@pytest.mark.parametrize(
    "problem",
    [
        Odd(amount=float("nan")),
        Odd(amount=1.0, scale=float("inf")),
        Odd(amount=1.0, scale=float("nan")),
        Odd(objective=float("nan")),
    ],
)
def test_what_is_not_a_number_is_not_feasible(problem: Odd) -> None:
    certificate = verify(problem, Outcome(answer=Answer(), feasible=True)).certificate
    assert certificate.verdict is Verdict.VIOLATED
    assert certificate.evidence is Evidence.NONE


def test_counts_beyond_int64_are_refused_not_wrapped() -> None:
    with pytest.raises(ValueError, match="beyond 64-bit"):
        KnapsackAnswer(counts=np.array([1e30]))
    assert KnapsackAnswer(counts=np.array([2.0**62])).counts.tolist() == [2**62]
