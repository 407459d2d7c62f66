"""What the readers of model files share: a program under construction, and faults with their line."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dualgap.core.arrays import as_array, shown
from dualgap.core.errors import Fault, SpecError
from dualgap.core.resolve import read_text

Value = int | float

INFINITY = float("inf")
_HUGE = 1e20  # as large as this means infinite in bounds and sides, as in every reader of these files
_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_FLOAT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?", re.ASCII)
_INFINITE = re.compile(r"([+-]?)inf(inity)?", re.ASCII | re.IGNORECASE)


def read_lines(path: Path) -> list[str]:
    """The lines of a text file, decompressed where it ends in ``.gz``.

    Raises:
        SpecError: it can't be read.
    """
    try:
        return read_text(path).splitlines()
    except UnicodeDecodeError as error:
        fault = Fault("(top)", f"not text: {error.reason} at byte {error.start}", "save it as UTF-8")
        raise SpecError([fault], str(path)) from None
    except (OSError, ValueError, EOFError, zlib.error) as error:
        raise SpecError([Fault("(top)", f"can't be read: {error}", "is the file whole?")], str(path)) from error


def number(word: str) -> Value | None:
    """A number of a model file: a whole one, or the nearest float64; None where the word is none."""
    if _INTEGER.fullmatch(word):
        return int(word)
    if _FLOAT.fullmatch(word):
        value = float(word.replace("D", "e").replace("d", "e"))
        return value if abs(value) < INFINITY else None
    infinite = _INFINITE.fullmatch(word)
    return None if infinite is None else -INFINITY if infinite[1] == "-" else INFINITY


def limit(value: Value) -> Value:
    """A bound or side; numbers from 1e20 on mean infinity."""
    if abs(value) < _HUGE:
        return value
    return INFINITY if value > 0 else -INFINITY


@dataclass
class Draft:
    """A program as it is read, line by line; columns and rows keep the order in which they come.

    A column's bounds are None until they are given.
    """

    source: str
    objective: str = "minimize"
    name: str = ""
    offset: Value = 0
    columns: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    cost: list[Value] = field(default_factory=list)
    lower: list[Value | None] = field(default_factory=list)
    upper: list[Value | None] = field(default_factory=list)
    integer: list[int] = field(default_factory=list)
    row_lower: list[Value] = field(default_factory=list)
    row_upper: list[Value] = field(default_factory=list)
    entries: dict[tuple[int, int], Value] = field(default_factory=dict)

    def fault(self, line: int, message: str, remedy: str) -> SpecError:
        """A fault on a line, counted from 1."""
        return SpecError([Fault(f"line {line}", message, remedy)], self.source)

    def number(self, word: str, line: int) -> Value:
        """A finite number.

        Raises:
            SpecError: it is none.
        """
        value = number(word)
        if value is None or abs(value) == INFINITY:
            raise self.fault(line, f"{shown(word)} is not a number", "write it like 12, -0.5 or 1e3")
        return value

    def limit(self, word: str, line: int) -> Value:
        """A bound, which may be infinite.

        Raises:
            SpecError: it is no number.
        """
        value = number(word)
        return limit(self.number(word, line) if value is None else value)

    def add_column(self, name: str, integer: bool = False) -> int:
        """A new column's index."""
        self.columns[name] = index = len(self.columns)
        self.cost.append(0)
        self.lower.append(None)
        self.upper.append(None)
        self.integer.append(int(integer))
        return index

    def add_row(self, name: str, lower: Value, upper: Value) -> int:
        """A new row's index."""
        self.rows[name] = index = len(self.rows)
        self.row_lower.append(lower)
        self.row_upper.append(upper)
        return index

    def spec(self) -> dict[str, Any]:
        """The closed fields, with the kind."""
        return {
            "kind": "integer-program",
            "name": self.name,
            "objective": self.objective,
            "offset": self.offset,
            "cost": as_array(self.cost),
            "matrix": self._matrix(),
            "row_lower": as_array(self.row_lower, infinite=True),
            "row_upper": as_array(self.row_upper, infinite=True),
            "lower": as_array([0 if value is None else value for value in self.lower], infinite=True),
            "upper": as_array([INFINITY if value is None else value for value in self.upper], infinite=True),
            "integer": np.array(self.integer, dtype=np.int64),
            "columns": tuple(self.columns),
            "rows": tuple(self.rows),
        }

    def _matrix(self) -> dict[str, Any]:
        """Compressed rows of the entries that aren't 0."""
        kept = [(place, value) for place, value in self.entries.items() if value != 0]
        places = np.array([place for place, _ in kept], dtype=np.int64).reshape(-1, 2)
        order = np.lexsort((places[:, 1], places[:, 0]))
        counts = np.bincount(places[:, 0], minlength=len(self.rows))
        return {
            "shape": (len(self.rows), len(self.columns)),
            "indptr": np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            "indices": places[order, 1],
            "data": as_array([value for _, value in kept])[order],
        }
