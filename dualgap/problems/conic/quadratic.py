"""The quadratic term of a conic program: whether it is convex, and bounds on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from dualgap.core.errors import InvalidWitnessError
from dualgap.core.forms import ConicProgram
from dualgap.problems.conic.duals import surely_semidefinite
from dualgap.problems.conic.rounding import dot, product, upper

_DENSE = 2000  # columns of the term, at most, for eigenvalues and least squares
_ROUNDING = 1e-10  # relative: a least eigenvalue that may be 0


@dataclass(frozen=True)
class Quadratic:
    """``1/2 x'Px``; ``matrix`` is P in compressed rows, without entries where there is none.

    ``proved`` says whether P is positive semidefinite for certain, and not only to rounding.
    """

    matrix: Any
    proved: bool

    @cached_property
    def _used(self) -> np.ndarray:
        return np.flatnonzero(np.diff(self.matrix.indptr))

    def matched(self, linear: np.ndarray) -> np.ndarray:
        """(n,) w with ``Pw`` as near to ``-linear`` as floats get: least squares."""
        w = np.zeros(len(linear))
        at = self._used
        if len(at):
            w[at] = np.linalg.lstsq(self.matrix[at][:, at].toarray(), -linear[at], rcond=None)[0]
        return w

    def half_above(self, w: np.ndarray, radius: np.ndarray) -> float:
        """At least ``1/2 v'Pv`` for all v within ``radius`` of w."""
        if not len(self._used):
            return 0.0
        curved, error = product(self.matrix, w)
        whole, whole_error = dot(w, curved)
        linear, linear_error = dot(np.abs(curved) + error, radius)
        inner, inner_error = dot(upper(abs(self.matrix), radius), radius)
        total = 0.5 * (whole + whole_error + dot(np.abs(w), error)[0] * (1 + 1e-9)) + linear + linear_error
        return float((total + 0.5 * (inner + inner_error)) * (1 + 1e-15)) if total > 0 else 0.0


def quadratic_of(form: ConicProgram) -> Quadratic:
    """The form's quadratic term.

    Raises:
        InvalidWitnessError: it isn't symmetric or convex, or too large to tell.
    """
    from scipy.sparse import csr_array

    n, _ = form.size
    if form.quadratic is None or form.quadratic.nnz == 0:
        return Quadratic(csr_array((n, n)), True)
    matrix: Any = form.quadratic.astype(np.float64)
    if (matrix != matrix.T).nnz:
        raise InvalidWitnessError("the quadratic term isn't symmetric: give half of P + P'")
    diagonal = matrix.diagonal()
    if matrix.nnz == np.count_nonzero(diagonal) and (diagonal >= 0).all():
        return Quadratic(matrix, True)
    at = np.flatnonzero(np.diff(matrix.indptr))
    if len(at) > _DENSE:
        raise InvalidWitnessError(f"a quadratic term in {len(at):,} columns is too large for a proof of convexity")
    if surely_semidefinite(matrix[at][:, at].toarray()):
        return Quadratic(matrix, True)
    least = negative_curvature(matrix)
    if least is not None:
        raise InvalidWitnessError(f"the quadratic term isn't convex: it has the eigenvalue {least:.3g}")
    return Quadratic(matrix, False)


def negative_curvature(matrix: Any) -> float | None:
    """The least eigenvalue of a symmetric CSR matrix where it is negative beyond rounding, else None.

    Of large matrices by Lanczos' method, which may miss one.
    """
    from scipy.sparse.linalg import eigsh

    at = np.flatnonzero(np.diff(matrix.indptr))
    if not len(at):
        return None
    used = matrix[at][:, at]
    size = float(abs(used).sum(axis=1).max())
    dense = len(at) <= _DENSE
    least = np.linalg.eigvalsh(used.toarray())[0] if dense else eigsh(used, k=1, which="SA", tol=1e-6)[0][0]
    return float(least) if least < -_ROUNDING * size else None
