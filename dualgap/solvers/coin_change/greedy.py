"""Largest coin first, mended where it gets stuck, and the bound of the cheapest coin per unit."""

from __future__ import annotations

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.witness import FarkasRay, Multipliers
from dualgap.problems.coin_change import CoinChange, CoinChangeAnswer, Divisor
from dualgap.problems.coin_change.currency import Currency, currency
from dualgap.problems.coin_change.repair import pay


def solve(problem: CoinChange) -> Claim:
    """Greedy's answer with ``Multipliers``; no answer where neither it nor the repair pays the amount."""
    money = currency(problem)
    refuted = obstacle(problem, money)
    if refuted is not None:
        return refuted
    multiplier = cheapest_ratio(problem)
    answer = incumbent(problem, money)
    return Claim(
        point=answer,
        feasible=answer is not None,
        stop=Stop.FINISHED,
        value=problem.evaluate(answer).objective if answer is not None else None,
        witness=multiplier,
        message="" if answer is not None else "largest coin first gets stuck, and the repair finds no completion",
    )


def obstacle(problem: CoinChange, money: Currency) -> Claim | None:
    """A claim of infeasibility where a divisor or the total is in the way."""
    if not money.divides and money.divisor:
        return Claim(stop=Stop.INFEASIBLE, witness=Divisor(divisor=money.divisor))
    if money.total < money.amount:
        return Claim(stop=Stop.INFEASIBLE, witness=FarkasRay(rows=np.array([1.0])))
    return None


def cheapest_ratio(problem: CoinChange) -> Multipliers:
    """The linear relaxation's multiplier: the ratio of cost to coin at which the cheapest coins reach the amount."""
    ratios = problem.exact_costs.floats() / problem.exact_coins.floats()
    order = np.argsort(ratios, kind="stable")
    paid = np.cumsum(problem.exact_coins.floats()[order] * problem.limits[order])
    at = min(int(np.searchsorted(paid, float(problem.exact_amount) * (1 - 1e-12))), problem.size - 1)
    return Multipliers(rows=np.array([ratios[order[at]]]))


def incumbent(problem: CoinChange, money: Currency) -> CoinChangeAnswer | None:
    """Greedy's payment, or the repaired one; None where there is none."""
    counts = np.zeros(problem.size, dtype=np.int64)
    if money.index.size:
        counts[money.index] = pay(money, np.zeros(len(money.index), dtype=np.int64))
    answer = CoinChangeAnswer(counts=counts)
    return None if problem.evaluate(answer).violations else answer
