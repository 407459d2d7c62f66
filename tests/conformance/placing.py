"""Small placements: the optimum by going through all of them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations_with_replacement, product

import numpy as np
from scipy.stats import norm

from dualgap import AttentionPlacement, LoadBalance

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


def balance(rng: np.random.Generator, *, known: bool) -> tuple[LoadBalance, float, Judge, float]:
    """Known speeds by going through all shares; random ones by the density of the slowest of workers that are alike."""
    problem = LoadBalance.generate(3, int(rng.integers(1000)), known=known, each=int(rng.integers(1, 4)), cv=0.1)

    def value(shares: np.ndarray) -> float:
        if known:
            return float((shares / problem.speeds).max())
        late = np.linspace(1e-6, 60.0, 400_001)
        done = np.prod([norm.sf((q / late - 1.0) / 0.1) for q in shares if q > 0], axis=0)
        return float(np.trapezoid(1.0 - done, late))

    best = min(value(np.array(shares)) for shares in spread(problem.microbatches, 3)) if known else None
    even = np.full(3, problem.microbatches / 3)

    def judge(shares: np.ndarray) -> tuple[bool, float]:
        whole = bool((shares >= 0).all() and (shares == np.rint(shares)).all())
        return whole and shares.sum() == problem.microbatches, value(shares)

    return problem, value(even) if best is None else best, judge, 1e-4 if best is None else 1e-9
