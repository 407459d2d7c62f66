"""Universal templates so small that enumeration finds their optimum: a linear program for each set of patterns."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
from scipy import optimize

from dualgap import UniversalTemplate

Judge = Callable[[np.ndarray], tuple[bool, float]]

_ENTRIES, _HIDDEN, _INPUTS, _SLACK = 2, 2, 2, 1e-5


def template(rng: np.random.Generator, goal: str, norm: str) -> tuple[Any, float, Judge, float]:
    """(Problem, optimum, judge, slack) of two inputs, two neurons and two classes, without clipping."""
    radius = 0.6
    while True:
        first, last = 2 * rng.normal(size=(_HIDDEN, _ENTRIES)), rng.normal(size=(2, _HIDDEN))
        bias, inputs = rng.normal(size=_HIDDEN), rng.uniform(size=(_INPUTS, _ENTRIES))
        row, shift = last[0] - last[1], 0.0
        margins = np.maximum(inputs @ first.T + bias, 0) @ row + shift
        optimum, sure = _optimum(first, bias, row, inputs, radius, norm, goal)
        if (margins > 0).all() and sure:
            break
    problem = UniversalTemplate(
        network={"layers": [{"weight": first, "bias": bias}, {"weight": last, "bias": np.zeros(2)}]},
        inputs=inputs,
        labels=[0] * _INPUTS,
        target=1,
        radius=radius,
        norm=norm,
        goal=goal,
    )

    def judge(delta: np.ndarray) -> tuple[bool, float]:
        worth = np.maximum((inputs + delta) @ first.T + bias, 0) @ row
        size = np.linalg.norm(delta, {"inf": np.inf, "1": 1}[norm])
        value = np.mean(worth <= 0) if goal == "success" else np.mean(np.maximum(worth, 0))
        return bool(size <= radius + 1e-5), float(value)

    return problem, optimum, judge, _SLACK


def _optimum(
    first: np.ndarray, bias: np.ndarray, row: np.ndarray, inputs: np.ndarray, radius: float, norm: str, goal: str
) -> tuple[float, bool]:
    """The optimum over all activation patterns of all inputs, and whether rounding can't change it."""
    best, least = 0.0, np.inf
    sides = [np.array(signs) for signs in product([0.0, 1.0], repeat=_HIDDEN)]
    for patterns in product(sides, repeat=_INPUTS):
        cells, slopes = [], []
        for x, mask in zip(inputs, patterns, strict=True):
            sign = 1 - 2 * mask  # active: -(W (x + delta) + b) <= 0
            cells.append((sign[:, None] * first, -sign * (first @ x + bias)))
            slopes.append((row * mask @ first, float(row * mask @ (first @ x + bias))))
        if goal == "success":
            for won in product([False, True], repeat=_INPUTS):
                rows = cells + [(a[None], np.array([-c])) for (a, c), is_won in zip(slopes, won, strict=True) if is_won]
                slack = _solve(np.zeros(_ENTRIES), rows, radius, norm, widest=True)
                if slack is not None and slack >= 1e-6:
                    best = max(best, float(np.mean(won)))
                elif slack is not None and slack > -1e-6 and np.mean(won) > best:
                    return best, False
        else:
            value = _least_hinge(slopes, cells, radius, norm)
            least = least if value is None else min(least, value)
    return (best if goal == "success" else least), True


def _least_hinge(slopes: list[Any], cells: list[Any], radius: float, norm: str) -> float | None:
    """The least mean of ``max(a delta + c, 0)`` within the cells."""
    cost = np.concatenate([np.zeros(_ENTRIES), np.full(_INPUTS, 1 / _INPUTS)])
    rows = [(np.hstack([a, np.zeros((len(a), _INPUTS))]), b) for a, b in cells]
    for k, (a, c) in enumerate(slopes):
        rows.append((np.concatenate([a, -np.eye(_INPUTS)[k]])[None], np.array([-c])))
    return _solve(cost, rows, radius, norm)


def _solve(cost: np.ndarray, rows: list[Any], radius: float, norm: str, widest: bool = False) -> float | None:
    """The least cost over deltas of the ball (others >= 0) with rows ``a z <= b``; the largest slack if asked."""
    matrix, limit = np.vstack([a for a, _ in rows]), np.concatenate([b for _, b in rows])
    bounds = [(-radius, radius)] * _ENTRIES + [(0, None)] * (len(cost) - _ENTRIES)
    if norm == "1":
        corners = np.array(list(product([-1.0, 1.0], repeat=_ENTRIES)))
        ball = np.hstack([corners, np.zeros((len(corners), len(cost) - _ENTRIES))])
        matrix, limit = np.vstack([matrix, ball]), np.append(limit, np.full(len(corners), radius))
    if widest:
        matrix = np.hstack([matrix, np.ones((len(matrix), 1))])
        cost, bounds = np.append(cost, -1.0), [*bounds, (None, 1.0)]
    found = optimize.linprog(cost, matrix, limit, bounds=bounds, method="highs")
    return None if not found.success else float(-found.fun if widest else found.fun)
