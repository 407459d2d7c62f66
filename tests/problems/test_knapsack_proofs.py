"""The knapsack's bounds: no witness, however made, proves less than the optimum."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dualgap import Knapsack
from dualgap.core.certificate import Evidence
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.exact import dyadic
from dualgap.core.witness import Exhaustion, Multipliers
from dualgap.problems.knapsack import Replay
from dualgap.problems.knapsack.instance import entries, windows
from dualgap.problems.knapsack.packing import packing
from dualgap.problems.knapsack.prices import Price
from dualgap.problems.knapsack.residual import residual
from dualgap.problems.shifted import BLOCK, merge_shifted
from tests.problems.enumerated import best_packing, knapsacks


@settings(max_examples=300, deadline=None)
@given(knapsacks(), st.floats(0, 10), st.integers(-5, 300))
def test_replays_never_prove_too_little(problem: Knapsack, multiplier: float, incumbent: int) -> None:
    best = best_packing(problem)
    bound = problem.bound(Replay(rows=np.array([multiplier]), incumbent=incumbent))
    assert bound.evidence is Evidence.PROVED
    packed = packing(problem)
    left = residual(packed, Price(dyadic(np.array([multiplier]))[0] / packed.unit), incumbent)
    assert bound.value == max(best, min(incumbent, left.bound) * problem.step)


@settings(max_examples=150, deadline=None)
@given(knapsacks(), st.floats(0, 10))
def test_bounds_hold(problem: Knapsack, multiplier: float) -> None:
    best = best_packing(problem)
    assert problem.bound(Exhaustion()).value == best
    assert problem.bound(Multipliers(rows=np.array([multiplier]))).value >= best


@settings(max_examples=150, deadline=None)
@given(knapsacks(), st.floats(0, 10), st.integers(0, 100))
def test_what_is_better_lies_in_the_box(problem: Knapsack, multiplier: float, incumbent: int) -> None:
    packed = packing(problem)
    left = residual(packed, Price(Fraction(multiplier)), incumbent)
    limits = packed.limits.tolist()
    for counts in np.ndindex(*(limit + 1 for limit in limits)):
        x = np.array(counts, dtype=np.int64)
        if x @ packed.weights <= packed.capacity and packed.worth(x) > incumbent:
            assert not left.settled
            assert ((left.lower <= x) & (x <= left.lower + left.free)).all()
            assert packed.worth(x) <= left.bound


@pytest.mark.parametrize(
    ("problem", "witness", "reason"),
    [
        (Knapsack(values=[1], weights=[[1], [1]], capacity=[1, 1]), Replay(rows=[1.0, 1.0], incumbent=0), "dimension"),
        (Knapsack(values=[1], weights=[1], capacity=1), Replay(rows=[-1.0], incumbent=0), ">= 0"),
        (Knapsack(values=[1], weights=[1], capacity=1), Replay(rows=[1.0, 2.0], incumbent=0), "2 multipliers"),
        (
            Knapsack(values=[1], weights=[0], capacity=1, copies="unbounded"),
            Replay(rows=[1.0], incumbent=0),
            "no limit",
        ),
    ],
)
def test_refusals_say_why(problem: Knapsack, witness: Replay, reason: str) -> None:
    with pytest.raises(InvalidWitnessError, match=reason):
        problem.bound(witness)


def test_replays_beyond_the_budget_are_refused_beforehand() -> None:
    rng = np.random.default_rng(0)
    weights = rng.integers(1, 10**9, 200)
    problem = Knapsack(values=rng.integers(1, 10**9, 200), weights=weights, capacity=int(weights.sum() // 2))
    with pytest.raises(InvalidWitnessError, match="takes about"):
        problem.bound(Exhaustion())


def test_values_beyond_int64_are_refused() -> None:
    problem = Knapsack(values=[2**62 + 1, 2**62 - 1], weights=[2**61 + 1, 2**62 - 1], capacity=2**62 + 2**61)
    with pytest.raises(InvalidWitnessError, match="64 bits"):
        problem.bound(Exhaustion())


@given(st.lists(st.integers(1, 20), min_size=1, max_size=7), st.integers(0, 60), st.integers(-5, 60))
def test_windows_hold_every_sum_that_matters(steps: list[int], end: int, least: int) -> None:
    first, last = windows(np.array(steps), end, least)
    for taken in np.ndindex(*[2] * len(steps)):
        sums = np.cumsum(np.array(steps) * taken)
        if least <= sums[-1] <= end:
            for piece, total in enumerate(sums.tolist()):
                assert not taken[piece] or first[piece] <= total <= last[piece]
    assert entries(np.array(steps), end, least) == sum(max(b - a + 1, 0) for a, b in zip(first, last, strict=True))


@pytest.mark.parametrize("pick", [np.minimum, np.maximum])
@pytest.mark.parametrize("shift", [1, 7, BLOCK - 1, BLOCK, BLOCK + 3])
def test_shifted_merge_reads_old_entries_only(pick: np.ufunc, shift: int) -> None:
    table = np.random.default_rng(0).integers(0, 1000, 3 * BLOCK + 5)
    first, last = shift + 2, 3 * BLOCK
    expected = table.copy()
    expected[first : last + 1] = pick(table[first : last + 1], table[first - shift : last + 1 - shift] + 3)
    merge_shifted(table, first, last, shift, 3, pick)
    assert np.array_equal(table, expected)


@pytest.mark.parametrize("incumbent", [-(10**400), -(2**70), 2**63, 10**400])
def test_an_incumbent_of_any_size_leaves_a_bound_that_holds(incumbent: int) -> None:
    problem = Knapsack(values=[3, 4], weights=[1, 2], capacity=2)
    assert 4 <= problem.bound(Replay(rows=np.array([1.5]), incumbent=incumbent)).value <= 5


def test_a_vast_capacity_is_refused_in_words() -> None:
    vast = Knapsack(values=[0, 1e-300], weights=[1e-300, 7.5e-297], capacity=3)
    with pytest.raises(InvalidWitnessError, match="64 bits"):
        vast.bound(Replay(rows=np.array([3.3]), incumbent=-(2**63)))
