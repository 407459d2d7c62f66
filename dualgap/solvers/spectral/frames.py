"""What solvers of eigenvalue programs share: refusals, first frames, Ritz pairs, and the claim made of them."""

from __future__ import annotations

import numpy as np

from dualgap.core.claim import Claim
from dualgap.core.forms import EigenProgram
from dualgap.core.solver import Context
from dualgap.core.witness import Spectrum

_RANK = 1e-15  # of the largest diagonal entry, for each row: what is left of B below it is rounding
_PROBES = 4


def faults(form: EigenProgram) -> str | None:
    """Why no eigensolver can take the form, or None."""
    size = len(form.b)
    if form.b.shape != (size, size) or form.c.shape != (size, size):
        return f"B is {form.b.shape} and C {form.c.shape}; both must be square and alike"
    if not 1 <= form.rank <= size:
        return f"rank {form.rank} of a matrix of order {size}; take 1 to {size}"
    try:
        np.linalg.cholesky(form.c)
    except np.linalg.LinAlgError:
        return "C isn't positive definite; restrict the variables to where it is"
    return None


def root(b: np.ndarray) -> np.ndarray | None:
    """(r, n) G with ``B = G'G`` up to rounding, r the rank of B; None where B isn't positive semidefinite.

    By a Cholesky factorisation with complete pivoting, which ends after r steps (LAPACK's pstrf).
    """
    from scipy.linalg.lapack import dpstrf

    n, size = len(b), float(np.abs(np.diag(b)).max(initial=0.0))
    if size == 0.0:
        return None if b.any() else np.zeros((0, n))
    slack = _RANK * n * size
    factor, pivots, rank, _ = dpstrf(np.asarray(b, dtype=np.float64).T, tol=slack, lower=1)
    found = np.empty((rank, n))
    found[:, pivots - 1] = np.tril(factor[:, :rank]).T
    probes = np.random.default_rng(0).choice([-1.0, 1.0], (n, _PROBES))  # B - G'G itself takes longer than the rest
    off = float(np.abs(b @ probes - found.T @ (found @ probes)).max())
    return found if off <= 4.0 * np.sqrt(n) * slack else None


def ritz(form: EigenProgram, basis: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(values, vectors): the ``rank`` largest Ritz pairs in the span of (n, m) columns, m >= rank; C-orthonormal.

    Columns that depend on the others are dropped.
    """
    lengths = np.sqrt(np.einsum("ij,ij->j", basis, form.c @ basis))
    columns = basis / np.where(lengths > 0, lengths, 1.0)
    sizes, turned = np.linalg.eigh(columns.T @ form.c @ columns)
    kept = sizes > 1e-12 * sizes[-1]
    frame = columns @ (turned[:, kept] / np.sqrt(sizes[kept]))
    inner = frame.T @ form.b @ frame
    values, turns = np.linalg.eigh(0.5 * (inner + inner.T))
    return values[::-1][: form.rank], (frame @ turns)[:, ::-1][:, : form.rank]


def claim(form: EigenProgram, frame: np.ndarray) -> Claim:
    """The Ritz pairs of a frame as a feasible point with its value and its witness."""
    values, vectors = ritz(form, frame)
    return Claim(
        point=vectors,
        feasible=True,
        value=-float(np.einsum("ij,ij->", vectors, form.b @ vectors)),
        witness=Spectrum(values=values, vectors=vectors),
    )


def first_frame(form: EigenProgram, ctx: Context) -> np.ndarray:
    """(n, rank) C-orthonormal columns: the start's span, filled up at random from the seed."""
    rng = np.random.default_rng(ctx.seed)
    drawn = rng.normal(size=(len(form.b), form.rank))
    if ctx.start is None:
        return ritz(form, drawn)[1]
    start = np.asarray(ctx.start, dtype=np.float64)
    return ritz(form, np.hstack([start, drawn]))[1]


def residual(form: EigenProgram, frame: np.ndarray) -> float:
    """``|BX - CX (X'BX)|`` relative to ``|BX|``, for C-orthonormal X."""
    image = form.b @ frame
    missing = image - form.c @ (frame @ (frame.T @ image))
    return float(np.linalg.norm(missing) / max(float(np.linalg.norm(image)), 1e-300))
