"""The verifier's own tables over a residual knapsack: values only, nothing taken from a solver."""

from __future__ import annotations

import time
from math import ceil

import numpy as np

from dualgap.core.errors import InvalidWitnessError
from dualgap.problems.knapsack.instance import Instance, entries, windows
from dualgap.problems.shifted import merge_shifted

_BYTES_PER_SECOND = 4e9  # of table updated (add, compare), in blocks, on a slow core
_SET_BYTES_PER_SECOND = 3e9  # of a bit set, shifted and merged
_MEMORY = 2**31


def best_value(instance: Instance, seconds: float) -> int:
    """At least the best value of an instance, and exactly that where it is ``need`` or more.

    The cheapest of three replays: subset sums where values are proportional to weights, a table over weights, a table
    over values.

    Raises:
        InvalidWitnessError: none fits in ``seconds`` and in memory.
    """
    if instance.total_value < instance.need:
        return instance.total_value
    if not instance.fits_int64:
        raise InvalidWitnessError("values or weights too large to replay in 64 bits")
    owner, copies = instance.pieces
    loads, gains = instance.weights[owner] * copies, instance.values[owner] * copies
    top = min(instance.top, instance.total_value)
    work = {
        "weights": entries(loads, instance.reach, instance.reach) * _width(instance.total_value).itemsize,
        "values": entries(gains, top, instance.need) * _width(2 * instance.capacity + 2).itemsize,
    }
    if instance.proportional:
        work["sums"] = ceil(len(loads) * (instance.reach + 1) / 8 * _BYTES_PER_SECOND / _SET_BYTES_PER_SECOND)
    way = min(work, key=lambda name: work[name])
    size = (top if way == "values" else instance.reach) * (1 if way == "sums" else 8)
    if work[way] > seconds * _BYTES_PER_SECOND or size > _MEMORY:
        needed = f"about {work[way] / _BYTES_PER_SECOND:.2g} s and {size / 2**20:,.0f} MiB"
        raise InvalidWitnessError(f"replaying the table over {way} takes {needed}, {seconds:g} s are given")
    deadline = time.monotonic() + seconds
    if way == "sums":
        ratio_v, ratio_w = int(instance.values[0]), int(instance.weights[0])
        return _largest_sum(loads, instance.reach, deadline) * ratio_v // ratio_w
    if way == "weights":
        return _over_weights(loads, gains, instance, deadline)
    return _over_values(loads, gains, instance, top, deadline)


def _check(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise InvalidWitnessError("replaying the table took longer than was given")


def _width(largest: int) -> np.dtype:
    kinds = (np.uint16, np.uint32, np.uint64)
    return next(np.dtype(kind) for kind in kinds if largest <= np.iinfo(kind).max)


def _largest_sum(loads: np.ndarray, capacity: int, deadline: float) -> int:
    mask = (1 << (capacity + 1)) - 1
    reach = 1
    for load in loads.tolist():
        _check(deadline)
        reach |= (reach << load) & mask
    return reach.bit_length() - 1


def _over_weights(loads: np.ndarray, gains: np.ndarray, instance: Instance, deadline: float) -> int:
    """``table[w]``: the best value within weight w; constant beyond ``reached``, what the pieces so far weigh."""
    table = np.zeros(instance.reach + 1, dtype=_width(instance.total_value))
    reached = 0
    for load, gain, first, last in zip(loads.tolist(), gains.tolist(), *windows(loads, instance.reach, instance.reach)):
        _check(deadline)
        table[reached + 1 : last + 1] = table[reached]
        reached = last
        merge_shifted(table, first, last, load, gain, np.maximum)
    return int(table[-1])


def _over_values(loads: np.ndarray, gains: np.ndarray, instance: Instance, top: int, deadline: float) -> int:
    """``table[v]``: the least weight of value exactly v, cut off beyond the capacity."""
    beyond = instance.capacity + 1
    table = np.full(top + 1, beyond, dtype=_width(2 * beyond))
    table[0] = 0
    for load, gain, first, last in zip(loads.tolist(), gains.tolist(), *windows(gains, top, instance.need)):
        _check(deadline)
        merge_shifted(table, first, last, gain, load, np.minimum)
    return int(np.flatnonzero(table <= instance.capacity)[-1])
