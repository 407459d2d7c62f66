"""What is said of a model after unlearning, beside retraining and beside doing nothing: never a bare score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.exact import Real
from dualgap.problems.ranks import area
from dualgap.problems.unlearning.proofs import distance_bound
from dualgap.problems.unlearning.removal import DELTA, certified, epsilon
from dualgap.problems.unlearning.roles import FORGET, ROLES, TEST

if TYPE_CHECKING:
    from dualgap.problems.unlearning.spec import Unlearning

ACCURACY, LOSS, AUC = "accuracy", "loss", "membership AUC"
NOW, RETRAINED, NOTHING = "now", "retrained", "nothing done"
LOW, HIGH = "retrained, at least", "retrained, at most"
REMOVAL, INDICATIVE = "certified removal", "removal, indicative"
DISTANCE, RELATIVE, AT_MOST = "distance", "relative distance", "distance at most"


def metrics(problem: Unlearning, w: np.ndarray) -> dict[str, dict[str, Real]]:
    """By role the accuracy and the mean loss, the membership AUC, the distance to retraining; of this model, of the
    retrained ones (their mean) and of the trained one.
    """
    said, again, before = of_model(problem, w), problem.retrained_metrics, problem.trained_metrics
    found: dict[str, dict[str, Real]] = {}
    for name, value in said.items():
        found[name] = {NOW: value}
        if again:
            several = np.array([one[name] for one in again])
            mean = float(several.mean())
            found[name] |= {RETRAINED: mean, **_interval(several), "difference": value - mean}
        found[name][NOTHING] = before[name]
    found[DISTANCE] = distances(problem, w)
    if problem.sigma:
        name = REMOVAL if certified(problem) else INDICATIVE
        found[name] = {"epsilon": epsilon(problem, w), "delta": DELTA}
    return {name: values for name, values in found.items() if values}


def distances(problem: Unlearning, w: np.ndarray) -> dict[str, Real]:
    """To the retrained model (the mean over several), relative to the trained one's; and the bound without them."""
    found: dict[str, Real] = {}
    again = problem.retrained_models
    if len(again) and problem.model.linear:
        now, nothing = (float(np.linalg.norm(again - point, axis=1).mean()) for point in (w, problem.trained))
        found |= {DISTANCE: now, NOTHING: nothing}
        if nothing > 0:
            found[RELATIVE] = now / nothing
    if problem.model.linear:
        found[AT_MOST] = float(distance_bound(problem, w))
    return found


def _interval(values: np.ndarray) -> dict[str, Real]:
    """The 95 % interval of the mean over retrained models (Student, 1908); nothing for one model."""
    from scipy.stats import t

    if len(values) < 2:
        return {}
    half = float(t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))
    return {LOW: float(values.mean()) - half, HIGH: float(values.mean()) + half}


def membership_auc(forgotten: np.ndarray, unseen: np.ndarray) -> float:
    """The chance that a forgotten row's loss is below an unseen one's, ties by half: .5 is what no attack beats.

    Args:
        forgotten: (m,) losses. unseen: (k,) losses of rows that no model has seen.

    Source: Yeom et al., Privacy risk in machine learning (2018): the attack by loss.
    """
    return float(area(-forgotten, -unseen))


def of_model(problem: Unlearning, w: np.ndarray) -> Mapping[str, float]:
    """By role the accuracy and the mean loss; the membership AUC."""
    found, losses = {}, {}
    for role, name in enumerate(ROLES):
        x, labels = problem.part(role)
        if len(x):
            losses[role] = problem.model.losses(w, x, labels)
            found[f"{name} {ACCURACY}"] = float((problem.model.predicted(w, x) == labels).mean())
            found[f"{name} {LOSS}"] = float(losses[role].mean())
    if FORGET in losses and TEST in losses:
        found[AUC] = membership_auc(losses[FORGET], losses[TEST])
    return found
