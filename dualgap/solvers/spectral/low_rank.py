"""Eigenvalue programs whose B has few positive eigenvalues and no other: one Cholesky factorisation of C.

A Cholesky factorisation with pivoting (LAPACK's pstrf) writes ``B = G'G`` with r rows; then a singular value
decomposition of the (d, r) ``L^-1 G'``, with ``C = LL'``, has the leading vectors: r d^2 operations after d^3 / 3.
A decomposition of two dense matrices takes some 14 d^3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from dualgap.core.claim import Claim
from dualgap.core.forms import EigenProgram, Form
from dualgap.core.solver import Context, Solver, Trait
from dualgap.core.witness import Spectrum
from dualgap.problems.spectra import leading
from dualgap.solvers.spectral.frames import faults, root

_SMALL = 100  # up to this order any rank will do


@dataclass(frozen=True)
class LowRank(Solver):
    """The closed form where B is a sum of few squares: scatters of class means, moments of few targets."""

    name: ClassVar[str] = "low-rank"
    summary: ClassVar[str] = "leading eigenvectors where B has low rank: Cholesky and a narrow SVD"
    accepts: ClassVar[tuple[type, ...]] = (EigenProgram,)
    requires: ClassVar[tuple[str, ...]] = ("scipy",)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.EXACT, Trait.BOUNDS})

    def refuses(self, form: Form) -> str | None:
        assert isinstance(form, EigenProgram)
        return faults(form) or _too_wide(form)

    def solve(self, form: Form, ctx: Context) -> Claim:
        assert isinstance(form, EigenProgram)
        factor = root(form.b)
        assert factor is not None  # or it is refused
        values, vectors = leading(factor, form.c, form.rank)
        total = float(values.sum())
        return Claim(
            vectors,
            feasible=True,
            value=-total,
            bound=-total,
            witness=Spectrum(values=values, vectors=vectors),
            statistics={"size": len(form.b), "rank": len(factor)},
        )


def _too_wide(form: EigenProgram) -> str | None:
    factor = root(form.b)
    if factor is None:
        return "B has negative eigenvalues, and is no sum of squares; eigh does it"
    if 2 * len(factor) > len(form.b) > _SMALL:
        return f"B has rank {len(factor)} of {len(form.b)}; eigh does it"
    return None
