"""Fair classifiers of arrays and frames: ``dualgap.fair_classifier``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dualgap.core.errors import UsageError
from dualgap.core.resolve import Resolver
from dualgap.problems.fair_classifier import FairClassifier
from dualgap.problems.fair_classifier.data import from_table

_LABEL, _WEIGHT, _SPLIT = "(label)", "(weight)", "(split)"


def fair_classifier(
    X: Any,
    y: Any,
    *,
    sensitive_features: Any,
    sample_weight: Any = None,
    score: Any = None,
    split: Any = None,
    positive: Any = None,
    **fields: Any,
) -> FairClassifier:
    """The problem of a fair classifier for arrays, frames or mappings of columns.

    Example:
        ``run = dualgap.solve(dualgap.fair_classifier(X, y, sensitive_features=sex, epsilon=0.02))``, and then
        ``run.predictor().predict(X)``

    Args:
        X: (n, d) features; texts are categories, as in specs.
        y: (n,) labels of two values.
        sensitive_features: (n,), or several columns, whose combinations are the groups. Classifiers read them only with
            ``group_aware = True``, or where X has them too.
        sample_weight: (n,) how many people each row stands for.
        score: what thresholds are for: (n,) numbers, "logistic-regression", or a scikit-learn estimator, fitted to the
            training rows unless it is fitted already.
        split: {"test": 0.3, "seed": 0}, or (n,) names, "train" among them; all rows are for training by default.
        positive: the label that counts as 1; by default the greater one.
        fields: of the spec: metric, epsilon, difference, hypothesis, group_aware, randomized, missing, min_group ...

    Raises:
        SpecError: lists what is wrong with the data, each with a remedy. UsageError: lengths differ, or an estimator
            gives no scores.
    """
    features = columns(X, "x")
    groups = columns(sensitive_features, "sensitive")
    table: dict[str, list[Any]] = dict(features)
    for name, cells in groups.items():
        if name in table and list(map(str, table[name])) != list(map(str, cells)):
            raise UsageError(f"column {name!r} of X and of sensitive_features differ: rename one")
        table[name] = cells
    table[_LABEL] = _vector(y, "y")
    spec: dict[str, Any] = {"features": list(features), "sensitive": list(groups), **fields}
    spec["label"] = {"column": _LABEL, "positive": _positive(table[_LABEL]) if positive is None else positive}
    if sample_weight is not None:
        table[_WEIGHT], spec["weight"] = _vector(sample_weight, "sample_weight"), _WEIGHT
    if split is None or isinstance(split, Mapping):
        spec["split"] = split if split is not None or sample_weight is not None else {"test": 0.0}
    else:
        table[_SPLIT], spec["split"] = _vector(split, "split"), {"column": _SPLIT}
    lengths = {name: len(cells) for name, cells in table.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name.strip('()')} has {count:,}" for name, count in lengths.items())
        raise UsageError(f"columns of different lengths: {told}")
    if isinstance(score, str):
        spec["score"] = score
    elif score is not None:
        spec["score"], table = _scored(score, X, spec, table)
    return FairClassifier(**from_table(table, spec, Resolver()))


def columns(data: Any, prefix: str) -> dict[str, list[Any]]:
    """Columns by name of a frame, a series, a mapping, or an array, whose columns are called x1, x2 ...

    Raises:
        UsageError: it is none of these.
    """
    if hasattr(data, "columns") and hasattr(data, "__getitem__"):
        return {str(name): _plain(data[name]) for name in data.columns}
    if isinstance(data, Mapping):
        return {str(name): _plain(cells) for name, cells in data.items()}
    if getattr(data, "name", None) is not None and hasattr(data, "tolist"):
        return {str(data.name): _plain(data)}
    array = np.asarray(data)
    if array.ndim == 1:
        return {prefix: array.tolist()}
    if array.ndim != 2:
        raise UsageError(f"an array of shape {array.shape}: rows of columns, (n, d)")
    return {f"{prefix}{k + 1}": array[:, k].tolist() for k in range(array.shape[1])}


def _plain(cells: Any) -> list[Any]:
    return cells.tolist() if hasattr(cells, "tolist") else list(cells)


def _vector(data: Any, name: str) -> list[Any]:
    array = np.asarray(data)
    if array.ndim != 1:
        raise UsageError(f"{name} of shape {array.shape}: one a row, (n,)")
    found: list[Any] = array.tolist()
    return found


def _positive(labels: list[Any]) -> Any:
    """The greater of two labels."""
    values = sorted(set(labels), key=lambda value: (isinstance(value, str), value))
    if len(values) != 2:
        shown = ", ".join(map(str, values[:5]))
        raise UsageError(f"y has {len(values)} values ({shown}): two, or name the positive one, positive = ...")
    return values[-1]


def _scored(score: Any, x: Any, spec: Mapping[str, Any], table: dict[str, list[Any]]) -> tuple[str, dict[str, Any]]:
    """(the score's column, the table with it): an estimator's scores go by its name and parameters."""
    if not hasattr(score, "fit"):
        cells = _vector(score, "score")
        if len(cells) != len(table[_LABEL]):
            raise UsageError(f"score has {len(cells):,} rows, y {len(table[_LABEL]):,}")
        return "score", {**table, "score": cells}
    fitted = _fitted(score, x, spec, table)
    return repr(score), {**table, repr(score): scores(fitted, x).tolist()}


def _fitted(estimator: Any, x: Any, spec: Mapping[str, Any], table: Mapping[str, list[Any]]) -> Any:
    """The estimator; a clone fitted to the training rows where it isn't fitted."""
    from sklearn.base import clone
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(estimator)
    except NotFittedError:
        closed = FairClassifier(**from_table(table, {**spec, "hypothesis": "linear"}, Resolver()))
        rows = np.flatnonzero(closed.train)
        weights = {"sample_weight": np.array(table[_WEIGHT])[rows]} if _WEIGHT in table else {}
        chosen = x.iloc[rows] if hasattr(x, "iloc") else np.asarray(x)[rows]
        return clone(estimator).fit(chosen, np.array(table[_LABEL])[rows], **weights)
    return estimator


def scores(estimator: Any, x: Any) -> np.ndarray:
    """(n,) a fitted classifier's scores: chances of the greater label, or its decision function.

    Raises:
        UsageError: it has neither.
    """
    if hasattr(estimator, "predict_proba"):
        return np.asarray(estimator.predict_proba(x), dtype=np.float64)[:, 1]
    if hasattr(estimator, "decision_function"):
        return np.asarray(estimator.decision_function(x), dtype=np.float64)
    raise UsageError(f"{type(estimator).__name__} has neither predict_proba nor decision_function")


__all__ = ["columns", "fair_classifier", "scores"]
