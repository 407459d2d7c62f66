"""Dense symmetric eigensolvers of LAPACK, through SciPy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.forms import EigenProgram, Form
from dualgap.core.solver import Context, Solver, Trait
from dualgap.solvers.spectral.frames import claim, faults


@dataclass(frozen=True)
class Eigh(Solver):
    """The largest eigenvalues and their eigenvectors, by tridiagonal reduction."""

    name: ClassVar[str] = "eigh"
    summary: ClassVar[str] = "dense eigenvalue decomposition (LAPACK through SciPy)"
    accepts: ClassVar[tuple[type, ...]] = (EigenProgram,)
    requires: ClassVar[tuple[str, ...]] = ("scipy",)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.EXACT, Trait.BOUNDS})

    def refuses(self, form: Form) -> str | None:
        assert isinstance(form, EigenProgram)
        return faults(form)

    def solve(self, form: Form, ctx: Context) -> Claim:
        assert isinstance(form, EigenProgram)
        from scipy.linalg import LinAlgError, eigh

        size = len(form.b)
        try:
            values, vectors = eigh(form.b, form.c, subset_by_index=(size - form.rank, size - 1))
        except LinAlgError as error:
            return Claim(stop=Stop.NONFINITE, message=f"LAPACK gave up: {error}")
        found = claim(form, np.asarray(vectors[:, ::-1]))
        assert found.value is not None
        return Claim(
            found.point,
            feasible=True,
            value=found.value,
            bound=-float(values.sum()),
            witness=found.witness,
            statistics={"size": size},
        )
