"""Sets of matrices: orthonormal frames and the fantope."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dualgap.core.polytope import BoxRows
from dualgap.core.sets import Set
from dualgap.core.traced import namespace


@dataclass(frozen=True)
class Frames(Set):
    """Orthonormal frames X'X = I, the Stiefel manifold (not convex; projection is the polar factor)."""

    def project(self, x: Any) -> Any:
        xp = namespace(x)
        left, _, right = xp.linalg.svd(x, full_matrices=False)
        return left @ right


@dataclass(frozen=True)
class Fantope(Set):
    """``0 <= P <= I, tr P = rank``, the convex hull of rank-k projections (Overton and Womersley 1992)."""

    static: ClassVar[tuple[str, ...]] = ("rank",)
    rank: int

    def project(self, x: Any) -> Any:
        xp = namespace(x)
        values, vectors = xp.linalg.eigh(0.5 * (x + x.T))
        n = values.shape[0]
        shares = BoxRows(np.zeros(n), np.ones(n), np.ones((1, n)), [self.rank], [self.rank])
        clipped = shares.project(shares.project(values))  # again, for what rounding leaves of values far away
        return (vectors * clipped) @ vectors.T

    def support(self, direction: Any) -> Any:
        xp = namespace(direction)
        _, vectors = xp.linalg.eigh(0.5 * (direction + direction.T))
        chosen = vectors[:, : self.rank]
        return chosen @ chosen.T
