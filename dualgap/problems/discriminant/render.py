"""Directions and accuracies for people: tables and files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.exact import Real
from dualgap.core.statement import format_value
from dualgap.problems.discriminant.splits import TEST

if TYPE_CHECKING:
    from dualgap.problems.discriminant.spec import Discriminant

_LISTED = 30  # features: the weights of more aren't listed


def table(problem: Discriminant, answer: Any) -> list[tuple[str, ...]]:
    """The weights of few features; of many, how well each direction tells the classes."""
    directions = np.asarray(answer.directions, dtype=np.float64)
    header = ("feature", *(f"direction {j}" for j in range(1, directions.shape[1] + 1)))
    names = feature_names(problem)
    if len(names) != len(directions):
        return [("directions", "of"), (str(directions.shape[1]), f"{len(directions)} features")]
    if len(names) <= _LISTED:
        return [header, *((name, *(f"{x:.4f}" for x in row)) for name, row in zip(names, directions))]
    ratios = _ratios(problem, directions)
    return [("direction", "ratio"), *((str(j), format_value(ratio)) for j, ratio in enumerate(ratios, start=1))]


def tables(problem: Discriminant, metrics: Mapping[str, Mapping[str, Real]]) -> list[list[tuple[str, ...]]]:
    """Accuracies by split beside those of the ordinary discriminant; what was chosen from what."""
    if not metrics:
        return []
    heads = list(next(iter(metrics.values())))
    rows = [("split", *heads), *((split, *map(_share, found.values())) for split, found in metrics.items())]
    if not problem.tried.size:
        return [rows]
    chosen = problem.tried[:, :3] == (float(problem.gamma), float(problem.ridge), float(problem.count))
    mark = int(chosen.all(axis=1).argmax()) if chosen.all(axis=1).any() else -1
    tried = [
        (format_value(gamma), format_value(ridge), str(int(count)), _share(share), "chosen" if row == mark else "")
        for row, (gamma, ridge, count, share) in enumerate(problem.tried.astype(np.float64).tolist())
    ]
    return [rows, [("gamma", "ridge", "k", "validation", ""), *tried]]


def measures(metrics: Mapping[str, Mapping[str, Real]]) -> dict[str, Real]:
    """The test split's accuracies, where there is one."""
    return {f"{TEST} {name}": share for name, share in metrics.get(TEST, {}).items() if not name.startswith("MDA")}


def as_csv(answer: Any) -> bytes:
    """A row for each feature."""
    return "".join(",".join(map(repr, row)) + "\n" for row in answer.directions.tolist()).encode()


def feature_names(problem: Discriminant) -> tuple[str, ...]:
    """The d names: of products, the spurious number's place and the feature."""
    names = problem.names or tuple(f"x{j}" for j in range(1, problem.features.shape[1] + 1))
    if not problem.product:
        return names
    return tuple(f"{j} x {name}" for j in range(1, problem.settings.shape[1] + 1) for name in names)


def _ratios(problem: Discriminant, directions: np.ndarray) -> list[float]:
    """Of each column alone: between the classes over the metric."""
    told = np.sum((problem.scatters.root @ directions) ** 2, axis=0)
    taken = np.einsum("ij,ij->j", directions, problem.metric @ directions)
    return list(map(float, told / np.where(taken > 0, taken, 1.0)))


def _share(value: Real) -> str:
    return f"{100 * float(value):.1f} %"
