"""core-knapsack: optimal and proved on every class, honest at limits, whatever it starts from."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dualgap import Knapsack, load, solve
from dualgap.core.certificate import Evidence, Verdict
from dualgap.core.claim import Stop
from dualgap.core.errors import NoRouteError
from dualgap.engine.run import Run
from dualgap.problems.knapsack.generate import VALUES
from dualgap.problems.knapsack.packing import packing
from dualgap.problems.knapsack.prices import Price, fewest, most
from dualgap.problems.knapsack.residual import residual
from dualgap.solvers.knapsack import core, pricing, states
from dualgap.solvers.knapsack.core import CoreKnapsack
from dualgap.solvers.knapsack.count_price import Relaxed, count_price
from tests.problems.enumerated import best_packing, knapsacks

FAMILIES = [
    *(name for name in VALUES if name != "chu-beasley"),
    "spanner-uncorrelated",
    "spanner-weak",
    "spanner-strong",
]


def run(problem: Knapsack, memory: int = 2**31, **options: Any) -> Run:
    return solve(problem, CoreKnapsack(memory=memory), isolate=False, **options)


def proved(problem: Knapsack) -> object:
    certificate = run(problem).certificate
    assert (certificate.verdict, certificate.evidence) == (Verdict.OPTIMAL, Evidence.PROVED), certificate.statement
    return certificate.value


def optimum(problem: Knapsack) -> int:
    """By a plain table over weights (integers, limits by repetition)."""
    capacity = int(problem.capacity[0])
    table = np.zeros(capacity + 1, dtype=np.int64)
    for value, weight, limit in zip(problem.values, problem.weights[0], problem.limits, strict=True):
        for _ in range(int(limit)):
            table[weight:] = np.maximum(table[weight:], table[: capacity + 1 - weight] + value)
    return int(table[-1])


@settings(max_examples=200, deadline=None)
@given(knapsacks())
def test_against_enumeration(problem: Knapsack) -> None:
    assert proved(problem) == best_packing(problem)


@pytest.mark.parametrize("first", [(48, 512), (3, 4)], ids=["usual", "tiny"])
@pytest.mark.parametrize("family", FAMILIES)
def test_against_a_table_on_every_class(family: str, first: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiny first lists send small instances through cores, beams, prices and everything else."""
    monkeypatch.setattr(core, "_FIRST", first)
    for seed in range(60):
        rng = np.random.default_rng(seed)
        size = int(rng.integers(4, 40))
        problem = Knapsack.generate(
            size, seed, family=family, range=int(rng.integers(10, 200)), h=seed % 9 + 1, series=10
        )
        if family == "similar-weights":
            lighter = problem.weights - 99_990  # weights of 10 to 110: the table stays small
            problem = Knapsack(
                values=problem.values, weights=lighter, capacity=int(lighter.sum()) * (seed % 9 + 1) // 10
            )
        assert proved(problem) == optimum(problem), (family, seed)


@pytest.mark.parametrize("seed", range(20))
def test_copies(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights, copies = rng.integers(5, 60, 12), rng.integers(0, 6, 12)
    values = weights + rng.integers(-4, 5, 12) if seed % 2 else rng.integers(1, 60, 12)
    problem = Knapsack(values=values, weights=weights, capacity=int(weights @ copies) // 2, copies=copies)
    assert proved(problem) == optimum(problem)


def test_equal_items_share_a_kind_and_come_back_as_items() -> None:
    problem = Knapsack(values=[7] * 30 + [5] * 30, weights=[5] * 30 + [4] * 30, capacity=123)
    assert proved(problem) == optimum(problem)
    instance = residual(packing(problem), Price(problem.exact_values.item(0) * 0), -1).instance()
    assert (len(instance.items), len(instance.limits)) == (60, 2)
    spread = instance.spread(np.array([10, 4]))
    assert [int(spread[instance.kinds == kind].sum()) for kind in (0, 1)] == [10, 4]
    assert spread.max() <= 1


@pytest.mark.parametrize(
    ("family", "size"),
    [("strong", 3000), ("inverse-strong", 3000), ("similar-weights", 6000), ("strong", 6000), ("inverse-strong", 6000)],
)
def test_the_price_of_a_copy_settles_what_the_capacity_cannot(family: str, size: int) -> None:
    found = run(Knapsack.generate(size, 1, family=family, range=10_000))
    assert found.certificate.verdict is Verdict.OPTIMAL
    assert "number of items" in found.certificate.argument


def test_rounded_weights_settle_what_the_capacity_cannot() -> None:
    """Weights just above c/2, c/4, c/8 (Jooken, Leyman and De Causmaecker 2022) never fill the capacity."""
    rng = np.random.default_rng(0)
    base = np.repeat(10**9 // 2 ** np.arange(1, 6), 40)
    weights, values = base + rng.integers(1, 300, 200), base + rng.integers(1, 300, 200)
    found = run(Knapsack(values=values, weights=weights, capacity=10**9))
    assert found.certificate.verdict is Verdict.OPTIMAL
    assert "rounded weights" in found.certificate.argument


def test_starts_are_taken() -> None:
    problem = Knapsack.generate(200, 3, family="strong", range=10_000)
    best = run(problem).answer
    again = solve(problem, CoreKnapsack(), start=best, time=0.0, isolate=False)
    assert again.certificate.value == problem.evaluate(best).objective


def test_unbounded_and_empty() -> None:
    endless = Knapsack(values=[1, 2], weights=[0, 3], capacity=4, copies="unbounded")
    assert run(endless).certificate.verdict is Verdict.UNBOUNDED
    assert proved(Knapsack(values=[-1, 0, 5], weights=[1, 1, 9], capacity=4)) == 0
    assert proved(Knapsack(values=[3, 4], weights=[0, 9], capacity=4)) == 3


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (Knapsack(values=[1, 2], weights=[[1, 2], [2, 1]], capacity=[2, 2]), "one dimension"),
        (Knapsack(values=[2**60, 3], weights=[1, 1], capacity=1), "2\\^56"),
        (Knapsack(values=[2, 3], weights=[2**60, 2**60 + 1], capacity=2**61), "2\\^56"),
    ],
)
def test_refusals_say_why(problem: Knapsack, reason: str) -> None:
    with pytest.raises(NoRouteError, match=reason):
        run(problem)


def test_large_numbers_within_64_bits() -> None:
    rng = np.random.default_rng(4)
    weights = rng.integers(2**44, 2**45, 24)
    problem = Knapsack(values=weights + rng.integers(0, 2**40, 24), weights=weights, capacity=int(weights.sum() // 2))
    exact = Knapsack(values=problem.values, weights=weights, capacity=int(weights.sum() // 2))
    assert proved(problem) == run(exact, seed=1).certificate.value


def test_no_time_leaves_greedys_answer_and_bound() -> None:
    found = run(Knapsack.generate(500, 1, family="strong", range=10_000), time=0.0)
    assert found.stop is Stop.TIME
    assert (found.certificate.verdict, found.certificate.evidence) == (Verdict.FEASIBLE, Evidence.PROVED)


def hard() -> Knapsack:
    """Even weights and an odd capacity behind a decoy: subset sums without a price that helps."""
    rng = np.random.default_rng(0)
    weights = 2 * rng.integers(2**30, 2**31, 60)
    weights[0] += 1
    return Knapsack(values=weights, weights=weights, capacity=int(weights[1:].sum() // 4 * 2 + 1))


def test_limits_keep_the_incumbent_and_a_proved_bound() -> None:
    slow = run(hard(), time=0.3)
    assert slow.stop is Stop.TIME
    small = run(hard(), memory=2**18, time=30.0)
    assert small.stop is Stop.MEMORY
    assert "MiB" in small.message
    for found in (slow, small):
        assert found.certificate.evidence is Evidence.PROVED
        assert found.certificate.relative_gap is not None
        assert found.certificate.relative_gap < 1e-4


def test_a_beam_never_claims_to_be_complete() -> None:
    instance = residual(packing(hard()), Price(hard().exact_values.item(0) * 0 + 1), 0).instance()
    found = states.search(instance, 4, 2**30, lambda: False)
    assert not found.complete
    assert found.counts is not None
    assert instance.weights @ found.counts <= instance.capacity
    assert (found.counts <= instance.limits).all()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_count_prices_minimise_the_bound(seed: int, inverse: bool) -> None:
    """The search in one variable agrees with the linear program's dual."""
    problem = Knapsack.generate(40, seed, family="inverse-strong" if inverse else "strong", range=100, h=1, series=2)
    packed = packing(problem)
    counts = np.zeros(40, dtype=np.int64)
    found = pricing.tariff(packed, counts, lambda: False)
    lower, upper = fewest(packed, 0), most(packed)
    price = count_price(packed, lower, upper)
    relaxed = Relaxed(packed)

    def bound(at: float) -> float:
        return relaxed.at(at)[0] + at * (upper if at > 0 else lower)

    assert bound(price) <= bound(found.count) * (1 + 1e-9) or len(found.factors)


@pytest.mark.shared_data
def test_published_optima_of_hard_knapsacks(shared_data: Path) -> None:
    folder = shared_data / "knapsack" / "jooken"
    rows = csv.DictReader((folder / "optima.csv").read_text().splitlines())
    optima = {row["name"]: int(row["optimum"]) for row in rows}
    assert len(optima) == 36
    for name, best in optima.items():
        assert proved(load({"kind": "knapsack", "file": str(folder / f"{name}.in.gz")})) == best, name


@pytest.mark.shared_data
@pytest.mark.parametrize("group", [f"{number:02d}" for number in range(13)])
def test_every_published_class(shared_data: Path, group: str) -> None:
    files = sorted((shared_data / "knapsack" / "kplib").glob(f"{group}*R10000_s000.kp.gz"))
    assert len(files) == 3
    for file in files:
        proved(load({"kind": "knapsack", "file": str(file)}))
