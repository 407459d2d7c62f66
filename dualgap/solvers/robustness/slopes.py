"""CROWN's lower slopes improved by gradient steps (alpha-CROWN: Xu et al., Fast and complete, 2021)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dualgap.core.solver import Context
from dualgap.problems.networks.bounds.dual import Backward, Span, backward, crown, sloped
from dualgap.problems.networks.bounds.query import Query

_FIRST, _DECAY = 0.2, 0.95  # lengths of steps, in slopes


@dataclass(frozen=True, eq=False)
class Optimised:
    """The best bounds (P,) seen, and the multipliers (P, n) of each hidden layer that give them."""

    bounds: np.ndarray
    multipliers: tuple[np.ndarray, ...]


def optimised(query: Query, spans: Sequence[Span], iterations: int, ctx: Context) -> Optimised:
    """Signed steps on the slopes of all functions at once, each kept at its best.

    With x where the linear bound is least, and h the linear relaxation's values at x, the bound's derivative in the
    slope of a neuron is its coefficient times h, where that coefficient is positive.
    """
    local, region, start = [span.take(query.item) for span in spans], query.region.take(query.item), query.starts()
    found = backward(query.layers, local, region, start, crown)
    bounds, multipliers = found.bound.copy(), [part.copy() for part in found.multipliers]
    slopes = [(span.upper >= -span.lower).astype(np.float64) for span in local]
    for step in range(iterations):
        if ctx.should_stop():
            break
        coefficients: dict[int, np.ndarray] = {}

        def choose(
            place: int, coefficient: np.ndarray, span: Span, seen: dict[int, np.ndarray] = coefficients
        ) -> np.ndarray:
            seen[place] = coefficient
            return sloped(coefficient, span, slopes[place])

        found = backward(query.layers, local, region, start, choose)
        better = found.bound > bounds
        bounds[better] = found.bound[better]
        for kept, part in zip(multipliers, found.multipliers, strict=True):
            kept[better] = part[better]
        gradients = _gradients(query, local, found, coefficients, slopes, region.lowest(found.slopes))
        for place, gradient in enumerate(gradients):
            slopes[place] = np.clip(slopes[place] + _FIRST * _DECAY**step * np.sign(gradient), 0.0, 1.0)
    return Optimised(bounds, tuple(multipliers))


def _gradients(
    query: Query,
    spans: Sequence[Span],
    found: Backward,
    coefficients: dict[int, np.ndarray],
    slopes: Sequence[np.ndarray],
    points: np.ndarray,
) -> list[np.ndarray]:
    now, gradients = points, []
    for place, span in enumerate(spans):
        layer, coefficient = query.layers[place], coefficients[place]
        before = (layer.matrix @ now.T).T + layer.bias
        rising = span.unstable & (coefficient >= 0)
        gradients.append(np.where(rising, coefficient * before, 0.0))
        upper = span.upper / np.where(span.unstable, span.upper - span.lower, 1.0)
        bent = np.where(coefficient >= 0, slopes[place] * before, upper * (before - span.lower))
        now = np.where(span.unstable, bent, np.where(span.lower >= 0, before, 0.0))
    return gradients
