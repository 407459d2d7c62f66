"""From any point to coins that pay the amount: round down, then complete the rest by a small exact search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.problems.coin_change.completion import Table, complete
from dualgap.problems.coin_change.currency import Currency, currency, pieces

if TYPE_CHECKING:
    from dualgap.problems.coin_change.spec import CoinChange, CoinChangeAnswer

_WORK = 10_000_000  # entries of the search's table, over all pieces: some ten milliseconds


def repair(problem: CoinChange, point: Any) -> CoinChangeAnswer:
    """Coins near ``point`` that pay the amount where a completion is found; else as close below it as greedy gets."""
    from dualgap.problems.coin_change.spec import CoinChangeAnswer

    money = currency(problem)
    counts = np.zeros(problem.size, dtype=np.int64)
    if money.index.size:
        wanted = np.nan_to_num(np.asarray(point, dtype=np.float64), nan=0.0, posinf=0.0, neginf=0.0)[money.index]
        rounded = np.floor(np.clip(wanted, 0.0, 2.0**62) + 1e-6)
        counts[money.index] = pay(money, np.minimum(rounded.astype(np.int64), money.limits))
    return CoinChangeAnswer(counts=counts)


def pay(money: Currency, start: np.ndarray) -> np.ndarray:
    """(k,) counts that pay the amount, from ``start`` (within the limits); greedy's where the search finds none.

    Coins are given back, largest first, until nothing is overpaid; the rest is paid largest first; what stays open is
    paid exactly, together with a few coins given back, by a table over so small an amount that it takes no time.
    """
    counts = _largest_first(money, _not_overpaid(money, start))
    if _open(money, counts) == 0 or not money.divides:
        return counts
    kept = _give_back(money, counts)
    rest = _open(money, kept)
    left = money.limits - kept
    order = np.flatnonzero((left > 0) & (money.coins <= rest))
    ceiling = 1 + int((money.costs[order].astype(object) * np.minimum(left[order], rest // money.coins[order])).sum())
    if not order.size or ceiling > 2**30:
        return counts
    small = [array[order].astype(np.int64) for array in (money.coins, money.costs, left)]
    found = complete(Table(small[0], small[1], small[2], rest, ceiling))
    if found is None:
        return counts
    kept[order] += found
    return kept


def _open(money: Currency, counts: np.ndarray) -> int:
    return money.amount - int(money.coins.astype(object) @ counts)


def _not_overpaid(money: Currency, counts: np.ndarray) -> np.ndarray:
    kept = counts.copy()
    over = -_open(money, kept)
    for j in np.argsort(-money.coins, kind="stable"):
        if over <= 0:
            break
        back = min(-(-over // int(money.coins[j])), int(kept[j]))
        kept[j] -= back
        over -= back * int(money.coins[j])
    return kept


def _largest_first(money: Currency, counts: np.ndarray) -> np.ndarray:
    paid = counts.copy()
    rest = _open(money, paid)
    for j in np.argsort(-money.coins, kind="stable"):
        more = min(rest // int(money.coins[j]), int(money.limits[j] - paid[j]))
        paid[j] += more
        rest -= more * int(money.coins[j])
    return paid


def _give_back(money: Currency, counts: np.ndarray) -> np.ndarray:
    """Coins taken back in turn, one of each kind at a time, while the table over what is open stays small."""
    kept = counts.copy()
    rest = _open(money, kept)
    splits = sum(len(list(pieces(int(limit)))) for limit in money.limits)
    largest = _WORK // max(splits, 1)
    progress = True
    while progress:
        progress = False
        for j in np.argsort(money.coins, kind="stable"):
            if kept[j] and rest + int(money.coins[j]) <= largest:
                kept[j] -= 1
                rest += int(money.coins[j])
                progress = True
    return kept
