"""Profiles: what share of the instances a solver has solved within what time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dualgap.study.statistics.field import Entry


@dataclass(frozen=True, eq=False)
class Profile:
    """A step function, from 0 on: ``shares[k]`` of the instances from ``marks[k]`` on.

    Attributes:
        marks: (m,) ascending: ratios to the fastest solver, or seconds.
        shares: (m,) of all instances.
        solved: how many instances it has solved at all. instances: of how many.
    """

    marks: np.ndarray
    shares: np.ndarray
    solved: int
    instances: int

    def at(self, mark: float) -> float:
        """The share at a mark."""
        place = int(np.searchsorted(self.marks, mark, side="right"))
        return float(self.shares[place - 1]) if place else 0.0


def times(entries: Sequence[Entry], gap: float) -> dict[str, dict[str, float]]:
    """Seconds by solver and instance: the median over seeds and budgets of runs that solved it within the gap.

    Unsolved runs count as infinite: where half of the seeds fail, so does the median.
    """
    seconds: dict[str, dict[str, list[float]]] = {}
    for entry in entries:
        taken = float(entry.row["seconds"]) if entry.solved(gap) else float("inf")
        seconds.setdefault(entry.solver, {}).setdefault(entry.instance, []).append(taken)
    return {
        solver: {instance: _median(values) for instance, values in by_instance.items()}
        for solver, by_instance in seconds.items()
    }


def _median(values: Sequence[float]) -> float:
    """The middle value, the larger of two."""
    return sorted(values)[len(values) // 2]


def performance(found: Mapping[str, Mapping[str, float]]) -> dict[str, Profile]:
    """Shares of instances solved within a factor of the fastest solver (Dolan and More, 2002).

    Instances that a solver was never run on count as unsolved by it; those that nobody solved stay in the count.
    """
    instances = sorted({instance for by_instance in found.values() for instance in by_instance})
    fastest = {name: min(by.get(name, float("inf")) for by in found.values()) for name in instances}
    return {
        solver: _profile([_ratio(by.get(name, float("inf")), fastest[name]) for name in instances])
        for solver, by in found.items()
    }


def data(found: Mapping[str, Mapping[str, float]]) -> dict[str, Profile]:
    """Shares of instances solved within so many seconds (More and Wild, 2009, with time for evaluations)."""
    instances = sorted({instance for by_instance in found.values() for instance in by_instance})
    return {solver: _profile([by.get(name, float("inf")) for name in instances]) for solver, by in found.items()}


def _ratio(time: float, fastest: float) -> float:
    if time == float("inf"):
        return time
    return time / fastest if fastest > 0 else 1.0


def _profile(marks: Sequence[float]) -> Profile:
    finite = sorted(mark for mark in marks if mark < float("inf"))
    levels = np.unique(finite)
    counts = np.searchsorted(finite, levels, side="right")
    return Profile(levels, counts / max(len(marks), 1), len(finite), len(marks))
