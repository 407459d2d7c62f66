"""The verifier's own tables: values only, nothing taken from a solver."""

from __future__ import annotations

import time
from math import log2

import numpy as np

from dualgap.core.arrays import shown
from dualgap.core.errors import InvalidWitnessError
from dualgap.problems.coin_change.currency import Currency, pieces
from dualgap.problems.shifted import merge_shifted

_BYTES_PER_SECOND = 2e9  # of one table pass (add, compare), on a slow core
_WORDS_PER_SECOND = 3e9  # bytes of a bit set, shifted and merged
_MEMORY = 2**31


def cheapest(money: Currency, ceiling: int, seconds: float) -> int:
    """``min(ceiling, least cost)`` of the amount, in steps of the costs; ``ceiling`` where it can't be paid below that.

    The table is cut off at ``ceiling``: every entry is the minimum of the true cost and it, so that small integers do.

    Raises:
        InvalidWitnessError: it won't fit in ``seconds`` or in memory, or the numbers are too large.
    """
    if ceiling <= 0:
        return ceiling
    widths = (np.uint8, np.uint16, np.uint32, np.uint64)
    width = next((np.dtype(kind) for kind in widths if 2 * ceiling <= np.iinfo(kind).max), None)
    if width is None:
        raise InvalidWitnessError(f"costs up to {shown(ceiling)} steps are too large to replay")
    splits = []
    for coin, cost, limit in zip(money.coins.tolist(), money.costs.tolist(), money.limits.tolist()):
        most = limit if cost == 0 else min(limit, (ceiling - 1) // cost)
        splits += [(piece * coin, piece * cost) for piece in pieces(most)]
    size = (money.amount + 1) * width.itemsize
    _afford(size * len(splits), _BYTES_PER_SECOND, seconds, 2 * size, "the amount table")
    deadline = time.monotonic() + seconds
    table = np.full(money.amount + 1, ceiling, dtype=width)
    table[0] = 0
    for shift, cost in splits:
        if time.monotonic() > deadline:
            raise InvalidWitnessError(f"replaying the amount table took longer than {seconds:g} s")
        if shift <= money.amount:
            merge_shifted(table, shift, money.amount, shift, cost, np.minimum)
    return int(table[-1])


def reachable(money: Currency, top: int, seconds: float) -> int:
    """The amounts up to ``top`` that the coins can make, as the bits of an integer.

    Raises:
        InvalidWitnessError: it won't fit in ``seconds`` or in memory.
    """
    shifts = [
        piece * coin
        for coin, limit in zip(money.coins.tolist(), money.limits.tolist())
        for piece in pieces(min(limit, top // coin))
    ]
    _afford(top // 8 * len(shifts), _WORDS_PER_SECOND, seconds, top // 2, "the set of reachable amounts")
    deadline = time.monotonic() + seconds
    mask = (1 << (top + 1)) - 1
    reach = 1
    for shift in shifts:
        if time.monotonic() > deadline:
            raise InvalidWitnessError(f"replaying the set of reachable amounts took longer than {seconds:g} s")
        reach |= (reach << shift) & mask
    return reach


def _afford(work: int, speed: float, seconds: float, size: int, what: str) -> None:
    """Memory first: it keeps the numbers within floats."""
    if size > _MEMORY:
        raise InvalidWitnessError(f"replaying {what} takes about 2^{log2(size):.0f} bytes")
    if work > speed * seconds:
        raise InvalidWitnessError(f"replaying {what} takes about {work / speed:.2g} s, more than {seconds:g} s")
