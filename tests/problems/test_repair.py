"""Repairs: feasible answers near any point, in exact arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dualgap import CoinChange, Knapsack
from dualgap.problems.coin_change.repair import repair as repair_payment
from dualgap.problems.knapsack import KnapsackAnswer
from dualgap.problems.knapsack.repair import repair as repair_packing
from tests.problems.enumerated import cheapest_payment, knapsacks, payments

strange = st.floats(-5, 20) | st.sampled_from([float("nan"), float("inf"), float("-inf"), 1e300])


def points(size: int) -> st.SearchStrategy[list[float]]:
    return st.lists(strange, min_size=size, max_size=size)


@settings(max_examples=200, deadline=None)
@given(knapsacks(), st.data())
def test_packings_are_feasible(problem: Knapsack, data: st.DataObject) -> None:
    answer = repair_packing(problem, data.draw(points(problem.size)))
    assert not problem.evaluate(answer).violations


@settings(max_examples=200, deadline=None)
@given(knapsacks(), st.data())
def test_packings_never_lose_to_a_feasible_start(problem: Knapsack, data: st.DataObject) -> None:
    start = KnapsackAnswer(counts=data.draw(st.lists(st.integers(0, 2), min_size=problem.size, max_size=problem.size)))
    before = problem.evaluate(start)
    if not before.violations:
        assert problem.evaluate(repair_packing(problem, start.counts)).objective >= before.objective


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_several_dimensions(seed: int, rows: int) -> None:
    rng = np.random.default_rng(seed)
    problem = Knapsack(
        values=rng.integers(-5, 50, 20),
        weights=rng.integers(0, 30, (rows, 20)) / 10,
        capacity=rng.integers(0, 200, rows) / 10,
        copies=rng.integers(0, 4, 20),
    )
    assert not problem.evaluate(repair_packing(problem, rng.random(20) * 4)).violations


def test_sums_beyond_int64() -> None:
    heavy = 2**61
    problem = Knapsack(values=[3, 2, 2], weights=[heavy + 1, heavy, heavy], capacity=2 * heavy, copies=3)
    answer = repair_packing(problem, [0.0, 3.0, 3.0])
    assert not problem.evaluate(answer).violations
    assert problem.evaluate(answer).objective == 4


def test_only_what_overflows_is_dropped() -> None:
    problem = Knapsack(values=[10], weights=[3], capacity=10, copies=5)
    assert repair_packing(problem, [5.0]).counts.tolist() == [3]


def test_exchanges_improve() -> None:
    problem = Knapsack(values=[10, 11], weights=[5, 6], capacity=6)
    assert repair_packing(problem, [1.0, 0.0]).counts.tolist() == [0, 1]


@settings(max_examples=200, deadline=None)
@given(payments(), st.data())
def test_payments_are_found_where_there_are_any(problem: CoinChange, data: st.DataObject) -> None:
    answer = repair_payment(problem, data.draw(points(problem.size)))
    violations = problem.evaluate(answer).violations
    assert set(violations) <= {"amount"}
    assert not violations or cheapest_payment(problem) is None


@pytest.mark.parametrize("point", [[3.0, 0.2], [0.0, 0.0], [3.75, 0.0], [9.0, 9.0]])
def test_a_few_coins_are_given_back(point: list[float]) -> None:
    problem = CoinChange(coins=[4, 7], amount=15)
    assert repair_payment(problem, point).counts.tolist() == [2, 1]


def test_large_amounts_of_awkward_coins() -> None:
    rng = np.random.default_rng(1)
    coins = rng.choice(np.arange(3162, 6324), 12, replace=False)
    problem = CoinChange(coins=coins, amount=10**7)
    for point in (np.zeros(12), rng.random(12) * 200):
        assert not problem.evaluate(repair_payment(problem, point)).violations


def test_payments_beyond_int64() -> None:
    problem = CoinChange(coins=[1.0, 2.0**62], amount=2.0**62 + 3)
    assert not problem.evaluate(repair_payment(problem, [0.0, 0.0])).violations
