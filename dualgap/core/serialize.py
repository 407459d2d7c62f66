"""Plain data with arrays, exact fractions and infinities: as pipe frames (raw buffers) and as strict JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from dualgap.core.arrays import array_digest, shown
from dualgap.core.errors import Fault, SpecError

SIDECAR_BYTES = 64 * 1024
_ARRAY, _FRACTION, _SIDECAR = "$array", "$fraction", "$sidecar"


def pack(data: Any) -> tuple[bytes, list[np.ndarray]]:
    """(JSON header, arrays) of nested plain data; the arrays are left out of the header and keep their bytes."""
    arrays: list[np.ndarray] = []

    def visit(item: Any) -> Any:
        if isinstance(item, np.ndarray):
            arrays.append(np.ascontiguousarray(item))
            return {_ARRAY: len(arrays) - 1, "dtype": item.dtype.str, "shape": list(item.shape)}
        if isinstance(item, Fraction):
            return {_FRACTION: f"{item.numerator}/{item.denominator}"}
        if isinstance(item, np.generic):
            return item.item()
        if isinstance(item, Enum):
            return item.value
        if isinstance(item, Mapping):
            return {str(key): visit(value) for key, value in item.items()}
        if isinstance(item, list | tuple):
            return [visit(value) for value in item]
        return item

    return json.dumps(visit(data)).encode(), arrays


def unpack(header: bytes, buffers: Sequence[bytes | bytearray]) -> Any:
    """The inverse of ``pack``; arrays are read-only views of the buffers."""

    def hook(item: dict[str, Any]) -> Any:
        if _ARRAY in item:
            array = np.frombuffer(buffers[item[_ARRAY]], dtype=item["dtype"]).reshape(item["shape"])
            array.setflags(write=False)
            return array
        if _FRACTION in item:
            return Fraction(item[_FRACTION])
        return item

    return json.loads(header, object_hook=hook)


def to_json(data: Any, sidecars: Path | None = None) -> Any:
    """Strictly valid JSON data: infinities as "inf", fractions as {"$fraction": "5/2"}, arrays as lists.

    Arrays over 64 kB go to ``sidecars/<sha256>.npy`` where a folder is given.
    """
    if isinstance(data, np.ndarray):
        if sidecars is not None and data.nbytes > SIDECAR_BYTES:
            return {_SIDECAR: write_array(data, sidecars)}
        return to_json(data.tolist())
    if isinstance(data, np.generic):
        return to_json(data.item())
    if isinstance(data, Enum):
        return data.value
    if isinstance(data, Fraction):
        return data.numerator if data.denominator == 1 else {_FRACTION: f"{data.numerator}/{data.denominator}"}
    if isinstance(data, float) and not np.isfinite(data):
        return "nan" if data != data else "inf" if data > 0 else "-inf"
    if isinstance(data, Mapping):
        return {str(key): to_json(value, sidecars) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [to_json(value, sidecars) for value in data]
    return data


def from_json(data: Any, sidecars: Path | None = None) -> Any:
    """The inverse of ``to_json`` for fractions and sidecars (lists stay lists, "inf" stays for the reader).

    Raises:
        SpecError: a sidecar is missing, or its content isn't what its name says.
    """
    if isinstance(data, dict):
        if _FRACTION in data:
            return read_fraction(data[_FRACTION])
        if _SIDECAR in data:
            return _read_array(str(data[_SIDECAR]), sidecars)
        return {key: from_json(value, sidecars) for key, value in data.items()}
    return [from_json(value, sidecars) for value in data] if isinstance(data, list) else data


def read_fraction(text: Any) -> Fraction:
    """A fraction as "numerator/denominator"; Python's own reading takes exponents, and with them forever.

    Raises:
        SpecError: it is none.
    """
    try:
        above, below = (int(part) for part in text.split("/"))
        return Fraction(above, below)
    except (AttributeError, ValueError, ZeroDivisionError):
        fault = Fault(_FRACTION, f"{shown(text)} is no fraction", 'write it as "5/2"')
        raise SpecError([fault], "run") from None


def write_array(array: np.ndarray, folder: Path) -> str:
    """Writes ``folder/<sha256>.npy``, whole or not at all, unless it is there already; returns the SHA-256."""
    digest = array_digest(array)
    path = folder / f"{digest}.npy"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f"{digest}.{os.getpid()}.partial"
        with partial.open("wb") as file:
            np.save(file, array, allow_pickle=False)
        partial.replace(path)
    return digest


def _read_array(digest: str, folder: Path | None) -> np.ndarray:
    path = (folder or Path()) / f"{Path(digest).name}.npy"
    try:
        mapped: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)  # no longer than the file
        array = np.array(mapped)
    except (OSError, ValueError, EOFError) as error:
        fault = Fault(_SIDECAR, f"can't read {path}: {error}", "keep the run's .arrays folder beside it")
        raise SpecError([fault], "run") from error
    if array_digest(array) != digest:
        raise SpecError([Fault(_SIDECAR, f"{path.name} has been changed", "run it again")], "run")
    array.setflags(write=False)
    return array
