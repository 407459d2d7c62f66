"""Minimax reconstruction in closed form, by the principal angles between the two spaces (Bjorck and Golub 1973).

With w and s orthonormal bases and ``w's = u diag(cosines) v'``, the best K of ``w K s'`` is

- for the regret ``w's`` (Eldar and Dvorkind 2006): ``P_W P_S``, its worst regret the sine of the largest angle;
- for the error, the projection on the intersection of the spaces: a worst error below the norm of the signal takes
  ``W = S = R^n``, and whatever maps a signal outside the intersection makes another one worse;
- where the samples must agree, for both the pseudo-inverse of ``s'w``, the oblique projection: its worst regret is the
  tangent of the largest angle (at least 1 where W has more dimensions than S), its worst error the inverse cosine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim
from dualgap.core.solver import Context, Solver, Trait
from dualgap.problems.minimax_reconstruction import MinimaxReconstruction, Prior, Reconstruction
from dualgap.problems.minimax_reconstruction.geometry import Geometry

_COINCIDE = 1e-12  # of a cosine to 1: a direction that both spaces have


@dataclass(frozen=True)
class PrincipalAngles(Solver):
    """The closed forms, with the least favourable signal as the prior."""

    name: ClassVar[str] = "principal-angles"
    summary: ClassVar[str] = "minimax reconstruction in closed form"
    accepts: ClassVar[tuple[type, ...]] = (MinimaxReconstruction,)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.EXACT, Trait.BOUNDS})

    def solve(self, form: Any, ctx: Context) -> Claim:
        geometry, radius = form.geometry, float(form.radius)
        left, cosines, right = np.linalg.svd(geometry.cosines.T, full_matrices=False)
        k = _best(geometry, left, cosines, right)
        _, sizes, signals = np.linalg.svd(geometry.operator(k))
        worst = signals[0]
        if not geometry.excess and not geometry.consistent:
            worst = _unseen(geometry, worst)
        value = radius * float(sizes.max(initial=0.0))
        angle = float(np.degrees(np.arccos(np.clip(cosines.min(), 0.0, 1.0))))
        return Claim(
            point=Reconstruction(H=geometry.matrix(k)),
            feasible=True,
            value=value,
            bound=value,
            witness=Prior(signals=(geometry.frame @ worst)[:, None]),
            statistics={"largest_angle_degrees": angle},
        )


def _best(geometry: Geometry, left: np.ndarray, cosines: np.ndarray, right: np.ndarray) -> np.ndarray:
    if geometry.consistent:
        return geometry.particular
    shared = cosines if geometry.excess else (cosines >= 1.0 - _COINCIDE).astype(np.float64)
    return np.asarray((left * shared) @ right)


def _unseen(geometry: Geometry, otherwise: np.ndarray) -> np.ndarray:
    """A signal outside one of the spaces: its error is its norm, whatever the reconstruction."""
    for basis in (geometry.s, geometry.w):
        if basis.shape[1] < geometry.size:
            return np.asarray(np.linalg.svd(basis)[0][:, -1])
    return otherwise
