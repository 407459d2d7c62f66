"""Float64 products with bounds on their rounding errors, whatever the order of summation.

Source: Higham, Accuracy and Stability of Numerical Algorithms (2002), section 3.1: the error of a sum of k products is
at most ``k u / (1 - k u)`` times the sum of their magnitudes. Twice that covers the arithmetic of the bound itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np

UNIT = 2.0**-53
_UNDERFLOW = 1e-300


def product(matrix: Any, vector: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(m,) ``matrix vector`` and (m,) error bounds, for a CSR matrix; sums of zeros are exact."""
    terms = (matrix != 0).astype(np.float64) @ (vector != 0).astype(np.float64)
    error = _factor(terms) * (abs(matrix) @ np.abs(vector)) + np.where(terms > 0, _UNDERFLOW, 0.0)
    return matrix @ vector, error


def dot(left: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    """The inner product and a bound on its error."""
    error = _factor(np.array(len(left))) * float(np.abs(left) @ np.abs(right))
    return float(left @ right), float(error) + (_UNDERFLOW if len(left) else 0.0)


def upper(matrix: Any, vector: np.ndarray) -> np.ndarray:
    """(m,) at least ``matrix vector``, of a CSR matrix and a vector without negative entries."""
    sums: np.ndarray = (matrix @ vector) * (1.0 + _factor(np.diff(matrix.indptr)))
    return np.asarray(sums + _UNDERFLOW * (sums > 0))


def norm_above(vector: np.ndarray) -> float:
    """At least the Euclidean norm."""
    return float(np.linalg.norm(vector) * (1.0 + _factor(np.array(len(vector))))) + _UNDERFLOW


def _factor(terms: np.ndarray) -> np.ndarray:
    return np.asarray(2.0 * UNIT * (terms + 4))
