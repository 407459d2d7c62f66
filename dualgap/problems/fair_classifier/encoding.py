"""From columns of a table to numbers: what a classifier reads, and how its predictor reads other tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from dualgap.core.arrays import shown
from dualgap.core.errors import Fault, SpecError
from dualgap.core.record import Record
from dualgap.core.resolve import parse_number

MISSING = "(missing)"


class Column(Record):
    """One column of the table.

    Attributes:
        name: its name.
        values: of a category, in order: one 0-1 feature each; empty for a number, which is one feature as it is.
        gaps: of a number that may be missing: it is 0 there, and a further 0-1 feature says so.
    """

    name: str
    values: tuple[str, ...] = ()
    gaps: bool = False

    @property
    def features(self) -> tuple[str, ...]:
        """The features' names."""
        if self.values:
            return tuple(f"{self.name}={value}" for value in self.values)
        return (self.name, f"{self.name} is missing") if self.gaps else (self.name,)


class Encoding(Record):
    """How rows of a table become features and groups.

    Attributes:
        columns: what is read, in order.
        sensitive: the columns whose values, joined by " & ", name the groups.
        groups: their names.
        labels: the names of 0 and 1.
        score: the column that thresholds are for, where it is one.
        missing: texts that stand for a missing value.
        unseen: what a value of a category that isn't known does: "error", or "none": 0 in every feature.
    """

    columns: tuple[Column, ...] = ()
    sensitive: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    labels: tuple[str, str] = ("0", "1")
    score: str = ""
    missing: tuple[str, ...] = ("", "?", "NA", "NaN", "nan")
    unseen: Literal["error", "none"] = "none"

    @property
    def features(self) -> tuple[str, ...]:
        """The names of all features."""
        return tuple(name for column in self.columns for name in column.features)

    def encode(self, table: Mapping[str, Sequence[Any]]) -> np.ndarray:
        """(n, d) the features of a table's rows.

        Raises:
            SpecError: lists the columns that aren't there, and the cells that can't be read.
        """
        faults: list[Fault] = [
            Fault(column.name, "no such column", f"columns: {', '.join(table)}")
            for column in self.columns
            if column.name not in table
        ]
        if faults:
            raise SpecError(faults, "data")
        blocks = [self._block(column, table[column.name], faults) for column in self.columns]
        if faults:
            raise SpecError(faults, "data")
        return np.hstack(blocks) if blocks else np.zeros((len(next(iter(table.values()), ())), 0))

    def _block(self, column: Column, cells: Sequence[Any], faults: list[Fault]) -> np.ndarray:
        if column.values:
            return self._categories(column, cells, faults)
        try:
            return _whole(column, np.array(cells, dtype=np.float64))
        except (TypeError, ValueError):
            pass  # something is missing, or no number: cell by cell
        absent = np.array([self.is_missing(cell) for cell in cells], dtype=bool)
        numbers = np.zeros(len(cells))
        for k in np.flatnonzero(~absent).tolist():
            try:
                numbers[k] = float(parse_number(str(cells[k])))
            except ValueError:
                faults.append(Fault(f"{column.name}[{k}]", f"{shown(cells[k])} is no number", "expected one"))
                return numbers[:, None]
        if absent.any() and not column.gaps:
            faults.append(Fault(f"{column.name}[{int(absent.argmax())}]", "missing", "fill it, or leave the row out"))
        return np.column_stack([numbers, absent]) if column.gaps else numbers[:, None]

    def _categories(self, column: Column, cells: Sequence[Any], faults: list[Fault]) -> np.ndarray:
        number = {value: k for k, value in enumerate(column.values)}
        texts = [MISSING if self.is_missing(cell) else str(cell).strip() for cell in cells]
        codes = np.array([number.get(text, -1) for text in texts], dtype=np.int64)
        if self.unseen == "error" and (codes < 0).any():
            k = int((codes < 0).argmax())
            known = ", ".join(column.values[:10])
            faults.append(Fault(f"{column.name}[{k}]", f"{shown(texts[k])} is no known value", f"known: {known}"))
        found: np.ndarray = (codes[:, None] == np.arange(len(column.values))).astype(np.float64)
        return found

    def codes(self, table: Mapping[str, Sequence[Any]]) -> np.ndarray:
        """(n,) the group of each row.

        Raises:
            SpecError: a sensitive column isn't there, or a group isn't known.
        """
        absent = [name for name in self.sensitive if name not in table]
        if absent:
            raise SpecError(
                [Fault(name, "no such column", "the classifier reads the group") for name in absent], "data"
            )
        number = {name: k for k, name in enumerate(self.groups)}
        names = joined([table[name] for name in self.sensitive], self.is_missing)
        unknown = [k for k, name in enumerate(names) if name not in number]
        if unknown:
            known = ", ".join(self.groups)
            fault = Fault(f"row {unknown[0]}", f"group {shown(names[unknown[0]])} is not known", f"known: {known}")
            raise SpecError([fault], "data")
        return np.array([number[name] for name in names], dtype=np.int64)

    def is_missing(self, cell: Any) -> bool:
        return cell is None or cell != cell or (isinstance(cell, str) and cell.strip() in self.missing)


def _whole(column: Column, numbers: np.ndarray) -> np.ndarray:
    """The block of a column of finite numbers.

    Raises:
        ValueError: some aren't.
    """
    if not np.isfinite(numbers).all():
        raise ValueError("not all are finite")
    return np.column_stack([numbers, np.zeros(len(numbers))]) if column.gaps else numbers[:, None]


def inferred(
    table: Mapping[str, Sequence[Any]],
    columns: Sequence[str],
    sensitive: Sequence[str],
    categories: Sequence[str],
    gaps: bool,
    unseen: Any,
) -> Encoding:
    """The encoding of a table: columns with a text that is no number are categories, their values in sorted order.

    The values of all splits are known: which there are isn't learnt from labels.

    Args:
        table: columns by name. columns: those that are read. sensitive: those that name the groups.
        categories: those that are categories though they look like numbers.
        gaps: whether values may be missing; a missing one of a category is a category of its own.
        unseen: see ``Encoding``.

    Raises:
        SpecError: a value is missing though none may be; names the columns and the first rows.
    """
    plain = Encoding(unseen=unseen)
    faults = []
    found = []
    for name in dict.fromkeys((*columns, *sensitive)):
        row = next((k for k, cell in enumerate(table[name]) if plain.is_missing(cell)), None)
        if row is not None and not gaps:
            where = "sensitive" if name in sensitive else "features"
            remedy = 'missing = "category" makes that a value of its own, missing = "drop" leaves such rows out'
            faults.append(Fault(where, f"column {shown(name)} has no value in row {row + 1}", remedy))
        elif name in columns:
            texts = [MISSING if plain.is_missing(cell) else str(cell).strip() for cell in table[name]]
            category = name in categories or not all(text == MISSING or _is_number(text) for text in set(texts))
            values = tuple(sorted(set(texts))) if category else ()
            found.append(Column(name=name, values=values, gaps=row is not None and not category))
    if faults:
        raise SpecError(faults)
    groups = tuple(sorted(set(joined([table[name] for name in sensitive], plain.is_missing))))
    return Encoding(columns=tuple(found), sensitive=tuple(sensitive), groups=groups, unseen=unseen)


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def joined(columns: Sequence[Sequence[Any]], missing: Any) -> list[str]:
    """The groups' names of rows with these values."""
    return [" & ".join(MISSING if missing(cell) else str(cell).strip() for cell in row) for row in zip(*columns)]
