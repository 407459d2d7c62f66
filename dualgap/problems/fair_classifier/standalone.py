"""A fair classifier that dualgap found, as an estimator of scikit-learn. It needs NumPy and scikit-learn alone.

from classifier import FairClassifier
FairClassifier().predict(table)  # a frame, a mapping of columns, or a matrix
"""

# ``dualgap export RUN --to sklearn`` writes this module, with the classifier in place of MODEL's {}.

import json
from typing import Any

import numpy as np

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
except ImportError:  # its manners, then, without its base classes

    class BaseEstimator:  # type: ignore[no-redef]
        """In place of scikit-learn's."""

    class ClassifierMixin:  # type: ignore[no-redef]
        """In place of scikit-learn's."""


MODEL: dict[str, Any] = json.loads(r"""{}""")
TIED = 2.0**-40  # of the terms that a score sums: what is smaller is a rounded 0, and predicts 0
MISSING = "(missing)"


class FairClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A mixture of classifiers, fitted already.

    Attributes:
        classes_: (2,) the labels.
    """

    def __init__(self, random_state: int = 0) -> None:
        """
        Args:
            random_state: draws what the mixture leaves to chance, anew for each call.
        """
        self.random_state = random_state

    @property
    def classes_(self) -> np.ndarray:
        return labels_of(MODEL["encoding"])

    def fit(self, X: Any, y: Any = None) -> "FairClassifier":
        """Changes nothing."""
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """(n, 2) chances of the draw."""
        chance = chances(MODEL, X)
        return np.column_stack([1.0 - chance, chance])

    def predict(self, X: Any) -> np.ndarray:
        """(n,) labels."""
        chance = chances(MODEL, X)
        drawn = np.random.Generator(np.random.PCG64(self.random_state)).random(len(chance))
        return np.asarray(self.classes_[(drawn < chance).astype(np.int64)])

    def __sklearn_is_fitted__(self) -> bool:
        return True


def labels_of(encoding: dict[str, Any]) -> np.ndarray:
    """(2,) the labels as the data hold them: whole numbers, other numbers, truth values, else texts."""
    texts = list(encoding["labels"])
    readers: dict[type, Any] = {int: int, float: float, bool: ("False", "True").index}
    for kind, read in readers.items():
        try:
            found: np.ndarray = np.array([read(text) for text in texts], dtype=kind)
        except ValueError:
            continue
        if [str(value) for value in found.tolist()] == texts:
            return found
    return np.array(texts)


def chances(model: dict[str, Any], table: Any) -> np.ndarray:
    """(n,) of predicting the second class.

    Raises:
        ValueError: a column isn't there, or holds what can't be read.
    """
    columns = columns_of(table, [column["name"] for column in model["encoding"]["columns"]])
    design = encoded(model["encoding"], columns)
    total = np.zeros(len(design))
    for weight, member in zip(model["weights"], model["members"]):
        if weight > 0:
            total += weight * positive(model, member, design, columns)
    return np.clip(total, 0.0, 1.0)


def columns_of(table: Any, names: list[str]) -> dict[str, list[Any]]:
    """Columns by name of a frame, a mapping or a matrix."""
    if hasattr(table, "columns"):
        return {str(name): list(table[name]) for name in table.columns}
    if isinstance(table, dict):
        return {str(name): list(cells) for name, cells in table.items()}
    matrix = np.asarray(table)
    if matrix.ndim != 2 or matrix.shape[1] != len(names):
        raise ValueError(f"a matrix of shape {matrix.shape}: one column each for {', '.join(names)}")
    return {name: matrix[:, k].tolist() for k, name in enumerate(names)}


def encoded(encoding: dict[str, Any], columns: dict[str, list[Any]]) -> np.ndarray:
    """(n, d) features."""
    blocks = []
    for column in encoding["columns"]:
        name, values = column["name"], column["values"]
        if name not in columns:
            raise ValueError(f"no column {name!r}; there are {', '.join(columns)}")
        absent = np.array([is_missing(encoding, cell) for cell in columns[name]])
        if values:
            texts = [MISSING if gap else str(cell).strip() for cell, gap in zip(columns[name], absent)]
            unknown = [text for text in texts if text not in values]
            if unknown and encoding["unseen"] == "error":
                raise ValueError(f"column {name!r} holds {unknown[0]!r}, which is no known value")
            blocks.append(np.array([[text == value for value in values] for text in texts], dtype=np.float64))
            continue
        if absent.any() and not column["gaps"]:
            raise ValueError(f"column {name!r} has no value in row {int(absent.argmax()) + 1}")
        numbers = np.array([0.0 if gap else float(cell) for cell, gap in zip(columns[name], absent)])
        blocks.append(np.column_stack([numbers, absent]) if column["gaps"] else numbers[:, None])
    return np.hstack(blocks) if blocks else np.zeros((len(next(iter(columns.values()))), 0))


def is_missing(encoding: dict[str, Any], cell: Any) -> bool:
    return bool(cell is None or cell != cell or (isinstance(cell, str) and cell.strip() in encoding["missing"]))


def groups_of(encoding: dict[str, Any], columns: dict[str, list[Any]]) -> np.ndarray:
    """(n,) each row's group."""
    absent = [name for name in encoding["sensitive"] if name not in columns]
    if absent:
        raise ValueError(f"no column {absent[0]!r}: the classifier reads the group")
    number = {name: k for k, name in enumerate(encoding["groups"])}
    found = []
    for row in zip(*(columns[name] for name in encoding["sensitive"])):
        group = " & ".join(MISSING if is_missing(encoding, cell) else str(cell).strip() for cell in row)
        if group not in number:
            raise ValueError(f"group {group!r} is not known; known: {', '.join(number)}")
        found.append(number[group])
    return np.array(found, dtype=np.int64)


def positive(
    model: dict[str, Any], member: dict[str, Any], design: np.ndarray, columns: dict[str, list[Any]]
) -> np.ndarray:
    """(n,) what a member predicts: 0 and 1, or a table's chances."""
    if member["type"] == "linear":
        return linear(member, wide(model, design, len(member["coefficients"]), columns))
    if member["type"] == "network":
        values = wide(model, design, len(member["weights"][0]), columns)
        for k, (weights, biases) in enumerate(zip(member["weights"], member["biases"])):
            values = np.maximum(values, 0.0) if k else values
            values = values @ np.array(weights, dtype=np.float64) + np.array(biases, dtype=np.float64)
        return np.asarray(values[:, 0] > 0.0, dtype=np.float64)
    if member["type"] == "thresholds":
        limits = np.array([float(value) for value in member["values"]])
        scores = scores_of(model, design, columns)
        above = limits if len(limits) == 1 else limits[groups_of(model["encoding"], columns)]
        return np.asarray(scores > above, dtype=np.float64)
    known = np.array(member["rows"], dtype=np.float64)
    number = {row.tobytes(): k for k, row in enumerate(known + 0)}
    rows = wide(model, design, known.shape[1], columns) + 0  # -0 equals 0
    values = np.append(np.array(member["probabilities"], dtype=np.float64), float(member["fallback"]))
    return np.asarray(values[[number.get(row.tobytes(), len(known)) for row in np.ascontiguousarray(rows)]])


def wide(model: dict[str, Any], design: np.ndarray, width: int, columns: dict[str, list[Any]]) -> np.ndarray:
    """The features, and a 0-1 column for each group where so many columns are read."""
    if width == design.shape[1]:
        return design
    return np.hstack([design, np.eye(len(model["encoding"]["groups"]))[groups_of(model["encoding"], columns)]])


def linear(member: dict[str, Any], design: np.ndarray) -> np.ndarray:
    """(n,) 0 and 1; scores that are 0 but for rounding predict 0."""
    coefficients, intercept = np.array(member["coefficients"], dtype=np.float64), float(member["intercept"])
    scores = design @ coefficients + intercept
    terms = np.abs(design) @ np.abs(coefficients) + abs(intercept)
    return np.asarray((scores > 0.0) & (scores > TIED * terms), dtype=np.float64)


def scores_of(model: dict[str, Any], design: np.ndarray, columns: dict[str, list[Any]]) -> np.ndarray:
    """(n,) what thresholds are for: a linear score, or a column of the table."""
    scorer = model["scorer"]
    if scorer is not None:
        seen = wide(model, design, len(scorer["coefficients"]), columns)
        return np.asarray(seen @ np.array(scorer["coefficients"], dtype=np.float64) + float(scorer["intercept"]))
    name = model["encoding"]["score"]
    if name not in columns:
        raise ValueError(f"no column {name!r}: it holds the scores")
    return np.array([float(cell) for cell in columns[name]])
