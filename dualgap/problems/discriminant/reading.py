"""Raw specs of discriminants: columns of a table, splits, and what is chosen from lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic_core import PydanticCustomError

from dualgap.core.arrays import as_number, shown
from dualgap.core.errors import Fault, SpecError
from dualgap.core.resolve import Resolver
from dualgap.problems.columns import as_rows, categories, columns_of_numbers, named, row_names, text_fault
from dualgap.problems.discriminant.choice import best, tried
from dualgap.problems.discriminant.splits import VALIDATION, by_column, drawn

if TYPE_CHECKING:
    from dualgap.problems.discriminant.spec import Discriminant

EVERY = "*"
_CHOSEN = ("gamma", "ridge", "k")


def closed_fields(kind: type[Discriminant], spec: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
    """The closed spec.

    Raises:
        SpecError: a column that isn't there, no split to choose on, or whatever the closed spec is at fault with.
    """
    closed = _closed(dict(spec), resolver)
    if not any(isinstance(closed.get(name), list | tuple | np.ndarray) for name in _CHOSEN):
        return closed
    lists = {name: _listed(closed.get(name, kind.model_fields[name].default), name) for name in _CHOSEN}
    problem = kind(**{**closed, **{name: values[0] for name, values in lists.items()}})
    if not problem.rows[VALIDATION].any():
        remedy = "give one value each, or split = {validation = 0.2, test = 0.2}"
        raise SpecError([Fault("split", "no validation examples to choose gamma, ridge and k by", remedy)])
    for name, values in lists.items():  # each is checked as if it were the one
        for value in values[1:]:
            problem = kind(**{**problem.content(), name: value})
    most = min(len(problem.classes_named) - 1, problem.sample.width)
    counts = [most if count == "full" else count for count in lists["k"]]
    table = tried(problem, lists["gamma"], lists["ridge"], counts)
    gamma, ridge, count = best(table)
    return {**closed, "gamma": gamma, "ridge": ridge, "k": count, "tried": resolver.record("tried", table)}


def _listed(value: Any, name: str) -> list[Any]:
    values = list(value) if isinstance(value, list | tuple | np.ndarray) else [value]
    if not values:
        raise SpecError([Fault(name, "an empty list", "give values to choose from")])
    try:
        return [item if item == "full" and name == "k" else as_number(item) for item in values]
    except PydanticCustomError as error:
        raise SpecError([Fault(name, error.message(), "give numbers to choose from")]) from None


def _closed(raw: dict[str, Any], resolver: Resolver) -> dict[str, Any]:
    categorical = raw.pop("categorical", False)
    if not isinstance(categorical, bool):
        raise SpecError([Fault("categorical", f"expected true or false, got {shown(categorical)}", "write true")])
    data, split, versions = raw.get("data"), raw.pop("split", None), raw.pop("counterfactuals", None)
    given: tuple[str, ...] = ()
    if data is not None:
        if raw.setdefault("features", EVERY) == EVERY:
            taken = {*named(raw.get("label")), *named(raw.get("spurious")), *_columns_of(split), *_columns_of(versions)}
            remedy = "name the columns of the features"
            raw["features"] = columns_of_numbers(resolver.table(data, "data"), taken, remedy)
        given = named(raw["features"])
    closed = resolver.columns(raw, ("features", "label", "spurious"), texts=("label", "spurious"))
    if given:
        if isinstance(raw["features"], list) and (faults := _texts(given, closed["features"])):
            raise SpecError(faults)
        closed["features"] = as_rows(closed["features"])
        closed["names"] = row_names(raw.get("names", given), closed["features"])
    if "spurious" in closed:
        closed["spurious"] = categories(closed["spurious"], data is not None, categorical)
    if versions is not None:
        closed["counterfactuals"] = _versions(versions, data, resolver)
    if split is not None or data is not None:
        label = closed.get("label", ())
        closed["split"] = _split(split, data, len(label) if hasattr(label, "__len__") else 0, resolver)
    return closed


def _texts(names: Sequence[str], columns: Sequence[Any]) -> list[Fault]:
    lists = [(name, column) for name, column in zip(names, columns) if isinstance(column, list)]
    return [found for name, column in lists if (found := text_fault(name, column))]


def _columns_of(value: Any) -> set[str]:
    """The columns that a split, or counterfactuals, name."""
    if isinstance(value, Mapping):
        return set(named(value.get("column")))
    parts = value if isinstance(value, list) else []
    return set(named(value)).union(*map(named, parts))


def _versions(value: Any, data: Any, resolver: Resolver) -> Any:
    """(m, n, p) from lists of columns, one array of the data, or a file of its own."""
    if isinstance(value, Mapping):
        return resolver.array(value.get("file"), "counterfactuals.file")
    if data is None:
        return value
    parts = value if isinstance(value, list) else [value]
    if not all(map(named, parts)):
        remedy = "counterfactuals = [[columns], [columns]], or the name of an array"
        raise SpecError([Fault("counterfactuals", f"{shown(value)} names no columns", remedy)])
    taken = [resolver.columns({"data": data, "counterfactuals": part}, ("counterfactuals",)) for part in parts]
    found = [columns["counterfactuals"] for columns in taken]
    return found[0] if isinstance(value, str) else [as_rows(columns) for columns in found]


def _split(said: Any, data: Any, count: int, resolver: Resolver) -> Sequence[str] | Any:
    if said is None or (isinstance(said, Mapping) and "column" not in said):
        return drawn(said or {}, count, resolver.seed)
    if not isinstance(said, Mapping):
        return said
    if not isinstance(said["column"], str):
        raise SpecError([Fault("split.column", f"{shown(said['column'])} is no column", 'write column = "split"')])
    if data is None:
        raise SpecError([Fault("split.column", "there is no data", 'add data = "FILE.csv"')])
    taken = resolver.columns({"data": data, "column": said["column"]}, ("column",), texts=("column",))
    return by_column(taken["column"])
