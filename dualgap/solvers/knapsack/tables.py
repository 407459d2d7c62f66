"""Tables over a small knapsack that remember their decisions, so that the best packing can be read off.

A piece is some copies of an item, taken or not. Pieces go in one after the other; at each, only the entries from which
the rest can still reach the end are kept up, and one bit an entry says whether the piece is taken there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from dualgap.problems.knapsack.residual import Instance

WAYS = ("weight", "value", "bitset")
_SAFE = 2**62


@dataclass(frozen=True)
class Cost:
    """What a table over an instance takes: entries updated, and bytes at the peak."""

    entries: float
    bytes: float


def cost(instance: Instance, way: str) -> Cost:
    """The estimate for a table; infinite where it doesn't apply."""
    pieces = len(instance.pieces[0])
    top = min(instance.top, instance.total_value)
    if instance.total_value >= _SAFE or instance.capacity >= _SAFE or (way == "bitset" and not instance.proportional):
        return Cost(float("inf"), float("inf"))
    size = float(top if way == "value" else instance.capacity) + 1
    if way == "bitset":
        return Cost(pieces * size / 16, (pieces + 4) * size / 8)
    largest = 2 * instance.capacity + 2 if way == "value" else instance.total_value
    return Cost(pieces * size, 3 * size * _width(largest).itemsize + pieces * size / 8)


def solve(instance: Instance, way: str, stop: Callable[[], bool]) -> np.ndarray | None:
    """(k,) the best counts of value ``need`` or more; None where there are none, or on ``stop()``."""
    if instance.total_value < instance.need:
        return None
    owner, copies = instance.pieces
    loads = (instance.weights[owner] * copies).tolist()
    gains = (instance.values[owner] * copies).tolist()
    run = {"weight": _by_weight, "value": _by_value, "bitset": _by_sums}[way]
    taken = run(loads, gains, instance, stop)
    if taken is None:
        return None
    counts = np.zeros(len(instance.items), dtype=np.int64)
    np.add.at(counts, owner[taken], copies[taken])
    return counts


def _width(largest: int) -> np.dtype:
    return np.dtype(np.int32 if largest < 2**31 else np.int64)


def _rest(amounts: list[int]) -> list[int]:
    """What comes after each piece, summed."""
    return list(accumulate(reversed(amounts[1:]), initial=0))[::-1]


def _by_weight(loads: list[int], gains: list[int], instance: Instance, stop: Callable[[], bool]) -> list[int] | None:
    """``table[w]``: the best value within weight w."""
    capacity = instance.capacity
    table = np.zeros(capacity + 1, dtype=_width(instance.total_value))
    bits: list[tuple[int, np.ndarray]] = []
    for load, gain, rest in zip(loads, gains, _rest(loads)):
        if stop():
            return None
        low = max(load, capacity - rest)
        through = table[low - load : capacity + 1 - load] + table.dtype.type(gain)
        bits.append((low, np.packbits(through > table[low:])))
        np.maximum(table[low:], through, out=table[low:])
    return _read(bits, loads, capacity) if int(table[capacity]) >= instance.need else None


def _by_value(loads: list[int], gains: list[int], instance: Instance, stop: Callable[[], bool]) -> list[int] | None:
    """``table[v]``: the least weight of value exactly v, cut off beyond the capacity."""
    top, beyond = min(instance.top, instance.total_value), instance.capacity + 1
    table = np.full(top + 1, beyond, dtype=_width(2 * beyond))
    table[0] = 0
    bits: list[tuple[int, np.ndarray]] = []
    for load, gain, rest in zip(loads, gains, _rest(gains)):
        if stop():
            return None
        low = min(max(gain, instance.need - rest), top + 1)
        through = table[low - gain : max(top + 1 - gain, 0)] + table.dtype.type(load)
        bits.append((low, np.packbits(through < table[low:])))
        np.minimum(table[low:], through, out=table[low:])
    fitting = np.flatnonzero(table <= instance.capacity)
    best = int(fitting[-1])
    return _read(bits, gains, best) if best >= instance.need else None


def _by_sums(loads: list[int], gains: list[int], instance: Instance, stop: Callable[[], bool]) -> list[int] | None:
    """Bit w of a Python integer: whether some pieces weigh w exactly. Ends early where the capacity is met."""
    mask = (1 << (instance.capacity + 1)) - 1
    sets = [1]
    for load in loads:
        if stop():
            return None
        sets.append(sets[-1] | (sets[-1] << load & mask))
        if sets[-1] >> instance.capacity:
            break
    at = sets[-1].bit_length() - 1
    if at * int(instance.values[0]) // int(instance.weights[0]) < instance.need:
        return None
    taken = []
    for piece in range(len(sets) - 2, -1, -1):
        if not sets[piece] >> at & 1:
            taken.append(piece)
            at -= loads[piece]
    return taken


def _read(bits: list[tuple[int, np.ndarray]], steps: list[int], end: int) -> list[int]:
    """The pieces taken on the way back from ``end``."""
    taken = []
    for piece in range(len(bits) - 1, -1, -1):
        low, packed = bits[piece]
        at = end - low
        if at >= 0 and packed[at >> 3] >> (7 - (at & 7)) & 1:
            taken.append(piece)
            end -= steps[piece]
    return taken
