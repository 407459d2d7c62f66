"""Why an amount can't be paid, and what could be paid instead."""

from __future__ import annotations

from fractions import Fraction
from math import gcd
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.errors import InvalidWitnessError
from dualgap.core.exact import narrow, simplest
from dualgap.core.statement import format_value
from dualgap.problems.coin_change.currency import Currency, currency, unscaled
from dualgap.problems.coin_change.tables import reachable

if TYPE_CHECKING:
    from dualgap.problems.coin_change.spec import CoinChange

_SECONDS = 1.0
_LARGEST = 2**28


def explain(problem: CoinChange) -> str:
    """One or two sentences: the divisor or the total in the way, and the nearest amounts that can be paid.

    Empty where the amount can be paid after all.
    """
    reason = _reason(problem)
    try:
        below, above = nearest(problem)
    except InvalidWitnessError:
        return f"{reason} The nearest amounts that can be paid were not computed: that takes too long.".strip()
    if below == problem.exact_amount:
        return ""
    near = [f"{format_value(simplest(amount))}" for amount in (below, above) if amount is not None]
    beyond = "" if above is not None else " (nothing above it was found)"
    return f"{reason} The nearest amounts that can be paid: {' and '.join(near)}{beyond}.".strip()


def _reason(problem: CoinChange) -> str:
    money = currency(problem)
    if not money.index.size:
        return "Every coin is larger than the amount, or there are none of it."
    if not money.divides:
        shown = format_value(simplest(unscaled(problem, money.divisor)))
        return f"Every coin that fits is a multiple of {shown} (their greatest common divisor), and the amount is not."
    if money.total < money.amount:
        total = format_value(simplest(unscaled(problem, money.total * money.divisor)))
        return f"There are too few coins: those that fit make {total} together."
    return ""


def nearest(problem: CoinChange) -> tuple[Fraction, Fraction | None]:
    """The largest amount that can be paid up to the given one, and the smallest above it (None: none found).

    Raises:
        InvalidWitnessError: the amount is too large to go through what is below it.
    """
    whole, amount = problem.whole
    copies = [None] * problem.size
    if not isinstance(problem.copies, str):
        copies = np.broadcast_to(np.asarray(problem.copies), (problem.size,)).tolist()
    pairs = [(int(coin), limit) for coin, limit in zip(whole, copies) if limit is None or limit > 0]
    divisor = gcd(*(coin for coin, _ in pairs)) or 1
    start = amount // divisor
    # The best payment below and one coin more is above: that coin is at most the smallest that never runs out.
    endless = [coin // divisor for coin, limit in pairs if limit is None]
    reach = min(endless) if endless else max((coin // divisor for coin, _ in pairs), default=0)
    top = min(start + reach, max(_LARGEST, start))
    coins = [coin // divisor for coin, _ in pairs]
    limits = [top // coin if limit is None else min(limit, top // coin) for coin, (_, limit) in zip(coins, pairs)]
    shape = (len(pairs),)
    money = Currency(
        np.arange(len(pairs)),
        narrow(coins, shape),
        np.zeros(shape, dtype=int),
        narrow(limits, shape),
        top,
        divisor,
        True,
    )
    bits = reachable(money, top, _SECONDS)
    below = (bits & ((1 << (start + 1)) - 1)).bit_length() - 1
    higher = bits >> (start + 1)
    above = start + (higher & -higher).bit_length() if higher else None
    return (
        unscaled(problem, below * divisor),
        None if above is None else unscaled(problem, above * divisor),
    )
