"""The competition's forget quality: each row's attack is chosen from a grid of thresholds.

Mathematics: two families of attacks are tried on each row. One threshold, of a hundred a unit over both samples, with
the sample of the larger median as positive; two thresholds around the sample of the smaller range, each on a grid of a
hundred a unit, two units to either side. The grid is in absolute units, so the score isn't free of scale, and the best
of that many attacks finds something between two samples of one distribution, too: hence the ceiling.

Source: Triantafillou et al., Are we making progress in unlearning? Findings from the first NeurIPS unlearning
competition (2024), and the code that they published.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from dualgap.problems.unlearning_audit.epsilon import CAP, one_sided, peaked, score

PER_UNIT = 100
BUFFER = 2.0


def row_scores(unlearned: np.ndarray, retrained: np.ndarray) -> np.ndarray:
    """(m,) the score H of each row.

    Args:
        unlearned: (U, m) confidences of the forgotten rows. retrained: (K, m), of models that never saw them.
    """
    return score(np.array([found for found, _, _ in grid_attacks(unlearned, retrained)]), len(unlearned))


def grid_attacks(unlearned: np.ndarray, retrained: np.ndarray) -> list[tuple[float, float, float]]:
    """Of each row the epsilon, and the interval of confidences that the grid's best attack flags."""
    flat = peaked(unlearned, retrained)
    return [
        (CAP, -np.inf, np.inf) if flat[row] else _attack(np.sort(unlearned[:, row]), np.sort(retrained[:, row]))
        for row in range(unlearned.shape[1])
    ]


def _attack(unlearned: np.ndarray, retrained: np.ndarray) -> tuple[float, float, float]:
    higher = (retrained, unlearned) if np.median(retrained) > np.median(unlearned) else (unlearned, retrained)
    narrow = (retrained, unlearned) if np.ptp(retrained) <= np.ptp(unlearned) else (unlearned, retrained)
    if np.ptp(retrained) == np.ptp(unlearned):
        narrow = higher[::-1]
    return max(_one_threshold(*higher), _two_thresholds(*narrow), key=lambda found: found[0])


def _one_threshold(positive: np.ndarray, negative: np.ndarray) -> tuple[float, float, float]:
    low, high = (float(pick([pick(positive), pick(negative)])) for pick in (np.min, np.max))
    grid = np.linspace(low, high, int(np.ceil((high - low) * PER_UNIT)))
    flagged = [len(side) - np.searchsorted(side, grid) for side in (positive, negative)]
    found = one_sided(len(positive), len(negative))[flagged[0], flagged[1]]
    best = int(found.argmax())
    return float(found[best]), float(grid[best]), np.inf


def _two_thresholds(narrow: np.ndarray, wide: np.ndarray) -> tuple[float, float, float]:
    """Right ends lie within the buffer of the narrow sample's largest value; a left end within it of the right end less
    the sample's range: so all left ends lie on one grid, too.
    """
    count = int(2 * BUFFER * PER_UNIT)
    steps = np.linspace(-BUFFER, BUFFER, count)
    right = narrow[-1] + steps
    left = narrow[0] + 2.0 * np.linspace(-BUFFER, BUFFER, 2 * count - 1)

    def flagged(side: np.ndarray) -> np.ndarray:
        """(right ends, steps): a right end's left ends are so many in a row of the one grid, the next one's one on."""
        upto = np.searchsorted(side, right, side="right").astype(np.int32)
        before = np.searchsorted(side, left).astype(np.int32)
        return np.asarray(np.maximum(upto[:, None] - sliding_window_view(before, count), 0))

    found = one_sided(len(narrow), len(wide)).take(flagged(narrow) * (len(wide) + 1) + flagged(wide))
    end, step = np.unravel_index(int(found.argmax()), found.shape)
    return float(found[end, step]), float(left[end + step]), float(right[end])


def note_scores(unlearned: np.ndarray, retrained: np.ndarray) -> np.ndarray:
    """(m,) of the notes that dualgap grew out of; another metric, not comparable with the competition's.

    Its delta is .1; its attacks are nine thresholds on the probability and one between two fitted normals; its score
    is ``2 / 2^(1 + 12 sigmoid(epsilon))``: 1/64 where nothing is found out, 1 where no attack has two positive rates.
    Theirs takes the probability of the first class whatever the row's class is; here it is that of the row's own.

    Args:
        unlearned, retrained: (models, m) confidences.
    """
    sides = [1.0 / (1.0 + np.exp(-np.clip(side, -700, 700))) for side in (unlearned, retrained)]
    found = np.full(unlearned.shape[1], -np.inf)
    for threshold in np.arange(0.1, 1.0, 0.1):
        flags = [side > threshold for side in sides]
        found = np.maximum(found, _note_epsilon(*flags))
    found = np.maximum(found, _note_epsilon(*_by_normals(*sides)))
    with np.errstate(over="ignore"):
        return np.asarray(2.0 / 2.0 ** (1.0 + 12.0 / (1.0 + np.exp(-found))))


_NOTE_DELTA = 0.1


def _note_epsilon(positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
    missed, false = 1.0 - positive.mean(axis=0), negative.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        one, other = (np.log(1.0 - _NOTE_DELTA - a) - np.log(b) for a, b in ((false, missed), (missed, false)))
    valid = (missed > 0) & (false > 0)
    return np.asarray(
        np.where(valid, np.fmax(np.nan_to_num(one, nan=-np.inf), np.nan_to_num(other, nan=-np.inf)), -np.inf)
    )


def _by_normals(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which values the first sample's normal density explains better."""

    def log_density(values: np.ndarray, sample: np.ndarray) -> np.ndarray:
        spread = np.maximum(sample.std(axis=0), 1e-12)
        return np.asarray(-0.5 * ((values - sample.mean(axis=0)) / spread) ** 2 - np.log(spread))

    one, other = (log_density(side, first) > log_density(side, second) for side in (first, second))
    return one, other
