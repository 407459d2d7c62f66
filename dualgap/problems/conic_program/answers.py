"""Answers by column name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pydantic_core import PydanticCustomError

from dualgap.core.arrays import as_array, fault_at
from dualgap.core.errors import Fault, SpecError

_SHOWN_FAULTS = 5


def read_values(columns: Sequence[str], data: Any) -> np.ndarray:
    """(n,) values from ``{"values": {name: number}}``, ``{name: number}`` or ``{"values": [...]}``.

    Raises:
        SpecError: a name that is missing or unknown, something else than a number, or a wrong length.
    """
    if not isinstance(data, Mapping):
        raise SpecError([Fault("(top)", "no answer here", 'write {"values": {"x1": 1}}')], "answer")
    inner = data.get("values")
    given = inner if isinstance(inner, Mapping | list | tuple | np.ndarray) and len(data) == 1 else data
    if isinstance(given, Mapping):
        faults = [Fault(str(name), "no such column in the spec") for name in given if name not in columns]
        faults += [Fault(name, "missing", "give every column a value") for name in columns if name not in given]
        if faults:
            raise SpecError(faults[:_SHOWN_FAULTS], "answer")
        given = [given[name] for name in columns]
    try:
        values = as_array(given)
    except PydanticCustomError as error:
        raise SpecError([fault_at("values", error)], "answer") from None
    if values.shape != (len(columns),):
        message = f"{values.shape} entries, expected {len(columns)}"
        raise SpecError([Fault("values", message, "one value a column")], "answer")
    return values
