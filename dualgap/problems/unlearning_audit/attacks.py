"""Attacks by intervals: what they show, and the strongest of all, by counting."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from dualgap.problems.unlearning_audit.epsilon import CAP, epsilons, peaked


def shown(unlearned: np.ndarray, retrained: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """(m,) epsilon that each row's interval [lower, upper] shows; the cap for a row whose one sample hardly varies.

    Args:
        unlearned: (U, m). retrained: (K, m). lower, upper: (m,).
    """
    counts = [((side >= lower) & (side <= upper)).sum(axis=0) for side in (unlearned, retrained)]
    found = epsilons(len(unlearned), len(retrained))[counts[0], counts[1]]
    return np.where(peaked(unlearned, retrained), CAP, found)


def strongest(
    unlearned: np.ndarray, retrained: np.ndarray, seconds: float = np.inf
) -> Iterator[tuple[float, float, float]]:
    """Of each row the largest epsilon of any interval, and one that shows it; ends when the time is up.

    Only which models an interval flags counts, so its ends are confidences that occur: (U + K)^2 / 2 intervals a row.
    """
    deadline = time.monotonic() + seconds
    table, flat = epsilons(len(unlearned), len(retrained)), peaked(unlearned, retrained)
    for row in range(unlearned.shape[1]):
        if time.monotonic() > deadline:
            return
        if flat[row]:
            yield CAP, -np.inf, np.inf
            continue
        one, other = np.sort(unlearned[:, row]), np.sort(retrained[:, row])
        ends = np.unique(np.concatenate([one, other]))
        upto, before = ([np.searchsorted(side, ends, side=way) for side in (one, other)] for way in ("right", "left"))
        i, j = (np.maximum(upto[k][None, :] - before[k][:, None], 0) for k in (0, 1))
        found = table[i, j]
        low, high = np.unravel_index(int(found.argmax()), found.shape)
        yield float(found[low, high]), float(ends[low]), float(ends[high])
