"""Audits for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.exact import Real
from dualgap.problems.unlearning_audit.attacks import shown
from dualgap.problems.unlearning_audit.quality import CEILING, HIGH, LOW, SHARE

if TYPE_CHECKING:
    from dualgap.problems.unlearning_audit.spec import UnlearningAudit

_LISTED = 10  # the rows that are told apart the best


def table(problem: UnlearningAudit, answer: Any) -> list[tuple[str, ...]]:
    """The rows that are told apart the best, and their intervals."""
    head = ("row", "confidence from", "to", "epsilon shown")
    lower, upper = (np.asarray(side, dtype=np.float64) for side in (answer.lower, answer.upper))
    if lower.shape != upper.shape or len(lower) != problem.unlearned.shape[1]:
        return [head]
    found = shown(*problem.confidences, lower, upper)
    order = np.argsort(-found, kind="stable")[:_LISTED].tolist()
    return [head, *((str(k), f"{lower[k]:.4g}", f"{upper[k]:.4g}", f"{found[k]:.4g}") for k in order)]


def tables(metrics: Mapping[str, Mapping[str, Real]]) -> list[list[tuple[str, ...]]]:
    """Forget quality, its ceiling and membership, with their intervals."""
    rows = [
        (name, f"{float(said['value']):.4f}", _interval(said), f"{int(said['models']):,}")
        for name, said in metrics.items()
        if "value" in said
    ]
    return [[("by the competition's grid", "", "95 %", "models a side"), *rows]] if rows else []


def headline(metrics: Mapping[str, Mapping[str, Real]]) -> str:
    """F beside what retraining gets."""
    ceiling, share = metrics.get(CEILING), metrics.get(SHARE)
    if ceiling is None:
        return ""
    if share is None:
        return "Retrained models themselves score 0: there is nothing to compare with."
    interval = _interval(share)
    return (
        f"Forget quality is {100 * float(share['value']):.0f} % of what retrained models get against each other"
        f"{f' ({interval})' if interval else ''}; their own score, the ceiling, is {float(ceiling['value']):.3f}."
    )


def _interval(said: Mapping[str, Real]) -> str:
    return f"{float(said[LOW]):.3g} to {float(said[HIGH]):.3g}" if LOW in said else ""
