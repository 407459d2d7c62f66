"""Rounding of float64 sums, bounded before they are computed.

However a dot product of n terms is summed, its error is at most gamma_n sum |a_i b_i| with gamma_n = n u / (1 - n u)
and u = 2^-53 (Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 3.1). Bounds subtract twice that
and a little more, so that sums of sizes may be rounded themselves.
"""

from __future__ import annotations

import numpy as np

UNIT = 2.0**-53
TINY = 1e-290
"""More than what underflow takes from any sum."""

_FURTHER = 8  # operations on a sum's terms and on the sum, besides its additions


def share(terms: int) -> float:
    """The part of a computed sum of sizes that covers the rounding of a sum of so many terms, twice."""
    return 2.0 * (terms + _FURTHER) * UNIT


def outward(lower: np.ndarray, upper: np.ndarray, size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Intervals widened by a few roundings of numbers of that size; infinite ends stay."""
    slack = share(0) * np.where(np.isfinite(size), size, 0.0) + TINY
    return lower - slack, upper + slack


def dot(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """(K,) the inner products of rows (K, n)."""
    products: np.ndarray = np.einsum("kn,kn->k", left, right)
    return products
