"""What comparisons show of classifiers: what they may do, and how they fare on the split that they haven't seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.exact import Real
from dualgap.problems.fair_classifier.answers import Classifier, Linear, Member, Predictions, Thresholds
from dualgap.problems.fair_classifier.evaluate import misfits, predicted

if TYPE_CHECKING:
    from dualgap.problems.fair_classifier.spec import FairClassifier

_MEASURES = {
    "accuracy": "{split} accuracy",
    "worst-group accuracy": "worst group",
    "demographic-parity": "DP",
    "equalized-odds": "EOD",
    "equal-opportunity": "EOP",
}
"""Metrics by the short names of tables: differences of demographic parity, equalised odds, equal opportunity."""


def classes(problem: FairClassifier, answer: Classifier) -> Mapping[str, str]:
    """Whether it reads the group, and whether it leaves predictions to chance."""
    if misfits(problem, answer):
        return {}
    positive = predicted(problem, answer)[problem.train]
    chance = bool(((positive > 0) & (positive < 1)).any())
    members = [member for member, weight in zip(answer.members, answer.weights.tolist()) if weight > 0]
    if any(isinstance(member, Predictions) for member in members):
        return {"group-aware": "unknown", "randomised": "yes" if chance else "no"}
    aware = any(_reads_group(problem, member) for member in members)
    return {"group-aware": "yes" if aware else "no", "randomised": "yes" if chance else "no"}


def _reads_group(problem: FairClassifier, member: Member) -> bool:
    if isinstance(member, Thresholds):
        return len(np.unique(member.values)) > 1
    if isinstance(member, Linear) and problem.group_aware:
        return len(np.unique(member.coefficients[-problem.count :])) > 1
    return problem.group_aware


def measures(problem: FairClassifier, metrics: Mapping[str, Mapping[str, Real]]) -> Mapping[str, Real]:
    """Of the first split that isn't for training, where there is one."""
    split = problem.split_names[min(1, len(problem.split_names) - 1)]
    found = metrics.get(split, {})
    return {short.format(split=split): found[name] for name, short in _MEASURES.items() if name in found}
