"""Change-making's bounds: no witness, however made, proves more than is true; and why an amount can't be paid."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dualgap import CoinChange
from dualgap.core.certificate import INFINITY, Evidence
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.witness import Exhaustion, FarkasRay, Multipliers, Spectrum, Witness
from dualgap.problems.coin_change import AmountTable, Divisor, Potential, Unreachable
from dualgap.problems.coin_change.currency import currency, pieces
from dualgap.solvers.coin_change import deficit
from tests.problems.enumerated import cheapest_payment, payments


def test_a_potential_can_not_hide_an_overflow() -> None:
    """abs(-2^63) is negative in int64, and -2^63 - 1 positive: this table once proved 50 coins where 10 will do."""
    table = np.zeros(500, dtype=np.int64)
    table[1] = 100
    table[11::10] = -(2**63)
    with pytest.raises(InvalidWitnessError, match="whole numbers below 2"):
        CoinChange(coins=[1, 10], amount=19).bound(Potential(coins=50, table=table))


def test_amounts_beyond_any_table_are_refused_in_words() -> None:
    vast = CoinChange(coins=[5e-324, 1e15, 1 / 3], amount=0.3, copies=1, costs=[0, 5, 7])
    for witness in (Unreachable(), Exhaustion(), AmountTable(ceiling=5)):
        with pytest.raises(InvalidWitnessError, match="takes about 2"):
            vast.bound(witness)
    assert "takes too long" in vast.explain_infeasible()


@pytest.mark.parametrize("number", [-(10**30), -1, 0, 2**63, 10**30, 10**400])
def test_numbers_of_any_size_prove_nothing_false(number: int) -> None:
    problem = CoinChange(coins=[1, 10], amount=19)
    table = np.zeros(3, dtype=np.int64)
    for witness in (Potential(coins=number, table=table), AmountTable(ceiling=number), Divisor(divisor=number)):
        assert not proves_too_much(problem, witness)
        assert not proves_too_much(CoinChange(coins=[1e300, 1e-5], amount=1, copies=3), witness)
    unpayable = CoinChange(coins=[10], amount=3)
    if number > 3:
        assert unpayable.bound(Divisor(divisor=number)).value == INFINITY


def proves_too_much(problem: CoinChange, witness: Witness) -> bool:
    """Whether the verifier takes from the witness a bound above the optimum."""
    try:
        bound = problem.bound(witness)
    except InvalidWitnessError:
        return False
    best = cheapest_payment(problem)
    return best is not None and bound.value > best


def potential(problem: CoinChange) -> Potential | None:
    money = currency(problem)
    if not money.divides or not money.uniform:
        return None
    paid = deficit.fewest(money.coins, money.amount, 2**20, lambda: False)
    return None if paid is None else Potential(coins=int(paid.counts.sum()), table=paid.table)


witnesses = st.one_of(
    st.floats(-5, 5).map(lambda y: Multipliers(rows=np.array([y]))),
    st.floats(-5, 5).map(lambda y: FarkasRay(rows=np.array([y]))),
    st.integers(0, 12).map(lambda divisor: Divisor(divisor=divisor)),
    st.integers(-3, 200).map(lambda ceiling: AmountTable(ceiling=ceiling)),
    st.sampled_from([Unreachable(), Exhaustion()]),
    st.builds(Potential, coins=st.integers(-2, 60), table=st.lists(st.integers(-3, 9), min_size=1, max_size=60)),
)


@settings(max_examples=400, deadline=None)
@given(payments(), witnesses)
def test_no_witness_proves_too_much(problem: CoinChange, witness: Witness) -> None:
    assert not proves_too_much(problem, witness)


@settings(max_examples=200, deadline=None)
@given(payments(), st.data())
def test_a_tampered_potential_proves_nothing_false(problem: CoinChange, data: st.DataObject) -> None:
    honest = potential(problem)
    if honest is None:  # costs or copies for which there is none
        return
    assert not proves_too_much(problem, honest)
    table = honest.table.copy()
    table[data.draw(st.integers(0, len(table) - 1))] += data.draw(st.sampled_from([-2, -1, 1, 2, 2**31]))
    assert not proves_too_much(problem, Potential(coins=honest.coins, table=table))
    assert not proves_too_much(problem, Potential(coins=honest.coins + 1, table=honest.table))
    longer = np.concatenate([honest.table, np.full(200, 10**6)])
    assert not proves_too_much(problem, Potential(coins=honest.coins + 1, table=longer))


@settings(max_examples=150, deadline=None)
@given(payments())
def test_replays_find_the_optimum(problem: CoinChange) -> None:
    best = cheapest_payment(problem)
    value = INFINITY if best is None else best
    bound = problem.bound(Exhaustion())
    assert (bound.value, bound.evidence) == (value, Evidence.PROVED)
    if best is not None and problem.step:
        assert problem.bound(AmountTable(ceiling=int(best / problem.step))).value == best
        assert problem.bound(AmountTable(ceiling=int(best / problem.step) + 5)).value == best


@pytest.mark.parametrize(
    ("witness", "reason"),
    [
        (Potential(coins=3, table=[1, 2]), "start at 0"),
        (Potential(coins=3, table=[0.0, 1.5]), "whole numbers"),
        (Potential(coins=9, table=[0, 1]), "ends before"),
        (Potential(coins=4, table=[0] * 20), "doesn't exclude"),
        (Potential(coins=4, table=[0] + [9] * 20), "grows by more than 1"),
        (Divisor(divisor=2), "doesn't divide"),
        (FarkasRay(rows=[1.0]), "doesn't separate"),
        (FarkasRay(rows=[1.0, 2.0]), "one finite multiplier"),
        (Unreachable(), "can be paid"),
        (Spectrum(values=[1.0], vectors=[[1.0]]), "takes no spectrum"),
    ],
)
def test_refusals_say_why(witness: Witness, reason: str) -> None:
    with pytest.raises(InvalidWitnessError, match=reason):
        CoinChange(coins=[1, 2, 5], amount=11).bound(witness)


def test_replays_beyond_the_budget_are_refused_beforehand() -> None:
    large = CoinChange(coins=[3, 7, 10**6], amount=10**8, costs=[1, 2, 3])
    for witness in (AmountTable(ceiling=10**6), Unreachable()):
        with pytest.raises(InvalidWitnessError, match="more than"):
            large.bound(witness, seconds=1e-3)
    with pytest.raises(InvalidWitnessError, match="bytes"):
        CoinChange(coins=[1, 2], amount=10**15, costs=[1, 2]).bound(AmountTable(ceiling=100), seconds=1e9)


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        ({"coins": [2, 4], "amount": 7}, "multiple of 2 (their greatest common divisor)"),
        ({"coins": [2, 4], "amount": 7}, "can be paid: 6 and 8."),
        ({"coins": [0.2, 0.5], "amount": 0.3}, "can be paid: 0.2 and 0.4."),
        ({"coins": [4, 7], "amount": 9}, "can be paid: 8 and 11."),
        ({"coins": [4, 5], "amount": 3}, "can be paid: 0 and 4."),
        ({"coins": [5, 2], "amount": 10, "copies": 1}, "make 7 together"),
        ({"coins": [5, 2], "amount": 10, "copies": 1}, "can be paid: 7 (nothing above it was found)."),
        ({"coins": [5, 20], "amount": 10, "copies": 1}, "can be paid: 5 and 20."),
        ({"coins": [6, 10, 15], "amount": 29}, "can be paid: 28 and 30."),
    ],
)
def test_explanations(problem: dict[str, Any], said: str) -> None:
    assert said in CoinChange(**problem).explain_infeasible()


def test_explanations_stay_honest() -> None:
    assert CoinChange(coins=[2, 5], amount=11).explain_infeasible() == ""
    assert "not computed" in CoinChange(coins=[2, 4], amount=10**15 + 1).explain_infeasible()


@given(st.integers(0, 200))
def test_pieces_make_every_number(limit: int) -> None:
    sums = {0}
    for piece in pieces(limit):
        sums |= {total + piece for total in sums}
    assert sums == set(range(limit + 1))
