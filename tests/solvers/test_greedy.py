"""Greedy: feasible answers with valid bounds, and honest failure."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dualgap import CoinChange, Knapsack, solve
from dualgap.core.certificate import Evidence, Verdict
from tests.problems.enumerated import best_packing, cheapest_payment, knapsacks, payments


@settings(max_examples=150, deadline=None)
@given(knapsacks())
def test_knapsack_is_bracketed(problem: Knapsack) -> None:
    certificate = solve(problem, "greedy", isolate=False).certificate
    assert certificate.evidence is Evidence.PROVED
    assert certificate.value <= best_packing(problem) <= certificate.bound  # type: ignore[operator]


@settings(max_examples=150, deadline=None)
@given(payments())
def test_coin_change_is_bracketed(problem: CoinChange) -> None:
    best = cheapest_payment(problem)
    certificate = solve(problem, "greedy", isolate=False).certificate
    if best is None:
        assert certificate.verdict in (Verdict.INFEASIBLE, Verdict.NOTHING)
    else:
        assert certificate.verdict in (Verdict.OPTIMAL, Verdict.FEASIBLE)
        assert certificate.evidence is Evidence.PROVED
        assert certificate.bound <= best <= certificate.value  # type: ignore[operator]


def test_dantzigs_bound() -> None:
    certificate = solve(Knapsack(values=[60, 100, 120], weights=[10, 20, 30], capacity=50), "greedy", isolate=False)
    assert (certificate.certificate.value, certificate.certificate.bound) == (220, 240)


def test_several_dimensions_come_close() -> None:
    rng = np.random.default_rng(3)
    weights = rng.integers(1, 1001, (5, 500))
    problem = Knapsack(values=rng.integers(1, 1001, 500), weights=weights, capacity=weights.sum(axis=1) // 2)
    certificate = solve(problem, "greedy", isolate=False).certificate
    assert certificate.evidence is Evidence.PROVED
    assert certificate.relative_gap is not None
    assert 0 <= certificate.relative_gap < 0.02


def test_largest_first_is_mended_where_it_gets_stuck() -> None:
    found = solve(CoinChange(coins=[4, 7], amount=15), "greedy", isolate=False)  # 7 + 7 leaves 1
    assert found.answer.counts.tolist() == [2, 1]


@pytest.mark.parametrize(("coins", "copies"), [([2], "unbounded"), ([1, 2], [1, 1])])
def test_what_stands_in_the_way_is_proved(coins: list[int], copies: object) -> None:
    certificate = solve(CoinChange(coins=coins, amount=5, copies=copies), "greedy", isolate=False).certificate
    assert (certificate.verdict, certificate.evidence) == (Verdict.INFEASIBLE, Evidence.PROVED)


def test_no_answer_is_said_so() -> None:
    certificate = solve(CoinChange(coins=[4, 7], amount=9), "greedy", isolate=False).certificate
    assert certificate.verdict is Verdict.NOTHING
    assert "gets stuck" in certificate.statement


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 5), st.integers(0, 2**32 - 1))
def test_bounds_hold_in_several_dimensions(rows: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.integers(0, 20, (rows, 6))
    problem = Knapsack(values=rng.integers(1, 20, 6), weights=weights, capacity=rng.integers(0, 60, rows))
    packings = np.array(np.meshgrid(*[[0, 1]] * 6)).reshape(6, -1).T
    fitting = packings[(packings @ weights.T <= problem.capacity).all(axis=1)]
    certificate = solve(problem, "greedy", isolate=False).certificate
    best = int((fitting @ problem.values).max())
    assert certificate.value <= best <= certificate.bound  # type: ignore[operator]
