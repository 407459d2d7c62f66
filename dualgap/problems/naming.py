"""Counts by name: how answers of packing and change-making problems are read and written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from pydantic_core import PydanticCustomError

from dualgap.core.arrays import as_array
from dualgap.core.errors import Fault, SpecError
from dualgap.core.statement import format_value


def read_counts(data: Any, field: str, names: Sequence[str]) -> np.ndarray:
    """(n,) int64 counts from ``{field: {name: count}}``, ``{field: [name, ...]}`` or ``{"counts": [...]}``.

    Raises:
        SpecError: an unknown name, a count that isn't whole, or a wrong length.
    """
    if isinstance(data, Mapping) and "counts" in data and field != "counts":
        return _whole(data["counts"], "counts", len(names))
    if not isinstance(data, Mapping) or field not in data:
        raise SpecError([Fault("(top)", "no answer here", f'write {{"{field}": {{"name": count}}}}')], "answer")
    given = data[field]
    if isinstance(given, list | np.ndarray) and not (len(given) and isinstance(given[0], str)):
        return _whole(given, field, len(names)) if len(given) else np.zeros(len(names), dtype=np.int64)
    index = {name: k for k, name in enumerate(names)}
    pairs = list(given.items()) if isinstance(given, Mapping) else [(name, 1) for name in given]
    unknown = [str(name) for name, _ in pairs if name not in index]
    if unknown:
        raise SpecError([Fault(f"{field}.{name}", "no such name in the spec", "") for name in unknown[:5]], "answer")
    counts = np.zeros(len(names), dtype=np.int64)
    values = _whole([count for _, count in pairs], field, len(pairs))
    np.add.at(counts, [index[name] for name, _ in pairs], values)
    return counts


def _whole(values: Any, field: str, length: int) -> np.ndarray:
    try:
        array = as_array(values)
    except PydanticCustomError as error:
        raise SpecError([Fault(field, error.message(), "counts are whole numbers")], "answer") from None
    rounded = np.rint(array)
    if not np.array_equal(rounded, array):
        raise SpecError([Fault(field, "counts must be whole numbers", "round them")], "answer")
    if array.shape != (length,):
        raise SpecError([Fault(field, f"{array.shape} entries, expected {length}", "one count each")], "answer")
    return np.asarray(rounded, dtype=np.int64)


def format_decimal(value: Fraction) -> str:
    """An exact decimal for people."""
    return format_value(value if value.denominator > 1 else int(value))
