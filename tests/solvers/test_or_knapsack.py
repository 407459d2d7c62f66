"""OR-Tools' knapsack solvers against dynamic programming by hand; refusals, and no bound at a limit."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import dualgap
from dualgap.core.claim import Stop
from dualgap.core.errors import NoRouteError, UsageError
from dualgap.core.solver import Budget
from dualgap.problems.knapsack import Knapsack
from dualgap.solvers.knapsack.or_knapsack import OrKnapsack
from tests.solvers.programs import Recorder

METHODS = ("branch-and-bound", "64-items", "divide-and-conquer", "dynamic-programming")


def best_of(problem: Knapsack) -> Fraction:
    """The optimum of a small 0/1 problem, subset by subset in rational arithmetic."""
    sets = (np.arange(2**problem.size)[:, None] >> np.arange(problem.size)) & 1
    fits = np.ones(len(sets), dtype=bool)
    for weights, capacity in problem.exact_rows:
        fits &= (sets @ weights.numerators) <= int(capacity * weights.denominator)
    return Fraction(int((sets @ problem.exact_values.numerators)[fits].max()), problem.exact_values.denominator)


def random_problem(seed: int, rows: int = 1, unit: int = 1) -> Knapsack:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 11))
    values = rng.integers(-3, 20, size=n) / unit if unit > 1 else rng.integers(-3, 20, size=n)
    weights = rng.integers(0, 15, size=(rows, n))
    return Knapsack(values=values, weights=weights, capacity=rng.integers(0, weights.sum(axis=1) + 2))


@pytest.mark.parametrize("method", METHODS)
def test_optimum_equals_enumeration(method: str) -> None:
    for seed in range(60):
        problem = random_problem(seed, unit=10 if seed % 2 else 1)
        claim = OrKnapsack(method=method).solve(problem, Recorder())
        assert claim.stop is Stop.FINISHED
        assert claim.value == claim.bound == best_of(problem), seed
        assert not problem.evaluate(claim.point).violations


def test_several_dimensions() -> None:
    for seed in range(60):
        problem = random_problem(seed, rows=3)
        claim = OrKnapsack().solve(problem, Recorder())
        assert claim.value == best_of(problem), seed


def strong(n: int) -> Knapsack:
    weights = np.random.default_rng(0).integers(1, 1001, size=n)
    return Knapsack(values=weights + 100, weights=weights, capacity=int(weights.sum() // 2))


def test_time_limit_gives_a_packing_and_no_bound() -> None:
    problem = strong(200)
    claim = OrKnapsack().solve(problem, Recorder(budget=Budget(seconds=0.5)))
    assert claim.stop is Stop.TIME
    assert claim.bound is None
    assert claim.value > 0
    assert not problem.evaluate(claim.point).violations


@pytest.mark.parametrize(
    ("problem", "method", "said"),
    [
        (Knapsack(values=[1], weights=[1], capacity=5, copies=3), "branch-and-bound", "more than once"),
        (Knapsack(values=[1], weights=[0], capacity=5, copies="unbounded"), "branch-and-bound", "more than once"),
        (Knapsack(values=[2**61, 2**61, 1], weights=[1, 1, 1], capacity=2), "branch-and-bound", "2^62"),
        (Knapsack(values=np.ones(20_001), weights=np.ones(20_001), capacity=9), "branch-and-bound", "20,001 items"),
        (strong(65), "64-items", "not 65"),
        (random_problem(3, rows=2), "dynamic-programming", "one dimension, not 2"),
        (strong(2_000), "dynamic-programming", "can't be stopped"),
    ],
)
def test_refuses_with_a_reason(problem: Knapsack, method: str, said: str) -> None:
    assert OrKnapsack().refuses(strong(100)) is None
    assert said in (OrKnapsack(method=method).refuses(problem) or "")


def test_copies_that_the_capacity_forbids_are_no_reason_to_refuse() -> None:
    problem = Knapsack(values=[3, 4], weights=[4, 5], capacity=7, copies="unbounded")
    assert OrKnapsack().refuses(problem) is None
    assert OrKnapsack().solve(problem, Recorder()).value == 4


def test_whole_way_with_verdicts() -> None:
    problem = strong(60)
    run = dualgap.solve(problem, "or-knapsack[method=64-items]", isolate=False)
    assert (run.certificate.verdict, run.certificate.evidence) == ("optimal", "proved")
    several = dualgap.solve(random_problem(5, rows=2), "or-knapsack", isolate=False)
    assert several.certificate.verdict in ("optimal", "claimed-optimal")
    with pytest.raises(UsageError, match="method"):
        dualgap.solve(problem, "or-knapsack[method=magic]", isolate=False)
    with pytest.raises(NoRouteError):
        dualgap.solve(dualgap.CoinChange(coins=[1, 2], amount=3), "or-knapsack", isolate=False)


@pytest.mark.shared_data
@pytest.mark.parametrize("name", ["00Uncorrelated_n00100_R01000_s000", "00Uncorrelated_n01000_R01000_s000"])
def test_published_instances_are_proved(shared_data: Path, name: str) -> None:
    file = shared_data / "knapsack" / "kplib" / f"{name}.kp.gz"
    if not file.is_file():
        pytest.skip(f"no {file.name} among the shared data")
    run = dualgap.solve(file, "or-knapsack", isolate=False)
    assert (run.certificate.verdict, run.certificate.evidence) == ("optimal", "proved")
