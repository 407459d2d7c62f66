"""Subspace iteration with Rayleigh-Ritz steps (Rutishauser 1970): X <- C^-1 B X, and the best frame of its span."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dualgap.core.claim import Claim, Start, Stop, Use
from dualgap.core.forms import EigenProgram, Form
from dualgap.core.solver import Context, Solver, Trait
from dualgap.solvers.spectral.frames import claim, faults, first_frame, residual, ritz, root

_CHECK = 10  # iterations between reports


@dataclass(frozen=True)
class SubspaceIteration(Solver):
    """Powers of C^-1 B on a block of vectors; for B without negative eigenvalues.

    Attributes:
        iterations: at most so many.
        tolerance: finished where the residual |BX - CX diag(lambda)| is this small, relative to |BX|.
        guard: further vectors in the block: it converges by the ratio of the eigenvalues after them.
    """

    name: ClassVar[str] = "subspace-iteration"
    summary: ClassVar[str] = "block power method with Ritz steps for leading eigenvectors"
    accepts: ClassVar[tuple[type, ...]] = (EigenProgram,)
    requires: ClassVar[tuple[str, ...]] = ("scipy",)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS, Trait.ANYTIME, Trait.WARM})

    iterations: int = 500
    tolerance: float = 1e-8
    guard: int = 4

    def refuses(self, form: Form) -> str | None:
        assert isinstance(form, EigenProgram)
        if found := faults(form):
            return found
        return "B has negative eigenvalues, whose powers may lead" if root(form.b) is None else None

    def solve(self, form: Form, ctx: Context) -> Claim:
        assert isinstance(form, EigenProgram)
        from scipy.linalg import cho_factor, cho_solve

        factor = cho_factor(form.c, lower=True)
        block = EigenProgram(form.b, form.c, min(form.rank + max(self.guard, 0), len(form.b)))
        frame, count = first_frame(block, ctx), 0
        while True:
            off = residual(form, frame[:, : form.rank])
            if off <= self.tolerance or count >= self.iterations or ctx.should_stop():
                break
            image = cho_solve(factor, form.b @ frame)
            if not image.any():  # B is 0, or the frame misses it
                break
            _, powers = ritz(block, image)
            if powers.shape[1] < block.rank:  # B has no more directions: the rest stays as it was
                _, powers = ritz(block, np.hstack([powers, frame]))
            frame = powers
            count += 1
            if count % _CHECK == 0:
                now = claim(form, frame)
                ctx.report(point=now.point, witness=now.witness, iterations=count)
        last = claim(form, frame)
        stop = Stop.FINISHED if off <= self.tolerance else Stop.TIME if ctx.should_stop() else Stop.ITERATIONS
        return Claim(
            last.point,
            feasible=True,
            stop=stop,
            value=last.value,
            witness=last.witness,
            statistics={"iterations": count, "residual": off},
            start=Start(Use.USED, "the first frame") if ctx.start is not None else None,
        )
