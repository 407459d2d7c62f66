"""The fairness rows without their auxiliary numbers: an inequality for each pair of a lower and an upper side.

Eliminating a variable by adding multiples of rows in which it has opposite signs is Fourier and Motzkin's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dualgap.problems.fair_classifier.rates import Rows


@dataclass(frozen=True, eq=False)
class Pairs:
    """``matrix p + offset <= 0`` for p the flattened ``Tally.positive``.

    Attributes:
        matrix: (m, 2 G). offset: (m,).
        lift: (m, r) multipliers of the rows that add up to each inequality: those of the rows are ``mu @ lift``.
    """

    matrix: np.ndarray
    offset: np.ndarray
    lift: np.ndarray

    def multipliers(self, rows: np.ndarray) -> np.ndarray:
        """(m,) at least 0: those whose multipliers of the rows are nearest to the given ones."""
        from scipy.optimize import nnls

        return np.asarray(nnls(self.lift.T, rows)[0])


def pairs(rows: Rows) -> Pairs:
    """Every combination of a lower and an upper side without auxiliary numbers that says something."""
    lower, upper = (np.flatnonzero(np.isfinite(side)) for side in (rows.lower, rows.upper))
    if not rows.auxiliary.shape[1]:
        single = np.eye(len(rows.names))
        return _combined(rows, np.vstack([single[lower], -single[upper]]))
    found = []
    for low in lower.tolist():
        for high in upper.tolist():
            k = int(np.flatnonzero(rows.auxiliary[high])[0])
            other = np.delete(rows.auxiliary[low], k)
            if not other.any():
                weights = np.zeros(len(rows.names))
                weights[low] += 1.0
                weights[high] -= rows.auxiliary[low, k] / rows.auxiliary[high, k]
                found.append(weights)
    return _combined(rows, np.array(found).reshape(len(found), len(rows.names)))


def _combined(rows: Rows, lift: np.ndarray) -> Pairs:
    """Inequalities ``sum of y side - y A p <= 0`` for each row y of ``lift``, without those that always hold."""
    sides = np.where(lift > 0, rows.lower, np.where(lift < 0, rows.upper, 0.0))
    offset = np.where(lift != 0, lift * np.where(lift != 0, sides, 0.0), 0.0).sum(axis=1)
    matrix = -lift @ rows.positive
    kept = (matrix > 0).any(axis=1)
    return Pairs(matrix[kept], offset[kept], lift[kept])
