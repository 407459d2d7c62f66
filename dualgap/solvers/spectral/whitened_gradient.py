"""Riemannian gradient ascent of ``tr(Y'LY)`` over orthonormal frames, in coordinates where C is the identity.

With ``C = R'R`` and ``Y = RX`` the program is ``max tr(Y'MY), Y'Y = I`` for ``M = R^-T B R^-1``. A step goes along the
tangent gradient ``MY - Y (Y'MY)``, as far as is best: the frame of the largest Ritz values in the span of both
(Edelman, Arias and Smith 1998; Absil, Mahony and Sepulchre 2008).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dualgap.core.claim import Claim, Start, Stop, Use
from dualgap.core.forms import EigenProgram, Form
from dualgap.core.solver import Context, Solver, Trait
from dualgap.solvers.spectral.frames import claim, faults, first_frame, ritz

_CHECK = 10  # iterations between reports


@dataclass(frozen=True)
class WhitenedGradient(Solver):
    """Gradient ascent over frames after whitening, with an exact line search.

    Attributes:
        iterations: at most so many.
        tolerance: finished where the gradient is this small, relative to MY.
    """

    name: ClassVar[str] = "whitened-gradient"
    summary: ClassVar[str] = "gradient ascent over orthonormal frames, with the best step"
    accepts: ClassVar[tuple[type, ...]] = (EigenProgram,)
    requires: ClassVar[tuple[str, ...]] = ("scipy",)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS, Trait.ANYTIME, Trait.WARM})

    iterations: int = 2000
    tolerance: float = 1e-8

    def refuses(self, form: Form) -> str | None:
        assert isinstance(form, EigenProgram)
        return faults(form)

    def solve(self, form: Form, ctx: Context) -> Claim:
        assert isinstance(form, EigenProgram)
        from scipy.linalg import solve_triangular

        root = np.linalg.cholesky(form.c).T
        white = _whitened(form, root)
        frame = root @ first_frame(form, ctx)
        count, slope = 0, np.inf
        while True:
            image = white.b @ frame
            gradient = image - frame @ (frame.T @ image)
            slope = float(np.linalg.norm(gradient) / max(float(np.linalg.norm(image)), 1e-300))
            if slope <= self.tolerance or count >= self.iterations or ctx.should_stop():
                break
            _, frame = ritz(white, np.hstack([frame, gradient]))
            count += 1
            if count % _CHECK == 0:
                now = claim(form, solve_triangular(root, frame))
                ctx.report(point=now.point, witness=now.witness, iterations=count)
        last = claim(form, solve_triangular(root, frame))
        stop = Stop.FINISHED if slope <= self.tolerance else Stop.TIME if ctx.should_stop() else Stop.ITERATIONS
        return Claim(
            last.point,
            feasible=True,
            stop=stop,
            value=last.value,
            witness=last.witness,
            statistics={"iterations": count, "gradient": slope},
            start=Start(Use.USED, "the first frame") if ctx.start is not None else None,
        )


def _whitened(form: EigenProgram, root: np.ndarray) -> EigenProgram:
    from scipy.linalg import solve_triangular

    half = solve_triangular(root, form.b, trans=1)
    inner = solve_triangular(root, half.T, trans=1)
    return EigenProgram(0.5 * (inner + inner.T), np.eye(len(root)), form.rank)
