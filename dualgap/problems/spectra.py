"""Leading eigenvectors where B has low rank, and bounds on sums of largest eigenvalues from eigenpairs of any origin.

Duality (Overton and Womersley 1992): for symmetric B and positive definite C,

    max {tr(X'BX): X'CX = I, k columns} = min {k t + tr(C^-1 Z): t C + Z - B psd, Z psd},

so every pair (t, Z) that meets the two conditions bounds the sum of the k largest eigenvalues of B x = lambda C x.
Eigenpairs (theta_i, v_i) propose t = theta_k and ``Z = sum_i (theta_i - t) C v_i v_i' C``; t is raised until a Cholesky
factorisation of the first matrix, lowered by what rounding can do to it, runs through (Rump, BIT 46, 2006).
"""

from __future__ import annotations

import numpy as np

from dualgap.core.errors import InvalidWitnessError
from dualgap.core.witness import Spectrum

_ROUNDOFF = float(np.finfo(np.float64).eps) / 2.0
_GROWTH, _RAISES = 4.0, 30  # t is raised by so much more each time, from rounding to beyond any eigenvalue


def leading(root: np.ndarray, c: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """((count,), (d, count)) the largest eigenvalues of ``root' root x = lambda C x``, and vectors with X'CX = I.

    With ``C = LL'`` they are the squared singular values and the left singular vectors of ``L^-1 root'``, whose
    narrow side has only as many rows as ``root``: one Cholesky factorisation instead of a decomposition of order d.

    Raises:
        LinAlgError: C isn't positive definite.
    """
    from scipy.linalg import cholesky, solve_triangular

    lower = cholesky(np.asarray(c).T, lower=True, check_finite=False)  # as LAPACK stores it: nothing is transposed
    narrow = solve_triangular(lower, root.T, lower=True, check_finite=False)
    left, sizes, _ = np.linalg.svd(narrow, full_matrices=count > min(narrow.shape))
    values = np.zeros(count)
    values[: len(sizes)] = sizes[:count] ** 2
    return values, np.asarray(solve_triangular(lower, left[:, :count], lower=True, trans=1))


def sum_of_largest(b: np.ndarray, c: np.ndarray, count: int, spectrum: Spectrum) -> float:
    """At least the sum of the ``count`` largest eigenvalues of ``B x = lambda C x``, the data being taken as exact.

    It is the sum of the pairs' values as far as they are accurate, and looser the further they are from eigenpairs.

    Raises:
        InvalidWitnessError: fewer pairs than ``count``, vectors of another length, or numbers that aren't finite.
    """
    values, vectors = _pairs(spectrum, len(b), count)
    if not b.any():
        return 0.0
    least = float(values.min())
    images = c @ vectors
    weights = values - least
    peeled = (images * weights) @ images.T
    size = np.trace(peeled) + np.linalg.norm(b) + abs(least) * np.trace(c)
    rounding = (len(b) + count + 6) * _ROUNDOFF * float(size)
    raised = _ROUNDOFF * len(b) * max(float(np.abs(values).max()), float(np.abs(b).max() / np.diag(c).min()))
    for _ in range(_RAISES):
        if _positive((least + raised) * c + peeled - b, rounding):
            return count * (least + raised) + float(weights @ np.einsum("ij,ij->j", vectors, images))
        raised *= _GROWTH
    raise InvalidWitnessError("the eigenpairs are too far from any, and bound nothing")


def _pairs(spectrum: Spectrum, size: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The pairs with the ``count`` largest values, in any order."""
    values, vectors = spectrum.values, np.asarray(spectrum.vectors, dtype=np.float64)
    if vectors.shape != (size, len(values)):
        raise InvalidWitnessError(f"{len(values)} eigenvalues, with vectors of shape {vectors.shape}")
    if len(values) < count:
        raise InvalidWitnessError(f"{len(values)} eigenpairs for the sum of {count}")
    if not np.isfinite(values).all():
        raise InvalidWitnessError("an eigenvalue isn't finite")
    chosen = np.argsort(values)[::-1][:count]
    return np.asarray(values[chosen], dtype=np.float64), vectors[:, chosen]


def _positive(matrix: np.ndarray, rounding: float) -> bool:
    """Whether a symmetric matrix, off by ``rounding`` in norm, is positive semidefinite for certain."""
    lowered = 0.5 * (matrix + matrix.T)
    shift = rounding + 1.1 * (len(matrix) + 2) * _ROUNDOFF * float(np.abs(np.diag(lowered)).sum())
    lowered[np.diag_indices_from(lowered)] -= shift
    try:
        np.linalg.cholesky(lowered)
    except np.linalg.LinAlgError:
        return False
    return True
