"""Answers: score functions told by their parameters, and the mean functions that they stand for."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from pydantic import model_validator

from dualgap import Answer, Matrix, Vector
from dualgap_coind.world import CONDITIONS, World, means

FEATURES = 6
LARGEST = 1e9  # of a parameter: nothing overflows up to there


class Scores(Answer):
    """Score functions of the eight conditions, in the order of ``World``: either a mixing matrix or a network.

    Attributes:
        mixing: (8, 8); each condition's mean function as a sum of the data's own ones.
        weights, biases: of a network with hyperbolic tangents: (in, out) and (out,) of each layer, from 6 features to
            16 numbers, two for each condition.
    """

    mixing: Matrix | None = None
    weights: tuple[Matrix, ...] = ()
    biases: tuple[Vector, ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> Scores:
        if (self.mixing is None) == (not self.weights):
            raise ValueError("give either mixing, an 8 x 8 matrix, or a network's weights and biases")
        given = [part for part in (self.mixing, *self.weights, *self.biases) if part is not None]
        if any((np.abs(part) > LARGEST).any() for part in given):
            raise ValueError(f"parameters must be between -{LARGEST:g} and {LARGEST:g}")
        if self.mixing is not None and self.mixing.shape != (CONDITIONS, CONDITIONS):
            raise ValueError(f"mixing has shape {self.mixing.shape}, expected (8, 8)")
        if self.weights:
            sizes = [FEATURES, *(len(bias) for bias in self.biases)]
            shapes = list(pairwise(sizes))
            if [matrix.shape for matrix in self.weights] != shapes or sizes[-1] != 2 * CONDITIONS:
                raise ValueError("weights and biases don't fit together, from 6 features to 16 numbers")
        return self


def answered(answer: Scores, told: World, x: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(n, 8, 2) the answer's mean functions at (n, 2) points under noise (n,); pinned conditions are the data's own."""
    own = means(told.centres, told.members, told.sigma, x, a, b)
    if answer.mixing is not None:
        found = np.asarray(answer.mixing @ own)
    else:
        middle, half = frame(told)
        values = features(told, x, a, b)
        for number, (weight, bias) in enumerate(zip(answer.weights, answer.biases), start=1):
            values = values @ weight + bias
            values = np.tanh(values) if number < len(answer.weights) else values
        found = middle + half * values.reshape(-1, CONDITIONS, 2)
    return np.where(told.free[:, None], found, own)


def frame(told: World) -> tuple[np.ndarray, np.ndarray]:
    """(2,) the middle of the observed means, and (2,) how far they are from it in each direction."""
    low, high = told.centres.min(axis=0), told.centres.max(axis=0)
    return (low + high) / 2, np.maximum((high - low) / 2, 1e-9)


def features(told: World, x: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(n, 6) a network's input: the point, the noise, and on which side of the middle the point is."""
    middle, half = frame(told)
    away = x - a[:, None] * middle
    sides = np.tanh(away * half * (a / told.variance(a, b))[:, None])
    return np.column_stack([away / half, a, b, sides])
