"""How well discriminants tell the classes: the nearest class centroid, in the coordinates of the directions.

Directions are normalised so that W'CW = I, C the metric that they were chosen for; an example goes to the class whose
centroid W'm is nearest to W'x. Centroids are the means of the scatters: interventional ones are means over all values
that the spurious variable is set to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.exact import Real

if TYPE_CHECKING:
    from dualgap.problems.discriminant.spec import Discriminant

RIGHT, BALANCED, WORST = "accuracy", "balanced accuracy", "worst cell"
_STEP = 20_000  # examples at a time


def accuracies(problem: Discriminant, frame: np.ndarray, centroids: np.ndarray) -> dict[str, dict[str, Real]]:
    """By split: the accuracy, and over cells (class by category of the spurious variable) their mean and the worst.

    Args:
        problem: whose splits are gone through; those without examples are left out.
        frame: (d, c) directions with W'CW = I.
        centroids: (classes, d).
    """
    right = predicted(problem, frame, centroids) == problem.codes
    found: dict[str, dict[str, Real]] = {}
    for name, rows in problem.rows.items():
        if not rows.any():
            continue
        found[name] = {RIGHT: float(right[rows].mean())}
        if problem.cells is not None:
            of_cells = _means(problem.cells[rows], right[rows])
            found[name] |= {BALANCED: float(of_cells.mean()), WORST: float(of_cells.min())}
    return found


def score(of_split: Mapping[str, Real]) -> float:
    """What choices are made by: the balanced accuracy where there are cells, else the accuracy."""
    return float(of_split.get(BALANCED, of_split[RIGHT]))


def predicted(problem: Discriminant, frame: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """(n,) the class of the nearest centroid, for every example."""
    places = centroids @ frame
    offsets = np.sum(places * places, axis=1)
    points = problem.along(frame)
    steps = range(0, len(points), _STEP)
    parts = [np.argmin(offsets - 2.0 * points[k : k + _STEP] @ places.T, axis=1) for k in steps]
    return np.concatenate(parts)


def _means(cells: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The share of right ones in each cell that has any."""
    sizes = np.bincount(cells)
    there = sizes > 0
    return np.asarray(np.bincount(cells, right)[there] / sizes[there])
