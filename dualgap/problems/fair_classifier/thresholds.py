"""Thresholds of a score: the distinct ones, and the masses above them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_SMALLEST = 1e-9  # shares below are rounded zeros


def cuts(scores: np.ndarray) -> np.ndarray:
    """(t,) thresholds, ascending, that tell all subsets ``score > threshold`` apart: between neighbours, and infinite
    ones for all and for none.
    """
    distinct = np.unique(scores)
    middles = distinct[:-1] + (distinct[1:] - distinct[:-1]) / 2
    middles = np.where(middles >= distinct[1:], distinct[:-1], middles)  # neighbouring floats
    return np.concatenate([[-np.inf], middles, [np.inf]])


def masses_above(
    scores: np.ndarray, groups: np.ndarray, labels: np.ndarray, weights: np.ndarray, count: int
) -> np.ndarray:
    """(t, 2 G): for each of ``cuts(scores)`` the weight above it, by group and label; t is at least 2."""
    distinct, place = np.unique(scores, return_inverse=True)
    size = 2 * count
    per = np.bincount(place * size + 2 * groups + labels, weights, len(distinct) * size).reshape(-1, size)
    above = np.cumsum(per[::-1], axis=0)[::-1]
    return np.vstack([above, np.zeros(size)])


def coupled(values: Sequence[np.ndarray], weights: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """((m, G), (m,)): a mixture of m thresholds for each group, and its weights, from a mixture for each group alone.

    Joined at equal quantiles, so that few members do, and nobody's prediction is left to chance more than it must be.

    Args:
        values: (t,) thresholds of each group, ascending. weights: (t,) of each, at least 0, sum 1.
    """
    ends = np.unique(np.concatenate([np.cumsum(part)[part > 0] for part in weights]))
    ends = ends[np.append(np.diff(ends) > _SMALLEST, True)]
    ends[-1] = 1.0
    shares = np.diff(ends, prepend=0.0)
    middles = ends - shares / 2
    places = [np.minimum(np.searchsorted(np.cumsum(part), middles), len(part) - 1) for part in weights]
    return np.column_stack([own[place] for own, place in zip(values, places)]), shares
