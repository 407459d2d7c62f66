"""Batches in files: .npz (an array a field), .parquet (a row an instance, lists in columns), .jsonl (a line each)."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dualgap.core.errors import Fault, SpecError, UsageError

ENDINGS = (".npz", ".parquet", ".jsonl")


def read_arrays(path: Path) -> dict[str, Any]:
    """Arrays by field, one row an instance.

    Raises:
        SpecError: the file is missing, can't be read as what it is called, or its rows differ in their fields.
        UsageError: its ending is none of ``ENDINGS``.
    """
    readers = {".npz": _read_npz, ".parquet": _read_parquet, ".jsonl": _read_lines}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise UsageError(f"can't read a batch from {path}: it must end in {', '.join(ENDINGS)}")
    if not path.is_file():
        raise SpecError([Fault("(top)", "no such file", "check the path")], str(path))
    try:
        return reader(path)
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile) as error:  # pyarrow's are ValueErrors
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise SpecError([Fault("(top)", reason, f"write it anew as {path.suffix}")], str(path)) from None


def _read_npz(path: Path) -> dict[str, Any]:
    loaded = np.load(path, allow_pickle=False)
    if not isinstance(loaded, np.lib.npyio.NpzFile):
        raise ValueError("this is a single array: name the fields with np.savez")
    with loaded:
        return {name: loaded[name] for name in loaded.files}


def _read_parquet(path: Path) -> dict[str, Any]:
    pandas = _pandas()
    frame = pandas.read_parquet(path)
    return {str(name): _rows(str(name), frame[name].tolist()) for name in frame.columns}


def _read_lines(path: Path) -> dict[str, Any]:
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"line {number} is no JSON: {error}") from None
        if not isinstance(row, dict) or (rows and row.keys() != rows[0].keys()):
            raise ValueError(f"line {number} must be an object with the fields of the first")
        rows.append(row)
    if not rows:
        raise ValueError("there are no instances in it")
    return {name: _rows(name, [row[name] for row in rows]) for name in rows[0]}


def _rows(name: str, rows: list[Any]) -> Any:
    """Rows of one length as they are; arrays within become lists."""
    plain = [row.tolist() if isinstance(row, np.ndarray) else row for row in rows]
    if len({len(row) if isinstance(row, list) else -1 for row in plain}) > 1:
        raise ValueError(f"{name}: rows differ in length, a batch has one shape")
    return plain


def write_columns(path: Path, columns: Mapping[str, np.ndarray]) -> None:
    """Columns with one row an instance; exact integers beyond int64 and what is missing need .jsonl.

    Raises:
        UsageError: the file can't hold them.
    """
    if path.suffix.lower() == ".jsonl":
        names = list(columns)
        listed = zip(*(column.tolist() for column in columns.values()), strict=True)
        lines = (json.dumps({n: _plain(v) for n, v in zip(names, row, strict=True)}) for row in listed)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return
    wide = [name for name, column in columns.items() if column.dtype == object]
    if wide:
        raise UsageError(f"{path.suffix} holds no missing or larger than 64-bit numbers ({wide[0]}): write .jsonl")
    if path.suffix.lower() == ".npz":
        np.savez_compressed(path, **columns)  # type: ignore[arg-type]
        return
    lists = {name: list(column) if column.ndim > 1 else column for name, column in columns.items()}
    _pandas().DataFrame(lists).to_parquet(path)


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _pandas() -> Any:
    try:
        import pandas
        import pyarrow  # noqa: F401  # pandas reads and writes Parquet through it
    except ImportError:
        raise UsageError("Parquet needs pandas and pyarrow: pip install 'dualgap[parquet]'") from None
    return pandas
