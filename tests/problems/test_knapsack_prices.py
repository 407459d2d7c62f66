"""Prices on further inequalities, and lists of states: whatever a witness says, no bound is below the optimum."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dualgap import Knapsack
from dualgap.core.certificate import Evidence
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.witness import Witness
from dualgap.problems.knapsack import Replay
from dualgap.problems.knapsack.packing import packing
from dualgap.problems.knapsack.pieces import Line, pieces
from dualgap.problems.knapsack.prices import Price, fewest, most, rounded
from dualgap.problems.knapsack.residual import residual
from dualgap.problems.knapsack.states import best_value_listed
from tests.problems.enumerated import best_packing, knapsacks

ROUNDINGS = st.lists(st.tuples(st.integers(1, 40), st.floats(0, 20)), max_size=3)


@settings(max_examples=400, deadline=None)
@given(
    knapsacks(),
    st.floats(0, 10),
    st.integers(-5, 300),
    st.floats(-20, 20),
    ROUNDINGS,
    st.sampled_from([0, 1, 1000]),
)
def test_no_witness_proves_too_little(
    problem: Knapsack,
    multiplier: float,
    incumbent: int,
    count: float,
    roundings: list[tuple[int, float]],
    states: int,
) -> None:
    witness = Replay(
        rows=[multiplier],
        incumbent=incumbent,
        count=count,
        factors=[factor for factor, _ in roundings],
        charges=[float(charge) for _, charge in roundings],
        states=states,
    )
    bound = problem.bound(witness)
    best = best_packing(problem)
    assert bound.evidence is Evidence.PROVED
    assert bound.value >= best
    if incumbent * problem.step <= best:
        assert bound.value == best
    assert problem.bound(Witness.unpack(witness.pack())).value == bound.value


@settings(max_examples=200, deadline=None)
@given(knapsacks(), st.integers(-2, 60), st.integers(1, 50))
def test_inequalities_hold_for_what_is_better(problem: Knapsack, incumbent: int, factor: int) -> None:
    packed = packing(problem)
    coefficients, right = rounded(packed, factor)
    for counts in np.ndindex(*(limit + 1 for limit in packed.limits.tolist())):
        x = np.array(counts, dtype=np.int64)
        if x @ packed.weights <= packed.capacity:
            assert coefficients @ x <= right
            assert x.sum() <= most(packed)
            assert packed.worth(x) <= incumbent or x.sum() >= fewest(packed, incumbent)


@settings(max_examples=200, deadline=None)
@given(knapsacks(), st.fractions(0, 5, max_denominator=50), st.fractions(-5, 5, max_denominator=7), st.integers(0, 60))
def test_the_list_agrees_with_enumeration(problem: Knapsack, weight: Fraction, count: Fraction, incumbent: int) -> None:
    """At prices that are no floats, too; exact from ``need`` on."""
    packed = packing(problem)
    left = residual(packed, Price(weight, count), incumbent)
    best = best_packing(problem) / (problem.step or 1)
    if left.settled:
        assert best <= incumbent
        return
    found = left.worth + best_value_listed(left.instance(), 10.0)
    assert max(found, incumbent) == max(best, incumbent)


@settings(max_examples=200, deadline=None)
@given(knapsacks(), st.fractions(-3, 3, max_denominator=9), st.data())
def test_linear_bounds_hold_for_every_suffix(problem: Knapsack, count: Fraction, data: st.DataObject) -> None:
    left = residual(packing(problem), Price(Fraction(0), count), -1)
    if left.settled or not len(left.instance().items):
        return
    instance = left.instance()
    parts = pieces(instance)
    assert parts is not None
    size = len(parts.loads)
    first = data.draw(st.integers(max(size - 8, 0), size))
    room = np.arange(instance.capacity, -1, -max(instance.capacity // 20, 1))
    for line in parts.lines:
        bounds = line.relaxation(first).bounds(instance.capacity - room, instance.capacity)
        for taken in np.ndindex(*[2] * (size - first)):
            load, value = (int(np.array(taken, dtype=np.int64) @ array[first:]) for array in (parts.loads, line.priced))
            assert (bounds[room >= load] >= value).all()


def test_slopes_that_rounding_ties_lose_nothing() -> None:
    """8/3 and 9/3 round up to one slope; the better piece may stand behind the other."""
    three = np.array([3, 3])
    line = Line(charged=1, plain=0, priced=np.array([8, 9]), slopes=three, loads=three, least=0)
    assert (line.relaxation(0).bounds(np.array([0, 3]), 6) >= [17, 9]).all()


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"factors": [2]}, "one integer factor"),
        ({"factors": [2.5], "charges": [1.0]}, "one integer factor"),
        ({"factors": [0], "charges": [1.0]}, ">= 1"),
        ({"factors": [2], "charges": [-1.0]}, ">= 0"),
        ({"count": float("nan")}, "finite"),
        ({"count": float("inf")}, "finite"),
        ({"states": 10**12}, "takes about"),
    ],
)
def test_refusals_say_why(fields: dict[str, object], reason: str) -> None:
    problem = Knapsack(values=[3, 4, 5], weights=[3, 4, 6], capacity=8)
    with pytest.raises(InvalidWitnessError, match=reason):
        problem.bound(Replay(**{"rows": [0.0], "incumbent": 0, **fields}))  # type: ignore[arg-type]


@pytest.mark.parametrize("factor", [1, 2**40, 2**62])
@pytest.mark.parametrize("count", [-1e30, 0.0, 1e30])
def test_factors_and_prices_of_any_size_leave_a_bound_that_holds(factor: int, count: float) -> None:
    problem = Knapsack(values=[2**40, 2**41 + 1, 5], weights=[2**40, 2**41, 6], capacity=2**41 + 7)
    best = 2**41 + 6
    for states in (0, 1):
        witness = Replay(rows=[1.0], incumbent=best, count=count, factors=[factor], charges=[3.5], states=states)
        reasons = []
        try:
            bound = problem.bound(witness).value
        except InvalidWitnessError as refusal:
            bound = best
            reasons.append(str(refusal))
        assert bound >= best
        assert all("64 bits" in reason or "takes about" in reason for reason in reasons)


def test_a_list_ends_with_its_time() -> None:
    weights = np.random.default_rng(0).integers(2**30, 2**31, 60)  # subset sums: every state is undominated
    problem = Knapsack(values=weights, weights=weights, capacity=int(weights.sum() // 2))
    with pytest.raises(InvalidWitnessError, match=r"longer than|states at once"):
        problem.bound(Replay(rows=[0.0], incumbent=0, states=1), seconds=0.2)
