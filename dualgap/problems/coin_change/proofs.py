"""Lower bounds on change-making recomputed from witnesses.

Lagrangian bound: for any multiplier y on the amount, y amount + sum_j limits_j min(0, k_j - y a_j).

Deficit bound, for coins of one cost: with M the largest coin, K coins pay the amount A exactly if the others'
deficits M - a_j sum to K M - A. Any phi with phi(0) = 0 and phi(d) <= phi(d - (M - a_j)) + 1 for all j and d is at most
the number of coins with total deficit d; so phi(K M - A) > K for every K < K* proves that fewer than K* coins don't do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from dualgap.core.arrays import Vector, shown
from dualgap.core.certificate import INFINITY, Bound, Evidence
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.exact import Exact, combine, dyadic, simplest
from dualgap.core.statement import format_value
from dualgap.core.witness import Exhaustion, FarkasRay, Multipliers, Witness
from dualgap.problems.coin_change.currency import Currency, currency, unscaled
from dualgap.problems.coin_change.tables import cheapest, reachable

if TYPE_CHECKING:
    from dualgap.problems.coin_change.spec import CoinChange

_TABLE_LIMIT = 2**30
_COMPARISONS_PER_SECOND = 2e8


class Divisor(Witness):
    """The coins' common divisor doesn't divide the amount."""

    type: ClassVar[str] = "divisor"
    divisor: int


class Potential(Witness):
    """At least ``coins`` coins are needed: ``table[d]`` is at most the number of coins with total deficit d.

    Deficits are to the largest usable coin, in multiples of the usable coins' common divisor.
    """

    type: ClassVar[str] = "potential"
    coins: int
    table: Vector


class AmountTable(Witness):
    """The least cost is at least ``ceiling`` steps of the costs; the verifier fills its own table up to there."""

    type: ClassVar[str] = "amount-table"
    ceiling: int


class Unreachable(Witness):
    """No combination makes the amount; the verifier computes the reachable amounts itself."""

    type: ClassVar[str] = "unreachable"


def prove(problem: CoinChange, witness: Witness, seconds: float) -> Bound:
    """The bound that a witness proves; infinite where it proves that the amount can't be paid.

    Raises:
        InvalidWitnessError: it proves nothing here, or a replay won't fit in ``seconds``.
    """
    match witness:
        case Multipliers():
            return _lagrangian(problem, witness)
        case Divisor():
            return _divisor(problem, witness.divisor)
        case FarkasRay():
            return _farkas(problem, witness)
        case Potential():
            return _potential(problem, witness, seconds)
        case AmountTable():
            return _amount_table(problem, witness.ceiling, seconds)
        case Unreachable():
            return _unreachable(problem, seconds)
        case Exhaustion():
            return _exhaustion(problem, seconds)
    raise InvalidWitnessError(f"coin-change takes no {witness.type} witness")


def _lagrangian(problem: CoinChange, witness: Multipliers) -> Bound:
    if witness.rows.shape != (1,) or not np.isfinite(witness.rows).all():
        raise InvalidWitnessError("coin-change takes one finite multiplier, on the amount")
    multiplier = dyadic(witness.rows)[0]
    reduced = combine([(1, problem.exact_costs), (-multiplier, problem.exact_coins)])
    loss = Exact(np.minimum(reduced.numerators, 0), reduced.denominator).dot(Exact(problem.limits))
    value = multiplier * problem.exact_amount + loss
    return Bound(problem.round_bound(value), Evidence.PROVED, f"multiplier {float(multiplier):.6g} on the amount")


def _divisor(problem: CoinChange, divisor: int) -> Bound:
    coins, amount = problem.whole
    usable = coins[problem.limits > 0]
    if divisor < 1 or any(int(coin) % divisor for coin in usable) or amount % divisor == 0:
        raise InvalidWitnessError(f"{shown(divisor)} doesn't divide all coins but not the amount")
    said = format_value(simplest(unscaled(problem, divisor)))
    return Bound(INFINITY, Evidence.PROVED, f"the common divisor {said} of the coins stands in the way")


def _indivisible(problem: CoinChange, money: Currency) -> Bound:
    if money.divisor:
        return _divisor(problem, money.divisor)
    return Bound(INFINITY, Evidence.PROVED, "no coin fits into the amount")


def _farkas(problem: CoinChange, witness: FarkasRay) -> Bound:
    """y a'x ranges over [0, y sum_j limits_j a_j] for y > 0, and y amount lies outside (y < 0 can't separate)."""
    money = currency(problem)
    total = unscaled(problem, money.total * money.divisor)
    if witness.rows.shape != (1,) or not np.isfinite(witness.rows).all():
        raise InvalidWitnessError("coin-change takes one finite multiplier, on the amount")
    if witness.rows[0] <= 0 or total >= problem.exact_amount:
        raise InvalidWitnessError("the ray doesn't separate the amount from what the coins make")
    return Bound(INFINITY, Evidence.PROVED, f"the coins add up to {format_value(simplest(total))} only")


def _potential(problem: CoinChange, witness: Potential, seconds: float) -> Bound:
    money, table, least = currency(problem), witness.table, witness.coins
    if not money.divides or not money.uniform:
        raise InvalidWitnessError("a potential needs coins of one cost whose divisor divides the amount")
    largest = int(money.coins.max())
    if table.dtype != np.int64 or not table.size or table[0] != 0 or Exact(table).largest >= _TABLE_LIMIT:
        raise InvalidWitnessError("a potential is whole numbers below 2^30 that start at 0")
    first = -(-money.amount // largest)
    if (least - 1) * largest - money.amount >= len(table):
        raise InvalidWitnessError(f"the table ends before the deficit of {least - 1} coins")
    if len(table) * len(money.coins) > seconds * _COMPARISONS_PER_SECOND:
        raise InvalidWitnessError(f"checking the potential takes longer than {seconds:g} s")
    narrow: np.ndarray = table.astype(np.int16 if Exact(table).largest < 2**14 else np.int32)
    after: np.ndarray = narrow + narrow.dtype.type(1)
    for gap in np.unique(largest - money.coins).tolist():
        if 0 < gap < len(table) and (narrow[gap:] > after[:-gap]).any():
            raise InvalidWitnessError(f"the potential grows by more than 1 over the coin {largest - gap}")
    few = range(first, least)  # counts below ``first`` can't make the amount at all
    if any(int(table[count * largest - money.amount]) <= count for count in few):
        raise InvalidWitnessError(f"the potential doesn't exclude fewer than {least} coins")
    value = max(least, first) * int(money.costs[0]) * problem.step
    return Bound(problem.round_bound(value), Evidence.PROVED, f"a table over {len(table):,} deficits, checked")


def _amount_table(problem: CoinChange, ceiling: int, seconds: float) -> Bound:
    money = currency(problem)
    if not money.divides:
        return _indivisible(problem, money)
    steps = cheapest(money, max(ceiling, 0), seconds)
    return Bound(problem.round_bound(steps * problem.step), Evidence.PROVED, "a table over amounts, replayed")


def _unreachable(problem: CoinChange, seconds: float) -> Bound:
    money = currency(problem)
    if not money.divides:
        return _indivisible(problem, money)
    if reachable(money, money.amount, seconds) >> money.amount & 1:
        raise InvalidWitnessError("the amount can be paid")
    return Bound(INFINITY, Evidence.PROVED, "every amount that the coins reach was replayed")


def _exhaustion(problem: CoinChange, seconds: float) -> Bound:
    """The optimum by a replay of our own: reachability first, then the table below the dearest possible payment."""
    money = currency(problem)
    if not money.divides or not reachable(money, money.amount, seconds) >> money.amount & 1:
        return _unreachable(problem, seconds)
    dearest = sum(cost * limit for cost, limit in zip(money.costs.tolist(), money.limits.tolist()))
    return _amount_table(problem, dearest, seconds)
