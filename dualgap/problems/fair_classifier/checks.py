"""What a closed spec must meet; every fault comes with its path and its remedy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.arrays import shown
from dualgap.core.errors import Fault
from dualgap.problems.fair_classifier.rates import Rate

if TYPE_CHECKING:
    from dualgap.problems.fair_classifier.spec import FairClassifier


def faults(problem: FairClassifier) -> list[Fault]:
    """Everything that doesn't fit together."""
    return list(_shapes(problem)) or [*_numbers(problem), *_groups(problem)]


def _shapes(problem: FairClassifier) -> Iterator[Fault]:
    if problem.features.ndim != 2:
        yield Fault("features", "a single vector", "a row for each person or cell")
        return
    n = len(problem.features)
    for name, required in (("label", True), ("groups", True), ("weights", False), ("split", False), ("score", False)):
        length = len(getattr(problem, name))
        if length != n and (required or length):
            yield Fault(name, f"{length} entries, but features has {n} rows", "one a row")
    for name, limit in (("label", 2), ("groups", problem.count), ("split", len(problem.split_names))):
        codes = getattr(problem, name)
        if len(codes) and (codes.dtype != np.int64 or codes.min() < 0 or codes.max() >= limit):
            yield Fault(name, "not only whole numbers from 0", f"0 to {limit - 1}")
    names = problem.encoding.features
    if names and len(names) != problem.features.shape[1]:
        yield Fault(
            "encoding", f"{len(names)} features, but the matrix has {problem.features.shape[1]}", "leave it out"
        )


def _numbers(problem: FairClassifier) -> Iterator[Fault]:
    if not 0 <= problem.epsilon <= (np.inf if problem.rates is None else 1):
        yield Fault("epsilon", f"{problem.epsilon} is out of range", "0 is parity, 1 allows everything")
    for name in ("ridge", "margin"):
        if getattr(problem, name) < 0:
            yield Fault(name, f"{getattr(problem, name)} is negative", "must be >= 0")
    if problem.margin > 0 and (problem.hypothesis != "linear" or problem.randomized or problem.rates is None):
        remedy = 'hypothesis = "linear" and randomized = false, or leave it out'
        yield Fault("margin", "only linear classifiers without chance have one", remedy)
    if len(problem.weights) and not (problem.weights > 0).all():
        row = int((problem.weights <= 0).argmax())
        yield Fault(f"weights[{row}]", f"{problem.weights[row]} is not positive", "leave such rows out")
    if any(size < 1 for size in problem.hidden):
        yield Fault("hidden", "a layer without neurons", "hidden = [16]")
    if problem.hypothesis == "threshold" and not len(problem.score):
        yield Fault("score", "missing", 'name a column, or score = "logistic-regression"')
    if problem.scorer is not None and len(problem.scorer.coefficients) != problem.design.shape[1]:
        yield Fault("scorer", f"{len(problem.scorer.coefficients)} coefficients", f"{problem.design.shape[1]} expected")
    if problem.rates is None and problem.ridge == 0:
        yield Fault("ridge", "0: labels that can be told apart have no least logistic loss", "ridge = 1e-6")
    if problem.rates is None and problem.hypothesis != "linear":
        yield Fault("hypothesis", "covariance is of linear scores", 'hypothesis = "linear"')


def _groups(problem: FairClassifier) -> Iterator[Fault]:
    if problem.count < 2:
        yield Fault("groups", "one group only", "fairness compares at least two: name another sensitive column")
        return
    rows = problem.train
    if not rows.any():
        yield Fault("split", "no row is for training", f"split_names[0] = {shown(problem.split_names[0])} needs rows")
        return
    labels = problem.label[rows]
    if labels.min() == labels.max():
        yield Fault("label", f"all training labels are {labels[0]}", "a classifier needs both")
        return
    sizes = np.bincount(problem.groups[rows], problem.mass[rows], problem.count)
    for name, size in zip(problem.group_names, sizes.tolist()):
        if size < problem.min_group:
            remedy = "merge it with another, leave it out, or lower min_group knowing that its rates are noise"
            yield Fault("min_group", f"group {shown(name)} has {size:g} training rows of {problem.min_group}", remedy)
    mass = problem.tally(np.zeros(len(problem.label))).mass
    for rate in problem.rates.rates if problem.rates else ():
        if (mass[:, list(rate.labels)].sum(axis=1) > 0).sum() < 2:
            label = "positive" if rate is Rate.TRUE_POSITIVE else "negative"
            yield Fault(
                "metric", f"fewer than two groups have {label} training labels", "their rates can't be compared"
            )
