"""Forgotten rows are taught something else: other classes by chance, or what similar retained rows are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dualgap.problems.unlearning import Unlearning
from dualgap.solvers.unlearning.descent import Descent, Slope, Slopes


@dataclass(frozen=True)
class RandomLabels(Descent):
    """Training goes on with the retained rows as they are and each forgotten row as of another class, drawn once.

    Source: Graves, Nagisetty and Ganesh, Amnesiac machine learning (2021), unlearning by relabelling.
    """

    name: ClassVar[str] = "random-labels"
    summary: ClassVar[str] = "training goes on with forgotten rows of other classes, drawn by chance"

    def slope(self, form: Unlearning, slopes: Slopes, seed: int) -> Slope:
        _, labels = slopes.gone
        rng = np.random.Generator(np.random.PCG64([seed, 3]))
        others = (labels + rng.integers(1, form.model.classes, len(labels))) % form.model.classes
        targets = form.model.targets(others)
        return lambda w: slopes.both(w, targets)


@dataclass(frozen=True)
class SoftRelabel(Descent):
    """Training goes on with each forgotten row's class as a mean of the classes of the batch's retained rows, weighted
    by a softmax of cosines between the trained model's last hidden values (the features, of a linear model).

    Source: this method is from the notes that dualgap grew out of; no paper is known to us.

    Attributes:
        temperature: of the softmax; small ones copy the most similar row.
    """

    name: ClassVar[str] = "soft-relabel"
    summary: ClassVar[str] = "training goes on with forgotten rows of the classes of similar retained rows"

    temperature: float = 0.1

    def slope(self, form: Unlearning, slopes: Slopes, seed: int) -> Slope:
        trained = form.trained_model
        kept, gone = (_directions(form.model.hidden_values(trained, x)) for x, _ in (slopes.kept, slopes.gone))

        def found(w: np.ndarray) -> np.ndarray:
            rows = next(slopes.rows)
            alike = (gone @ kept[rows].T) / self.temperature
            shares = np.exp(alike - alike.max(axis=1, keepdims=True)) if len(gone) else alike
            targets = (shares / shares.sum(axis=1, keepdims=True)) @ slopes.kept_targets[rows]
            return slopes.both(w, targets, rows)

        return found


def _directions(values: np.ndarray) -> np.ndarray:
    """Rows of unit length; zeros stay."""
    return np.asarray(values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12))
