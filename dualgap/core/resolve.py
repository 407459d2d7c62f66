"""Closing a raw spec: tables and arrays are read from files, columns are taken, derived arrays become artefacts."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from pydantic_core import PydanticCustomError

from dualgap.core.arrays import array_digest, array_fault, as_array, shown
from dualgap.core.errors import Fault, SpecError
from dualgap.core.serialize import write_array

MAX_DATA_BYTES = 2**30

Table = Mapping[str, Any]
"""Columns by name: lists, or NumPy arrays."""

_UNREADABLE = (OSError, ValueError, EOFError, KeyError, MemoryError, csv.Error, zlib.error, zipfile.BadZipFile)
_NUMBER = re.compile(r"[+-]?(\d+(?P<point>\.\d*)?|\.\d+)(?P<power>[eE][+-]?\d+)?", re.ASCII)
_WHOLE_NUMBERS = re.compile(r"[-+0-9,]*[0-9]", re.ASCII)
_SPECIAL = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}


@dataclass
class Resolver:
    """Reads what a raw spec refers to.

    Attributes:
        base: the folder that relative paths start from.
        seed: for splits and whatever else a spec leaves to chance.
        store: where derived arrays are kept under their content hash; nowhere by default.
        artefacts: derived arrays by name, with the SHA-256 of their bytes; recorded in the run.
    """

    base: Path = field(default_factory=Path)
    seed: int = 0
    store: Path | None = None
    artefacts: dict[str, str] = field(default_factory=dict)

    def path(self, name: Any, where: str) -> Path:
        """The file that a spec names.

        Raises:
            SpecError: it isn't there.
        """
        if not isinstance(name, str) or not name:
            raise SpecError([Fault(where, "expected the name of a file", 'write "items.csv"')])
        path = self.base / name
        try:
            there = path.is_file()
        except OSError:  # a name that no file can have
            there = False
        if not there:
            folder = "the working directory" if str(self.base) == "." else str(self.base)
            raise SpecError([Fault(where, f"no file {shown(name)} in {folder}", "paths are relative to the spec")])
        return path

    def record(self, name: str, array: np.ndarray) -> np.ndarray:
        """Records a derived array (and keeps it in the store) under its content hash, and returns it."""
        self.artefacts[name] = array_digest(array) if self.store is None else write_array(array, self.store)
        return array

    def columns(
        self, spec: Mapping[str, Any], fields: Iterable[str], texts: Collection[str] = ("names",)
    ) -> dict[str, Any]:
        """The spec with ``data`` read and strings in ``fields`` replaced by its columns; ``{file = ...}`` by its array.

        Columns for ``texts`` are taken as they are written ("007" stays "007").

        Raises:
            SpecError: lists every column that isn't there.
        """
        closed = dict(spec)
        table = self._read(closed.pop("data"), "data") if "data" in closed else None
        faults: list[Fault] = []
        for name in fields:
            value = closed.get(name)
            if isinstance(value, Mapping) and "file" in value:
                closed[name] = self.array(value["file"], f"{name}.file")
            elif table is not None and value is not None:
                missing = _missing(table, value)
                faults += [Fault(name, f"no column {shown(part)}", f"columns: {_listed(table)}") for part in missing]
                closed[name] = value if missing else _taken(table, value, name in texts)
        if faults:
            raise SpecError(faults)
        return closed

    def table(self, name: Any, where: str) -> Table:
        """Columns of a ``.csv[.gz]``, ``.npz`` or ``.parquet`` file; numbers in CSV are read exactly.

        Raises:
            SpecError: it isn't there, isn't whole, or holds objects that would have to be unpickled.
        """
        return {column: _numbers(cells) for column, cells in self._read(name, where).items()}

    def cells(self, name: Any, where: str) -> Table:
        """Columns of such a file as they are written: texts in CSV.

        Raises:
            SpecError: as ``table``.
        """
        found = self._read(name, where)
        return {column: cells.tolist() if isinstance(cells, np.ndarray) else cells for column, cells in found.items()}

    def _read(self, name: Any, where: str) -> Table:
        path = self.path(name, where)
        try:
            if _suffix(path) == ".csv":
                return _read_csv(read_text(path))
            if _suffix(path) == ".npz":
                return _arrays(path)
            if _suffix(path) == ".parquet":
                return _read_parquet(path)
        except _UNREADABLE as error:
            raise SpecError([_unreadable(name, where, error)]) from error
        raise SpecError([Fault(where, f"can't read {shown(name)}", "use .csv, .csv.gz, .npz or .parquet")])

    def array(self, name: Any, where: str) -> np.ndarray:
        """A matrix without a header from ``.csv[.gz]``, or the only array of an ``.npz``, or an ``.npy``.

        Raises:
            SpecError: it isn't there, isn't whole, or isn't numeric.
        """
        path = self.path(name, where)
        try:
            if _suffix(path) == ".csv":
                return as_array(_matrix(read_text(path)))
            arrays = _arrays(path)
            if len(arrays) != 1:
                raise ValueError(f"it holds {len(arrays)} arrays, not one")
            return as_array(next(iter(arrays.values())))
        except PydanticCustomError as error:
            remedy = str((error.context or {}).get("remedy", ""))
            raise SpecError([Fault(where, f"{shown(name)}: {error.message()}", remedy)]) from error
        except _UNREADABLE as error:
            raise SpecError([_unreadable(name, where, error)]) from error


def _arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an ``.npz`` by name, or the one of an ``.npy`` under no name."""
    with path.open("rb") as file:  # np.load leaves files open that turn out broken
        loaded = np.load(file, allow_pickle=False)
        return {"": loaded} if isinstance(loaded, np.ndarray) else {name: loaded[name] for name in loaded.files}


def _suffix(path: Path) -> str:
    """The last suffix, before ``.gz``."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return next((suffix for suffix in reversed(suffixes) if suffix != ".gz"), "")


def _unreadable(name: Any, where: str, error: Exception) -> Fault:
    pickled = "pickle" in str(error)
    reason = "it isn't an array file, or needs unpickling, which is refused" if pickled else str(error)
    remedy = "save plain numeric arrays with numpy.savez" if pickled else "is the file whole?"
    return Fault(where, f"can't read {shown(name)}: {reason}", remedy)


def _missing(table: Table, value: Any) -> list[str]:
    """The names in ``value`` that are no columns."""
    if isinstance(value, str):
        return [] if value in table else [value]
    return [part for part in value if part not in table] if _named(value) else []


def _named(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(part, str) for part in value)


def _taken(table: Table, value: Any, text: bool) -> Any:
    """A column (or several) of the table where ``value`` names them, else ``value`` itself."""
    if isinstance(value, str):
        return list(table[value]) if text else _numbers(table[value])
    return [_taken(table, part, text) for part in value] if _named(value) else value


def _listed(table: Table) -> str:
    names = list(table)
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def read_text(path: Path) -> str:
    """A UTF-8 text file, decompressed where it ends in ``.gz``.

    Raises:
        OSError, EOFError, zlib.error: it can't be read, or isn't whole. ValueError: not UTF-8, or over a gigabyte.
    """
    with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
        data = file.read(MAX_DATA_BYTES + 1)
    if len(data) > MAX_DATA_BYTES:
        raise ValueError(f"more than {MAX_DATA_BYTES // 2**20} MB of text; save the arrays as .npz")
    return data.decode("utf-8-sig")


def _read_csv(text: str) -> dict[str, list[str]]:
    """Columns by the names in the header, cells as they are written."""
    reader = csv.reader(io.StringIO(text))
    header = [name.strip() for name in next(reader, [])]
    if not header:
        raise ValueError("the file is empty")
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        raise ValueError(f"two columns are called {twice[0]!r}")
    body = []
    for row in reader:
        if row and len(row) != len(header):
            raise ValueError(f"line {reader.line_num} has {len(row)} cells, the header {len(header)}")
        if row:
            body.append(row)
    return {name: [row[k].strip() for row in body] for k, name in enumerate(header)}


def _matrix(text: str) -> list[Any]:
    """Rows of numbers.

    Raises:
        PydanticCustomError: names the first cell that holds none.
    """
    reader, rows = csv.reader(io.StringIO(text)), []
    for row in filter(None, reader):
        rows.append(_numbers(row))
        wrong = next((k for k, cell in enumerate(rows[-1]) if isinstance(cell, str)), None)
        if wrong is not None:
            what = f"{shown(row[wrong])}, no number" if row[wrong].strip() else "empty"
            raise array_fault(
                f"line {reader.line_num}, column {wrong + 1} is {what}",
                "numbers alone make an array: no header, no names, no fractions, no empty cells",
            )
    return rows


def _read_parquet(path: Path) -> dict[str, list[Any]]:
    try:
        from pandas import read_parquet
    except ImportError:
        raise ValueError("this needs pandas and pyarrow: pip install 'dualgap[parquet]'") from None
    frame = read_parquet(path)
    return {str(column): frame[column].tolist() for column in frame}


def _numbers(cells: Any) -> Any:
    """Cells of a CSV file as exact numbers where they are numbers; other data as it is."""
    if not isinstance(cells, list):
        return cells
    try:
        if _WHOLE_NUMBERS.fullmatch(",".join(cells)):
            return list(map(int, cells))
    except (TypeError, ValueError):
        pass  # not all are texts, or one is too long for an integer: cell by cell
    return [_cell(cell) if isinstance(cell, str) else cell for cell in cells]


def _cell(text: str) -> Any:
    try:
        return parse_number(text)
    except ValueError:
        return text.strip()


def parse_number(text: str) -> int | float | Decimal:
    """A number as written: an int, an exact Decimal, or a float for NaN and infinities.

    Raises:
        ValueError: it isn't a number.
    """
    word = text.strip()
    match = _NUMBER.fullmatch(word)
    if match is None:
        if word.lower() in _SPECIAL:
            return _SPECIAL[word.lower()]
        raise ValueError(f"{shown(word)} is not a number")
    return Decimal(word) if match["point"] or match["power"] or "." in word else int(word)
