"""The cheapest way to pay an amount, with the coins: a table over amounts and the way back through it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dualgap.problems.coin_change.currency import pieces
from dualgap.problems.shifted import merge_shifted


@dataclass(frozen=True)
class Table:
    """What an amount table is asked.

    Attributes:
        coins, costs, limits: (k,) nonnegative integers; coins are positive.
        amount: to pay.
        ceiling: entries are cut off here: costs from ``ceiling`` on count as impossible.
    """

    coins: np.ndarray
    costs: np.ndarray
    limits: np.ndarray
    amount: int
    ceiling: int

    @property
    def dtype(self) -> type[np.signedinteger]:
        """The smallest integers that hold the ceiling plus a piece below it."""
        return smallest(2 * self.ceiling)

    @property
    def worthwhile(self) -> np.ndarray:
        """(k,) copies that stay below the ceiling and within the amount."""
        costs = np.maximum(self.costs, 1)
        affordable = np.where(self.costs > 0, max(self.ceiling - 1, 0) // costs, self.limits)
        fits = np.minimum(self.limits, self.amount // self.coins)
        return np.asarray(np.minimum(fits, affordable), dtype=np.int64)

    @property
    def bounded(self) -> np.ndarray:
        """(k,) coins whose copies can run out below the ceiling and the amount."""
        free = Table(self.coins, self.costs, self.amount // self.coins, self.amount, self.ceiling)
        return self.worthwhile < free.worthwhile

    @property
    def bytes(self) -> int:
        """Peak memory: a table; with bounded coins two copies more, and a bit for every amount and piece of one."""
        bits = sum(len(list(pieces(int(limit)))) for limit in self.worthwhile[self.bounded])
        tables = 3 if self.bounded.any() else 1
        return (self.amount + 1) * tables * np.dtype(self.dtype).itemsize + bits * (self.amount // 8 + 1)


def smallest(bound: int) -> type[np.signedinteger]:
    """The smallest signed integer type for numbers up to ``bound`` in size."""
    kinds: tuple[type[np.signedinteger], ...] = (np.int16, np.int32, np.int64)
    return next((kind for kind in kinds if bound <= np.iinfo(kind).max), np.int64)


def complete(table: Table, stop: Callable[[], bool] = lambda: False) -> np.ndarray | None:
    """(k,) the cheapest counts that pay the amount below the ceiling; None where there are none, or on ``stop()``."""
    best = np.full(table.amount + 1, table.ceiling, dtype=table.dtype)
    best[0] = 0
    limits, bounded = table.worthwhile, table.bounded
    for j in np.flatnonzero(~bounded):
        for piece in pieces(int(limits[j])):
            if stop():
                return None
            relax(best, piece * int(table.coins[j]), piece * int(table.costs[j]))
    free = best.copy() if bounded.any() else best
    taken: list[tuple[int, int, np.ndarray]] = []
    for j in np.flatnonzero(bounded):
        for piece in pieces(int(limits[j])):
            if stop():
                return None
            shift = piece * int(table.coins[j])
            before = best[shift:].copy()
            relax(best, shift, piece * int(table.costs[j]))
            taken.append((int(j), piece, np.packbits(best[shift:] < before)))
    if best[table.amount] >= table.ceiling:
        return None
    counts = np.zeros(len(table.coins), dtype=np.int64)
    left = table.amount
    for j, piece, bits in reversed(taken):
        shift = piece * int(table.coins[j])
        at = left - shift
        if at >= 0 and bits[at >> 3] >> (7 - (at & 7)) & 1:
            counts[j] += piece
            left = at
    open_coins = np.flatnonzero(~bounded)
    counts[open_coins] += walk(free, table.coins[open_coins], table.costs[open_coins], left)
    return counts


def relax(best: np.ndarray, shift: int, cost: int) -> None:
    """``best[d] = min(best[d], best[d - shift] + cost)`` in place, from the old entries."""
    merge_shifted(best, shift, len(best) - 1, shift, cost, np.minimum)


def walk(best: np.ndarray, steps: np.ndarray, costs: np.ndarray, target: int) -> np.ndarray:
    """(k,) how often each step is taken on a way from ``target`` to 0 along which the table is tight.

    The table must be the exact optimum over unlimited steps. Runs of one step are taken at once.
    """
    counts = np.zeros(len(steps), dtype=np.int64)
    while target:
        usable = np.flatnonzero(steps <= target)
        tight = best[target - steps[usable]] + costs[usable] == best[target]
        j = usable[int(tight.argmax())]
        step, cost = int(steps[j]), int(costs[j])
        run = best[target::-step].astype(np.int64)
        slack = run + cost * np.arange(len(run)) != int(best[target])
        copies = int(slack.argmax()) - 1 if slack.any() else len(run) - 1
        counts[j] += copies
        target -= copies * step
    return counts
