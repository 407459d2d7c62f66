"""Classifiers: finite mixtures of linear models, thresholds, tables and networks; what each predicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from dualgap.core.arrays import BoundVector, Matrix, Number, Vector
from dualgap.core.problem import Answer
from dualgap.core.record import Record
from dualgap.problems.fair_classifier.encoding import Encoding

if TYPE_CHECKING:
    from dualgap.problems.fair_classifier.predictor import Predictor
    from dualgap.problems.fair_classifier.spec import FairClassifier

_TIED = 2.0**-40  # of the terms that a score sums: what is smaller is a rounded 0, and predicts 0


class Linear(Record):
    """Predicts 1 where ``coefficients . x + intercept > 0``; x are the columns of ``FairClassifier.design``."""

    rank: ClassVar[int] = 1
    type: Literal["linear"] = "linear"
    coefficients: Vector
    intercept: Number = 0.0

    def scores(self, design: np.ndarray) -> np.ndarray:
        """(n,) of rows (n, D)."""
        return np.asarray(design @ self.coefficients.astype(np.float64) + float(self.intercept))

    def positive(self, design: np.ndarray) -> np.ndarray:
        """(n,) 0 and 1; scores that are 0 but for rounding predict 0."""
        return np.asarray(all_positive([self], design)[:, 0])


def all_positive(models: Sequence[Linear], design: np.ndarray, largest: float | None = None) -> np.ndarray:
    """(n, k) what k models predict for rows (n, D): 0 and 1; scores that are 0 but for rounding predict 0.

    ``largest`` is the largest size of a number in ``design``, where it is known.
    """
    coefficients = np.column_stack([model.coefficients.astype(np.float64) for model in models])
    intercepts = np.array([float(model.intercept) for model in models])
    scores = design @ coefficients + intercepts
    largest = size(design) if largest is None else largest
    positive = scores > 0.0
    near = positive & (scores <= _TIED * (largest * np.abs(coefficients).sum(axis=0) + np.abs(intercepts)))
    for row, k in np.argwhere(near).tolist():
        terms = np.abs(design[row]) @ np.abs(coefficients[:, k]) + abs(intercepts[k])
        positive[row, k] = scores[row, k] > _TIED * terms
    return np.asarray(positive, dtype=np.float64)


def size(array: np.ndarray) -> float:
    """The largest absolute value."""
    return max(float(array.max(initial=0.0)), -float(array.min(initial=0.0)))


class Thresholds(Record):
    """Predicts 1 where the score is above its threshold: one for all, or one for each group."""

    rank: ClassVar[int] = 0
    type: Literal["thresholds"] = "thresholds"
    values: BoundVector

    def positive(self, scores: np.ndarray, groups: np.ndarray) -> np.ndarray:
        limits = self.values if len(self.values) == 1 else self.values[groups]
        return np.asarray(scores > limits, dtype=np.float64)


class Network(Record):
    """Predicts 1 where the last layer's output is above 0: dense layers, ReLU between them.

    Attributes:
        weights: (inputs, outputs) of each layer; the first has the columns of ``FairClassifier.design``.
        biases: (outputs,) of each.
    """

    rank: ClassVar[int] = 2
    type: Literal["network"] = "network"
    weights: tuple[Matrix, ...]
    biases: tuple[Vector, ...]

    def scores(self, design: np.ndarray) -> np.ndarray:
        values = design
        for k, (weight, bias) in enumerate(zip(self.weights, self.biases)):
            values = values @ weight.astype(np.float64) + bias.astype(np.float64)
            if k + 1 < len(self.weights):
                values = np.maximum(values, 0.0)
        return np.asarray(values[:, 0])

    def positive(self, design: np.ndarray) -> np.ndarray:
        return np.asarray(self.scores(design) > 0.0, dtype=np.float64)


class Table(Record):
    """Predicts 1 with a probability for each cell of the training split.

    Attributes:
        probabilities: (c,) in the order of ``FairClassifier.cells``.
        fallback: for cells that the training split doesn't have.
        rows: (c, D) the cells, for predictors of other tables; None where they are those of the spec.
    """

    rank: ClassVar[int] = 3
    type: Literal["table"] = "table"
    probabilities: Vector
    fallback: Number = 0.0
    rows: Matrix | None = None


class Predictions(Record):
    """Probabilities of predicting 1, by a tool that nobody knows.

    Attributes:
        probabilities: (n,) for each row of the data, or for each of the training split only.
    """

    rank: ClassVar[int] = -1
    type: Literal["predictions"] = "predictions"
    probabilities: Vector


Member = Annotated[Linear | Thresholds | Network | Table | Predictions, Field(discriminator="type")]


class Classifier(Answer):
    """A finite mixture of classifiers, drawn anew for each row; evaluated in expectation, never sampled.

    Attributes:
        members: the classifiers.
        weights: (m,) at least 0, sum 1.
        encoding: how rows of a table become what the members read.
        scorer: the linear model whose scores thresholds are for, where it is known.
    """

    members: tuple[Member, ...]
    weights: Vector
    encoding: Encoding = Encoding()
    scorer: Linear | None = None

    def mixed(self, other: Classifier, share: float) -> Classifier | None:
        """The mixture that is ``other`` with probability ``share``; None where they read tables differently.

        Rates and errors are linear in it, and a difference of rates is convex: the mixture meets the limit between.
        """
        if (self.encoding, self.scorer) != (other.encoding, other.scorer):
            return None
        weights = np.concatenate([(1.0 - share) * self.weights, share * other.weights])
        return self.model_copy(update={"members": (*self.members, *other.members), "weights": weights})

    def predictor(self, random_state: int = 0) -> Predictor:
        """What predicts other tables (see ``dualgap.problems.fair_classifier.predictor``).

        Raises:
            UsageError: it knows its rows only.
        """
        from dualgap.problems.fair_classifier.predictor import Predictor

        return Predictor(self, random_state)


def probabilities(problem: FairClassifier, member: Member) -> np.ndarray:
    """(n,) of predicting 1, for every row of every split; NaN where there is no prediction."""
    if isinstance(member, Thresholds):
        return member.positive(problem.score, problem.groups)
    if isinstance(member, Table):
        code = problem.cell_codes
        values = np.append(member.probabilities.astype(np.float64), float(member.fallback))
        return np.asarray(values[code])
    if isinstance(member, Predictions):
        values = np.full(len(problem.label), np.nan)
        values[... if len(member.probabilities) == len(values) else problem.train] = member.probabilities
        return values
    return member.positive(problem.design)
