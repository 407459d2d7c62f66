"""Dynamic programming: optimal and proved on whatever it takes, against enumeration and published optima."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dualgap import CoinChange, Knapsack, load, solve
from dualgap.core.certificate import Evidence, Verdict
from dualgap.core.claim import Stop
from dualgap.core.errors import NoRouteError
from dualgap.engine.run import Run
from dualgap.solvers.dynamic_programming import DynamicProgramming
from tests.problems.enumerated import best_packing, cheapest_payment, knapsacks, payments


def run(problem: Knapsack | CoinChange, method: str = "auto", memory: int = 2**30, time: float = 60.0) -> Run:
    solver = DynamicProgramming(method=method, memory=memory)  # type: ignore[arg-type]
    return solve(problem, solver, isolate=False, time=time)


def proved(problem: Knapsack | CoinChange, method: str = "auto") -> object:
    certificate = run(problem, method).certificate
    assert (certificate.verdict, certificate.evidence) == (Verdict.OPTIMAL, Evidence.PROVED), certificate.statement
    return certificate.value


@settings(max_examples=150, deadline=None)
@given(knapsacks(), st.sampled_from(["auto", "weight", "value", "bitset"]))
def test_knapsack_against_enumeration(problem: Knapsack, method: str) -> None:
    if DynamicProgramming(method=method).refuses(problem):  # type: ignore[arg-type]
        assert method == "bitset"
        method = "auto"
    assert proved(problem, method) == best_packing(problem)


@settings(max_examples=150, deadline=None)
@given(payments(), st.sampled_from(["auto", "amount", "bitset"]))
def test_coin_change_against_enumeration(problem: CoinChange, method: str) -> None:
    if DynamicProgramming(method=method).refuses(problem):  # type: ignore[arg-type]
        assert method == "bitset"
        method = "auto"
    best = cheapest_payment(problem)
    certificate = run(problem, method).certificate
    expected = Verdict.INFEASIBLE if best is None else Verdict.OPTIMAL
    assert (certificate.verdict, certificate.evidence, certificate.value) == (expected, Evidence.PROVED, best)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(2, 60), min_size=1, max_size=6), st.integers(1, 2000))
def test_deficits_agree_with_amounts(coins: list[int], amount: int) -> None:
    problem = CoinChange(coins=[1, *coins], amount=amount)
    found = run(problem, "deficit")
    assert found.certificate.value >= proved(problem, "amount")  # type: ignore[operator]
    if found.stop is Stop.FINISHED:
        assert found.certificate.verdict is Verdict.OPTIMAL
        assert found.certificate.evidence is Evidence.PROVED


def test_known_answers() -> None:
    assert proved(CoinChange(coins=[1, 2, 5], amount=11)) == 3
    assert run(CoinChange(coins=[2], amount=3)).certificate.verdict is Verdict.INFEASIBLE
    assert proved(CoinChange(coins=[1], amount=0)) == 0
    for present, future, budget, profit in (
        ([5, 4, 6, 2, 3], [8, 5, 4, 3, 5], 10, 6),
        ([2, 2, 5], [3, 4, 10], 6, 5),
        ([3, 3, 12], [0, 3, 15], 10, 0),
    ):
        gains = [after - before for before, after in zip(present, future, strict=True)]
        assert proved(Knapsack(values=gains, weights=present, capacity=budget)) == profit


def test_greedy_fails_and_the_deficits_prove() -> None:
    rng = np.random.default_rng(0)
    coins = rng.choice(np.arange(3162, 6324), 12, replace=False)
    found = run(CoinChange(coins=coins, amount=10**7))
    assert found.certificate.verdict is Verdict.OPTIMAL
    assert (found.statistics["method"], found.certificate.witness) == ("deficit", "potential")
    assert found.certificate.value == 1655


def test_limits_that_bind_fall_back_to_amounts() -> None:
    problem = CoinChange(coins=[1, 9, 10], amount=27, copies=[27, 2, 2])
    assert (proved(problem), run(problem).statistics["method"]) == (cheapest_payment(problem), "amount")


def test_duplicates_share_their_limits() -> None:
    problem = CoinChange(coins=[7, 7, 10, 10], amount=34, copies=[1, 1, 1, 1])
    assert proved(problem) == 4
    assert sorted(run(problem).answer.counts.tolist()) == [1, 1, 1, 1]


def test_bound_only_where_every_payment_is_dear() -> None:
    found = run(CoinChange(coins=[1, 10], amount=10**18 + 9, copies=[8, 10**18]))
    assert found.certificate.verdict is not Verdict.OPTIMAL


@pytest.mark.parametrize("method", ["weight", "value"])
def test_core_and_residual_table(method: str) -> None:
    rng = np.random.default_rng(5)
    weights = rng.integers(1, 1001, 300)
    values = weights + 100
    problem = Knapsack(values=values, weights=weights, capacity=int(weights.sum() // 3))
    assert proved(problem, method) == proved(problem)


def test_unbounded_objective() -> None:
    found = run(Knapsack(values=[1, 2], weights=[0, 3], capacity=4, copies="unbounded"))
    assert found.certificate.verdict is Verdict.UNBOUNDED


@pytest.mark.parametrize(
    ("problem", "method", "reason"),
    [
        (Knapsack(values=[1, 2], weights=[[1, 2], [2, 1]], capacity=[2, 2]), "auto", "one dimension"),
        (Knapsack(values=[1, 2], weights=[2, 3], capacity=4), "bitset", "proportional"),
        (Knapsack(values=[1, 2], weights=[2, 3], capacity=4), "deficit", "not for knapsack"),
        (CoinChange(coins=[2, 3], amount=7), "weight", "not for coin-change"),
        (CoinChange(coins=[2, 3], amount=7, costs=[1, 2]), "deficit", "one positive cost"),
        (CoinChange(coins=[2, 3], amount=7, copies=2), "bitset", "without limits"),
        (CoinChange(coins=[3, 10**12], amount=10**13, costs=[1, 2]), "auto", "MiB"),
        (CoinChange(coins=[3, 5], amount=8, costs=[2**61, 2**61 - 1]), "auto", "scale"),
    ],
)
def test_refusals_say_why(problem: Knapsack | CoinChange, method: str, reason: str) -> None:
    with pytest.raises(NoRouteError, match=reason):
        run(problem, method)


def test_too_large_a_table_is_refused_with_its_size() -> None:
    rng = np.random.default_rng(1)
    weights = rng.integers(10**12, 2 * 10**12, 40)
    problem = Knapsack(values=weights + rng.integers(1, 10**11, 40), weights=weights, capacity=int(weights.sum() // 2))
    with pytest.raises(NoRouteError, match=r"[\d,]+ MiB, memory is 1,024 MiB"):
        run(problem)


def test_memory_ends_with_the_best_so_far() -> None:
    rng = np.random.default_rng(2)
    weights = rng.integers(1, 10_001, 2000)
    found = run(Knapsack(values=weights + 1000, weights=weights, capacity=int(weights.sum() // 2)), memory=2**23)
    assert found.stop is Stop.MEMORY
    assert "MiB" in found.message
    assert found.certificate.verdict is Verdict.FEASIBLE
    assert found.certificate.relative_gap is not None
    assert found.certificate.relative_gap < 1e-3


@pytest.mark.parametrize(
    "problem",
    [
        Knapsack(values=[60, 100, 120], weights=[10, 20, 30], capacity=50),
        CoinChange(coins=[1, 15, 25], amount=30),
    ],
)
def test_no_time_leaves_greedys_answer_and_bound(problem: Knapsack | CoinChange) -> None:
    found = run(problem, time=0.0)
    assert found.stop is Stop.TIME
    assert found.certificate.verdict is Verdict.FEASIBLE
    assert found.certificate.evidence is Evidence.PROVED


@pytest.mark.shared_data
def test_published_optima_of_hard_knapsacks(shared_data: Path) -> None:
    folder = shared_data / "knapsack" / "jooken"
    rows = csv.DictReader((folder / "optima.csv").read_text().splitlines())
    optima = {row["name"]: int(row["optimum"]) for row in rows}
    names = [name for name in optima if name.startswith("n_400_c_1000000_")]
    assert names
    for name in names:
        assert proved(load({"kind": "knapsack", "file": str(folder / f"{name}.in.gz")})) == optima[name], name


@pytest.mark.shared_data
@pytest.mark.parametrize("kind", ["00Uncorrelated", "01WeaklyCorrelated", "05SubsetSum", "11ProfitCeiling"])
def test_published_classes_of_ten_thousand_items(shared_data: Path, kind: str) -> None:
    for size in ("n01000_R10000", "n10000_R10000"):
        proved(load({"kind": "knapsack", "file": str(shared_data / "knapsack/kplib" / f"{kind}_{size}_s000.kp.gz")}))
