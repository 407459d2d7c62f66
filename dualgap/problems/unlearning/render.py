"""Models and what is said of them, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.exact import Real
from dualgap.core.statement import format_value
from dualgap.problems.unlearning.metrics import (
    ACCURACY,
    AUC,
    DISTANCE,
    HIGH,
    INDICATIVE,
    LOW,
    NOTHING,
    NOW,
    RELATIVE,
    REMOVAL,
    RETRAINED,
)
from dualgap.problems.unlearning.roles import FORGET, ROLES

if TYPE_CHECKING:
    from dualgap.problems.unlearning.spec import Unlearning

_COMPARED = ("retain", "forget", "test")  # roles whose accuracies comparisons show
_LISTED = 12  # the largest changes
_HEADS = (NOW, RETRAINED, "difference", NOTHING)


def table(problem: Unlearning, answer: Any) -> list[tuple[str, ...]]:
    """The parameters that changed the most; of networks, each layer's change."""
    w, before = np.asarray(answer.parameters, dtype=np.float64), problem.trained_model
    if w.shape != before.shape:
        return [("parameters", "of"), (str(w.size), str(before.size))]
    if problem.model.linear:
        names = [
            f"{feature}{suffix}" for feature in (*problem.feature_names, "intercept") for suffix in _outputs(problem)
        ]
        order = np.argsort(-np.abs(w - before), kind="stable")[:_LISTED].tolist()
        rows = [(names[k], f"{before[k]:.6g}", f"{w[k]:.6g}") for k in order]
        return [("parameter", "trained", "now"), *rows]
    layers = zip(problem.model.unpacked(w), problem.model.unpacked(before))
    found: list[tuple[str, ...]] = [("layer", "weights", "changed by")]
    for number, ((now, _), (then, _)) in enumerate(layers, start=1):
        share = float(np.linalg.norm(now - then)) / max(float(np.linalg.norm(then)), 1e-300)
        found.append((str(number), " x ".join(map(str, now.shape)), f"{100 * share:.3g} %"))
    return found


def tables(problem: Unlearning, metrics: Mapping[str, Mapping[str, Real]]) -> list[list[tuple[str, ...]]]:
    """Accuracies and losses beside retraining; distances."""
    heads = [head for head in _HEADS if any(head in values for values in metrics.values() if NOW in values)]
    compared = [(name, values) for name, values in metrics.items() if NOW in values]
    found: list[list[tuple[str, ...]]] = []
    if compared:
        rows = [
            (name, *(_number(name, head, values.get(head)) + _range(name, head, values) for head in heads))
            for name, values in compared
        ]
        found.append([("", *heads), *rows])
    if distance := metrics.get(DISTANCE):
        found.append(
            [("distance to retraining", ""), *((_said(name), format_value(x)) for name, x in distance.items())]
        )
    for kind in (REMOVAL, INDICATIVE):
        if removal := metrics.get(kind):
            found.append([(kind, ""), *((name, format_value(x)) for name, x in removal.items())])
    return found


def measures(metrics: Mapping[str, Mapping[str, Real]]) -> dict[str, Real]:
    """What comparisons show beside the objective; the columns' heads say what retraining has."""
    found: dict[str, Real] = {}
    for name in (*(f"{role} {ACCURACY}" for role in _COMPARED), AUC):
        if values := metrics.get(name):
            beside = f" (retrained {float(values[RETRAINED]):.3f})" if RETRAINED in values else ""
            found[f"{name}{beside}"] = values[NOW]
    if RELATIVE in metrics.get(DISTANCE, {}):
        found[RELATIVE] = metrics[DISTANCE][RELATIVE]
    return found


def headline(metrics: Mapping[str, Mapping[str, Real]]) -> str:
    """How the forgotten rows look now, beside how they look to a model that never saw them."""
    name = f"{ROLES[FORGET]} {ACCURACY}"
    values = metrics.get(name)
    if values is None:
        return ""
    beside = [f"retrained {100 * float(values[RETRAINED]):.1f} %"] if RETRAINED in values else []
    beside.append(f"before {100 * float(values[NOTHING]):.1f} %")
    return f"Right on {100 * float(values[NOW]):.1f} % of the forgotten rows ({', '.join(beside)})."


def _outputs(problem: Unlearning) -> tuple[str, ...]:
    return ("",) if problem.model.outputs == 1 else tuple(f" -> {name}" for name in problem.classes_named)


def _number(name: str, head: str, value: Real | None) -> str:
    if value is None:
        return ""
    sign = "+" if head == "difference" else ""
    if name.endswith(ACCURACY):
        return f"{100 * float(value):{sign}.1f} {'points' if sign else '%'}"
    return f"{float(value):{sign}.4f}"


def _range(name: str, head: str, values: Mapping[str, Real]) -> str:
    """The interval of several retrained models' mean."""
    if head != RETRAINED or LOW not in values:
        return ""
    scale = 100 if name.endswith(ACCURACY) else 1
    return f" ({scale * float(values[LOW]):.3g} to {scale * float(values[HIGH]):.3g})"


def _said(name: str) -> str:
    return {DISTANCE: "|w - retrained|", NOTHING: "of the trained model", RELATIVE: "share that is left"}.get(
        name, "at most, without retraining: |gradient| / l2"
    )
