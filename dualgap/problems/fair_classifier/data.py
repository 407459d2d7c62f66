"""From raw specs to closed ones: columns become features, groups, labels, weights and splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dualgap.core.arrays import shown
from dualgap.core.errors import Fault, SpecError
from dualgap.core.resolve import Resolver
from dualgap.problems.fair_classifier.answers import Linear
from dualgap.problems.fair_classifier.encoding import MISSING, Encoding, inferred
from dualgap.problems.fair_classifier.logistic import fit
from dualgap.problems.fair_classifier.splits import split_of

ALL = "*"
LOGISTIC = "logistic-regression"
RULES = ("error", "category", "drop")
READ = ("label", "sensitive", "features", "drop", "weight", "split", "missing", "unseen", "score", "categories")
"""What a raw spec with ``data`` says of its columns; all else are fields of the closed spec."""

Columns = Mapping[str, Sequence[Any]]


def closed(spec: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
    """The closed spec's fields.

    Raises:
        SpecError: lists the columns that aren't there and the cells that can't be read, each with a remedy.
    """
    raw = dict(spec)
    return from_table(_table(raw, resolver), raw, resolver) if "data" in raw else _inline(raw)


def from_table(table: Columns, spec: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
    """The closed spec's fields, of columns at hand.

    Raises:
        SpecError: as ``closed``.
    """
    raw = dict(spec)
    for name in ("groups", "group_names", "encoding", "weights", "split_names", "scorer"):
        if name in raw:
            raise SpecError([Fault(name, "beside data", f"with data, write {_INSTEAD[name]}")])
    said = _Said(**{name: raw.pop(name) for name in READ if name in raw})
    fields = _fields(said, table, resolver)
    if said.score == LOGISTIC:
        fields |= _fitted({**fields, **raw}, resolver)
    elif said.score in fields["encoding"].features:
        fields["scorer"] = _feature(fields, said.score, bool(raw.get("group_aware", False)))
    return {**raw, **fields}


_INSTEAD = {
    "groups": 'sensitive = ["sex"]',
    "group_names": 'sensitive = ["sex"]',
    "encoding": 'features = ["age"]',
    "weights": 'weight = "count"',
    "split_names": 'split = {column = "split"}',
    "scorer": f'score = "{LOGISTIC}"',
}


@dataclass(frozen=True)
class _Said:
    """What a raw spec says of the columns."""

    label: Any = None
    sensitive: Any = ()
    features: Any = ALL
    drop: Any = ()
    weight: Any = None
    split: Any = None
    missing: Any = "error"
    unseen: Any = "none"
    score: Any = None
    categories: Any = ()

    @property
    def sensitive_columns(self) -> list[str]:
        return _listed(self.sensitive)

    @property
    def label_column(self) -> Any:
        return self.label.get("column") if isinstance(self.label, Mapping) else self.label

    @property
    def split_column(self) -> Any:
        return self.split.get("column") if isinstance(self.split, Mapping) else None


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _table(raw: dict[str, Any], resolver: Resolver) -> dict[str, list[Any]]:
    """The table, taken out of the raw spec; a task of Folktables fills in its label and its categories."""
    data = raw.pop("data")
    if not isinstance(data, Mapping):
        return {name: list(cells) for name, cells in resolver.cells(data, "data").items()}
    from dualgap.problems.fair_classifier.folktables import read

    table, label, categories = read(data, resolver)
    raw.setdefault("label", label)
    raw.setdefault("categories", categories)
    raw.setdefault("missing", "category")
    return table


def _fields(said: _Said, table: Columns, resolver: Resolver) -> dict[str, Any]:
    _check(said, table)
    named = _feature_columns(said, table)
    kept = _kept(said, table, [*named, *said.sensitive_columns])
    table = {name: [cells[k] for k in kept] for name, cells in table.items()}
    if not kept:
        raise SpecError([Fault("data", "no row is left", "is every row without weight, or with a missing value?")])
    gaps = said.missing != "error"
    encoding = inferred(table, named, said.sensitive_columns, _listed(said.categories), gaps, said.unseen)
    label, names = _label(said, table)
    encoding = encoding.model_copy(update={"labels": names})
    features = encoding.encode(table)
    split, split_names = split_of(said.split, table, len(kept), said.weight is not None, resolver.seed)
    fields = {
        "features": features,
        "label": label,
        "groups": encoding.codes(table),
        "group_names": encoding.groups,
        "encoding": encoding,
        "split": split,
        "split_names": split_names,
    }
    if said.weight is not None:
        fields["weights"] = numbers(table[said.weight], said.weight, "weight")
    if said.score is not None and said.score != LOGISTIC:
        fields["score"] = numbers(table[said.score], said.score, "score")
        fields["encoding"] = encoding.model_copy(update={"score": said.score})
    return fields


def _check(said: _Said, table: Columns) -> None:
    faults = []
    if said.label is None:
        faults.append(Fault("label", "missing", 'label = {column = "income", positive = ">50K"}'))
    elif isinstance(said.label, Mapping) and (unknown := sorted(set(said.label) - {"column", "positive"})):
        faults.append(Fault(f"label.{unknown[0]}", "unknown field", "known fields: column, positive"))
    if not said.sensitive_columns:
        faults.append(Fault("sensitive", "missing", 'sensitive = ["sex"]; several make one group of each combination'))
    if said.missing not in RULES:
        faults.append(Fault("missing", f"{shown(said.missing)} is no rule", f"one of {', '.join(RULES)}"))
    if said.unseen not in ("error", "none"):
        faults.append(Fault("unseen", f"{shown(said.unseen)} is no rule", "one of error, none"))
    if isinstance(said.split, Mapping) and (unknown := sorted(set(said.split) - {"column", "test", "seed"})):
        faults.append(Fault(f"split.{unknown[0]}", "unknown field", "known fields: column, or test and seed"))
    elif said.split is not None and not isinstance(said.split, Mapping):
        faults.append(Fault("split", f"{shown(said.split)} is no split", 'split = {column = "split"} or {test = 0.3}'))
    columns = [("label", said.label_column), ("weight", said.weight), ("split.column", said.split_column)]
    columns += [("sensitive", name) for name in said.sensitive_columns]
    columns += [("drop", name) for name in _listed(said.drop)]
    columns += [("categories", name) for name in _listed(said.categories)]
    columns += [("features", name) for name in ([] if said.features == ALL else _listed(said.features))]
    columns += [("score", said.score)] if said.score != LOGISTIC else []
    missing = [(where, name) for where, name in columns if name is not None and name not in table]
    faults += [Fault(where, f"no column {shown(name)}", f"columns: {', '.join(table)}") for where, name in missing]
    for where, name in columns:
        if where == "features" and name in (said.label_column, said.weight, said.split_column):
            faults.append(Fault("features", f"{shown(name)} is no feature: the spec uses it otherwise", "leave it out"))
    if faults:
        raise SpecError(faults)


def _feature_columns(said: _Said, table: Columns) -> list[str]:
    if said.features != ALL:
        return _listed(said.features)
    score = [said.score] if said.score != LOGISTIC else []
    taken = {said.label_column, said.weight, said.split_column, *said.sensitive_columns, *_listed(said.drop), *score}
    return [name for name in table if name not in taken]


def _kept(said: _Said, table: Columns, read: Sequence[str]) -> list[int]:
    """The rows that stay: those without weight go, and with ``missing = "drop"`` those that miss a value."""
    rows = list(range(len(next(iter(table.values()), ()))))
    if said.weight is not None:
        weights = numbers(table[said.weight], said.weight, "weight")
        rows = [k for k in rows if weights[k] != 0]
    if said.missing == "drop":
        rows = [k for k in rows if not any(Encoding().is_missing(table[name][k]) for name in read)]
    return rows


def numbers(cells: Sequence[Any], name: str, where: str) -> np.ndarray:
    """A column as float64, or int64 where all are whole.

    Raises:
        SpecError: names the first cell that is no number.
    """
    for k, cell in enumerate(cells):
        try:
            number = float(cell)
        except (TypeError, ValueError):
            number = float("nan")
        if not np.isfinite(number):
            raise SpecError([Fault(where, f"column {shown(name)} holds {shown(cell)} in row {k + 1}", "a number")])
    values = np.array([float(cell) for cell in cells])
    whole = (values == np.rint(values)).all() and np.abs(values).max(initial=0.0) < 2**53
    return values.astype(np.int64) if whole else values


def _label(said: _Said, table: Columns) -> tuple[np.ndarray, tuple[str, str]]:
    """((n,) 0 and 1, the names of both)."""
    column = said.label_column
    positive = said.label.get("positive") if isinstance(said.label, Mapping) else None
    cells = [MISSING if Encoding().is_missing(cell) else str(cell).strip() for cell in table[column]]
    values = sorted(set(cells))
    if MISSING in values:
        row = cells.index(MISSING) + 1
        raise SpecError([Fault("label", f"column {shown(column)} is empty in row {row}", "fill it, or leave it out")])
    if positive is None:
        if not set(values) <= {"0", "1", "0.0", "1.0"}:
            named = f"{shown(values[0])}, {shown(values[-1])}" + (" and others" if len(values) > 2 else "")
            remedy = f'name the positive one: label = {{column = "{column}", positive = "{values[-1]}"}}'
            raise SpecError([Fault("label", f"labels are {named}, not 0 and 1", remedy)])
        return np.array([int(float(cell)) for cell in cells]), ("0", "1")
    wanted = {str(value).strip() for value in (positive if isinstance(positive, list) else [positive])}
    if not wanted & set(values):
        raise SpecError([Fault("label.positive", f"no label is {shown(positive)}", f"labels: {', '.join(values[:5])}")])
    others = [value for value in values if value not in wanted]
    names = (" or ".join(others) if len(others) < 3 else "other", " or ".join(sorted(wanted)))
    return np.array([int(cell in wanted) for cell in cells]), names


def _fitted(fields: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
    """Scores of the built-in logistic regression, fitted to the training split."""
    features = np.asarray(fields["features"], dtype=np.float64)
    if not features.size:
        raise SpecError([Fault("score", "no features to fit it to", "name some")])
    groups = np.eye(len(fields["group_names"]))[fields["groups"]]
    design = np.hstack([features, groups]) if fields.get("group_aware", False) else features
    train = fields["split"] == 0
    label = np.asarray(fields["label"], dtype=np.float64)
    weights = np.asarray(fields.get("weights", np.ones(len(label))), dtype=np.float64)
    model = fit(design[train], label[train], weights[train])
    return {"scorer": model, "score": resolver.record("score", model.scores(design))}


def _feature(fields: Mapping[str, Any], name: str, aware: bool) -> Linear:
    """The linear model whose score is one of the features."""
    names = fields["encoding"].features
    coefficients = np.zeros(len(names) + aware * len(fields["group_names"]))
    coefficients[names.index(name)] = 1.0
    return Linear(coefficients=coefficients)


def _inline(raw: dict[str, Any]) -> dict[str, Any]:
    """A spec with its arrays in it: groups may come by name."""
    columns = [name for name in READ if isinstance(raw.get(name), str) and name not in ("missing", "unseen", "score")]
    if columns:
        remedy = 'name the file: data = "people.csv"'
        raise SpecError([Fault(name, f"{shown(raw[name])} is a column of no data", remedy) for name in columns])
    groups = raw.get("groups")
    if isinstance(groups, list | tuple) and groups and all(isinstance(name, str) for name in groups):
        names = tuple(raw.get("group_names") or dict.fromkeys(groups))
        number = {name: k for k, name in enumerate(names)}
        unknown = [name for name in groups if name not in number]
        if unknown:
            raise SpecError([Fault("groups", f"{shown(unknown[0])} is not in group_names", "add it")])
        raw |= {"groups": [number[name] for name in groups], "group_names": names}
    if isinstance(raw.get("score"), str) and raw["score"] == LOGISTIC:
        split = np.asarray(raw.get("split", ()))
        split = split if len(split) else np.zeros(len(raw.get("label", ())))
        raw |= _fitted({**raw, "split": split}, Resolver())
    return raw
