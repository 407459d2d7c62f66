"""Predictors: a classifier with what it needs to read other tables, in the manner of scikit-learn, saved as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dualgap.core.errors import Fault, SpecError, UsageError
from dualgap.core.problem import parsed
from dualgap.core.serialize import from_json, to_json
from dualgap.problems.fair_classifier import standalone
from dualgap.problems.fair_classifier.answers import Classifier, Linear, Member, Network, Predictions, Table, Thresholds
from dualgap.problems.fair_classifier.cells import matched
from dualgap.problems.fair_classifier.data import numbers

FORMAT = "dualgap-predictor"
VERSION = 1


class Predictor:
    """A classifier for tables: ``predict``, ``predict_proba`` and ``classes_`` as scikit-learn has them.

    Tables are mappings of columns, pandas frames, or matrices with a column for each of ``encoding.columns``.
    """

    def __init__(self, classifier: Classifier, random_state: int = 0) -> None:
        """
        Args:
            classifier: of a run.
            random_state: mixtures draw with it, anew for each call: the same rows get the same predictions.

        Raises:
            UsageError: predictions of rows tell nothing of others; a table that doesn't know its rows.
        """
        for member in classifier.members:
            if isinstance(member, Predictions):
                raise UsageError("predictions of given rows say nothing of others")
            if isinstance(member, Table) and member.rows is None:
                raise UsageError("a table of so many cells doesn't carry them: take problem.predictor(answer)")
        self.classifier = classifier
        self.random_state = random_state
        self.classes_ = standalone.labels_of(classifier.encoding.content())

    @property
    def needs_group(self) -> bool:
        """Whether tables need the sensitive columns."""
        return any(_needs_group(self.classifier, member) for member in self.classifier.members)

    def chances(self, table: Any) -> np.ndarray:
        """(n,) of predicting the second class: 0 or 1 but for mixtures.

        Raises:
            SpecError: lists columns that aren't there, and cells that can't be read.
        """
        encoding = self.classifier.encoding
        columns = _columns(table, [column.name for column in encoding.columns])
        design = encoding.encode(columns)
        groups = encoding.codes(columns) if self.needs_group else np.zeros(len(design), dtype=np.int64)
        if self.needs_group:
            aware = np.hstack([design, np.eye(len(encoding.groups))[groups]])
        total = np.zeros(len(design))
        for weight, member in zip(self.classifier.weights.astype(np.float64).tolist(), self.classifier.members):
            if weight > 0:
                seen = aware if self.needs_group and _width(self.classifier, member) != design.shape[1] else design
                total += weight * self._positive(member, seen, groups, columns)
        return np.clip(total, 0.0, 1.0)

    def _positive(
        self, member: Member, design: np.ndarray, groups: np.ndarray, columns: Mapping[str, Sequence[Any]]
    ) -> np.ndarray:
        if isinstance(member, Thresholds):
            return member.positive(self._scores(design, columns), groups)
        if isinstance(member, Table):
            assert member.rows is not None
            values = np.append(member.probabilities.astype(np.float64), float(member.fallback))
            return np.asarray(values[matched(design, member.rows.astype(np.float64))])
        assert isinstance(member, Linear | Network)
        return member.positive(design)

    def _scores(self, design: np.ndarray, columns: Mapping[str, Sequence[Any]]) -> np.ndarray:
        if self.classifier.scorer is not None:
            return self.classifier.scorer.scores(design)
        name = self.classifier.encoding.score
        if not name:
            raise UsageError("nobody knows where the thresholds' scores come from: name a column, score = ...")
        if name not in columns:
            raise SpecError([Fault(name, "no such column", "it holds the scores")], "data")
        return numbers(columns[name], name, name).astype(np.float64)

    def predict_proba(self, table: Any) -> np.ndarray:
        """(n, 2) chances of the classes: how the mixture draws, no estimate of the label's odds."""
        chance = self.chances(table)
        return np.column_stack([1.0 - chance, chance])

    def predict(self, table: Any) -> np.ndarray:
        """(n,) labels, drawn where the mixture leaves them to chance."""
        chance = self.chances(table)
        drawn = np.random.Generator(np.random.PCG64(self.random_state)).random(len(chance))
        return np.asarray(self.classes_[(drawn < chance).astype(np.int64)])

    def save(self, path: str | Path) -> None:
        """Writes JSON, whole or not at all."""
        target = Path(path)
        partial = target.with_name(target.name + ".partial")
        partial.write_bytes(written(self.classifier))
        partial.replace(target)


def written(classifier: Classifier) -> bytes:
    """A predictor's file."""
    data = {"format": FORMAT, "version": VERSION, "classifier": classifier.content()}
    return (json.dumps(to_json(data), ensure_ascii=False, allow_nan=False) + "\n").encode()


def as_estimator(classifier: Classifier) -> bytes:
    """Python's text of an estimator for scikit-learn that predicts the same, without dualgap."""
    text = Path(standalone.__file__).read_text(encoding="utf-8")
    data = json.dumps(to_json(classifier.content()), allow_nan=False)
    noted = "\n# ``dualgap export RUN --to sklearn`` writes this module, with the classifier in place of MODEL's {}.\n"
    for part, instead in ((noted, ""), ('json.loads(r"""{}""")', f"json.loads({data!r})")):
        assert text.count(part) == 1
        text = text.replace(part, instead)
    return text.encode()


def load_predictor(path: str | Path, random_state: int = 0) -> Predictor:
    """The inverse of ``Predictor.save``: numbers and texts, nothing that runs.

    Raises:
        SpecError: it is no such file, or of a newer version.
    """
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SpecError([Fault("(top)", f"not a predictor: {error}", "name a saved one")], str(path)) from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise SpecError([Fault("format", "not a predictor", "name a file that Predictor.save wrote")], str(path))
    if not isinstance(data.get("version"), int) or data["version"] > VERSION:
        fault = Fault("version", f"{data.get('version')} is newer than {VERSION}", "update dualgap")
        raise SpecError([fault], str(path))
    classifier: Classifier = parsed(Classifier, from_json(data.get("classifier")), str(path))
    return Predictor(classifier, random_state)


def _width(classifier: Classifier, member: Member) -> int:
    """How many columns a member reads."""
    if isinstance(member, Linear):
        return len(member.coefficients)
    if isinstance(member, Network):
        return len(member.weights[0])
    if isinstance(member, Table) and member.rows is not None:
        return int(member.rows.shape[1])
    if isinstance(member, Thresholds) and classifier.scorer is not None:
        return len(classifier.scorer.coefficients)
    return len(classifier.encoding.features)


def _needs_group(classifier: Classifier, member: Member) -> bool:
    by_group = isinstance(member, Thresholds) and len(member.values) > 1
    return by_group or _width(classifier, member) != len(classifier.encoding.features)


def _columns(table: Any, names: Sequence[str]) -> Mapping[str, Sequence[Any]]:
    """Columns by name of a mapping, a frame, or a matrix.

    Raises:
        UsageError: a matrix of another width.
    """
    if hasattr(table, "columns") and hasattr(table, "__getitem__"):
        return {str(name): list(table[name]) for name in table.columns}
    if isinstance(table, Mapping):
        return {str(name): list(cells) for name, cells in table.items()}
    matrix = np.asarray(table)
    if matrix.ndim != 2 or matrix.shape[1] != len(names):
        raise UsageError(f"a matrix of shape {matrix.shape}: one column each for {', '.join(names)}")
    return {name: matrix[:, k].tolist() for k, name in enumerate(names)}
