"""Numbers beside the objective, by group: risks, regrets, weights, accuracies; and the gain over the pooled fit."""

from __future__ import annotations

from collections.abc import Mapping
from math import log10
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.exact import Real
from dualgap.problems.minimax_regret.data import accuracies
from dualgap.problems.minimax_regret.proofs import GroupWeights

if TYPE_CHECKING:
    from dualgap.core.witness import Witness
    from dualgap.problems.minimax_regret.spec import MinimaxRegret

Metrics = dict[str, Mapping[str, Real]]

WORST = "worst case"
_POOLED = "pooled fit"
_GAIN = "gain over it, dB"
_TIED = 1e-5  # relative: groups so close to the worst one are as bad
_SHOWN = {
    "regret": ("weight", "optimum", "risk", "regret", "pooled regret"),
    "risk": ("weight", "optimum", "risk", "pooled risk"),
    "ratio": ("weight", "optimum", "risk", "loss, dB", "pooled loss, dB"),
}


def metrics(problem: MinimaxRegret, theta: np.ndarray) -> Metrics:
    """By quantity and group; the worst case of the model and of the pooled fit, and how many decibels lie between.

    ``loss, dB`` is ``10 log10(R_s / R_s*)``, what one model for all costs the group.
    """
    ours, theirs = _by_group(problem, theta), _by_group(problem, problem.pooled)
    columns = ours | {f"pooled {what}": values for what, values in theirs.items() if what != "optimum"}
    told: Metrics = {what: dict(zip(problem.group_names, values.tolist())) for what, values in columns.items()}
    worst = {problem.goal: _worst(problem, theta), f"{_POOLED}: {problem.goal}": _worst(problem, problem.pooled)}
    if all(value > 0 for value in worst.values()):
        worst[_GAIN] = 10.0 * (log10(worst[f"{_POOLED}: {problem.goal}"]) - log10(worst[problem.goal]))
    if "accuracy" in ours:
        worst["accuracy"] = float(ours["accuracy"].min())
        worst[f"{_POOLED}: accuracy"] = float(theirs["accuracy"].min())
    told[WORST] = worst
    return told


def _worst(problem: MinimaxRegret, theta: np.ndarray) -> float:
    return float(problem.scores.values(theta).max())


def _by_group(problem: MinimaxRegret, theta: np.ndarray) -> dict[str, np.ndarray]:
    risks, least = problem.risks.values(theta), problem.risks.optima.upper
    found = {"risk": risks, "optimum": least, "regret": np.maximum(risks - least, 0.0)}
    if (least > 0).all():
        found["loss, dB"] = 10.0 * np.log10(np.maximum(risks / least, 1.0))
    if problem.loss == "logistic":
        found["accuracy"] = accuracies(problem, theta)
    return found


def weights(problem: MinimaxRegret, witness: Witness | None) -> Metrics:
    """The adversary's weights by group, which sum to 1."""
    if not isinstance(witness, GroupWeights) or witness.weights.shape != (len(problem.group_names),):
        return {}
    given = np.maximum(witness.weights.astype(np.float64), 0.0)
    total = float(given.sum())
    if not 0 < total < np.inf:
        return {}
    return {"weight": dict(zip(problem.group_names, (given / total).tolist()))}


def tables(problem: MinimaxRegret, found: Mapping[str, Mapping[str, Real]]) -> list[list[tuple[str, ...]]]:
    """Groups by what is known of them, and the worst case."""
    wanted = (*_SHOWN[problem.goal], "accuracy", "pooled accuracy")
    columns = [name for name in wanted if name in found]
    if WORST not in found:
        return []
    groups: list[tuple[str, ...]] = [("group", *columns)]
    groups += [(name, *(_cell(found[column].get(name)) for column in columns)) for name in problem.group_names]
    scores = found["loss, dB" if problem.goal == "ratio" else problem.goal]
    top = max(map(float, scores.values()))
    tied = [name for name, score in scores.items() if float(score) >= top - _TIED * abs(top)]
    worst: list[tuple[str, ...]] = [("worst case", ", ".join(tied))]
    return [groups, worst + [(name, _cell(value)) for name, value in found[WORST].items()]]


def _cell(value: Real | None) -> str:
    if value is None:
        return "-"
    return "0" if abs(float(value)) < 1e-12 else f"{float(value):.5g}"
