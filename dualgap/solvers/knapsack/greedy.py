"""The greedy packing by efficiency, and multipliers for its bound (Dantzig 1957; by coordinates in more dimensions)."""

from __future__ import annotations

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.witness import Multipliers, Ray
from dualgap.problems.knapsack import Knapsack, KnapsackAnswer
from dualgap.problems.knapsack.repair import Loads, efficiency

_SWEEPS = 3


def solve(problem: Knapsack) -> Claim:
    """Greedy's packing with ``Multipliers``; unbounded where something of value weighs nothing and never runs out."""
    unbounded = ray(problem)
    if unbounded is not None:
        return unbounded
    rows = multipliers(problem)
    answer = pack(problem, rows)
    return Claim(
        point=answer,
        feasible=True,
        stop=Stop.FINISHED,
        value=problem.evaluate(answer).objective,
        witness=Multipliers(rows=rows),
    )


def ray(problem: Knapsack) -> Claim | None:
    """A claim of unboundedness where an item is worth packing without end."""
    endless = (problem.limits < 0) & (problem.exact_values.numerators > 0)
    if not endless.any():
        return None
    direction = Ray(direction=endless.astype(np.int64))
    return Claim(point=problem.trivial(), feasible=True, stop=Stop.UNBOUNDED, witness=direction)


def multipliers(problem: Knapsack) -> np.ndarray:
    """(m,) multipliers >= 0 that minimise the Lagrangian bound, exactly in one dimension.

    In one coordinate the bound is convex and piecewise linear; its minimum is the efficiency of the break item of the
    reduced values (Dantzig, Discrete-variable extremum problems, 1957).
    """
    values = problem.values.astype(np.float64)
    weights = problem.weights.astype(np.float64)
    capacity = problem.capacity.astype(np.float64)
    limits = np.maximum(problem.limits, 0).astype(np.float64)
    rows = np.zeros(len(capacity))
    if len(rows) > 1:  # start from the surrogate row, in which every capacity counts the same
        scaled = weights / np.maximum(capacity, 1e-300)[:, None]
        rows = break_multiplier(values, scaled.sum(axis=0), float(len(rows)), limits) / np.maximum(capacity, 1e-300)
    for _ in range(_SWEEPS if len(rows) > 1 else 1):
        for i, weight in enumerate(weights):
            rows[i] = 0.0
            rows[i] = break_multiplier(values - rows @ weights, weight, float(capacity[i]), limits)
    return rows


def break_multiplier(values: np.ndarray, weights: np.ndarray, capacity: float, limits: np.ndarray) -> float:
    """The efficiency at which packing in its order fills the capacity; 0 where everything of value fits."""
    worth = np.flatnonzero((values > 0) & (weights > 0) & (limits > 0))
    ratio = values[worth] / weights[worth]
    order = np.argsort(-ratio, kind="stable")
    load = np.cumsum((weights[worth] * limits[worth])[order])
    at = int(np.searchsorted(load, capacity, side="right"))
    return float(ratio[order[at]]) if at < len(order) else 0.0


def pack(problem: Knapsack, rows: np.ndarray) -> KnapsackAnswer:
    """The better of greedy by efficiency and greedy by value per priced weight, improved by exchanges."""
    orders = [np.argsort(-efficiency(problem), kind="stable")]
    if len(rows) > 1:
        price = np.maximum(rows @ problem.weights, 1e-300)
        orders.append(np.argsort(-(problem.values / price), kind="stable"))
    answers = []
    for order in orders:
        loads = Loads(problem, np.zeros(problem.size, dtype=np.int64))
        loads.fill(order)
        loads.exchange()
        answers.append(KnapsackAnswer(counts=loads.counts))
    return max(answers, key=lambda answer: problem.evaluate(answer).objective)
