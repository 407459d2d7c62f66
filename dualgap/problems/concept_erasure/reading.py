"""Raw specs of concept erasure: columns of a table as features and concept; texts are categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dualgap.core.arrays import shown
from dualgap.core.errors import Fault, SpecError
from dualgap.core.resolve import Resolver, parse_number
from dualgap.problems.columns import all_texts, text_fault

EVERY = "*"


def closed_fields(spec: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
    """The closed spec: features as a matrix with a row an example, the concept as texts or numbers.

    Raises:
        SpecError: a column that isn't there, or a table without a column of numbers beside the concept.
    """
    raw = dict(spec)
    categorical = raw.pop("categorical", False)
    if not isinstance(categorical, bool):
        raise SpecError([Fault("categorical", f"expected true or false, got {shown(categorical)}", "write true")])
    features = raw.setdefault("features", EVERY) if "data" in raw else None
    if isinstance(features, str) and features == EVERY:
        raw["features"] = features = _columns_of_numbers(resolver.table(raw["data"], "data"), raw.get("concept"))
    closed = resolver.columns(raw, ("features", "concept"), texts=("concept",))
    if _is_named(features):
        closed["features"] = _as_rows(closed["features"])
        given = tuple(features) if isinstance(features, list) else (str(features),)
        closed["names"] = _names(raw.get("names", given), closed["features"])
    if "concept" in closed:
        closed["concept"] = _concept(closed["concept"], "data" in raw, categorical)
    return closed


def _is_named(value: Any) -> bool:
    return isinstance(value, str) or (
        isinstance(value, list) and bool(value) and all(isinstance(name, str) for name in value)
    )


def _columns_of_numbers(table: Mapping[str, Any], concept: Any) -> list[str]:
    """Every column of numbers but the concept's.

    Raises:
        SpecError: there is none, or one holds numbers and texts.
    """
    taken = {concept} if isinstance(concept, str) else set(concept) if _is_named(concept) else set()
    found = [name for name, cells in table.items() if name not in taken and _are_numbers(cells)]
    if not found:
        remedy = "name the columns of the features" if taken else "name the column of the concept"
        raise SpecError([Fault("features", "no column of numbers is left for the features", remedy)])
    columns = {name: table[name] for name in found if isinstance(table[name], list)}
    faults = [fault for name, cells in columns.items() if (fault := text_fault(name, cells))]
    if faults:
        raise SpecError(faults)
    return found


def _are_numbers(cells: Any) -> bool:
    if isinstance(cells, np.ndarray):
        return cells.ndim == 1 and cells.dtype.kind in "iuf"
    return not all_texts(cells)


def _as_rows(columns: Any) -> Any:
    """Columns, or a single one or a matrix by its name, as rows of examples."""
    if isinstance(columns, np.ndarray):
        return columns.reshape(len(columns), -1)
    if columns and isinstance(columns[0], list | np.ndarray):
        lengths = set(map(len, columns))
        if len(lengths) > 1:
            raise SpecError([Fault("features", "the columns differ in length", "take columns of one table")])
        return [list(row) for row in zip(*columns)]
    return [[value] for value in columns]


def _names(names: Any, features: Any) -> tuple[str, ...]:
    """The columns' names; a matrix that stands under one name has its columns numbered."""
    width = len(features[0]) if len(features) else 0
    if isinstance(names, tuple) and len(names) == 1 < width:
        return tuple(f"{names[0]}[{j}]" for j in range(width))
    return tuple(names)


def _concept(concept: Any, from_table: bool, categorical: bool) -> Any:
    """Texts of categories, or numbers; a table's cells are numbers where all of them are."""
    if isinstance(concept, list | tuple) and concept and isinstance(concept[0], list | np.ndarray) and from_table:
        return [list(row) for row in zip(*(_concept(column, True, False) for column in concept))]
    cells: Sequence[Any] = concept.tolist() if isinstance(concept, np.ndarray) and concept.ndim == 1 else concept
    if not isinstance(cells, list | tuple):
        return concept
    if categorical:
        return [str(cell) for cell in cells]
    if from_table and all(isinstance(cell, str) for cell in cells):
        try:
            return [parse_number(cell) for cell in cells]
        except ValueError:
            return list(cells)
    return concept
