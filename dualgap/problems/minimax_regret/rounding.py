"""What float64 arithmetic may have cost: a-priori error bounds of sums of products, and eigenvalues that are proved.

A sum of products that is evaluated in any order, each factor and each term having gone through at most n roundings, is
off by at most ``gamma(n)`` times the same sum of absolute values (Higham, Accuracy and Stability of Numerical
Algorithms, 2002, chapter 3). Numbers of a spec are decimals, so reading one is a rounding as well.
"""

from __future__ import annotations

import numpy as np

UNIT = 2.0**-53


def gamma(roundings: int) -> float:
    """``n u / (1 - n u)``, a little enlarged for the roundings of its own use."""
    return 1.01 * roundings * UNIT / (1.0 - roundings * UNIT)


def least_eigenvalue(matrix: np.ndarray, error: float) -> float:
    """A lower bound on the least eigenvalue of a symmetric matrix that is known to ``error`` (2-norm); 0 if none shows.

    If the Cholesky factorisation of A runs to its end, no eigenvalue of A is below ``-gamma(d + 1) trace(A)`` (Rump,
    Verification of positive definiteness, 2006). It is tried on ``A - s I`` with s half the computed eigenvalue.
    """
    shift = 0.5 * float(np.linalg.eigvalsh(matrix)[0])
    if not shift > 0:
        return 0.0
    try:
        np.linalg.cholesky(matrix - shift * np.eye(len(matrix)))
    except np.linalg.LinAlgError:
        return 0.0
    return max(0.0, shift - 2.0 * gamma(len(matrix) + 4) * float(np.trace(matrix)) - error)
