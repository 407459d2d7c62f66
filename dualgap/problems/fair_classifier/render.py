"""Classifiers and their metrics for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dualgap.core.exact import Real
from dualgap.core.figures import Figure

if TYPE_CHECKING:
    from dualgap.problems.fair_classifier.spec import FairClassifier


def table(problem: FairClassifier, answer: Any) -> list[tuple[str, ...]]:
    """The members by weight."""
    rows = [(f"{w:.4g}", member.type) for w, member in zip(answer.weights.tolist(), answer.members)]
    return [("weight", "member"), *rows]


def tables(problem: FairClassifier, metrics: Mapping[str, Mapping[str, Real]]) -> list[list[tuple[str, ...]]]:
    """Splits as rows, metrics as columns."""
    splits = [name for name in problem.split_names if name in metrics]
    if not splits:
        return []
    columns = list(metrics[splits[0]])
    rows = [(name, *(f"{float(metrics[name][column]):.4f}" for column in columns)) for name in splits]
    return [[("split", *columns), *rows]]


def figures(problem: FairClassifier, answer: Any) -> tuple[Figure, ...]:
    return ()
