"""What a run had by when: from the trace that it streamed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Point = Sequence[Any]
"""[seconds, value, bound, ...] as runs' JSON has it; None where there is none."""


def gaps(trace: Sequence[Point], best: float) -> list[tuple[float, float]]:
    """(seconds, relative distance of the incumbent from the best known value) at each change of the incumbent."""
    found: list[tuple[float, float]] = []
    for point in trace:
        if point[1] is not None:
            value = float(point[1])
            gap = abs(value - best) / max(abs(value), abs(best), 1e-12)
            if not found or gap < found[-1][1]:
                found.append((float(point[0]), gap))
    return found


def primal_integral(trace: Sequence[Point], best: float, limit: float) -> float:
    """The mean over the time limit of the incumbent's gap, 1 while there is none (Berthold, 2013).

    Gaps over 1 count as 1.
    """
    area, since, level = 0.0, 0.0, 1.0
    for seconds, gap in gaps(trace, best):
        moment = min(seconds, limit)
        area += level * (moment - since)
        since, level = moment, min(gap, 1.0)
    return (area + level * (limit - since)) / limit if limit > 0 else float("nan")


def time_to_gap(trace: Sequence[Point], best: float, gap: float) -> float:
    """Seconds until the incumbent was within the gap of the best known value; infinite where it never was."""
    return next((seconds for seconds, reached in gaps(trace, best) if reached <= gap), float("inf"))
