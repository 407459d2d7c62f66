"""Lower bounds on change-making recomputed from witnesses, and why an amount can't be paid.

Lagrangian bound: for any multiplier y on the amount, y amount + sum_j limits_j min(0, k_j - y a_j).
"""

from __future__ import annotations

from fractions import Fraction
from math import gcd
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from dualgap.core.certificate import INFINITY, Bound, Evidence
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.exact import Exact, combine, dyadic
from dualgap.core.statement import format_value
from dualgap.core.witness import Multipliers, Witness

if TYPE_CHECKING:
    from dualgap.problems.coin_change.spec import CoinChange


class Divisor(Witness):
    """The coins' common divisor doesn't divide the amount."""

    type: ClassVar[str] = "divisor"
    divisor: int


def prove(problem: CoinChange, witness: Witness, seconds: float) -> Bound:
    """The bound that a witness proves; infinite where it proves that the amount can't be paid.

    Raises:
        InvalidWitnessError: it proves nothing here, or a replay won't fit in ``seconds``.
    """
    if isinstance(witness, Multipliers):
        return _lagrangian(problem, witness)
    if isinstance(witness, Divisor):
        return _divisor(problem, witness.divisor)
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
    if divisor < 1 or any(int(coin) % divisor for coin in coins) or amount % divisor == 0:
        raise InvalidWitnessError(f"{divisor} doesn't divide all coins but not the amount")
    return Bound(
        INFINITY, Evidence.PROVED, f"every coin is a multiple of {_scaled(problem, divisor)}, the amount is not"
    )


def common_divisor(problem: CoinChange) -> int:
    """The greatest common divisor of the coins, on the scale of ``problem.whole``."""
    return gcd(*(int(coin) for coin in problem.whole[0]))


def explain(problem: CoinChange) -> str:
    return ""


def _scaled(problem: CoinChange, number: int) -> str:
    coins, amount = problem.whole
    scale = Fraction(amount) / problem.exact_amount if amount else Fraction(int(coins[0])) / problem.exact_coins.item(0)
    return format_value(Fraction(number) / scale)
