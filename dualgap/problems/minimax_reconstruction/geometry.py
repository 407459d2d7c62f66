"""Sampling and reconstruction in orthonormal coordinates of the two spaces.

With w and s orthonormal bases of the ranges of W and S, every ``W H S'`` is ``w K s'``; K is free, or of the form
``particular + free Z`` where reconstructions must agree with the samples. Everything happens in the sum of the two
spaces, and in one direction beyond it, if there is one, in which nothing is sampled and nothing reconstructed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

NEGLIGIBLE = 1e-10
"""Relative: singular values below it count as zero, principal angles this close to 0 or 90 degrees as such."""


@dataclass(frozen=True, eq=False)
class Geometry:
    """The reduced problem.

    Attributes:
        frame: (n, m) orthonormal: the sum of the two spaces, and a direction beyond it.
        w, s: (m, p), (m, q) orthonormal bases of the two spaces, in coordinates of ``frame``.
        inner: (p, r) ``w'W`` and (q, r) ``s'S``: ``W = frame w inner[0]``.
        excess: whether only the error beyond the best in W counts (else all of it).
        consistent: whether reconstructions must agree with the samples.
    """

    frame: np.ndarray
    w: np.ndarray
    s: np.ndarray
    inner: tuple[np.ndarray, np.ndarray]
    excess: bool
    consistent: bool

    @property
    def size(self) -> int:
        """The dimension of the reduced signals."""
        return int(self.frame.shape[1])

    @cached_property
    def cosines(self) -> np.ndarray:
        """(q, p) s'w; its singular values are the cosines of the angles between the spaces."""
        return np.asarray(self.s.T @ self.w)

    @cached_property
    def particular(self) -> np.ndarray:
        """(p, q) one admissible K: 0, or the least one that is consistent."""
        return np.linalg.pinv(self.cosines) if self.consistent else np.zeros((self.w.shape[1], self.s.shape[1]))

    @cached_property
    def free(self) -> np.ndarray:
        """(p, f) orthonormal: admissible K are ``particular + free Z`` for any (f, q) matrix Z."""
        if not self.consistent:
            return np.eye(self.w.shape[1])
        _, sizes, right = np.linalg.svd(self.cosines)
        return np.asarray(right[int(np.sum(sizes > NEGLIGIBLE)) :].T)

    @property
    def reachable(self) -> bool:
        """Whether some reconstruction agrees with all samples."""
        sizes = np.linalg.svd(self.cosines)[1]
        return len(sizes) == self.s.shape[1] and bool(sizes.min(initial=1.0) > NEGLIGIBLE)

    def operator(self, k: np.ndarray) -> np.ndarray:
        """(p, m) the error of K in coordinates of W where only the excess counts, else (m, m) all of it."""
        if self.excess:
            return np.asarray(k @ self.s.T - self.w.T)
        return np.asarray(self.w @ k @ self.s.T - np.eye(self.size))

    def core(self, h: np.ndarray) -> np.ndarray:
        """(p, q) K of a given H."""
        return np.asarray(self.inner[0] @ h @ self.inner[1].T)

    def matrix(self, k: np.ndarray) -> np.ndarray:
        """The least H with the given K."""
        return np.asarray(np.linalg.pinv(self.inner[0]) @ k @ np.linalg.pinv(self.inner[1]).T)


def reduce(w: np.ndarray, s: np.ndarray, *, excess: bool, consistent: bool) -> Geometry:
    """The geometry of (n, p) W and (n, q) S."""
    first, second = _basis(w), _basis(s)
    frame = _basis(np.hstack([first, second]))
    if frame.shape[1] < len(frame):
        frame = np.hstack([frame, _beyond(frame)])
    reduced = frame.T @ first, frame.T @ second
    return Geometry(frame, *reduced, (first.T @ w, second.T @ s), excess, consistent)


def _basis(columns: np.ndarray) -> np.ndarray:
    """(n, rank) an orthonormal basis of the columns' span."""
    left, sizes, _ = np.linalg.svd(np.asarray(columns, dtype=np.float64), full_matrices=False)
    return np.asarray(left[:, sizes > NEGLIGIBLE * max(float(sizes[0]), 1e-300)])


def _beyond(frame: np.ndarray) -> np.ndarray:
    """(n, 1) a unit vector orthogonal to the frame: what is left of the unit vector that is furthest from it."""
    index = int(np.argmin(np.sum(frame * frame, axis=1)))
    unit = np.zeros(len(frame))
    unit[index] = 1.0
    for _ in range(2):  # once more, for what rounding leaves
        unit = unit - frame @ (frame.T @ unit)
    return np.asarray(unit / np.linalg.norm(unit))[:, None]
