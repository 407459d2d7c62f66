"""LOBPCG (Knyazev 2001), through SciPy: the leading eigenvectors by products with the matrices alone."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dualgap.core.claim import Claim, Start, Stop, Use
from dualgap.core.forms import EigenProgram, Form
from dualgap.core.solver import Context, Solver, Trait
from dualgap.solvers.spectral.frames import claim, faults, first_frame, residual

_SLICE = 50  # iterations between looks at the clock


@dataclass(frozen=True)
class Lobpcg(Solver):
    """Locally optimal block preconditioned conjugate gradients, without a preconditioner.

    Attributes:
        iterations: at most so many.
        tolerance: of the residuals |BX - CX diag(lambda)|, relative to |BX|; values are off by its square.
    """

    name: ClassVar[str] = "lobpcg"
    summary: ClassVar[str] = "block conjugate gradients for leading eigenvectors (SciPy)"
    accepts: ClassVar[tuple[type, ...]] = (EigenProgram,)
    requires: ClassVar[tuple[str, ...]] = ("scipy",)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS, Trait.ANYTIME, Trait.WARM})

    iterations: int = 500
    tolerance: float = 1e-6

    def refuses(self, form: Form) -> str | None:
        assert isinstance(form, EigenProgram)
        return faults(form) or _too_wide(form)

    def solve(self, form: Form, ctx: Context) -> Claim:
        assert isinstance(form, EigenProgram)
        from scipy.sparse.linalg import lobpcg

        frame = first_frame(form, ctx)
        best, left, off = claim(form, frame), self.iterations, residual(form, frame)
        goal = 0.5 * self.tolerance * float(np.linalg.norm(form.b @ frame)) / np.sqrt(form.rank)
        while off > self.tolerance and left > 0 and not ctx.should_stop():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # SciPy warns where it stops before the tolerance: said below
                _, frame = lobpcg(form.b, frame, B=form.c, maxiter=min(_SLICE, left), tol=goal)
            left -= min(_SLICE, left)
            best = claim(form, np.asarray(frame))
            off = residual(form, np.asarray(best.point))
            ctx.report(point=best.point, witness=best.witness, iterations=self.iterations - left)
        stop = Stop.FINISHED if off <= self.tolerance else Stop.TIME if ctx.should_stop() else Stop.ITERATIONS
        return Claim(
            best.point,
            feasible=True,
            stop=stop,
            value=best.value,
            witness=best.witness,
            statistics={"iterations": self.iterations - left, "residual": off},
            start=Start(Use.USED, "the first frame") if ctx.start is not None else None,
        )


def _too_wide(form: EigenProgram) -> str | None:
    if len(form.b) < 5 * form.rank:
        return f"LOBPCG needs five times as many rows as eigenvectors, here {len(form.b)} and {form.rank}; eigh does it"
    return None
