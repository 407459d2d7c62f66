"""Thresholds of a score: the distinct ones, and the masses above them."""

from __future__ import annotations

import numpy as np


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
