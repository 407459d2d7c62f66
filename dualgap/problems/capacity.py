"""Whole units of work on machines of given speeds: the least time in which they can do so many."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from fractions import Fraction

import numpy as np


def least_time(speeds: Sequence[Fraction], units: int) -> Fraction:
    """``min {T: sum_j floor(speed_j T) >= units}``: from the fractional one on, breakpoint by breakpoint.

    Fewer whole units than ``units`` are done in any shorter time. Where the units are alike, doing them as they come is
    optimal; where they come in larger blocks, it is a bound.
    """
    at = units / sum(speeds, Fraction(0))
    done = [int(speed * at // 1) for speed in speeds]
    following = [((count + 1) / speed, j) for j, (count, speed) in enumerate(zip(done, speeds))]
    heapq.heapify(following)
    for _ in range(units - sum(done)):
        at, j = heapq.heappop(following)
        done[j] += 1
        heapq.heappush(following, ((done[j] + 1) / speeds[j], j))
    return Fraction(at)


def whole_loads(speeds: np.ndarray, units: int) -> np.ndarray:
    """(n,) whole numbers that end by the least time, in floating point: by bisection, n numbers a step."""
    low, high = 0.0, (units + len(speeds)) / float(speeds.sum())
    while low < (middle := (low + high) / 2) < high:
        if np.floor(speeds * middle).sum() < units:
            low = middle
        else:
            high = middle
    done = np.floor(speeds * low).astype(np.int64)
    done[np.argsort((done + 1) / speeds, kind="stable")[: units - int(done.sum())]] += 1
    return done


def rounded_loads(speeds: np.ndarray, units: int) -> float:
    """When the last of them ends."""
    return float((whole_loads(speeds, units) / speeds).max())
