"""The verifier's own tables over a residual knapsack: values only, nothing taken from a solver."""

from __future__ import annotations

import time
from collections.abc import Iterator
from math import ceil

import numpy as np

from dualgap.core.errors import InvalidWitnessError
from dualgap.problems.knapsack.residual import Instance

_BYTES_PER_SECOND = 1e9  # of one table pass (add, compare), on a slow core
_SET_BYTES_PER_SECOND = 3e9  # of a bit set, shifted and merged
_MEMORY = 2**31
_SAFE = 2**62


def best_value(instance: Instance, seconds: float) -> int:
    """At least the best value of an instance, and exactly that where it is ``need`` or more.

    The cheapest of three replays: subset sums where values are proportional to weights, a table over weights, a table
    over values.

    Raises:
        InvalidWitnessError: none fits in ``seconds`` and in memory.
    """
    if instance.total_value < instance.need:
        return instance.total_value
    if instance.total_value >= _SAFE or instance.capacity >= _SAFE:
        raise InvalidWitnessError("values or weights too large to replay in 64 bits")
    owner, copies = instance.pieces
    loads = (instance.weights[owner] * copies).tolist()
    gains = (instance.values[owner] * copies).tolist()
    top = min(instance.top, instance.total_value)
    work = {
        "weights": len(loads) * (instance.capacity + 1) * _width(instance.total_value).itemsize,
        "values": len(loads) * (top + 1) * _width(2 * instance.capacity + 2).itemsize,
    }
    if instance.proportional:
        work["sums"] = ceil(len(loads) * (instance.capacity + 1) / 8 * _BYTES_PER_SECOND / _SET_BYTES_PER_SECOND)
    way = min(work, key=lambda name: work[name])
    if work[way] > seconds * _BYTES_PER_SECOND:
        raise InvalidWitnessError(
            f"replaying the table over {way} takes about {work[way] / _BYTES_PER_SECOND:.2g} s, more than {seconds:g} s"
        )
    if work[way] // max(len(loads), 1) > _MEMORY:
        raise InvalidWitnessError(f"replaying the table over {way} takes more than 2 GiB")
    deadline = time.monotonic() + seconds
    if way == "sums":
        ratio_v, ratio_w = int(instance.values[0]), int(instance.weights[0])
        return _largest_sum(_timed(loads, deadline), instance.capacity) * ratio_v // ratio_w
    if way == "weights":
        return _over_weights(_timed(list(zip(loads, gains)), deadline), instance)
    return _over_values(_timed(list(zip(loads, gains)), deadline), instance, top)


def _timed(items: list, deadline: float) -> Iterator:
    for item in items:
        if time.monotonic() > deadline:
            raise InvalidWitnessError("replaying the table took longer than was given")
        yield item


def _width(largest: int) -> np.dtype:
    kinds = (np.uint16, np.uint32, np.uint64)
    return next(np.dtype(kind) for kind in kinds if largest <= np.iinfo(kind).max)


def _largest_sum(loads: Iterator[int], capacity: int) -> int:
    mask = (1 << (capacity + 1)) - 1
    reach = 1
    for load in loads:
        reach |= (reach << load) & mask
    return reach.bit_length() - 1


def _over_weights(pieces: Iterator[tuple[int, int]], instance: Instance) -> int:
    """``table[w]``: the best value within weight w."""
    table = np.zeros(instance.capacity + 1, dtype=_width(instance.total_value))
    for load, gain in pieces:
        table[load:] = np.maximum(table[load:], table[: len(table) - load] + table.dtype.type(gain))
    return int(table[-1])


def _over_values(pieces: Iterator[tuple[int, int]], instance: Instance, top: int) -> int:
    """``table[v]``: the least weight of value exactly v, cut off beyond the capacity."""
    beyond = instance.capacity + 1
    table = np.full(top + 1, beyond, dtype=_width(2 * beyond))
    table[0] = 0
    for load, gain in pieces:
        if gain <= top:
            table[gain:] = np.minimum(table[gain:], table[: len(table) - gain] + table.dtype.type(load))
    return int(np.flatnonzero(table <= instance.capacity)[-1])
