"""Numbers beside the objective, by split and by group: accuracies, rates, their gaps; what a statement begins with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.exact import Real
from dualgap.core.statement import format_value
from dualgap.problems.fair_classifier.rates import Metric, Rate, Tally

if TYPE_CHECKING:
    from dualgap.problems.fair_classifier.spec import FairClassifier

Metrics = dict[str, Mapping[str, Real]]

ACCURACY, WORST, DRAWN = "accuracy", "worst-group accuracy", "drawn by lot"
PEOPLE, BASE = "n", "base rate"
CLASS, UNCHECKED = "class", "not checked"
COVARIANCES = "covariance"


def metrics(problem: FairClassifier, positive: np.ndarray) -> Metrics:
    """By split, and by split and group, from (n,) probabilities of predicting 1.

    Gaps are those of ``Tally.gap``, ``max-min`` always, and the spec's difference where it is another. ``drawn by lot``
    is the share of people for whom the prediction is random. Splits whose rows have no prediction (NaN) are left out,
    and so are rates of groups that have no row that they are a share of.
    """
    told: Metrics = {}
    for number, split in enumerate(problem.split_names):
        rows = problem.rows_of(number)
        if not rows.any() or np.isnan(positive[rows]).any():
            continue
        tally = problem.tally(positive, number)
        chance = (positive[rows] > 0) & (positive[rows] < 1)
        weights = problem.mass[rows]
        told[split] = {name: float(values) for name, values in measures(problem, tally).items()}
        told[split] = {**told[split], DRAWN: float(weights[chance].sum() / weights.sum())}
        told |= _by_group(problem, tally, split)
    return told


def measures(problem: FairClassifier, tally: Tally) -> dict[str, np.ndarray]:
    """(...,) by name, for tallies with leading axes."""
    worst = np.where(np.isnan(tally.accuracies), np.inf, tally.accuracies).min(axis=-1)
    found = {ACCURACY: 1.0 - tally.errors, WORST: worst}
    found |= {metric.value: tally.gaps(metric) for metric in Metric}
    if problem.rates is not None and problem.difference != "max-min":
        found[own(problem)] = tally.gaps(problem.rates, problem.difference)
    return found


def own(problem: FairClassifier) -> str:
    """What the metrics call the gap that the spec bounds."""
    return problem.metric if problem.difference == "max-min" else f"{problem.metric}, {problem.difference}"


def key(split: str, group: str) -> str:
    """What the metrics of a group are told under."""
    return f"{split}: {group}"


def _by_group(problem: FairClassifier, tally: Tally, split: str) -> Metrics:
    mass = tally.mass.sum(axis=1)
    base = np.divide(tally.mass[:, 1], mass, out=np.full(len(mass), np.nan), where=mass > 0)
    columns = {PEOPLE: mass, BASE: base, **{rate.value: tally.rates(rate) for rate in Rate}, ACCURACY: tally.accuracies}
    return {
        key(split, name): {what: float(v[g]) for what, v in columns.items() if not np.isnan(v[g])}
        for g, name in enumerate(problem.group_names)
        if mass[g] > 0
    }


def worst_group(problem: FairClassifier, found: Mapping[str, Mapping[str, Real]], split: str) -> str:
    """The group with the least accuracy on a split."""
    known = [name for name in problem.group_names if key(split, name) in found]
    return min(known, key=lambda name: found[key(split, name)][ACCURACY], default="-")


def intervals(problem: FairClassifier, answer: Any) -> Metrics:
    """Bootstrap intervals of the splits' metrics, at 95 %."""
    from dualgap.problems.fair_classifier.bootstrap import intervals

    return intervals(problem, answer)


def headline(problem: FairClassifier, found: Mapping[str, Mapping[str, Real]]) -> str:
    """What other splits show, and that fairness is constrained on the training split alone."""
    train, *others = problem.split_names
    if train not in found:
        return ""
    unchecked = f"Predictions don't show whether they are {problem.hypothesis}. " if CLASS in found else ""
    told = "".join(f"{_of_split(problem, found[name], name)} " for name in others if name in found)
    alone = "" if others else "; there is no other"
    return f"{unchecked}{told}Fairness is constrained on the training split only{alone}."


def _of_split(problem: FairClassifier, found: Mapping[str, Real], split: str) -> str:
    said = f"On {split}: accuracy {_short(found[ACCURACY])}, worst group {_short(found[WORST])}"
    gap = own(problem)
    if gap not in found:
        return f"{said}."
    above = f", above {format_value(problem.epsilon)}" if found[gap] > problem.epsilon else ""
    return f"{said}, {gap} {_short(found[gap])}{above}."


def _short(value: Real) -> str:
    return f"{float(value):.4f}"
