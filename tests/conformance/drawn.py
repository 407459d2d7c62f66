"""Random small instances of every variant of the built-in problems, with their optimum by enumeration.

Data are drawn as integers and enumerated as integers, apart from all code under test; decimals are the same in tenths.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize

from dualgap import CoinChange, IntegerProgram, Knapsack, Problem
from dualgap.problems.integer_program import IntegerProgramAnswer

ITEMS = 4


@dataclass(frozen=True)
class Drawn:
    """An instance: ``optimum`` is None where nothing is feasible; ``judge`` gives (feasible, value) of a point.

    ``slack`` is how far values may be from the optimum, relatively: continuous columns come out of float arithmetic.
    """

    problem: Problem
    optimum: float | None
    judge: Callable[[np.ndarray], tuple[bool, float]]
    slack: float = 1e-9


def _grid(limits: np.ndarray) -> np.ndarray:
    """(n, points) every vector of counts within the limits."""
    return np.indices(tuple(limits + 1)).reshape(len(limits), -1)


def knapsack(
    rng: np.random.Generator, *, rows: int = 1, copies: str = "one", tenths: bool = False, flavour: str = "any"
) -> Drawn:
    weights = rng.integers(1 if copies == "unbounded" else 0, 10, (rows, ITEMS))
    values = rng.integers(0, 12, ITEMS)
    if flavour == "subset-sum":
        values = weights[0].copy()
    if flavour == "twins":
        weights[:, 1:], values[1:] = weights[:, :1], values[0]
    capacity = rng.integers(0, 13 if copies == "unbounded" else max(2, int(weights.sum() // rows)), rows)
    if flavour == "nothing fits":
        capacity, weights = np.zeros(rows, dtype=int), weights + 1
    number = {"one": np.ones(ITEMS, dtype=int), "some": rng.integers(0, 4, ITEMS)}.get(copies)
    limits = number if number is not None else np.full(ITEMS, int(capacity.min()))
    counts = _grid(limits)
    fits = (weights @ counts <= capacity[:, None]).all(axis=0)
    scale = 10 if tenths else 1
    optimum = float((values @ counts)[fits].max()) / scale

    def judge(found: np.ndarray) -> tuple[bool, float]:
        within = (found >= 0).all() and (copies == "unbounded" or (found <= limits).all())
        return bool(within and (weights @ found <= capacity).all()), float(values @ found) / scale

    data = {"values": values / 10 if tenths else values, "weights": weights / 10 if tenths else weights}
    given = {"one": 1, "some": number, "unbounded": "unbounded"}[copies]
    problem = Knapsack(**data, capacity=capacity / 10 if tenths else capacity, copies=given)
    return Drawn(problem, optimum, judge)


def coin_change(
    rng: np.random.Generator, *, copies: str = "unbounded", costs: bool = False, tenths: bool = False, step: int = 1
) -> Drawn:
    coins = rng.integers(2, 10, ITEMS) * step
    amount = int(rng.integers(0, 19)) * step + (int(rng.integers(0, 2)) if step > 1 else 0)
    prices = rng.integers(0, 6, ITEMS) if costs else np.ones(ITEMS, dtype=int)
    number = rng.integers(0, 4, ITEMS) if copies == "some" else None
    limits = amount // coins if number is None else np.minimum(number, amount // coins)
    counts = _grid(limits)
    pays = coins @ counts == amount
    optimum = float((prices @ counts)[pays].min()) if pays.any() else None

    def judge(found: np.ndarray) -> tuple[bool, float]:
        within = (found >= 0).all() and (number is None or (found <= number).all())
        return bool(within and coins @ found == amount), float(prices @ found)

    scaled: dict[str, Any] = (
        {"coins": coins / 10, "amount": amount / 10} if tenths else {"coins": coins, "amount": amount}
    )
    given = {"copies": "unbounded" if number is None else number, "costs": prices if costs else 1}
    return Drawn(CoinChange(**scaled, **given), optimum, judge)


def integer_program(
    rng: np.random.Generator, *, whole: str = "all", short: bool = False, tenths: bool = False
) -> Drawn:
    """Rows of every type around a planted point; ``short`` asks for one more than any point of the box reaches.

    Whole columns are enumerated; what is left of the others is a linear program for SciPy.
    """
    rows, scale = 2, 10 if tenths else 1
    matrix, cost = rng.integers(-4, 5, (rows, ITEMS)), rng.integers(-5, 6, ITEMS)
    lower = rng.integers(-2, 1, ITEMS)
    upper = lower + rng.integers(0, 4, ITEMS)
    activity = matrix @ rng.integers(lower, upper, endpoint=True)
    kind = rng.integers(0, 4, rows)  # <=, >=, =, both
    low = np.where(kind == 0, -np.inf, activity - np.where(kind == 2, 0, 1))
    high = np.where(kind == 1, np.inf, activity + np.where(kind == 2, 0, 1))
    if short:
        most = np.maximum(matrix[0] * lower, matrix[0] * upper).sum()
        low[0], high[0] = most + 1, np.inf
    integer = {"all": np.ones(ITEMS), "none": np.zeros(ITEMS)}.get(whole, np.arange(ITEMS) % 2).astype(int)
    fixed = np.where(integer == 1, upper - lower, 0)
    points = _grid(fixed) + lower[:, None]
    if whole == "all":
        loads = matrix @ points
        fits = ((loads >= low[:, None]) & (loads <= high[:, None])).all(axis=0)
        values = (cost @ points)[fits].tolist()
    else:
        values = [_best_of_the_rest(cost, matrix, (low, high), point, upper - lower - fixed) for point in points.T]
    optimum = min((value / scale for value in values if value is not None), default=None)

    def judge(found: np.ndarray) -> tuple[bool, float]:
        load = matrix @ found
        within = (found >= lower - 1e-6).all() and (found <= upper + 1e-6).all()
        holds = (load >= low - 1e-5).all() and (load <= high + 1e-5).all()
        return bool(within and holds and (found == np.rint(found))[integer == 1].all()), float(cost @ found) / scale

    data = {"matrix": matrix / scale, "cost": cost / scale, "row_lower": low / scale, "row_upper": high / scale}
    problem = IntegerProgram(**data, lower=lower, upper=upper, integer=integer)  # type: ignore[call-arg]
    return Drawn(problem, optimum, judge, 1e-9 if whole == "all" else 1e-6)


def _best_of_the_rest(
    cost: np.ndarray, matrix: np.ndarray, sides: tuple[np.ndarray, np.ndarray], point: np.ndarray, room: np.ndarray
) -> float | None:
    """The least cost of the points from ``point`` upwards as far as ``room``; None where none holds."""
    shift = matrix @ point
    rows, ends = np.vstack([matrix, -matrix]), np.concatenate([sides[1] - shift, shift - sides[0]])
    kept = np.isfinite(ends)
    found = optimize.linprog(cost, A_ub=rows[kept], b_ub=ends[kept], bounds=[(0, float(most)) for most in room])
    return float(found.fun) + float(cost @ point) if found.status == 0 else None


def point_of(answer: Any) -> np.ndarray:
    """An answer of any kind as a vector."""
    point: np.ndarray = answer.values if isinstance(answer, IntegerProgramAnswer) else answer.counts
    return point


Maker = Callable[[np.random.Generator], Drawn]

VARIANTS: Mapping[str, Mapping[str, Maker]] = {
    "knapsack": {
        "0/1": knapsack,
        "bounded": lambda rng: knapsack(rng, copies="some"),
        "unbounded": lambda rng: knapsack(rng, copies="unbounded"),
        "two rows": lambda rng: knapsack(rng, rows=2),
        "two rows, bounded": lambda rng: knapsack(rng, rows=2, copies="some"),
        "decimal": lambda rng: knapsack(rng, tenths=True),
        "decimal, bounded": lambda rng: knapsack(rng, tenths=True, copies="some"),
        "subset sum": lambda rng: knapsack(rng, flavour="subset-sum"),
        "twins": lambda rng: knapsack(rng, flavour="twins"),
        "nothing fits": lambda rng: knapsack(rng, flavour="nothing fits"),
    },
    "coin-change": {
        "unbounded": coin_change,
        "copies": lambda rng: coin_change(rng, copies="some"),
        "costs": lambda rng: coin_change(rng, costs=True),
        "copies and costs": lambda rng: coin_change(rng, copies="some", costs=True),
        "decimal": lambda rng: coin_change(rng, tenths=True),
        "common divisor": lambda rng: coin_change(rng, step=3),
    },
    "integer-program": {
        "whole": integer_program,
        "whole, decimal": lambda rng: integer_program(rng, tenths=True),
        "mixed": lambda rng: integer_program(rng, whole="some"),
        "linear": lambda rng: integer_program(rng, whole="none"),
        "infeasible": lambda rng: integer_program(rng, short=True),
    },
}
