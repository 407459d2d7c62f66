"""From raw specs to closed ones, and from closed ones to risks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.arrays import shown
from dualgap.core.errors import Fault, SpecError
from dualgap.core.resolve import Resolver
from dualgap.problems.columns import text_fault
from dualgap.problems.minimax_regret.logistic import Logistic
from dualgap.problems.minimax_regret.quadratics import given, squared
from dualgap.problems.minimax_regret.risks import Risks

if TYPE_CHECKING:
    from dualgap.problems.minimax_regret.spec import MinimaxRegret

ALL = "*"


def closed(fields: Sequence[str], spec: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
    """Columns of ``data`` for the fields that name them; ``features = "*"`` is every other column.

    Raises:
        SpecError: a column isn't there, or a label needs ``positive``.
    """
    raw = dict(spec)
    positive = None
    if isinstance(raw.get("label"), Mapping) and "column" in raw["label"]:
        if unknown := sorted(set(raw["label"]) - {"column", "positive"}):
            raise SpecError([Fault(f"label.{unknown[0]}", "unknown field", "known fields: column, positive")])
        positive, raw["label"] = raw["label"].get("positive"), raw["label"]["column"]
    if "data" not in raw:
        columns = [name for name in fields if isinstance(raw.get(name), str)]
        if columns:
            remedy = 'name the file: data = "samples.csv"'
            raise SpecError([Fault(name, f"{shown(raw[name])} is a column of no data", remedy) for name in columns])
        return resolver.columns(raw, fields)
    named = raw.setdefault("features", ALL)
    if named == ALL:
        taken = {raw.get(name) for name in ("label", "groups", "weights") if isinstance(raw.get(name), str)}
        named = raw["features"] = [name for name in resolver.table(raw["data"], "data") if name not in taken]
    found = resolver.columns(raw, fields, texts=("groups",))
    if isinstance(named, list) and named and all(isinstance(name, str) for name in named):
        found["features"] = _rows(found["features"], named)
        found.setdefault("names", named)
    found["label"] = _labels(found.get("label"), positive)
    return {name: value for name, value in found.items() if value is not None}


def _rows(columns: Sequence[Any], names: Sequence[str]) -> list[list[Any]]:
    """Columns as rows.

    Raises:
        SpecError: names every column with texts in it.
    """
    faults = [found for name, column in zip(names, columns) if (found := text_fault(name, column))]
    if faults:
        raise SpecError(faults)
    return [list(row) for row in zip(*columns)]


def _labels(label: Any, positive: Any) -> Any:
    """Labels as 0 and 1 where one of their values is named, else as they are."""
    if positive is not None and label is not None:
        found = [int(str(value) == str(positive)) for value in label]
        if not any(found):
            values = ", ".join(list(dict.fromkeys(map(str, label)))[:5])
            raise SpecError([Fault("label.positive", f"no label is {shown(positive)}", f"labels: {values}")])
        return found
    if isinstance(label, list) and any(isinstance(value, str) for value in label):
        remedy = 'name the positive one: label = {column = "...", positive = "..."}'
        raise SpecError([Fault("label", "labels are texts", remedy)])
    return label


def group_shares(problem: MinimaxRegret) -> np.ndarray:
    """(k,) each group's share of the samples' weights; equal for given quadratics."""
    k = len(problem.group_names)
    if problem.given:
        return np.full(k, 1.0 / k)
    masses = np.bincount(_codes(problem), _weights(problem), k)
    total = float(masses.sum())
    return masses / total if total > 0 else masses


def risks_of(problem: MinimaxRegret) -> Risks:
    """The risks of a closed spec."""
    if problem.given:
        constant = problem.constant if len(problem.constant) else np.zeros(len(problem.quadratic))
        return given(problem.quadratic, problem.linear, constant)
    codes, weights = _codes(problem), _weights(problem)
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(len(problem.group_names)))
    shares = (weights / np.bincount(codes, weights)[codes])[order]
    x, y = design(problem)[order], problem.label.astype(np.float64)[order]
    if problem.loss == "squared":
        return squared(x, y, shares, starts, float(problem.ridge))
    return Logistic(np.where(y > 0, 1.0, -1.0)[:, None] * x, shares, starts, float(problem.ridge))


def design(problem: MinimaxRegret) -> np.ndarray:
    """(n, d) the features, with a column of ones for the intercept."""
    x = problem.features.astype(np.float64)
    return np.hstack([x, np.ones((len(x), 1))]) if problem.intercept else x


def accuracies(problem: MinimaxRegret, theta: np.ndarray) -> np.ndarray:
    """(k,) shares of samples whose class ``x'theta > 0`` tells, by group."""
    right = (design(problem) @ theta > 0) == (problem.label > 0)
    weights, codes = _weights(problem), _codes(problem)
    found: np.ndarray = np.bincount(codes, weights * right) / np.bincount(codes, weights)
    return found


def _codes(problem: MinimaxRegret) -> np.ndarray:
    """(n,) each sample's group by number."""
    number = {name: s for s, name in enumerate(problem.group_names)}
    return np.array([number[name] for name in problem.groups])


def _weights(problem: MinimaxRegret) -> np.ndarray:
    return problem.weights.astype(np.float64) if len(problem.weights) else np.ones(len(problem.label))
