"""Change-making's spec: what it evaluates, names and scales, held against plain Python."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dualgap import CoinChange, load
from dualgap.core.certificate import Sense
from dualgap.problems.coin_change.spec import CoinChangeAnswer


def answer(*counts: int) -> CoinChangeAnswer:
    return CoinChangeAnswer(counts=np.array(counts))


cents = st.decimals("0.01", 100, places=2)


@given(
    st.integers(1, 6).flatmap(
        lambda n: st.tuples(*(st.lists(kind, min_size=n, max_size=n) for kind in (cents, st.integers(0, 3), cents)))
    ),
    cents,
)
def test_evaluation_agrees_with_fractions(data: tuple[Any, Any, Any], amount: Decimal) -> None:
    coins, counts, costs = data
    problem = load({"kind": "coin-change", "coins": coins, "amount": amount, "costs": costs, "copies": 2})
    found = problem.evaluate(answer(*counts))
    paid = sum(Fraction(coin) * count for coin, count in zip(coins, counts, strict=True))
    assert found.exact
    assert found.objective == sum(Fraction(cost) * count for cost, count in zip(costs, counts, strict=True))
    assert found.metrics["all"] == {"paid": paid, "coins": sum(counts)}
    assert ("amount" in found.violations) == (paid != Fraction(amount))
    assert sum(name.startswith("copies") for name in found.violations) == sum(count > 2 for count in counts)


def test_decimals_come_to_whole_numbers_on_one_scale() -> None:
    problem = CoinChange(coins=[0.05, 0.1, 2], amount=3.85)
    coins, amount = problem.whole
    assert (coins.tolist(), amount) == ([1, 2, 40], 77) or (coins.tolist(), amount) == ([5, 10, 200], 385)
    assert problem.limits.tolist() == [77, 38, 1]


def test_limits_are_what_amount_and_copies_allow() -> None:
    assert CoinChange(coins=[1, 2, 5], amount=11).limits.tolist() == [11, 5, 2]
    assert CoinChange(coins=[1, 2, 5], amount=11, copies=[3, 9, 0]).limits.tolist() == [3, 5, 0]
    assert CoinChange(coins=[7], amount=3).limits.tolist() == [0]


def test_coins_of_one_denomination_are_numbered() -> None:
    problem = CoinChange(coins=[5, 5, 1000, 0.5], amount=10)
    assert problem.coin_names == ("5#1", "5#2", "1000", "0.5")
    assert problem.write_answer(answer(1, 1, 0, 0)) == {"coins": {"5#1": 1, "5#2": 1}}
    assert problem.read_answer({"coins": {"5#2": 2}}) == answer(0, 2, 0, 0)


def test_what_it_minimises_is_named() -> None:
    assert CoinChange(coins=[1], amount=1).quantity == "coins"
    assert CoinChange(coins=[1], amount=1, costs=2).quantity == "total cost"
    assert CoinChange(coins=[1], amount=1).sense is Sense.MINIMIZE


def test_bounds_move_up_to_the_lattice_of_the_costs() -> None:
    problem = CoinChange(coins=[1, 2], amount=7, costs=[0.5, 1.5])
    assert problem.step == Fraction(1, 2)
    assert problem.round_bound(Fraction(7, 3)) == Fraction(5, 2)
    assert CoinChange(coins=[1], amount=1).tighten(3.0000000001) == 3.0


def test_nothing_is_paid_with_nothing() -> None:
    problem = CoinChange(coins=[3, 4], amount=0)
    trivial = problem.trivial()
    assert trivial is not None
    assert problem.evaluate(trivial).violations == {}
    assert CoinChange(coins=[3, 4], amount=1).trivial() is None


@pytest.mark.parametrize(("coins", "amount"), [([1, 2, 5], 11), (np.array([1, 2, 5]), np.int64(11))])
def test_ways_to_say_the_same(coins: Any, amount: Any) -> None:
    problem = CoinChange(coins=coins, amount=amount)
    assert problem.digest() == CoinChange(coins=(1, 2, 5), amount=11, copies="unbounded", costs=1).digest()
    assert problem.render(answer(1, 0, 2)) == [
        ("coin", "count", "sum", "cost"),
        ("1", "1", "1", "1"),
        ("5", "2", "10", "2"),
    ]
