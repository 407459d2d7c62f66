"""The knapsack's spec: what it evaluates, names and bounds, held against plain Python."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dualgap import Knapsack, load
from dualgap.core.certificate import Evidence, Sense
from dualgap.core.errors import SpecError
from dualgap.core.witness import Ray
from dualgap.problems.knapsack import KnapsackAnswer


def answer(*counts: int) -> KnapsackAnswer:
    return KnapsackAnswer(counts=np.array(counts))


decimals = st.decimals(0, 100, places=2)


@given(
    st.integers(1, 6).flatmap(
        lambda n: st.tuples(
            st.lists(decimals, min_size=n, max_size=n),
            st.lists(st.lists(decimals, min_size=n, max_size=n), min_size=1, max_size=3),
            st.lists(st.integers(0, 3), min_size=n, max_size=n),
        )
    ),
    st.lists(decimals, min_size=3, max_size=3),
)
def test_evaluation_agrees_with_fractions(data: tuple[Any, Any, Any], capacity: list[Decimal]) -> None:
    values, weights, counts = data
    problem = load({"kind": "knapsack", "values": values, "weights": weights, "capacity": capacity[: len(weights)]})
    assert isinstance(problem, Knapsack)
    found = problem.evaluate(answer(*counts))
    assert found.exact
    assert found.objective == sum(Fraction(v) * c for v, c in zip(values, counts, strict=True))
    over = [sum(Fraction(w) * c for w, c in zip(row, counts, strict=True)) for row in weights]
    rows = {name for name, load_, most in zip(problem.row_names, over, capacity) if load_ > most}
    copies = {f"copies of {j}" for j, count in enumerate(counts) if count > 1}
    assert set(found.violations) == rows | copies
    for name, load_, most in zip(problem.row_names, over, capacity):
        if name in rows:
            assert found.violations[name].amount == load_ - Fraction(most)


def test_ways_to_say_the_same() -> None:
    flat = Knapsack(values=[1, 2], weights=[3, 4], capacity=5)
    assert flat == Knapsack(values=np.array([1, 2]), weights=[[3, 4]], capacity=[5], copies=1)
    assert flat.digest() == Knapsack(values=(1, 2), weights=np.array([[3, 4]]), capacity=5).digest()
    assert flat != Knapsack(values=[1, 2], weights=[3, 4], capacity=5, names=["a", "b"])
    assert hash(flat) == hash(Knapsack(values=[1, 2], weights=[3, 4], capacity=5))
    assert (flat.sense, flat.size, flat.row_names, flat.item_names) == (Sense.MAXIMIZE, 2, ("capacity",), ("0", "1"))


def test_negative_counts_and_wrong_lengths_are_violations() -> None:
    problem = Knapsack(values=[1, 2], weights=[3, 4], capacity=5, names=["tent", "map"])
    assert set(problem.evaluate(answer(-1, 1)).violations) == {"tent >= 0"}
    assert set(problem.evaluate(answer(1)).violations) == {"counts"}


@pytest.mark.parametrize(
    ("copies", "limits"),
    [(1, [1, 1, 0]), (9, [3, 2, 0]), ([0, 9, 9], [0, 2, 0]), ("unbounded", [3, 2, 0])],
)
def test_limits_are_what_fits_alone(copies: Any, limits: list[int]) -> None:
    problem = Knapsack(values=[1, 1, 1], weights=[[3, 4, 11], [1, 5, 0]], capacity=[10, 10], copies=copies)
    assert problem.limits.tolist() == limits


def test_weightless_items_without_limit_are_unbounded() -> None:
    problem = Knapsack(values=[1, 5], weights=[2, 0], capacity=4, copies="unbounded")
    assert problem.limits.tolist() == [2, -1]
    assert problem.unbounded(Ray(direction=np.array([0, 1]))) is Evidence.PROVED
    assert problem.unbounded(Ray(direction=np.array([1, 1]))) is Evidence.NONE
    assert problem.unbounded(Ray(direction=np.array([0, 0]))) is Evidence.NONE
    assert problem.unbounded(Ray(direction=np.array([1]))) is Evidence.NONE


def test_bounds_move_to_the_lattice_of_the_values() -> None:
    problem = Knapsack(values=[0.5, 1.25, 2], weights=[1, 1, 1], capacity=2)
    assert problem.step == Fraction(1, 4)
    assert problem.round_bound(Fraction(10, 3)) == Fraction(13, 4)
    assert problem.tighten(3.2499999999) == 3.25
    assert Knapsack(values=[0, 0], weights=[1, 1], capacity=1).round_bound(Fraction(1, 3)) == Fraction(1, 3)


def test_answers_by_name() -> None:
    problem = Knapsack(values=[1, 2, 3], weights=[1, 1, 1], capacity=3, names=["a", "b", "c"], copies=2)
    packed = answer(2, 0, 1)
    assert problem.write_answer(packed) == {"items": {"a": 2, "c": 1}}
    forms = ({"items": {"a": 2, "c": 1}}, {"items": ["a", "c", "a"]}, {"counts": [2, 0, 1]}, {"items": [2, 0, 1]})
    for given_ in forms:
        assert problem.read_answer(given_) == packed
    assert problem.render(packed) == [
        ("item", "count", "value", "capacity"),
        ("a", "2", "2", "2"),
        ("c", "1", "3", "1"),
    ]
    for wrong, said in (
        ({"items": {"d": 1}}, "no such name"),
        ({"counts": [1]}, "expected 3"),
        ({"counts": [0.5, 0, 0]}, "whole"),
        ({"packed": []}, "no answer here"),
    ):
        with pytest.raises(SpecError, match=said):
            problem.read_answer(wrong)


def test_fractional_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="whole numbers"):
        KnapsackAnswer(counts=np.array([0.5]))
    assert KnapsackAnswer(counts=np.array([2.0])).counts.dtype == np.int64


def test_extremes() -> None:
    nothing_fits = Knapsack(values=[5], weights=[3], capacity=0)
    assert nothing_fits.limits.tolist() == [0]
    assert nothing_fits.evaluate(nothing_fits.trivial()).violations == {}
    large = Knapsack(values=[2**62, 2**62], weights=[2**62, 2**62], capacity=2**63 - 1)
    assert large.evaluate(answer(1, 1)).objective == 2**63
    assert set(large.evaluate(answer(1, 1)).violations) == {"capacity"}
