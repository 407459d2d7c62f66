"""Inputs that are easy to descend on: an affine map of the design, and models of the one as models of the other."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dualgap.problems.fair_classifier.answers import Linear, Network
from dualgap.problems.fair_classifier.logistic import Scaling, fit
from dualgap.problems.fair_classifier.soft import Layers

_SAMPLE = 4000
"""Rows that the first model is fitted to at most: descent does the rest."""
_RIDGE = 1e-3


@dataclass(frozen=True, eq=False)
class Coordinates:
    """``inputs = (design - centre) @ map``.

    Attributes:
        centre: (D,). map: (D, D).
        start: (D,) and a number: the model of inputs that was fitted to some of the rows.
        sets: how many sets of people have an intercept of their own: the design's last columns tell them apart and
            are no inputs; 1 where nobody has.
    """

    centre: np.ndarray
    map: np.ndarray
    start: tuple[np.ndarray, float]
    sets: int = 1

    @staticmethod
    def of(design: np.ndarray, labels: np.ndarray, weights: np.ndarray, sets: int, rounded: bool) -> Coordinates:
        """Features of variance 1; if ``rounded``, such that the logistic loss has the same curvature all round.

        The curvature is that at the minimum over a sample of the rows, with a small ridge.
        """
        rows = np.random.Generator(np.random.PCG64(0)).permutation(len(design))[:_SAMPLE]
        x, y, w = _read(design, sets)[rows], labels[rows], weights[rows]
        scaling, model = Scaling.of(x, w), fit(x, y, w, _RIDGE)
        coefficients, intercept = model.coefficients.astype(np.float64), float(model.intercept)
        deviation = np.where(np.isfinite(scaling.deviation), scaling.deviation, 1.0)
        centre, root = scaling.mean, np.eye(x.shape[1])
        if rounded:
            chance = 0.5 * (1.0 + np.tanh(0.5 * model.scores(x)))
            curvature = w / w.sum() * chance * (1.0 - chance)
            centre = curvature @ x / curvature.sum()
            scaled = (x - centre) / deviation
            root = np.linalg.cholesky((scaled.T * curvature) @ scaled + _RIDGE * np.eye(x.shape[1]))
        start = root.T @ (coefficients * deviation), intercept + float(centre @ coefficients)
        return Coordinates(centre, np.linalg.inv(root.T) / deviation[:, None], start, sets)

    def inputs(self, design: np.ndarray) -> np.ndarray:
        """(n, D) of rows of the design."""
        return np.asarray((_read(design, self.sets) - self.centre) @ self.map)

    def model(self, layers: Layers) -> Linear | Network:
        """What layers on the inputs are on the design."""
        arrays = [(np.asarray(w, dtype=np.float64), np.asarray(b, dtype=np.float64)) for w, b in layers]
        weight = self.map @ arrays[0][0]
        bias = arrays[0][1] - self.centre @ weight
        if len(arrays) > 1:
            rest = arrays[1:]
            return Network(weights=(weight, *(w for w, _ in rest)), biases=(bias, *(b for _, b in rest)))
        if self.sets > 1:
            return Linear(coefficients=np.append(weight[:, 0], bias))
        return Linear(coefficients=weight[:, 0], intercept=float(bias[0]))

    def layers(self, model: Linear | Network) -> Layers:
        """The inverse of ``model``."""
        if isinstance(model, Network):
            first, bias = model.weights[0].astype(np.float64), model.biases[0].astype(np.float64)
            return ((*self._changed(first, bias),), *zip(model.weights[1:], model.biases[1:]))
        coefficients = model.coefficients.astype(np.float64)
        read = coefficients if self.sets == 1 else coefficients[: -self.sets]
        own = np.zeros(1) if self.sets == 1 else coefficients[-self.sets :]
        return (self._changed(read[:, None], own + float(model.intercept)),)

    def _changed(self, weight: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.linalg.solve(self.map, weight), bias + self.centre @ weight


def _read(design: np.ndarray, sets: int) -> np.ndarray:
    return design if sets == 1 else design[:, :-sets]


def initial(coordinates: Coordinates, hidden: tuple[int, ...], seed: int) -> Layers:
    """Layers to begin with: the fitted linear model, or random ones.

    Source: He et al., Delving deep into rectifiers (2015).
    """
    theta, bias = coordinates.start
    if not hidden:
        return ((theta[:, None], np.full(coordinates.sets, bias)),)
    rng = np.random.Generator(np.random.PCG64(seed))
    sizes = (len(theta), *hidden, 1)
    return tuple((rng.normal(scale=np.sqrt(2.0 / a), size=(a, b)), np.zeros(b)) for a, b in pairwise(sizes))


def constants(coordinates: Coordinates, hidden: tuple[int, ...]) -> tuple[Layers, Layers]:
    """The classifiers that predict 0 always, and 1 always."""
    zeros = [(np.zeros((a, b)), np.zeros(b)) for a, b in pairwise((len(coordinates.centre), *hidden, 1))]
    last = zeros[-1][0]
    low, high = ((*zeros[:-1], (last, np.full(coordinates.sets, sign))) for sign in (-1.0, 1.0))
    return low, high
