"""Numbers beside the objective, by split: accuracies, rates and their differences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.exact import Real
from dualgap.problems.fair_classifier.rates import Metric

if TYPE_CHECKING:
    from dualgap.problems.fair_classifier.spec import FairClassifier

Metrics = dict[str, Mapping[str, Real]]


def metrics(problem: FairClassifier, positive: np.ndarray) -> Metrics:
    """By split, from (n,) probabilities of predicting 1."""
    told: Metrics = {}
    for number, name in enumerate(problem.split_names):
        tally = problem.tally(positive, number)
        told[name] = {
            "accuracy": 1.0 - tally.error,
            "worst group": float(np.nanmin(tally.accuracies)),
            **{metric.value: tally.gap(metric) for metric in Metric},
        }
    return told


def intervals(problem: FairClassifier, answer: Any) -> Metrics:
    return {}


def headline(problem: FairClassifier, metrics: Mapping[str, Mapping[str, Real]]) -> str:
    return ""
