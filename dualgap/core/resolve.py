"""Closing a raw spec: tables and arrays are read from files, columns are taken, derived arrays become artefacts."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import numpy as np

from dualgap.core.arrays import array_digest, as_array
from dualgap.core.errors import Fault, SpecError

Table = Mapping[str, list[Any]]


@dataclass
class Resolver:
    """Reads what a raw spec refers to.

    Attributes:
        base: the folder that relative paths start from.
        seed: for splits and whatever else a spec leaves to chance.
        artefacts: derived arrays by name, with the SHA-256 of their bytes; recorded in the run.
    """

    base: Path = field(default_factory=Path)
    seed: int = 0
    artefacts: dict[str, str] = field(default_factory=dict)

    def path(self, name: str, where: str) -> Path:
        path = self.base / name
        if not path.is_file():
            raise SpecError([Fault(where, f"no file {name!r} in {self.base or '.'}", "paths are relative to the spec")])
        return path

    def record(self, name: str, array: np.ndarray) -> np.ndarray:
        """Records a derived array under its content hash, and returns it."""
        self.artefacts[name] = array_digest(array)
        return array

    def columns(self, spec: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
        """The spec with ``data`` read and strings in ``fields`` replaced by its columns; ``{file = ...}`` by its array."""
        closed = dict(spec)
        table = self.table(closed.pop("data"), "data") if "data" in closed else None
        for name in fields:
            value = closed.get(name)
            if isinstance(value, Mapping) and "file" in value:
                closed[name] = self.array(str(value["file"]), f"{name}.file")
            elif table is not None:
                closed[name] = _taken(table, value, name)
                if closed[name] is None:
                    closed.pop(name)
        return closed

    def table(self, name: Any, where: str) -> Table:
        """Columns of a ``.csv[.gz]``, ``.npz`` or ``.parquet`` file; numbers in CSV are read exactly."""
        if not isinstance(name, str):
            raise SpecError([Fault(where, "expected the name of a file", 'write data = "items.csv"')])
        path = self.path(name, where)
        suffixes = path.suffixes
        try:
            if ".csv" in suffixes:
                return _read_csv(read_text(path))
            if suffixes[-1:] == [".npz"]:
                with np.load(path, allow_pickle=False) as arrays:
                    return {key: arrays[key] for key in arrays.files}
            if suffixes[-1:] == [".parquet"]:
                from pandas import read_parquet

                frame = read_parquet(path)
                return {str(column): frame[column].tolist() for column in frame}
        except (OSError, ValueError, EOFError, UnicodeDecodeError) as error:
            raise SpecError([Fault(where, f"can't read {name}: {error}", "is the file whole?")]) from error
        raise SpecError([Fault(where, f"can't read {name}", "use .csv, .csv.gz, .npz or .parquet")])

    def array(self, name: str, where: str) -> np.ndarray:
        """A matrix without a header from ``.csv[.gz]``, or the only array of an ``.npz``, or an ``.npy``."""
        path = self.path(name, where)
        try:
            if ".csv" in path.suffixes:
                rows = [[parse_number(cell) for cell in row] for row in csv.reader(io.StringIO(read_text(path))) if row]
                return as_array(rows)
            loaded = np.load(path, allow_pickle=False)
            return as_array(loaded if isinstance(loaded, np.ndarray) else loaded[loaded.files[0]])
        except (OSError, ValueError, EOFError) as error:
            raise SpecError([Fault(where, f"can't read {name}: {error}", "is the file whole?")]) from error


def _taken(table: Table, value: Any, name: str) -> Any:
    """A column (or several) of the table where ``value`` names them, else ``value`` itself."""
    if isinstance(value, str) and value in table:
        return table[value]
    if isinstance(value, list) and value and all(isinstance(part, str) for part in value):
        return [_taken(table, part, name) for part in value]
    if isinstance(value, str):
        known = ", ".join(table)
        raise SpecError([Fault(name, f"no column {value!r}", f"columns: {known}")])
    return value


def read_text(path: Path) -> str:
    """A text file, decompressed where it ends in ``.gz``."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return data.decode("utf-8-sig")


def _read_csv(text: str) -> Table:
    rows = list(csv.reader(io.StringIO(text)))
    if not rows:
        raise ValueError("the file is empty")
    header = [name.strip() for name in rows[0]]
    body = [row for row in rows[1:] if row]
    for number, row in enumerate(body, start=2):
        if len(row) != len(header):
            raise ValueError(f"line {number} has {len(row)} cells, the header {len(header)}")
    return {name: [_cell(row[k]) for row in body] for k, name in enumerate(header)}


def _cell(text: str) -> Any:
    try:
        return parse_number(text)
    except ValueError:
        return text.strip()


def parse_number(text: str) -> int | Decimal:
    """A number as written: an int or an exact Decimal.

    Raises:
        ValueError: it isn't a number.
    """
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        raise ValueError(f"{text.strip()!r} is not a number") from None
