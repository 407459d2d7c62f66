"""Columns of a table as features, categories and numbers; what is no number among them, and where."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import PlainValidator, WithJsonSchema

from dualgap.core.arrays import as_array, of_numpy, shown
from dualgap.core.errors import Fault, SpecError
from dualgap.core.resolve import parse_number
from dualgap.problems.counts import fault


def _categories_or_numbers(value: Any) -> Any:
    """Texts as a tuple, numbers as an array with one or two dimensions."""
    value = of_numpy(value)
    if isinstance(value, np.ndarray) and value.dtype.kind in "UO" and value.ndim == 1:
        value = value.tolist()
    if isinstance(value, list | tuple) and value and all(isinstance(item, str) for item in value):
        if "" in value:
            raise fault(f"example {list(value).index('')} has no category", "leave it out, or name what is missing")
        return tuple(value)
    if isinstance(value, str):
        raise fault(f"{value!r} names a column, and there is no data", 'add data = "FILE.csv"')
    if isinstance(value, list | tuple) and any(isinstance(item, str) for item in value):
        raise fault("categories and numbers are mixed", "put every category in quotes")
    array = as_array(value)
    if array.ndim not in (1, 2):
        raise fault(f"expected 1 or 2 dimensions, got {array.ndim}", "one category or number an example")
    return array


_ROWS = {"type": "array", "items": {"anyOf": [{"type": ["string", "number"]}, {"type": "array"}]}}

Categories = Annotated[tuple[str, ...] | np.ndarray, PlainValidator(_categories_or_numbers), WithJsonSchema(_ROWS)]
"""A category for each example, or numbers: one an example, or several in a row."""


def named(value: Any) -> tuple[str, ...]:
    """The columns that a raw field names; none where it holds data."""
    if isinstance(value, str):
        return (value,)
    texts = isinstance(value, list) and all(isinstance(name, str) for name in value)
    return tuple(value) if texts else ()


def columns_of_numbers(table: Mapping[str, Any], taken: Collection[str], remedy: str) -> list[str]:
    """Every column of numbers that isn't taken.

    Raises:
        SpecError: there is none, with the remedy, or one holds numbers and texts.
    """
    found = [name for name, cells in table.items() if name not in taken and _are_numbers(cells)]
    if not found:
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


def as_rows(columns: Any) -> Any:
    """Columns, or a single one or a matrix by its name, as rows of examples."""
    if isinstance(columns, np.ndarray):
        return columns.reshape(len(columns), -1)
    if columns and isinstance(columns[0], list | np.ndarray):
        lengths = set(map(len, columns))
        if len(lengths) > 1:
            raise SpecError([Fault("features", "the columns differ in length", "take columns of one table")])
        return [list(row) for row in zip(*columns)]
    return [[value] for value in columns]


def row_names(names: Any, features: Any) -> tuple[str, ...]:
    """The columns' names; a matrix that stands under one name has its columns numbered."""
    width = len(features[0]) if len(features) else 0
    if isinstance(names, tuple) and len(names) == 1 < width:
        return tuple(f"{names[0]}[{j}]" for j in range(width))
    return tuple(names)


def categories(column: Any, from_table: bool, categorical: bool) -> Any:
    """Texts of categories, or numbers; a table's cells are numbers where all of them are."""
    if isinstance(column, list | tuple) and column and isinstance(column[0], np.ndarray):
        return np.array(column)  # a matrix under one name: its rows
    if isinstance(column, list | tuple) and column and isinstance(column[0], list) and from_table:
        return [list(row) for row in zip(*(categories(part, True, False) for part in column))]
    cells: Sequence[Any] = column.tolist() if isinstance(column, np.ndarray) and column.ndim == 1 else column
    if not isinstance(cells, list | tuple):
        return column
    if categorical:
        return [str(cell) for cell in cells]
    if from_table and all(isinstance(cell, str) for cell in cells):
        try:
            return [parse_number(cell) for cell in cells]
        except ValueError:
            return list(cells)
    return column


def all_texts(column: Sequence[Any]) -> bool:
    """Whether a column holds no number at all."""
    return all(isinstance(cell, str) for cell in column)


def text_fault(name: str, column: Sequence[Any]) -> Fault | None:
    """What keeps a column from being a feature: texts throughout, or a cell among numbers."""
    row = next((k for k, cell in enumerate(column) if isinstance(cell, str)), None)
    if row is None:
        return None
    if all_texts(column):
        remedy = "list the numeric columns: features = [...]; or write categories as 0 and 1"
        return Fault("features", f"column {shown(name)} isn't numeric", remedy)
    what = f"holds {shown(column[row])} among numbers" if column[row] else "has an empty cell"
    return Fault("features", f"column {shown(name)} {what} in row {row + 1}", "fill it in, or leave the row out")
