"""Answers from anybody's files: classifiers, and predictions of other tools."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.arrays import as_array, shown
from dualgap.core.errors import Fault, SpecError
from dualgap.core.problem import parsed
from dualgap.problems.fair_classifier.answers import Classifier, Predictions, Table

if TYPE_CHECKING:
    from dualgap.problems.fair_classifier.spec import FairClassifier

NAMES = ("prediction", "predictions", "predicted", "y_pred", "pred", "y_hat", "yhat", "probability", "probabilities")
"""What a column of predictions may be called, in any case; the first of these that is there is read."""

_TRUTHS = {"true": 1.0, "false": 0.0}


def read(problem: FairClassifier, data: Any) -> Classifier:
    """A classifier, or predictions of a tool that nobody knows: 0 and 1, the labels' names, or probabilities of
    predicting 1; one for each row of the data in its order, or for each row of the training split.

    Raises:
        SpecError: lists the faults.
    """
    if not isinstance(data, Mapping):
        return parsed(Classifier, data, "answer")  # type: ignore[no-any-return]
    members = data.get("members")
    if members is None:
        name = _column(problem, data)
        return problem.classifier([_predictions(problem, data[name], name)])
    if _is_column(members):
        return problem.classifier([_predictions(problem, members, "predictions")])
    return parsed(Classifier, data, "answer")  # type: ignore[no-any-return]


def _is_column(members: Any) -> bool:
    """Whether these are predictions: an array, or no list of records."""
    if isinstance(members, np.ndarray):
        return True
    return isinstance(members, Sequence) and len(members) > 0 and not isinstance(members[0], Mapping)


def _column(problem: FairClassifier, data: Mapping[str, Any]) -> str:
    places = {str(name).strip().lower(): name for name in data}
    for name in NAMES:
        if name in places:
            return str(places[name])
    if len(data) == 1:
        return str(next(iter(data)))
    found = ", ".join(map(str, list(data)[:8]))
    raise SpecError([Fault("(top)", f"no column of predictions among {found}", f"call it {NAMES[0]}")], "answer")


def _predictions(problem: FairClassifier, cells: Any, name: str) -> Predictions:
    values = np.asarray(cells) if isinstance(cells, np.ndarray) else None
    if values is not None and values.ndim != 1:
        message = f"an array of shape {values.shape}"
        raise SpecError([Fault(name, message, "one prediction a row: of predict_proba, the column [:, 1]")], "answer")
    if isinstance(cells, str | bytes | Mapping) or not isinstance(cells, Iterable):
        raise SpecError([Fault(name, f"{shown(cells)} are no predictions", "one a row of the data")], "answer")
    listed = cells.tolist() if isinstance(cells, np.ndarray) else list(cells)
    rows, train = len(problem.label), int(problem.train.sum())
    if len(listed) not in (rows, train):
        training = f", or {train:,} for the training split alone" if train < rows else ""
        remedy = f"one for each of the {rows:,} rows in the data's order{training}; rows that the spec drops have none"
        raise SpecError([Fault(name, f"{len(listed):,} predictions", remedy)], "answer")
    return Predictions(probabilities=np.array(_numbers(problem, listed, name)))


def _numbers(problem: FairClassifier, cells: Sequence[Any], name: str) -> list[float]:
    """Labels' names as 0 and 1, numbers as they are."""
    texts = [str(cell).strip() for cell in cells]
    labels = _labels(problem, set(texts))
    numbers = {text: _number(text) for text in set(texts)}
    if labels is not None and labels != numbers and set(numbers.values()) <= {0.0, 1.0}:
        message = f"{', '.join(map(shown, sorted(numbers)))} may be labels' names or predictions"
        raise SpecError([Fault(name, message, "write true and false")], "answer")
    known = labels if labels is not None else numbers
    for k, text in enumerate(texts):
        value = known[text]
        if value is None or not 0.0 <= value <= 1.0:
            spec = " or ".join(problem.encoding.labels)
            remedy = f"0 or 1, {spec}, or a probability of predicting 1"
            raise SpecError([Fault(f"{name}[{k}]", f"{shown(cells[k])} is no prediction", remedy)], "answer")
    return [float(known[text]) for text in texts]  # type: ignore[arg-type]


def _labels(problem: FairClassifier, texts: set[str]) -> dict[str, float | None] | None:
    """The texts as labels, where all are the labels' names."""
    names = problem.encoding.labels
    found: dict[str, float | None] = {}
    for text in texts:
        for label, name in enumerate(names):
            if text == name or text in name.split(" or "):
                found[text] = float(label)
    return found if len(found) == len(texts) else None


def _number(text: str) -> float | None:
    if text.lower() in _TRUTHS:
        return _TRUTHS[text.lower()]
    try:
        return float(text)
    except ValueError:
        return None


def complete(problem: FairClassifier, answer: Classifier) -> Classifier:
    """The answer, its tables with the cells that they are of."""
    rows = as_array(problem.design[problem.train][problem.cells.first])
    members = [
        member.model_copy(update={"rows": rows}) if isinstance(member, Table) else member for member in answer.members
    ]
    return problem.classifier(members, answer.weights)
