"""The area under the curve of a score that tells members from others, by ranks."""

from __future__ import annotations

import numpy as np


def area(members: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(...) the chance that a member's score is above another's, ties by half, for (..., m) and (..., k) scores.

    Source: Mann and Whitney, On a test of whether one of two random variables is stochastically larger (1947).
    """
    from scipy.stats import rankdata

    m, k = members.shape[-1], others.shape[-1]
    ranks = rankdata(np.concatenate([members, others], axis=-1), axis=-1)[..., :m].sum(axis=-1)
    return np.asarray((ranks - m * (m + 1) / 2) / (m * k))
