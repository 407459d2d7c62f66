"""Microbatches on workers: known speeds by going through all shares, random ones by quadrature and by draws."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

import dualgap
from dualgap import LoadBalance, SpecError
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.witness import Exhaustion
from dualgap.problems.capacity import whole_loads
from dualgap.problems.load_balance import Shares
from dualgap.problems.load_balance.slowest import balanced, blom, expected, simulated
from dualgap.problems.load_balance.spec import EvenLoad


def test_known_speeds_against_all_shares() -> None:
    rng = np.random.default_rng(0)
    for _ in range(10):
        speeds = np.round(rng.uniform(0.5, 3.0, 3), 2)
        problem = LoadBalance(microbatches=int(rng.integers(1, 9)), speeds=speeds)
        ways = [q for q in product(range(problem.microbatches + 1), repeat=3) if sum(q) == problem.microbatches]
        best = min(float((np.array(q) / speeds).max()) for q in ways)
        run = dualgap.solve(problem, "earliest-end", isolate=False)
        assert run.certificate.verdict == "optimal"
        assert run.certificate.evidence == "proved"
        assert float(run.certificate.value) == pytest.approx(best, rel=1e-12)


def test_the_slowest_of_n_is_where_order_statistics_have_it() -> None:
    """Small variation: E[max 1/S] is 1 + cv times the expected largest normal, itself from its density."""
    for n, wanted in {2: 0.5642, 8: 1.4236, 30: 2.0428, 256: 2.8269}.items():
        grid = np.linspace(-9, 9, 200_001)
        density = n * norm.pdf(grid) * norm.cdf(grid) ** (n - 1)
        assert np.trapezoid(grid * density, grid) == pytest.approx(wanted, abs=1e-4)
        time, error = expected(np.ones(n), 1.0, 1e-4)
        assert (time - 1.0) / 1e-4 == pytest.approx(wanted, abs=2e-3)
        assert error < 1e-8
        assert blom(n) == pytest.approx(wanted, rel=0.01 if n >= 8 else 0.05)


@pytest.mark.parametrize(("n", "cv"), [(1, 0.1), (4, 0.05), (30, 0.02), (16, 0.3)])
def test_quadrature_agrees_with_draws(n: int, cv: float) -> None:
    shares = np.arange(n) % 3 + 4.0
    draws = simulated(shares, 2.0, cv, 4_000)
    assert expected(shares, 2.0, cv)[0] == pytest.approx(draws.mean, abs=5 * draws.error)


def test_without_variation_the_largest_share_decides() -> None:
    assert expected(np.array([3.0, 5.0]), 2.0, 0.0)[0] == 2.5


def test_even_shares_are_the_best_for_workers_that_are_alike() -> None:
    problem = LoadBalance(microbatches=12, workers=3, cv=0.1)
    run = dualgap.solve(problem, "equal-shares", isolate=False)
    assert run.certificate.verdict == "optimal"
    others = [problem.evaluate(Shares(shares=np.array(q))).objective for q in ([5, 4, 3], [6, 3, 3], [12, 0, 0])]
    assert all(float(other) > float(run.certificate.value) for other in others)


def test_shares_that_do_not_come_out_even_are_within_the_bound() -> None:
    problem = LoadBalance(microbatches=13, workers=3, cv=0.1)
    run = dualgap.solve(problem, "equal-shares", isolate=False)
    assert 0 < run.certificate.relative_gap < 0.16


def test_balancing_is_limited_by_whole_microbatches() -> None:
    """At a variation of 5 % and 64 workers: .896, .970 and .992 of full speed with 4, 16 and 64 microbatches each."""
    for each, wanted in {4: 0.896, 16: 0.970, 64: 0.992}.items():
        assert each / balanced(64 * each, 64, 1.0, 0.05, 100).mean == pytest.approx(wanted, abs=0.006)


def test_whole_loads_are_the_greedy_ones() -> None:
    speeds = np.array([1.0, 2.0, 3.5])
    loads = np.zeros(3, dtype=int)
    for units in range(1, 40):
        loads[int(((loads + 1) / speeds).argmin())] += 1
        assert (whole_loads(speeds, units) / speeds).max() == pytest.approx((loads / speeds).max())


def test_broken_shares_are_violated_by_name() -> None:
    problem = LoadBalance(microbatches=4, speeds=[1.0, 2.0])
    for shares, name in {(1.5, 2.5): "whole shares", (-1, 5): "shares at least 0", (1, 1): "all microbatches"}.items():
        assert name in problem.evaluate(Shares(shares=np.array(shares))).violations
    assert problem.evaluate(Shares(shares=np.array([4]))).violations
    with pytest.raises(InvalidWitnessError, match="takes no exhaustion"):
        problem.bound(Exhaustion())
    assert float(problem.bound(EvenLoad()).value) == 1.5


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "speeds: known speeds, or a number of workers"),
        ({"workers": 3, "speeds": [1.0]}, "speeds: known speeds, or a number"),
        ({"speeds": [1.0, 0.0]}, "speeds: a speed that isn't positive"),
        ({"workers": 3, "cv": 0.5}, "cv: 0.5 isn't from 0 to .3"),
        ({"workers": 3, "mean": 0}, "mean: 0 is no speed"),
        ({"workers": 3, "microbatches": 0}, "microbatches: 0 isn't from 1"),
        ({"workers": -1}, "workers: -1 workers, not from 1"),
        ({"workers": 10**5}, "workers: 100,000 workers, not from 1 to 10,000"),
    ],
)
def test_bad_specs_name_the_place(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        dualgap.load({"kind": "load-balance", "microbatches": 8, **fields})


def test_random_speeds_are_refused_by_name() -> None:
    with pytest.raises(dualgap.NoRouteError, match="equal-shares takes workers that are alike"):
        dualgap.solve(LoadBalance(microbatches=4, workers=2, cv=0.1), "earliest-end", isolate=False)
