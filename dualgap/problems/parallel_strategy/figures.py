"""What a report draws of a plan: seconds by cause, bytes by part, and who works when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.exact import nearest
from dualgap.core.figures import Bars, Figure, Timeline
from dualgap.problems.parallel_strategy.breakdown import HEADROOM, LIMIT, MEMORY, TIME
from dualgap.problems.parallel_strategy.grid import microbatches

if TYPE_CHECKING:
    from dualgap.problems.parallel_strategy.spec import ParallelStrategy

_LONG = {"forward": 1, "backward": 2}
_SHOWN = 24  # microbatches and stages that a picture has room for


def figures(problem: ParallelStrategy, answer: Any) -> tuple[Figure, ...]:
    """Of the best plan."""
    return tuple(_figures(problem, answer))


def _figures(problem: ParallelStrategy, answer: Any) -> Iterator[Figure]:
    metrics = problem.evaluate(answer).metrics
    seconds = {cause: nearest(value) for cause, value in metrics[TIME].items() if nearest(value)}
    yield Bars(
        "Seconds of a step on the slowest stage, by cause.", "time", tuple(seconds), np.array([*seconds.values()])
    )
    parts = {name: nearest(value) / 1e9 for name, value in metrics[MEMORY].items()}
    said = f"GB of the fullest device, which has {parts.pop(LIMIT):.4g}; {parts.pop(HEADROOM):.3g} stay free."
    yield Bars(said, "memory", tuple(parts), np.array([*parts.values()]))
    point = answer.plans[0].point
    count = microbatches(problem, point)
    if 1 < point.pipeline <= _SHOWN and point.interleave == 1:
        shown = min(count, max(_SHOWN, 2 * point.pipeline))
        more = f" (the first {shown} of {count} microbatches)" if shown < count else ""
        said = f"Forward passes are light, backward ones dark and twice as long; between them stages wait{more}."
        rows = [
            (f"stage {place + 1}", tuple((start, start + _LONG[kind], kind) for start, kind in passes))
            for place, passes in enumerate(schedule(point.pipeline, shown))
        ]
        yield Timeline(said, "one forward, one backward", tuple(rows))


def schedule(stages: int, count: int) -> list[list[tuple[float, str]]]:
    """(start, "forward" or "backward") of each stage's passes, a forward one taking 1, a backward one 2: as many
    forward passes as stages follow, then one of each in turn (Narayanan et al., 2021).
    """
    orders = []
    for stage in range(stages):
        ahead = min(stages - stage - 1, count)
        turns = [("forward", i) for i in range(ahead)]
        turns += [turn for i in range(count - ahead) for turn in (("forward", ahead + i), ("backward", i))]
        orders.append(turns + [("backward", i) for i in range(count - ahead, count)])
    ends: dict[tuple[str, int, int], float] = {}
    found: list[list[tuple[float, str]]] = [[] for _ in range(stages)]
    free = [0.0] * stages
    while any(orders):
        for stage, turns in enumerate(orders):
            while turns:
                kind, i = turns[0]
                before = ("forward", stage - 1, i) if kind == "forward" else ("backward", stage + 1, i)
                first = before[1] in (-1, stages)
                if not first and before not in ends:
                    break
                start = max(free[stage], 0.0 if first else ends[before])
                free[stage] = ends[kind, stage, i] = start + _LONG[kind]
                found[stage].append((start, kind))
                turns.pop(0)
    return found
