"""Plain gradient steps over frames with X'CX = I, in the coordinates as they are.

A step goes from X along ``G = BX - CX (X'BX)`` and back onto the frames, as far as a line search allows (Edelman, Arias
and Smith 1998). Where C is ill-conditioned it crawls: ``whitened-gradient`` does the same in coordinates where C is the
identity. It is here to be compared with, and its answers are certified as what they are.
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
_ARMIJO = 1e-4
_SMALLEST = 1e-18  # relative to the first step: no step helps


@dataclass(frozen=True)
class StiefelDescent(Solver):
    """Gradient ascent of tr(X'BX) over C-orthonormal frames, without whitening.

    Attributes:
        iterations: at most so many.
        tolerance: finished where the gradient |BX - CX (X'BX)| is this small, relative to |BX|.
    """

    name: ClassVar[str] = "stiefel-descent"
    summary: ClassVar[str] = (
        "plain gradient steps over frames, as the coordinates are; fails where C is ill-conditioned"
    )
    accepts: ClassVar[tuple[type, ...]] = (EigenProgram,)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS, Trait.ANYTIME, Trait.WARM})

    iterations: int = 300
    tolerance: float = 1e-6

    def refuses(self, form: Form) -> str | None:
        assert isinstance(form, EigenProgram)
        return faults(form)

    def solve(self, form: Form, ctx: Context) -> Claim:
        assert isinstance(form, EigenProgram)
        frame, count = first_frame(form, ctx), 0
        step = first = 1.0 / max(float(np.linalg.norm(form.b)), 1e-300)
        while True:
            image = form.b @ frame
            inner = frame.T @ image
            gradient = image - form.c @ (frame @ inner)
            slope = float(np.linalg.norm(gradient) / max(float(np.linalg.norm(image)), 1e-300))
            if slope <= self.tolerance or count >= self.iterations or step < _SMALLEST * first or ctx.should_stop():
                break
            value, square = float(np.trace(inner)), float(np.sum(gradient * gradient))
            while step >= _SMALLEST * first and not ctx.should_stop():
                values, moved = ritz(form, frame + step * gradient)
                if moved.shape == frame.shape and float(values.sum()) >= value + _ARMIJO * step * square:
                    frame, step = moved, 2.0 * step
                    break
                step *= 0.5
            count += 1
            if count % _CHECK == 0:
                now = claim(form, frame)
                ctx.report(point=now.point, witness=now.witness, iterations=count)
        last = claim(form, frame)
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
