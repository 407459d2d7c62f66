"""Lower bounds on a linear function of a ReLU network's outputs, from multipliers on its neurons.

With ``h_l = W_l relu(h_(l-1)) + b_l`` priced by any multipliers mu_l, and ``a_l = W_(l+1)' mu_(l+1)``,

    c'f(x) >= sum_l mu_l'b_l + sum_l sum_j min over h in [l_j, u_j] of (a_j relu(h) - mu_j h) + min over x of a_0'x,

mu of the last layer being c (Dvijotham, Stanforth, Gowal, Mann and Kohli, A dual approach to scalable verification of
deep networks, 2018). A minimum over h is at an end or at 0. The best multipliers give the bound of the linear
relaxation with triangles; mu = 0 gives interval bounds; CROWN's (Zhang et al., Efficient neural network robustness
certification with general activation functions, 2018) are chosen going backward:

    mu_j = a_j where the neuron is active, 0 where it is inactive; where l_j < 0 < u_j,
    alpha_j a_j with a slope alpha_j in [0, 1] if a_j >= 0, else a_j u_j / (u_j - l_j).

Splitting a neuron narrows its interval to one side of 0, and the same formula holds (beta-CROWN: Wang et al. 2021).
No multiplier can be wrong, so only the formula's own rounding has to be covered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dualgap.problems.networks.bounds.layers import Layer
from dualgap.problems.networks.bounds.region import Region
from dualgap.problems.networks.bounds.rounding import TINY, dot, share


@dataclass(frozen=True, eq=False)
class Span:
    """Intervals (K, n) of a layer's values before the ReLU."""

    lower: np.ndarray
    upper: np.ndarray

    def take(self, index: Any) -> Span:
        return Span(self.lower[index], self.upper[index])

    @property
    def unstable(self) -> np.ndarray:
        return np.asarray((self.lower < 0) & (self.upper > 0))


Choice = Callable[[int, np.ndarray, Span], np.ndarray]
"""(hidden layer, coefficients of its outputs (K, n), its intervals) to multipliers (K, n)."""


@dataclass(frozen=True, eq=False)
class Start:
    """Linear functions ``coefficient z + constant`` of a layer's outputs z, known up to errors.

    Attributes:
        coefficient, error: (K, n).
        constant, wrong: (K,).
    """

    coefficient: np.ndarray
    error: np.ndarray
    constant: np.ndarray
    wrong: np.ndarray

    def take(self, index: Any) -> Start:
        return Start(self.coefficient[index], self.error[index], self.constant[index], self.wrong[index])

    @classmethod
    def outputs(cls, layer: Layer, rows: np.ndarray, constants: np.ndarray) -> Start:
        """``rows y + constants`` (K, k), (K,) of the outputs y of an affine layer."""
        coefficient, error = layer.backward(rows)
        constant, wrong = layer.constant(rows)
        return cls(coefficient, error, constant + constants, wrong + share(1) * (np.abs(constant) + np.abs(constants)))


@dataclass(frozen=True, eq=False)
class Backward:
    """What a backward pass found: functions f that are at least ``slopes x + offset`` over their sets.

    Attributes:
        bound: (K,) of f, rounded down; infinite where an interval is empty.
        multipliers: (K, n) of every hidden layer, first to last.
        slopes: (K, d).
        offset: (K,) rounded down.
    """

    bound: np.ndarray
    multipliers: tuple[np.ndarray, ...]
    slopes: np.ndarray
    offset: np.ndarray


def backward(layers: Sequence[Layer], spans: Sequence[Span], region: Region, start: Start, choose: Choice) -> Backward:
    """Bounds K functions of the outputs of the last of ``spans``, of the inputs where there are none."""
    coefficient, error = start.coefficient, start.error
    value, wrong = start.constant.copy(), start.wrong.copy()
    size, empty = np.abs(value), np.zeros(len(value), dtype=bool)
    chosen: list[np.ndarray] = []
    for place in range(len(spans) - 1, -1, -1):
        span = spans[place]
        multipliers = choose(place, coefficient, span)
        terms = (_least(coefficient, error, multipliers, span), layers[place].constant(multipliers))
        coefficient, error = layers[place].backward(multipliers)
        for term, slack in terms:
            value += term
            size += np.abs(term)
            wrong += slack
        empty |= (span.lower > span.upper).any(axis=1)
        chosen.append(multipliers)
    wrong += dot(error, region.reach) * (1.0 + share(error.shape[1]))
    offset = value - wrong - share(2 * len(spans) + 2) * (size + wrong)
    least = region.least(coefficient)
    bound = offset + least - share(0) * (np.abs(offset) + np.abs(least))
    bound = np.where(np.isfinite(bound), bound, -np.inf)  # NaN and overflow prove nothing
    return Backward(np.where(empty, np.inf, bound), tuple(reversed(chosen)), coefficient, offset)


def _least(
    coefficient: np.ndarray, error: np.ndarray, multipliers: np.ndarray, span: Span
) -> tuple[np.ndarray, np.ndarray]:
    """(K,) the sum over neurons of the least of ``a relu(h) - mu h``, and by how much it may be too large."""
    low, high = np.maximum(span.lower, 0.0), np.maximum(span.upper, 0.0)
    best = np.minimum(coefficient * low - multipliers * span.lower, coefficient * high - multipliers * span.upper)
    best = np.where(span.unstable, np.minimum(best, 0.0), best)
    sizes = dot(np.abs(coefficient) + np.abs(multipliers), np.maximum(np.abs(span.lower), np.abs(span.upper)))
    wrong = dot(error, high)
    return best.sum(axis=1), wrong + share(best.shape[1]) * (sizes + wrong) + TINY


def intervals(place: int, coefficient: np.ndarray, span: Span) -> np.ndarray:
    """No multipliers: what intervals alone say."""
    return np.zeros_like(coefficient)


def crown(place: int, coefficient: np.ndarray, span: Span) -> np.ndarray:
    """CROWN's multipliers with the slope 1 or 0 that leaves the smaller triangle."""
    return sloped(coefficient, span, (span.upper >= -span.lower).astype(np.float64))


def sloped(coefficient: np.ndarray, span: Span, slopes: np.ndarray) -> np.ndarray:
    """CROWN's multipliers with lower slopes (K, n)."""
    width = np.maximum(span.upper - span.lower, TINY)
    unstable = np.where(coefficient >= 0, slopes, span.upper / width)
    return np.asarray(coefficient * np.where(span.unstable, unstable, span.lower >= 0))
