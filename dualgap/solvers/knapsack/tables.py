"""Tables over a small knapsack that remember their decisions, so that the best packing can be read off.

A piece is some copies of an item, taken or not. Pieces go in one after the other; at each, only the entries from which
the rest can still reach the end are kept up, and one bit an entry says whether the piece is taken there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dualgap.problems.knapsack.instance import Instance, entries, windows
from dualgap.problems.shifted import BLOCK

WAYS = ("weight", "value", "bitset")
_Bits = tuple[int, int, np.ndarray]  # first and last entry, and their bits


@dataclass(frozen=True)
class Cost:
    """What a table over an instance takes: entries updated, and bytes at the peak."""

    entries: float
    bytes: float


def cost(instance: Instance, way: str) -> Cost:
    """The estimate for a table; infinite where it doesn't apply."""
    owner, copies = instance.pieces
    top = min(instance.top, instance.total_value)
    if not instance.fits_int64 or (way == "bitset" and not instance.proportional):
        return Cost(float("inf"), float("inf"))
    if way == "bitset":
        bits = float(len(owner)) * (instance.reach + 1)
        return Cost(bits / 16, bits / 8 + instance.reach / 2)
    if way == "value":
        updated, size = entries(instance.values[owner] * copies, top, instance.need), top + 1
        width = _width(2 * instance.capacity + 2)
    else:
        updated = entries(instance.weights[owner] * copies, instance.reach, instance.reach)
        size, width = instance.reach + 1, _width(instance.total_value)
    return Cost(float(updated), float(size) * width.itemsize + updated / 8 + 2**20)


def solve(instance: Instance, way: str, stop: Callable[[], bool]) -> np.ndarray | None:
    """(k,) the best counts of value ``need`` or more; None where there are none, or on ``stop()``."""
    if instance.total_value < instance.need:
        return None
    owner, copies = instance.pieces
    loads, gains = instance.weights[owner] * copies, instance.values[owner] * copies
    run = {"weight": _by_weight, "value": _by_value, "bitset": _by_sums}[way]
    taken = run(loads, gains, instance, stop)
    if taken is None:
        return None
    counts = np.zeros(len(instance.limits), dtype=np.int64)
    np.add.at(counts, owner[taken], copies[taken])
    return counts


def _width(largest: int) -> np.dtype:
    return np.dtype(np.int32 if largest < 2**31 else np.int64)


def _take(table: np.ndarray, first: int, last: int, shift: int, gain: int, better: np.ufunc) -> np.ndarray:
    """Takes ``table[i - shift] + gain`` over ``table[i]`` where it is better; returns where, as bits from ``first``.

    Blocks go from the top, so that nothing is read that was written before.
    """
    bits = np.empty(max(last - first + 8, 0) // 8, dtype=np.uint8)
    through, taken = np.empty(BLOCK, dtype=table.dtype), np.empty(BLOCK, dtype=bool)
    for begin in reversed(range(first, last + 1, BLOCK)):
        end = min(begin + BLOCK, last + 1)
        kept, offer, where = table[begin:end], through[: end - begin], taken[: end - begin]
        np.add(table[begin - shift : end - shift], table.dtype.type(gain), out=offer)
        better(offer, kept, out=where)
        np.copyto(kept, offer, where=where)
        bits[(begin - first) // 8 : (end - first + 7) // 8] = np.packbits(where)
    return bits


def _by_weight(loads: np.ndarray, gains: np.ndarray, instance: Instance, stop: Callable[[], bool]) -> list[int] | None:
    """``table[w]``: the best value within weight w; constant beyond what the pieces so far weigh."""
    table = np.zeros(instance.reach + 1, dtype=_width(instance.total_value))
    bits: list[_Bits] = []
    reached = 0
    for load, gain, first, last in zip(loads.tolist(), gains.tolist(), *windows(loads, instance.reach, instance.reach)):
        if stop():
            return None
        table[reached + 1 : last + 1] = table[reached]
        reached = last
        bits.append((first, last, _take(table, first, last, load, gain, np.greater)))
    return _read(bits, loads, instance.reach) if int(table[-1]) >= instance.need else None


def _by_value(loads: np.ndarray, gains: np.ndarray, instance: Instance, stop: Callable[[], bool]) -> list[int] | None:
    """``table[v]``: the least weight of value exactly v, cut off beyond the capacity."""
    top, beyond = min(instance.top, instance.total_value), instance.capacity + 1
    table = np.full(top + 1, beyond, dtype=_width(2 * beyond))
    table[0] = 0
    bits: list[_Bits] = []
    for load, gain, first, last in zip(loads.tolist(), gains.tolist(), *windows(gains, top, instance.need)):
        if stop():
            return None
        bits.append((first, last, _take(table, first, last, gain, load, np.less)))
    best = int(np.flatnonzero(table <= instance.capacity)[-1])
    return _read(bits, gains, best) if best >= instance.need else None


def _by_sums(loads: np.ndarray, gains: np.ndarray, instance: Instance, stop: Callable[[], bool]) -> list[int] | None:
    """Bit w of a Python integer: whether some pieces weigh w exactly. Ends early where the capacity is met."""
    mask = (1 << (instance.reach + 1)) - 1
    sets = [1]
    for load in loads.tolist():
        if stop():
            return None
        sets.append(sets[-1] | (sets[-1] << load & mask))
        if sets[-1] >> instance.reach:
            break
    at = sets[-1].bit_length() - 1
    if at * int(instance.values[0]) // int(instance.weights[0]) < instance.need:
        return None
    taken = []
    for piece in range(len(sets) - 2, -1, -1):
        if not sets[piece] >> at & 1:
            taken.append(piece)
            at -= int(loads[piece])
    return taken


def _read(bits: list[_Bits], steps: np.ndarray, end: int) -> list[int]:
    """The pieces taken on the way back from ``end``."""
    taken = []
    for piece in range(len(bits) - 1, -1, -1):
        first, last, packed = bits[piece]
        end = min(end, last)  # beyond ``last`` the table is constant
        at = end - first
        if at >= 0 and packed[at >> 3] >> (7 - (at & 7)) & 1:
            taken.append(piece)
            end -= int(steps[piece])
    return taken
