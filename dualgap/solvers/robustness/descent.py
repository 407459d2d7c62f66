"""Points at which functions of a network are low: projected gradient steps, all functions in one batch.

A quick search in NumPy for incumbents; the solver ``attack`` has more rules and restarts. (Madry et al., Towards deep
learning models resistant to adversarial attacks, 2018.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dualgap.core.sets import BallBox
from dualgap.problems.networks.bounds.layers import Layer
from dualgap.problems.networks.bounds.query import Query

_STARTS = 3
_STEPS = 30
_FIRST = 0.5  # of the radius; the last step is a hundredth of it


@dataclass(frozen=True, eq=False)
class Ball:
    """Balls around points (n, d) within boxes.

    Attributes:
        centre: (n, d).
        radius: (n,).
        order: of the norm.
        lower, upper: (n, d), infinite where there is no box.
    """

    centre: np.ndarray
    radius: np.ndarray
    order: float
    lower: np.ndarray
    upper: np.ndarray

    def take(self, index: np.ndarray) -> Ball:
        return Ball(self.centre[index], self.radius[index], self.order, self.lower[index], self.upper[index])

    def project(self, points: np.ndarray) -> np.ndarray:
        found = BallBox(self.radius[:, None], self.centre, self.lower, self.upper, self.order).project(points)
        return np.asarray(found)

    def steepest(self, gradient: np.ndarray) -> np.ndarray:
        """(n, d) directions of length 1 along which a function falls."""
        if np.isinf(self.order):
            return np.asarray(-np.sign(gradient))
        length = np.sqrt(np.einsum("kd,kd->k", gradient, gradient))
        return np.asarray(-gradient / np.maximum(length, 1e-300)[:, None])


def descend(query: Query, ball: Ball, seed: int, starts: int = _STARTS, steps: int = _STEPS) -> np.ndarray:
    """(P, d) the best point seen for every function of a query, each over its ball."""
    rng = np.random.default_rng(seed)
    balls = ball.take(query.item)
    best = balls.centre.copy()
    least, _ = slopes(query.layers, query.rows, query.constants, best)
    for start in range(starts):
        x = balls.centre if start == 0 else _scattered(balls, rng)
        for step in range(steps):
            value, gradient = slopes(query.layers, query.rows, query.constants, x)
            lower = value < least
            best[lower], least[lower] = x[lower], value[lower]
            length = balls.radius * _FIRST * 0.02 ** (step / max(steps - 1, 1))
            x = balls.project(x + length[:, None] * balls.steepest(gradient))
        value, _ = slopes(query.layers, query.rows, query.constants, x)
        lower = value < least
        best[lower], least[lower] = x[lower], value[lower]
    return best


def slopes(
    layers: tuple[Layer, ...], rows: np.ndarray, constants: np.ndarray, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(P,) values and (P, d) gradients of functions of the outputs, each at its point."""
    now, masks = points, []
    for layer in layers[:-1]:
        before = (layer.matrix @ now.T).T + layer.bias
        masks.append(before > 0)
        now = np.maximum(before, 0.0)
    gradient = rows @ layers[-1].matrix
    value = np.einsum("pk,pk->p", gradient, now) + rows @ layers[-1].bias + constants
    for layer, mask in zip(reversed(layers[:-1]), reversed(masks), strict=True):
        gradient = (gradient * mask) @ layer.matrix
    return value, gradient


def _scattered(ball: Ball, rng: np.random.Generator) -> np.ndarray:
    shift = rng.uniform(-1.0, 1.0, ball.centre.shape)
    if not np.isinf(ball.order):
        shift /= np.linalg.norm(shift, ord=ball.order, axis=1, keepdims=True)
    return ball.project(ball.centre + ball.radius[:, None] * shift)
