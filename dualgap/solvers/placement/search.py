"""Longest blocks first, and local search: counts of types on devices."""

from __future__ import annotations

import heapq
from collections.abc import Callable

import numpy as np


def longest_first(times: np.ndarray, left: np.ndarray, start: np.ndarray) -> np.ndarray:
    """(m, K) counts: each block that is left goes, the longest first, to where it ends first.

    Args:
        times: (m, K) of a block. left: (K,) blocks to place. start: (m, K) counts that stay.

    Source: Graham, Bounds on multiprocessing timing anomalies (1969), for equal devices.
    """
    counts = start.copy()
    loads = (times * counts).sum(axis=1)
    for k in np.argsort(-times.min(axis=0), kind="stable").tolist():
        for _ in range(int(left[k])):
            j = int((loads + times[:, k]).argmin())
            counts[j, k] += 1
            loads[j] += times[j, k]
    return counts


def improved(times: np.ndarray, counts: np.ndarray, should_stop: Callable[[], bool], rounds: int = 5_000) -> np.ndarray:
    """Counts after moves of a block off the slowest device, and exchanges of one of its blocks for another's, while the
    larger of the two loads falls.
    """
    counts = counts.copy()
    loads = (times * counts).sum(axis=1)
    for _ in range(rounds):
        slow = int(loads.argmax())
        change = _best_change(times, counts, loads, slow)
        if change is None or should_stop():
            break
        for j, k, amount in change:
            counts[j, k] += amount
            loads[j] += amount * times[j, k]
    return counts


def _best_change(
    times: np.ndarray, counts: np.ndarray, loads: np.ndarray, slow: int
) -> tuple[tuple[int, int, int], ...] | None:
    """The move or exchange that leaves the larger of the two loads the least; None where none is below the present."""
    here = np.flatnonzero(counts[slow])
    best = float(loads[slow]) * (1 - 1e-12)
    found: tuple[tuple[int, int, int], ...] | None = None
    after = loads[:, None] + times[:, here]  # of the one that takes a block
    after[slow] = np.inf
    worse = np.maximum(after, (loads[slow] - times[slow, here])[None, :])
    j, place = np.unravel_index(int(worse.argmin()), worse.shape)
    if worse[j, place] < best:
        best, k = float(worse[j, place]), int(here[place])
        found = ((slow, k, -1), (int(j), k, 1))
    for other in heapq.nsmallest(min(len(loads), 8), range(len(loads)), key=loads.__getitem__):
        theirs = np.flatnonzero(counts[other])
        if other == slow or not theirs.size:
            continue
        mine = loads[slow] - times[slow, here][:, None] + times[slow, theirs][None, :]
        yours = loads[other] + times[other, here][:, None] - times[other, theirs][None, :]
        both = np.maximum(mine, yours)
        a, b = np.unravel_index(int(both.argmin()), both.shape)
        if both[a, b] < best:
            best, k, back = float(both[a, b]), int(here[a]), int(theirs[b])
            found = ((slow, k, -1), (other, k, 1), (other, back, -1), (slow, back, 1))
    return found
