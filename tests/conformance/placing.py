"""Small placements: the optimum by going through all of them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations_with_replacement, product

import numpy as np

from dualgap import AttentionPlacement

Judge = Callable[[np.ndarray], tuple[bool, float]]


def placement(rng: np.random.Generator, family: str) -> tuple[AttentionPlacement, float, Judge, float]:
    """Every way to spread three types over two or three devices."""
    devices, types = int(rng.integers(2, 4)), 3
    seed = int(rng.integers(1000))
    problem = AttentionPlacement.generate(types, seed, devices=devices, copies=int(rng.integers(1, 4)), family=family)
    times = problem.times

    def value(counts: np.ndarray) -> float:
        return float((times * counts.reshape(devices, types)).sum(axis=1).max())

    ways = [spread(int(count), devices) for count in problem.count]
    best = min(value(np.array(choice).T) for choice in product(*ways))

    def judge(counts: np.ndarray) -> tuple[bool, float]:
        table = counts.reshape(devices, types)
        fits = bool(
            (table >= 0).all() and (table == np.rint(table)).all() and (table.sum(axis=0) == problem.count).all()
        )
        return fits, value(counts)

    return problem, best, judge, 1e-9


def spread(count: int, devices: int) -> list[tuple[int, ...]]:
    """All ways to give ``count`` to so many devices."""
    found = {
        tuple(chosen.count(j) for j in range(devices))
        for chosen in combinations_with_replacement(range(devices), count)
    }
    return sorted(found)
