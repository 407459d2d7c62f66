"""Bootstrap intervals of the metrics: what they would be on other samples of as many people.

People are drawn with replacement, for which only their group, label and probability of being predicted 1 matter: a
multinomial of these patterns' counts (Efron and Tibshirani, An introduction to the bootstrap, 1993, chapter 13).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.problems.fair_classifier.rates import Tally

if TYPE_CHECKING:
    from dualgap.problems.fair_classifier.metrics import Metrics
    from dualgap.problems.fair_classifier.spec import FairClassifier

LOW, HIGH = 2.5, 97.5
_SAMPLES, _SEED = 1000, 0
_BINS = 32  # of probabilities other than 0 and 1; each bin stands for its mean, so that no mean moves


def intervals(problem: FairClassifier, answer: Any) -> Metrics:
    """The percentiles 2.5 and 97.5 of each split's metrics, of a thousand samples, always the same ones.

    Weights are counts of people; where they aren't whole numbers, nobody knows how many there are, and nothing is told.
    Gaps of samples are larger than those of their population in the mean, the more so the smaller a group is.
    """
    from dualgap.problems.fair_classifier.evaluate import predicted
    from dualgap.problems.fair_classifier.metrics import measures

    if not problem.counted:
        return {}
    positive = predicted(problem, answer)
    told: Metrics = {}
    for number, split in enumerate(problem.split_names):
        rows = problem.rows_of(number)
        if not rows.any() or np.isnan(positive[rows]).any():
            continue
        samples = resampled(
            problem.groups[rows], problem.label[rows], problem.mass[rows], positive[rows], problem.count, _SAMPLES
        )
        found = {name: np.percentile(values, [LOW, HIGH]) for name, values in measures(problem, samples).items()}
        for place, end in enumerate((LOW, HIGH)):
            told[percentile(split, end)] = {name: float(ends[place]) for name, ends in found.items()}
    return told


def percentile(split: str, end: float) -> str:
    """What the metrics' ends are told under."""
    return f"{split}, {end} %"


def resampled(
    groups: np.ndarray, labels: np.ndarray, weights: np.ndarray, positive: np.ndarray, count: int, samples: int
) -> Tally:
    """Tallies of ``samples`` draws with replacement; arguments otherwise as for ``Tally.of``."""
    inside = 1 + np.minimum(positive * _BINS, _BINS - 1).astype(np.int64)
    bins = np.where(positive <= 0, 0, np.where(positive >= 1, _BINS + 1, inside))
    code = (2 * groups + labels) * (_BINS + 2) + bins
    totals = np.bincount(code, weights)
    kept = np.flatnonzero(totals)
    mean = np.bincount(code, weights * positive)[kept] / totals[kept]
    shares = totals[kept] / totals.sum()
    counts = np.random.Generator(np.random.PCG64(_SEED)).multinomial(round(totals.sum()), shares, samples)
    into = (kept // (_BINS + 2))[:, None] == np.arange(2 * count)
    shape = (samples, count, 2)
    return Tally((counts @ into).astype(np.float64).reshape(shape), (counts @ (mean[:, None] * into)).reshape(shape))
