"""The best linear classifier without chance, as a mixed 0-1 program over the observed cells.

z_c says whether cell c is predicted 1, theta are coefficients and intercept, at most 1 in size:
``x_c'theta >= mu`` where z_c = 1 and ``x_c'theta <= -mu`` where z_c = 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.relations import Relation
from dualgap.core.views import View
from dualgap.problems.fair_classifier.answers import Classifier, Linear
from dualgap.problems.fair_classifier.cells_program import auxiliary, auxiliary_names, lift
from dualgap.problems.fair_classifier.evaluate import predicted
from dualgap.problems.fair_classifier.separable import widest

if TYPE_CHECKING:
    from dualgap.problems.fair_classifier.spec import FairClassifier

MARGIN = 1e-3
"""What scores must clear 0 by where no smaller number is known to do."""

_TIGHT = 1e-4  # smaller margins drown in the tolerances of integer programs
_INDEPENDENT = 1e-9  # relative: what is left of a column beside the others


@dataclass(frozen=True, eq=False)
class Basis:
    """What tells the cells apart linearly.

    Attributes:
        columns: numbers of the design's columns that are linearly independent of the others and of the intercept.
        scale: (k,) of each: its largest entry.
        points: (c, k + 1) the cells in them, scaled, and the intercept.
        margin: what scores must clear 0 by, coefficients at most 1.
        exact: whether every linear classifier of the cells can clear it.
    """

    columns: np.ndarray
    scale: np.ndarray
    points: np.ndarray
    margin: float
    exact: bool


def view(problem: FairClassifier) -> View:
    """``linear-01``: exact for linear classifiers without chance where the margin is; else a restriction."""

    @lru_cache(maxsize=1)
    def found() -> Basis:
        return basis(problem)

    exact = problem.hypothesis == "linear" and not problem.randomized and found().exact
    return View(
        name="linear-01",
        form_type=MixedIntegerProgram,
        relation=Relation.EXACT if exact else Relation.RESTRICTION,
        build=lambda: program(problem, found()),
        decode=lambda point: decode(problem, found(), point),
        encode=lambda answer: encode(problem, found(), answer),
        lift_witness=lambda witness: lift(problem, witness),
    )


def basis(problem: FairClassifier) -> Basis:
    """Independent columns, the first ones that are; with a margin in the spec, all columns as they are.

    For 0-1 columns, k of them with the intercept, every linear classifier is that of some vertex of the coefficients
    whose scores are beyond -1 and 1. By Cramer's rule a vertex's entries are quotients of determinants, those above of
    a matrix with k - 1 columns of 0 and 1 and one of -1 and 1, those below whole numbers. Bordered by a column of ones
    the former are 2^(1 - k) times determinants of -1 and 1, so ``(k + 1)^((k + 1) / 2) / 2^(k - 1)`` at most by
    Hadamard's bound (Muroga, Threshold logic and its applications, 1971). Scaled to size 1, the classifier clears the
    inverse of that.
    """
    design = problem.design[problem.train][problem.cells.first]
    if problem.margin > 0:
        every = np.arange(design.shape[1])
        points = np.hstack([design, np.ones((len(design), 1))])
        return Basis(every, np.ones(len(every)), points, float(problem.margin), True)
    columns, left = [], design - design.mean(axis=0)
    sizes = np.linalg.norm(left, axis=0)
    for j in range(design.shape[1]):
        size = float(np.linalg.norm(left[:, j]))
        if size > _INDEPENDENT * max(float(sizes[j]), float(np.abs(design[:, j]).max())):
            columns.append(j)
            unit = left[:, j] / size
            left[:, j + 1 :] -= np.outer(unit, unit @ left[:, j + 1 :])
    chosen = np.array(columns, dtype=np.int64)
    scale = np.abs(design[:, chosen]).max(axis=0, initial=0.0)
    points = np.hstack([design[:, chosen] / scale, np.ones((len(design), 1))])
    k = points.shape[1]
    least = 2.0 ** (k - 1) / sqrt(k + 1.0) ** (k + 1) if k < 40 else 0.0
    exact = bool(np.isin(points, (0.0, 1.0)).all()) and least >= _TIGHT
    return Basis(chosen, scale, points, least * (1.0 - 1e-9) if exact else MARGIN, exact)


def program(problem: FairClassifier, found: Basis) -> MixedIntegerProgram:
    """Columns z (one a cell), auxiliary numbers of the rates, theta."""
    from scipy.sparse import csr_array, eye_array, hstack, vstack

    masses, rows = problem.cells.masses, problem.fair_rows
    total, count, k, wide = float(masses.sum()), len(masses), rows.auxiliary.shape[1], found.points.shape[1]
    gain = masses[:, 0::2].sum(axis=1) - masses[:, 1::2].sum(axis=1)
    reach = np.abs(found.points).sum(axis=1) + found.margin
    fair = hstack([csr_array(rows.of(masses)), csr_array(rows.auxiliary), csr_array((len(rows.names), wide))])
    linked = hstack([-eye_array(count).multiply(reach[:, None]), csr_array((count, k)), csr_array(found.points)])
    free = np.full(count, np.inf)
    return MixedIntegerProgram(
        cost=np.concatenate([gain / total, np.zeros(k + wide)]),
        matrix=csr_array(vstack([fair, linked, linked])),
        row_lower=np.concatenate([rows.lower, found.margin - reach, -free]),
        row_upper=np.concatenate([rows.upper, free, np.full(count, -found.margin)]),
        lower=np.concatenate([np.zeros(count + k), np.full(wide, -1.0)]),
        upper=np.ones(count + k + wide),
        integer=np.concatenate([np.ones(count, dtype=bool), np.zeros(k + wide, dtype=bool)]),
        offset=float(masses[:, 1::2].sum()) / total,
        columns=(
            *(f"cell {c + 1}" for c in range(count)),
            *auxiliary_names(problem),
            *(problem.design_names[j] for j in found.columns.tolist()),
            "intercept",
        ),
        rows=(
            *rows.names,
            *(f"cell {c + 1} above" for c in range(count)),
            *(f"cell {c + 1} below" for c in range(count)),
        ),
    )


def decode(problem: FairClassifier, found: Basis, point: Any) -> Classifier:
    """The linear classifier of a point."""
    theta = np.asarray(point, dtype=np.float64)[-found.points.shape[1] :]
    coefficients = np.zeros(problem.design.shape[1])
    coefficients[found.columns] = theta[:-1] / found.scale
    return problem.classifier([Linear(coefficients=coefficients, intercept=float(theta[-1]))])


def encode(problem: FairClassifier, found: Basis, answer: Classifier) -> np.ndarray | None:
    """The point of a single linear classifier, in the basis' columns; None for others."""
    if len(answer.members) != 1 or not isinstance(answer.members[0], Linear):
        return None
    model = answer.members[0]
    coefficients = model.coefficients.astype(np.float64)
    if np.delete(coefficients, found.columns).any():  # what is left out depends on what isn't
        scores = model.scores(problem.design[problem.train][problem.cells.first])
        theta = np.linalg.lstsq(found.points, scores, rcond=None)[0]
    else:
        theta = np.append(coefficients[found.columns] * found.scale, float(model.intercept))
    positive = predicted(problem, answer)
    cells = positive[problem.train][problem.cells.first]
    theta = theta / max(float(np.abs(theta).max()), 1e-300)
    if (np.abs(found.points @ theta) < found.margin).any():
        theta = widest(found.points, cells)
    return np.concatenate([cells, auxiliary(problem, positive), theta])
