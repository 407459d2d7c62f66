"""Exact margins and least radii of tiny networks, by a linear program for every pattern of active neurons.

Plain NumPy and SciPy, apart from all code under test.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from scipy.optimize import linprog

Layers = list[tuple[np.ndarray, np.ndarray]]


def forward(layers: Layers, x: np.ndarray) -> np.ndarray:
    """(k,) logits of one input."""
    for weight, bias in layers[:-1]:
        x = np.maximum(weight @ x + bias, 0.0)
    weight, bias = layers[-1]
    return weight @ x + bias


def margin(layers: Layers, x: np.ndarray, label: int, target: int = -1) -> float:
    """``logit[label] - logit[target]``, the least over all other classes where the target is -1."""
    logits = forward(layers, x)
    return min(logits[label] - logits[t] for t in _classes(layers, label, target))


def least_margin(
    layers: Layers,
    centre: np.ndarray,
    radius: float,
    label: int,
    *,
    norm: str = "inf",
    clip: tuple[float, float] = (-np.inf, np.inf),
    target: int = -1,
) -> float:
    """The least margin within the ball and the box."""
    found = np.inf
    for rows, limits, (weight, bias) in _pieces(layers):
        for other in _classes(layers, label, target):
            cost = weight[label] - weight[other]
            value = _program(cost, rows, limits, centre, norm, clip, radius=radius)
            if value is not None:
                found = min(found, value + bias[label] - bias[other])
    return found


def least_radius(
    layers: Layers,
    centre: np.ndarray,
    label: int,
    *,
    norm: str = "inf",
    clip: tuple[float, float] = (-np.inf, np.inf),
    target: int = -1,
) -> float:
    """The least distance at which the margin is 0; infinite where none is."""
    if margin(layers, centre, label, target) <= 0:
        return 0.0
    found = np.inf
    for rows, limits, (weight, bias) in _pieces(layers):
        for other in _classes(layers, label, target):
            wrong = np.vstack([rows, weight[label] - weight[other]])
            sides = np.append(limits, bias[other] - bias[label])
            value = _program(np.zeros(len(centre)), wrong, sides, centre, norm, clip)
            found = min(found, np.inf if value is None else value)
    return found


def _classes(layers: Layers, label: int, target: int) -> list[int]:
    return [t for t in range(len(layers[-1][1])) if t != label] if target < 0 else [target]


def _pieces(layers: Layers):
    """(rows, limits) of each region ``rows x <= limits`` with the affine map (weight, bias) to the logits in it."""
    hidden = [len(bias) for _, bias in layers[:-1]]
    for pattern in product((0.0, 1.0), repeat=sum(hidden)):
        matrix, shift = np.eye(layers[0][0].shape[1]), np.zeros(layers[0][0].shape[1])
        rows, limits, start = [], [], 0
        for (weight, bias), count in zip(layers[:-1], hidden):
            on = np.array(pattern[start : start + count])
            matrix, shift, start = weight @ matrix, weight @ shift + bias, start + count
            sign = 1.0 - 2.0 * on
            rows.append(sign[:, None] * matrix)
            limits.append(-sign * shift)
            matrix, shift = on[:, None] * matrix, on * shift
        weight, bias = layers[-1]
        regions = np.vstack(rows) if rows else np.zeros((0, len(shift)))
        yield regions, np.concatenate(limits) if limits else np.zeros(0), (weight @ matrix, weight @ shift + bias)


def _program(cost, rows, limits, centre, norm, clip, radius=None):
    """min cost'x, or the distance where no radius is given; None where nothing is feasible."""
    d = len(centre)
    # x, then the sizes of its moves, then the distance.
    moves = np.vstack([np.hstack([np.eye(d), -np.eye(d)]), np.hstack([-np.eye(d), -np.eye(d)])])
    near = np.hstack([np.zeros((1, d)), np.ones((1, d))]) if norm == "1" else np.hstack([np.zeros((d, d)), np.eye(d)])
    matrix = np.vstack(
        [
            np.hstack([rows, np.zeros((len(rows), d + 1))]),
            np.hstack([moves, np.zeros((2 * d, 1))]),
            np.hstack([near, -np.ones((len(near), 1))]),
        ]
    )
    sides = np.concatenate([limits, centre, -centre, np.zeros(len(near))])
    objective = np.concatenate([cost, np.zeros(d), [0.0 if radius is not None else 1.0]])
    bounds = [clip] * d + [(0, None)] * d + [(0, radius)]
    found = linprog(objective, A_ub=matrix, b_ub=sides, bounds=bounds)
    return float(found.fun) if found.status == 0 else None
