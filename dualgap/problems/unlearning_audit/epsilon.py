"""How well an attack tells two samples of one row's confidences apart, as an estimate of epsilon; and its score.

Mathematics: of two algorithms whose outputs are (epsilon, delta)-indistinguishable, every attack that takes one for
positive has ``FPR + e^epsilon FNR >= 1 - delta``, and so with the rates exchanged. So an attack's rates show
``epsilon >= max(log(1 - delta - FPR) - log FNR, log(1 - delta - FNR) - log FPR)``.

Source: Kairouz, Oh and Viswanath, The composition theorem for differential privacy (2015); the rules for rates of 0,
the cap and the score are those of Triantafillou et al., Are we making progress in unlearning? Findings from the first
NeurIPS unlearning competition (2024), and of the code that they published.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

DELTA = 1e-5
CAP = 50.0
"""An epsilon beyond it counts as it."""

PEAKED = 0.01
"""Where one sample's range is less than this share of the other's, epsilon is the cap without a test."""

WIDTH = 0.5
"""Of the bins of epsilon; each halves the score."""


@lru_cache(maxsize=32)
def epsilons(first: int, second: int) -> np.ndarray:
    """(first + 1, second + 1) epsilon of an attack that flags i of ``first`` models and j of ``second``.

    Either may be taken for positive; 0 where nothing is shown.
    """
    return np.asarray(np.maximum(one_sided(first, second), one_sided(second, first).T))


@lru_cache(maxsize=32)
def one_sided(positive: int, negative: int) -> np.ndarray:
    """The same with the first taken for positive: the cap where all of them are flagged and none of the others, and
    nothing where only one of these holds (too few models to say).
    """
    missed = 1.0 - np.arange(positive + 1)[:, None] / positive
    false = np.arange(negative + 1)[None, :] / negative
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [np.log(1.0 - DELTA - a) - np.log(b) for a, b in ((false, missed), (missed, false))]
    found = np.clip(np.fmax(*(np.nan_to_num(part, nan=0.0) for part in parts)), 0.0, CAP)
    found = np.where((missed == 0) ^ (false == 0), 0.0, found)
    return np.asarray(np.where((missed == 0) & (false == 0), CAP, found))


def score(epsilon: np.ndarray, models: int) -> np.ndarray:
    """H: 1 in the first bin of epsilon, halved with each, and 0 from ``ceil(log(models - 1))`` on.

    Args:
        models: how many were unlearned; they limit what epsilon a test can show.
    """
    bins = np.floor(np.asarray(epsilon) / WIDTH)
    last = np.ceil(np.log(models - 1)) / WIDTH
    return np.asarray(np.where(bins < last, 2.0**-bins, 0.0))


def peaked(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(m,) bool of (models, m) samples: one of the two hardly varies."""
    ranges = np.sort([np.ptp(one, axis=0), np.ptp(other, axis=0)], axis=0)
    return np.asarray(ranges[0] <= PEAKED * ranges[1])
