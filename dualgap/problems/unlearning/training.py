"""Training from scratch: linear models to their optimum, networks by Adam from a seed.

Source: Kingma and Ba, Adam: a method for stochastic optimization (2015).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from dualgap.problems.unlearning.models import Model
from dualgap.problems.unlearning.objective import Objective

OPTIMAL = 1e-10
"""The gradient's norm at which a linear model is trained."""

_DECAYS = (0.9, 0.999)
_STABLE = 1e-8


@dataclass(frozen=True)
class Recipe:
    """How networks are trained.

    Attributes:
        steps: of Adam. rate: the first ones' length; it falls along a half cosine.
        batch: rows of a step.
    """

    steps: int = 300
    rate: float = 1e-3
    batch: int = 128


def trained(objective: Objective, recipe: Recipe, seed: int) -> np.ndarray:
    """(size,) the parameters of a model that starts from scratch."""
    if objective.model.linear:
        return objective.minimiser(np.zeros(objective.model.size), OPTIMAL)
    return adam(objective, initial(objective.model, seed), recipe, seed)


def initial(model: Model, seed: int) -> np.ndarray:
    """Weights by He et al. (2015): variance two over the inputs; biases 0."""
    rng = np.random.Generator(np.random.PCG64(seed))
    parts = []
    for inputs, outputs in model.layers:
        parts += [rng.normal(0.0, np.sqrt(2.0 / inputs), inputs * outputs), np.zeros(outputs)]
    return np.concatenate(parts)


def adam(objective: Objective, start: np.ndarray, recipe: Recipe, seed: int) -> np.ndarray:
    """Adam on batches drawn anew in each pass over the rows."""
    model, drawn = objective.model, batches(len(objective.x), recipe.batch, seed)
    targets = model.targets(objective.labels)

    def slope(w: np.ndarray) -> np.ndarray:
        rows = next(drawn)
        share = np.full(len(rows), 1.0 / len(rows))
        return model.slope(w, objective.x[rows], targets[rows], share) + objective.l2 * w

    *_, last = descent(slope, start, recipe.steps, recipe.rate)
    return last


def descent(
    slope: Callable[[np.ndarray], np.ndarray], start: np.ndarray, steps: int, rate: float
) -> Iterator[np.ndarray]:
    """The points of Adam; its step falls along a half cosine."""
    w, first, second = start.copy(), np.zeros_like(start), np.zeros_like(start)
    for step in range(1, steps + 1):
        found = slope(w)
        first = _DECAYS[0] * first + (1 - _DECAYS[0]) * found
        second = _DECAYS[1] * second + (1 - _DECAYS[1]) * found**2
        length = rate * 0.5 * (1.0 + np.cos(np.pi * (step - 1) / steps))
        w = w - length * (first / (1 - _DECAYS[0] ** step)) / (np.sqrt(second / (1 - _DECAYS[1] ** step)) + _STABLE)
        yield w


def batches(rows: int, size: int, seed: int) -> Iterator[np.ndarray]:
    """Places of rows without end: each pass in an order of its own."""
    rng = np.random.Generator(np.random.PCG64([seed, 1]))
    size = min(size, rows)
    while True:
        order = rng.permutation(rows)
        for place in range(0, rows - size + 1, size):
            yield order[place : place + size]
