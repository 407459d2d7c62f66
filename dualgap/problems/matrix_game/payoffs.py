"""What a mixed strategy yields against each pure one: exactly where integers allow it, else with an error bound.

For float64 the sum of n products in any order is within ``gamma_n sum_k |a_k b_k|`` of the true one,
``gamma_n = n u / (1 - n u)`` with ``u = 2^-53`` (Higham, Accuracy and Stability of Numerical Algorithms, 2002, 3.1).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

import numpy as np

from dualgap.core.exact import Exact, Real, exact, fraction

_LIMIT = 2**62
_UNIT = 2.0**-53
_SMALL = 20_000  # entries: up to here Python's integers are quick enough
_SHORT = 2**22  # entries whose decimals are looked at


@dataclass(frozen=True)
class Payments:
    """What one strategy yields against all pure ones of the other player: the least and the most.

    Attributes:
        least, most: exact (int or Fraction), or floats.
        error: floats are within this of the true numbers.
        exact: whether they are exact.
    """

    least: Real
    most: Real
    error: float = 0.0
    exact: bool = True


@dataclass(frozen=True, eq=False)
class Payoffs:
    """A payoff matrix (m, n)."""

    matrix: np.ndarray
    _last: dict[int, tuple[bytes, Payments]] = field(default_factory=dict, repr=False)

    def against_columns(self, weights: np.ndarray) -> Payments:
        """Of the rows' weights (m,), at least one of them positive; negative ones count as 0."""
        return self._payments(np.maximum(weights, 0), 0)

    def against_rows(self, weights: np.ndarray) -> Payments:
        """Of the columns' weights (n,)."""
        return self._payments(np.maximum(weights, 0), 1)

    @cached_property
    def largest(self) -> float:
        """The largest payoff in size."""
        return max(abs(float(self.matrix.max())), abs(float(self.matrix.min())))

    @cached_property
    def _floats(self) -> np.ndarray:
        return self.matrix.astype(np.float64, copy=False)

    @cached_property
    def _exact(self) -> Exact | None:
        """None where the numbers are too many or too long for quick exact arithmetic."""
        if self.matrix.size > _SHORT:
            return None
        if self.matrix.size > _SMALL and not _short(self.matrix):
            return None
        return exact(self.matrix)

    def _payments(self, weights: np.ndarray, axis: int) -> Payments:
        """Remembers the last strategy of each player: value, bound and metrics all ask for the same."""
        key = weights.dtype.char.encode() + weights.tobytes()
        if axis not in self._last or self._last[axis][0] != key:
            self._last[axis] = key, self._recomputed(weights, axis)
        return self._last[axis][1]

    def _recomputed(self, weights: np.ndarray, axis: int) -> Payments:
        played = np.flatnonzero(weights)
        weights = weights[played]
        if self._exact is not None:
            found = self._exactly(self._exact, weights, played, axis)
            if found is not None:
                return found
        share = weights / weights.sum()
        if 2 * len(played) > self.matrix.shape[axis]:  # a copy would cost more than the products with 0
            spread = np.zeros(self.matrix.shape[axis])
            spread[played] = share
            paid = spread @ self._floats if axis == 0 else self._floats @ spread
        elif axis == 0:
            paid = share @ self._floats[played]
        else:
            paid = self._floats[:, played] @ share
        # the products' sums, and the rounding of the shares, their sum and the spec's shortest decimals
        error = (2 * self.matrix.shape[axis] + 8) * _UNIT * self.largest * 1.001
        return Payments(float(paid.min()), float(paid.max()), error, exact=False)

    def _exactly(self, payoff: Exact, weights: np.ndarray, played: np.ndarray, axis: int) -> Payments | None:
        """In integers; None where these outgrow 64 bits in a large game."""
        share = exact(weights)
        total = int(share.numerators.astype(object).sum())
        wide = share.numerators.dtype == object or payoff.largest * total >= _LIMIT
        if payoff.numerators.dtype == object or wide:
            if self.matrix.size > _SMALL:
                return None
            share = Exact(share.numerators.astype(object), share.denominator)
            payoff = Exact(payoff.numerators.astype(object), payoff.denominator)
        part = payoff.numerators[played] if axis == 0 else payoff.numerators[:, played]
        paid = share.numerators @ part if axis == 0 else part @ share.numerators
        unit = Fraction(1, total * payoff.denominator)
        return Payments(int(paid.min()) * unit, int(paid.max()) * unit)


def standardised(matrix: np.ndarray) -> np.ndarray:
    """Less the median and over the median distance from it, which a few extreme payoffs don't move.

    Nobody's best strategy changes, and any solver's tolerances suit.
    """
    centred: np.ndarray = matrix - np.median(matrix)
    centred /= float(np.median(np.abs(centred))) or float(np.ptp(matrix)) or 1.0
    return centred


def outward(value: Real, error: float, upwards: bool) -> Real:
    """The float moved by its error, and one step of rounding more; exact numbers stay."""
    if not isinstance(value, float):
        return value
    moved = value + error if upwards else value - error
    return float(np.nextafter(moved, np.inf if upwards else -np.inf))


def _short(matrix: np.ndarray) -> bool:
    """Whether payoffs are whole, or decimals of few places: looked at in a sample."""
    if matrix.dtype == np.int64:
        return True
    sample = matrix.ravel()[:: max(1, matrix.size // 64)]
    return all(fraction(float(number)).denominator <= 10**6 for number in sample)
