"""Inputs that are easy to descend on: an affine map of the design, and models of the one as models of the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dualgap.problems.fair_classifier.answers import Linear, Network
from dualgap.problems.fair_classifier.logistic import Scaling, fit
from dualgap.problems.fair_classifier.soft import Layers

_SAMPLE = 4000
"""Rows that the first model is fitted to at most: descent does the rest."""
_RIDGE = 1e-3
_CONSTANT = 30.0  # the logit of a classifier that predicts one label always


@dataclass(frozen=True, eq=False)
class Coordinates:
    """``inputs = (design - centre) @ map``.

    Attributes:
        centre: (D,). map: (D, D).
        start: (D,) and a number: the model of inputs that was fitted to some of the rows.
    """

    centre: np.ndarray
    map: np.ndarray
    start: tuple[np.ndarray, float]

    @staticmethod
    def of(design: np.ndarray, labels: np.ndarray, weights: np.ndarray, rounded: bool) -> Coordinates:
        """Features of variance 1; if ``rounded``, such that the logistic loss has the same curvature all round.

        The curvature is that at the minimum over a sample of the rows, with a small ridge.
        """
        rows = np.random.Generator(np.random.PCG64(0)).permutation(len(design))[:_SAMPLE]
        x, y, w = design[rows], labels[rows], weights[rows]
        scaling = Scaling.of(x, w)
        deviation = np.where(np.isfinite(scaling.deviation), scaling.deviation, 1.0)
        model = fit(x, y, w, _RIDGE)
        if not rounded:
            theta = model.coefficients * deviation
            return Coordinates(scaling.mean, np.diag(1.0 / deviation), (theta, float(model.intercept) + scaling.mean @ model.coefficients))
        chance = 0.5 * (1.0 + np.tanh(0.5 * model.scores(x)))
        curvature = w / w.sum() * chance * (1.0 - chance)
        centre = curvature @ x / curvature.sum()
        scaled = (x - centre) / deviation
        hessian = (scaled.T * curvature) @ scaled + _RIDGE * np.eye(x.shape[1])
        root = np.linalg.cholesky(hessian)
        theta = root.T @ (model.coefficients * deviation)
        transform = np.linalg.inv(root.T) / deviation[:, None]
        return Coordinates(centre, transform, (theta, float(model.intercept + centre @ model.coefficients)))

    def inputs(self, design: np.ndarray) -> np.ndarray:
        """(n, D) of rows (n, D)."""
        return np.asarray((design - self.centre) @ self.map)

    def model(self, layers: Layers) -> Linear | Network:
        """What layers on the inputs are on the design."""
        arrays = [(np.asarray(w, dtype=np.float64), np.asarray(b, dtype=np.float64)) for w, b in layers]
        weight = self.map @ arrays[0][0]
        bias = arrays[0][1] - self.centre @ weight
        if len(arrays) == 1:
            return Linear(coefficients=weight[:, 0], intercept=float(bias[0]))
        rest = arrays[1:]
        return Network(weights=(weight, *(w for w, _ in rest)), biases=(bias, *(b for _, b in rest)))

    def layers(self, model: Linear | Network) -> Layers:
        """The inverse of ``model``."""
        if isinstance(model, Linear):
            first, bias = model.coefficients.astype(np.float64)[:, None], np.array([float(model.intercept)])
            rest: Layers = ()
        else:
            first, bias = model.weights[0].astype(np.float64), model.biases[0].astype(np.float64)
            rest = tuple(zip(model.weights[1:], model.biases[1:]))
        return ((np.linalg.solve(self.map, first), bias + self.centre @ first), *rest)


def initial(coordinates: Coordinates, hidden: tuple[int, ...], seed: int) -> Layers:
    """Layers to begin with: the fitted linear model, or He's random ones.

    Source: He et al., Delving deep into rectifiers (2015).
    """
    theta, bias = coordinates.start
    if not hidden:
        return ((theta[:, None].astype(np.float32), np.array([bias], dtype=np.float32)),)
    rng = np.random.Generator(np.random.PCG64(seed))
    sizes = (len(theta), *hidden, 1)
    return tuple(
        (
            (rng.normal(size=(a, b)) * np.sqrt((2.0 if k + 2 < len(sizes) else 1.0) / a)).astype(np.float32),
            np.zeros(b, dtype=np.float32),
        )
        for k, (a, b) in enumerate(zip(sizes[:-1], sizes[1:]))
    )


def constants(inputs: int, hidden: tuple[int, ...]) -> tuple[Layers, Layers]:
    """The classifiers that predict 0 always, and 1 always."""
    sizes = (inputs, *hidden, 1)
    shapes = list(zip(sizes[:-1], sizes[1:]))
    zeros = [(np.zeros(shape, dtype=np.float32), np.zeros(shape[1], dtype=np.float32)) for shape in shapes]
    last = zeros[-1][0]
    low, high = (((*zeros[:-1], (last, np.full(1, sign * _CONSTANT, dtype=np.float32)))) for sign in (-1, 1))
    return low, high
