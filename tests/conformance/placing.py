"""Small placements, shardings and plans: the optimum by going through all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import combinations_with_replacement, permutations, product

import numpy as np
from scipy.stats import norm

from dualgap import AttentionPlacement, LoadBalance, OperatorSharding, ParallelStrategy, RingAttention
from dualgap.problems.parallel_strategy.grid import Point
from dualgap.problems.parallel_strategy.operators import total
from dualgap.problems.parallel_strategy.stages import Stage

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


def ring(rng: np.random.Generator, *, equal: bool) -> tuple[RingAttention, float, Judge, float]:
    """Every order of six stretches on three devices."""
    problem = RingAttention.generate(3, int(rng.integers(1000)), equal=equal)

    def judge(held: np.ndarray) -> tuple[bool, float]:
        rows = np.rint(held).astype(int).reshape(3, 2)
        if sorted(rows.ravel().tolist()) != list(range(6)):
            return False, 0.0
        steps = (
            max(problem.work[np.ix_(rows[j], rows[(j - r) % 3])].sum() / problem.speed[j] for j in range(3))
            for r in range(3)
        )
        return True, float(sum(steps))

    best = min(judge(np.array(order))[1] for order in permutations(range(6)))
    return problem, best, judge, 1e-9


def sharding(rng: np.random.Generator) -> tuple[OperatorSharding, float | None, Judge, float]:
    """Two layers of three operators: every choice; memory in whole units, a limit that may be too low."""
    sizes = rng.integers(1, 3, 3)
    width = int(sizes.sum())
    joined = [(0, 1), (2, 1), (2, 0), (2, 2)]  # two within a layer, two to the next
    tables = [rng.integers(0, 6, (sizes[i], sizes[j])) for i, j in joined]
    seconds, memory = rng.integers(0, 9, width), rng.integers(0, 9, width)
    starts = np.cumsum([0, *sizes[:-1]])
    least = 2 * sum(int(part.min()) for part in np.split(memory, starts[1:]))
    problem = OperatorSharding(
        layers=2,
        strategies=sizes,
        seconds=seconds,
        memory=memory,
        limit=max(0, least + int(rng.integers(-2, 10))),
        pairs=np.array(joined[:2]),
        output=2,
        heads=np.array([0, 2]),
        resharding=np.concatenate([table.ravel() for table in tables]),
    )

    def judge(choice: np.ndarray) -> tuple[bool, float]:
        first, second = plans = np.rint(choice).astype(int).reshape(2, 3)
        used = sum(int(memory[starts + plan].sum()) for plan in plans)
        time = sum(int(seconds[starts + plan].sum()) for plan in plans)
        time += sum(int(table[plan[i], plan[j]]) for plan in plans for (i, j), table in zip(joined[:2], tables))
        time += sum(int(table[first[2], second[j]]) for (_, j), table in zip(joined[2:], tables[2:]))
        return used <= problem.limit, float(time)

    graded = [judge(np.array(choice)) for choice in product(*(range(size) for size in [*sizes, *sizes]))]
    return problem, min((value for fits, value in graded if fits), default=None), judge, 1e-9


def strategy(
    rng: np.random.Generator, *, recompute: str
) -> tuple[ParallelStrategy, float | None, Callable[[np.ndarray], tuple[bool, float]], float]:
    """Two layers: every choice at every point of the grid, by what times and bytes add up to; memory may be too little.

    Whole layers on two devices, or single operators on one.
    """
    devices = 2 if recompute == "layer" else 1
    memory = float(rng.choice([0.9, 1.15, 1.5, 2.5]))
    drawn = ParallelStrategy.generate(2, int(rng.integers(1000)), devices=devices, memory=memory)
    problem = drawn.model_copy(update={"recompute": recompute})

    def judged(point: Point, choices: Iterable[np.ndarray]) -> tuple[bool, float]:
        pairs = list(zip(problem.stages(point), choices))
        fits = all(total(stage.bytes(choice)) <= float(problem.cluster.memory) for stage, choice in pairs)
        return fits, max(total(stage.seconds(choice)) for stage, choice in pairs)

    def judge(answer: np.ndarray) -> tuple[bool, float]:
        found = [judged(plan.point, plan.choices) for plan in answer.item().plans]
        return all(fits for fits, _ in found), found[0][1]

    values = []
    for point in problem.allowed:
        for choices in product(*(every(stage) for stage in problem.stages(point))):
            fits, seconds = judged(point, choices)
            values += [seconds] if fits else []
    return problem, min(values, default=None), judge, 1e-9


def every(stage: Stage) -> list[np.ndarray]:
    """All choices of a stage's layers."""
    layer = list(product(*(range(len(strategies)) for strategies in stage.layer.strategies)))
    return [np.array(rows) for rows in product(layer, repeat=stage.sharding.layers)]
