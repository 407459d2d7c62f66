"""Placements for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.figures import Figure, Timeline
from dualgap.core.statement import format_value

if TYPE_CHECKING:
    from dualgap.problems.attention_placement.spec import AttentionPlacement

_LISTED = 6  # types of a device that are written out


def figures(problem: AttentionPlacement, answer: Any) -> tuple[Figure, ...]:
    """Each device's blocks one after the other, type by type."""
    counts = np.rint(np.asarray(answer.counts).astype(np.float64))
    rows = []
    for name, row, times in zip(problem.device_names, counts, problem.times):
        ends = np.cumsum(row * times)
        spans = zip(ends - row * times, ends, range(len(row)), row, strict=True)
        rows.append((name, tuple((float(a), float(b), "even" if k % 2 else "odd") for a, b, k, n in spans if n)))
    said = "Devices and their blocks, in seconds; blocks of a type together, one type light, the next one dark."
    return (Timeline(said, "blocks", tuple(rows)),)


def table(problem: AttentionPlacement, answer: Any) -> list[tuple[str, ...]]:
    """Each device's blocks and when it ends."""
    head = ("device", "ends", "blocks", "of which")
    counts = np.asarray(answer.counts)
    if counts.shape != problem.times.shape:
        return [head]
    loads = problem.loads(np.rint(counts.astype(np.float64)))
    rows = []
    for name, row, load in zip(problem.device_names, counts.tolist(), loads):
        parts = [f"{int(n)} {kind}" for n, kind in zip(row, problem.type_names) if n]
        listed = ", ".join(parts[:_LISTED]) + (
            f" and {len(parts) - _LISTED} more types" if len(parts) > _LISTED else ""
        )
        rows.append((name, format_value(float(load)), f"{int(sum(row)):,}", listed))
    return [head, *rows]
