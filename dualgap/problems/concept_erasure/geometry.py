"""Features and concept in coordinates where erasure is an eigenvalue problem.

With the centred features ``X = U diag(spread) axes'`` (singular values) and the centred concept S, everything that a
linear model can tell of S is in ``G = U'S / |S|``: the concept's R^2 is ``|G|^2``. Removing directions Q from the
features leaves a subspace of U's columns, and R^2 becomes what of G lies in that subspace. A subspace ``W`` of U's
coordinates is lost, and no more, where ``Q`` spans ``axes diag(spread) W``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dualgap.core.exact import Real

NEGLIGIBLE = 1e-8
"""Relative to the largest singular value of the features: directions of less spread count as constant."""

_DIGITS = 12
_DEPENDENT = 1e-12  # relative: columns this close to a combination of others are one


@dataclass(frozen=True, eq=False)
class Geometry:
    """The reduced data.

    Attributes:
        spread: (rho,) singular values of the centred features, in decreasing order, the negligible ones left out.
        axes: (d, rho) the directions in feature space, orthonormal.
        signal: (rho, k) G.
        shares: (k,) the concept's columns' shares of its sum of squares.
    """

    spread: np.ndarray
    axes: np.ndarray
    signal: np.ndarray
    shares: np.ndarray

    @property
    def size(self) -> int:
        """The dimension of the features' range."""
        return len(self.spread)

    @property
    def moments(self) -> np.ndarray:
        """(rho, rho) GG': what each direction of U tells of the concept."""
        product: np.ndarray = self.signal @ self.signal.T
        return product

    def told(self, directions: np.ndarray) -> np.ndarray:
        """(k,) R^2 of each column of the concept, as far as a linear model tells it without the directions.

        Args:
            directions: (d, c) orthonormal columns that are removed from the features.
        """
        gone = self.subspace(directions).T @ self.signal
        left = np.sum(self.signal * self.signal, axis=0) - np.sum(gone * gone, axis=0)
        return np.asarray(left / self.shares)

    def lost(self, directions: np.ndarray) -> float:
        """The share of the features' variance that goes with the directions."""
        removed = (self.axes * self.spread).T @ directions
        return float(np.sum(removed * removed) / np.sum(self.spread * self.spread))

    def directions(self, subspace: np.ndarray) -> np.ndarray:
        """(d, c) what to remove from the features so that the (rho, c) subspace of U's coordinates is lost."""
        return orthonormal(self.axes @ (self.spread[:, None] * subspace))

    def subspace(self, directions: np.ndarray) -> np.ndarray:
        """(rho, c) an orthonormal basis of what of U's coordinates is lost with the directions.

        A unit vector ``z = diag(spread)^-1 axes'Q y`` is lost where its image ``axes diag(spread) z`` lies in the span
        of Q, up to what is negligible: directions outside the features' range, even in part, take nothing away.
        """
        seen = self.axes.T @ directions
        basis, sizes, turned = np.linalg.svd(seen / self.spread[:, None], full_matrices=False)
        there = sizes > _DEPENDENT * max(float(sizes.max(initial=0.0)), 1e-300)
        image = self.axes @ (seen @ (turned[there].T / sizes[there]))
        outside = image - directions @ (directions.T @ image)
        _, remains, mixed = np.linalg.svd(outside, full_matrices=False)
        return np.asarray(basis[:, there] @ mixed[remains <= NEGLIGIBLE * self.spread[0]].T)


def settled(share: Real) -> float:
    """R^2 without the digits that rounding makes up: equal erasures are equally good."""
    return max(0.0, round(float(share), _DIGITS))


def orthonormal(columns: np.ndarray) -> np.ndarray:
    """An orthonormal basis of the span of (n, c) columns, c of them where they are independent."""
    if not columns.size:
        return columns
    lengths = np.linalg.norm(columns, axis=0)
    basis, sizes, _ = np.linalg.svd(columns / np.where(lengths > 0, lengths, 1.0), full_matrices=False)
    return np.asarray(basis[:, sizes > _DEPENDENT * max(float(sizes[0]), 1e-300)])


def centred(array: np.ndarray) -> np.ndarray:
    """Columns with their means subtracted."""
    floats = np.asarray(array, dtype=np.float64)
    return np.asarray(floats - floats.mean(axis=0))


def reduce(features: np.ndarray, concept: np.ndarray) -> Geometry:
    """The geometry of (n, d) features and an (n, k) concept, both centred.

    A QR factorisation without Q stands for the n examples: only its triangle, at most (d + k) wide, is decomposed.
    """
    width = features.shape[1]
    triangle = np.asarray(np.linalg.qr(np.hstack([features, concept]), mode="r"))
    basis, spread, axes = np.linalg.svd(triangle[:, :width], full_matrices=False)
    rank = int(np.sum(spread > NEGLIGIBLE * spread[0]))
    squares = np.sum(concept * concept, axis=0)
    total = float(squares.sum())
    signal = basis[:, :rank].T @ triangle[:, width:] / np.sqrt(total)
    return Geometry(spread[:rank], axes[:rank].T, signal, squares / total)
