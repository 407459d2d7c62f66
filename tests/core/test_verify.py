"""The verifier finds each planted lie, and certifies what is true."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from dualgap.core.certificate import Evidence, Verdict, gaps
from dualgap.core.claim import Outcome, Stop
from dualgap.core.problem import Problem
from dualgap.core.relations import Relation, compose
from dualgap.core.verify import verify
from dualgap.core.witness import FarkasRay, Multipliers, Ray
from dualgap.problems.coin_change import CoinChange, CoinChangeAnswer
from dualgap.problems.coin_change.proofs import Divisor
from dualgap.problems.integer_program import IntegerProgram
from dualgap.problems.knapsack import Knapsack, KnapsackAnswer

PROBLEM = Knapsack(values=[3, 1, -2, 1, 2], weights=[5, 4, 6, 2, 3], capacity=10)
BEST = KnapsackAnswer(counts=[1, 0, 0, 1, 1])  # value 6
POOR = KnapsackAnswer(counts=[1, 0, 0, 0, 0])  # value 3
HEAVY = KnapsackAnswer(counts=[1, 1, 0, 1, 1])  # weight 14
DANTZIG = Multipliers(rows=[0.5])
TRUTH = Outcome(answer=BEST, feasible=True, value=6, bound=6, witness=DANTZIG)


def failed(outcome: Outcome, problem: Problem = PROBLEM) -> tuple[Verdict, set[str]]:
    """The verdict, and the names of the checks that failed."""
    verification = verify(problem, outcome)
    return verification.certificate.verdict, {check.name for check in verification.checks if not check.passed}


def test_the_truth_is_certified():
    verification = verify(PROBLEM, TRUTH)
    certificate = verification.certificate
    assert certificate.verdict is Verdict.OPTIMAL
    assert certificate.evidence is Evidence.PROVED
    assert (certificate.value, certificate.bound, certificate.gap, certificate.relative_gap) == (6, 6, 0, 0.0)
    assert all(check.passed for check in verification.checks)
    assert certificate.statement == "Optimal, proved: total value 6, and none can exceed it."


def test_a_lie_about_the_value_is_found_and_the_true_value_stands():
    verification = verify(PROBLEM, replace(TRUTH, answer=POOR, value=6))
    assert {check.name for check in verification.checks if not check.passed} == {"value"}
    assert verification.certificate.value == 3
    assert verification.certificate.verdict is Verdict.FEASIBLE


def test_an_infeasible_point_is_found():
    verdict, checks = failed(replace(TRUTH, answer=HEAVY, value=7))
    assert verdict is Verdict.VIOLATED
    assert "feasibility" in checks
    assert verify(PROBLEM, replace(TRUTH, answer=HEAVY)).certificate.violations == {"capacity": 4}


@pytest.mark.parametrize("counts", [[2, 0, 0, 0, 0], [-1, 0, 0, 1, 1], [1, 0, 0, 1]])
def test_counts_beyond_the_copies_or_below_zero_or_of_another_length_are_found(counts):
    outcome = Outcome(answer=KnapsackAnswer(counts=counts), feasible=True)
    assert failed(outcome)[0] is Verdict.VIOLATED


def test_an_honest_infeasible_effort_is_nothing_rather_than_violated():
    assert verify(PROBLEM, Outcome(answer=HEAVY, feasible=False)).certificate.verdict is Verdict.NOTHING


def test_an_invalid_bound_is_contradicted_by_the_point():
    verdict, checks = failed(Outcome(answer=BEST, feasible=True, bound=5))
    assert verdict is Verdict.CONTRADICTED
    assert "bound" in checks


def test_a_claimed_bound_is_never_proved():
    certificate = verify(PROBLEM, Outcome(answer=BEST, feasible=True, bound=6)).certificate
    assert certificate.verdict is Verdict.CLAIMED_OPTIMAL
    assert certificate.evidence is Evidence.CLAIMED


@pytest.mark.parametrize(("ahead", "evidence"), [(1e-12, Evidence.PROVED), (1e-3, Evidence.CLAIMED)])
def test_a_claim_that_is_better_by_noise_alone_hides_no_proof(ahead, evidence):
    problem = IntegerProgram(maximize={"x": 1.5, "y": 1}, rows={"wood": {"terms": {"x": 2, "y": 3}, "le": 7.5}})
    answer, witness = problem.read_answer({"x": 3}), Multipliers(rows=[-0.75])  # which proves 5.625
    certificate = verify(problem, Outcome(answer=answer, bound=5.625 * (1 - ahead), witness=witness)).certificate
    assert certificate.verdict is Verdict.FEASIBLE
    assert certificate.evidence is evidence


@pytest.mark.parametrize("witness", [Multipliers(rows=[-0.5]), Multipliers(rows=[0.5, 0.5]), FarkasRay(rows=[1.0])])
def test_a_witness_that_proves_nothing_is_found_and_leaves_the_bound_claimed(witness):
    verification = verify(PROBLEM, replace(TRUTH, witness=witness))
    assert "witness" in {check.name for check in verification.checks if not check.passed}
    assert verification.certificate.evidence is Evidence.CLAIMED


def test_any_multiplier_of_the_right_sign_is_a_valid_bound():
    for multiplier in np.linspace(0, 3, 50):
        assert PROBLEM.bound(Multipliers(rows=[multiplier])).value >= 6


def test_false_infeasibility_is_contradicted():
    for feasible in (BEST, None):  # the trivial answer stands in where the solver gives none
        verdict, checks = failed(Outcome(answer=feasible, stop=Stop.INFEASIBLE))
        assert verdict is Verdict.CONTRADICTED
        assert "infeasibility" in checks


def test_infeasibility_needs_a_proof():
    problem = CoinChange(coins=[6, 10], amount=7)
    claimed = verify(problem, Outcome(stop=Stop.INFEASIBLE)).certificate
    proved = verify(problem, Outcome(stop=Stop.INFEASIBLE, witness=Divisor(divisor=2))).certificate
    lied = verify(problem, Outcome(stop=Stop.INFEASIBLE, witness=Divisor(divisor=4))).certificate
    assert [c.verdict.value for c in (claimed, proved, lied)] == [
        "claimed-infeasible",
        "infeasible",
        "claimed-infeasible",
    ]
    assert proved.evidence is Evidence.PROVED


@pytest.mark.parametrize("relation", [Relation.RESTRICTION, Relation.SURROGATE])
def test_a_relation_that_carries_no_bound_drops_it(relation):
    verification = verify(PROBLEM, Outcome(answer=POOR, feasible=True, bound=3, relation=relation))
    assert verification.certificate.bound is None
    assert verification.certificate.verdict is Verdict.FEASIBLE
    assert [check.name for check in verification.checks if not check.passed] == ["bound"]


@pytest.mark.parametrize("relation", [Relation.RESTRICTION, Relation.SURROGATE])
def test_a_relation_that_carries_no_infeasibility_drops_it(relation):
    problem = CoinChange(coins=[6, 10], amount=7)
    certificate = verify(problem, Outcome(stop=Stop.INFEASIBLE, relation=relation)).certificate
    assert certificate.verdict is Verdict.NOTHING


def test_a_point_of_a_relaxation_that_fails_is_nothing_rather_than_violated():
    outcome = Outcome(answer=HEAVY, feasible=True, relation=Relation.RELAXATION)
    assert verify(PROBLEM, outcome).certificate.verdict is Verdict.NOTHING


def test_unboundedness_needs_a_ray():
    problem = Knapsack(values=[1, 2], weights=[1, 0], capacity=5, copies="unbounded")
    verdicts = [
        verify(problem, Outcome(stop=Stop.UNBOUNDED, witness=witness)).certificate.verdict.value
        for witness in (Ray(direction=[0, 1]), Ray(direction=[1, 0]), Ray(direction=[0, -1]), None)
    ]
    assert verdicts == ["unbounded", "claimed-unbounded", "claimed-unbounded", "claimed-unbounded"]


def test_a_nonfinite_claim_is_found():
    verification = verify(PROBLEM, replace(TRUTH, value=float("nan"), bound=float("nan")))
    assert {"value", "bound"} <= {check.name for check in verification.checks if not check.passed}
    assert verification.certificate.verdict is Verdict.OPTIMAL


def test_within_needs_a_verified_bound_and_a_request():
    outcome = Outcome(answer=POOR, feasible=True, witness=DANTZIG)
    assert verify(PROBLEM, outcome, gap=0.6).certificate.verdict is Verdict.WITHIN
    assert verify(PROBLEM, outcome, gap=0.1).certificate.verdict is Verdict.FEASIBLE
    assert verify(PROBLEM, replace(outcome, witness=None, bound=6), gap=0.6).certificate.verdict is Verdict.FEASIBLE


def test_bounds_that_the_verifier_issued_before_count():
    known = [PROBLEM.bound(DANTZIG)]
    assert verify(PROBLEM, Outcome(answer=BEST, feasible=True), known=known).certificate.verdict is Verdict.OPTIMAL


def test_decimals_are_exact():
    problem = Knapsack(values=[1, 1], weights=[0.1, 0.2], capacity=0.3)
    both = verify(problem, Outcome(answer=KnapsackAnswer(counts=[1, 1]), feasible=True)).certificate
    assert both.verdict is Verdict.FEASIBLE
    assert both.tolerance == 0.0
    coins = CoinChange(coins=[0.01, 0.02, 0.05], amount=0.11)
    answer = CoinChangeAnswer(counts=[1, 0, 2])
    paid = verify(coins, Outcome(answer=answer, feasible=True, witness=Multipliers(rows=[20.0]))).certificate
    assert paid.verdict is Verdict.OPTIMAL


def test_gaps_are_signed_in_the_sense_of_the_problem():
    sense = PROBLEM.sense
    assert gaps(sense, 3, 6) == (3, 0.5)
    assert gaps(sense, 6, 3) == (-3, -0.5)
    assert gaps(sense, Fraction(1, 3), Fraction(1, 3)) == (0, 0.0)
    assert gaps(sense, 0, 0) == (0, 0.0)


def test_relations_compose():
    exact, relaxation, restriction, surrogate = Relation
    assert compose([]) is exact
    assert compose([exact, relaxation, exact]) is relaxation
    assert compose([restriction, restriction]) is restriction
    assert compose([relaxation, restriction]) is surrogate
    assert compose([surrogate, exact]) is surrogate
