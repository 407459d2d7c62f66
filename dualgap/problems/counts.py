"""What problems share whose answers say how many of each: copies, names, counts, and how they are read and written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator, field_validator
from pydantic_core import PydanticCustomError

from dualgap.core.arrays import INT64_MAX, Vector, as_array, fault_at, of_numpy, shown
from dualgap.core.certificate import Violation
from dualgap.core.errors import Fault, SpecError
from dualgap.core.problem import Answer
from dualgap.core.statement import format_value

UNBOUNDED: Literal["unbounded"] = "unbounded"

_LARGEST_FLOAT = np.nextafter(2.0**63, 0.0)
_SHOWN = 10  # violations of single counts that are listed


def fault(message: str, remedy: str) -> PydanticCustomError:
    """A validation error with its remedy."""
    return PydanticCustomError("spec", "{message}", {"message": message, "remedy": remedy})


def _read_copies(value: Any) -> Any:
    if isinstance(value, str):
        if value != UNBOUNDED:
            raise fault(f"unknown word {value!r}", 'a number, an array, or "unbounded"')
        return value
    copies = as_array(value)
    if copies.dtype != np.int64 or (copies < 0).any():
        raise fault("copies must be whole numbers >= 0", 'or "unbounded"')
    return int(copies) if copies.ndim == 0 else copies


def _read_names(value: Any) -> Any:
    """Names as texts; numbers are names as well."""
    value = of_numpy(value)
    if not isinstance(value, list | tuple | np.ndarray):
        return value
    if set(map(type, value)) == {str}:  # names come in their thousands
        return tuple(value)
    for index, name in enumerate(value):
        if isinstance(name, bool) or not isinstance(name, str | int | float | Decimal | np.generic):
            raise fault(f"expected a text at index {index}, got {shown(name)}", "put it in quotes")
    return tuple(map(str, value))


Copies = Annotated[int | Vector | Literal["unbounded"], BeforeValidator(_read_copies)]
Names = Annotated[tuple[str, ...], BeforeValidator(_read_names)]


def check_names(field: str, names: Sequence[str], length: int) -> None:
    """Raises:
    PydanticCustomError: names are given, and not for every one, or one comes twice.
    """
    if names and len(names) != length:
        raise fault(f"{field} has {len(names)} entries, expected {length}", "name every one, or none")
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise fault(f"{field} has {twice[0]!r} twice", "names must differ")


class CountsAnswer(Answer):
    """How many of each, in the spec's order."""

    counts: Vector

    @field_validator("counts")
    @classmethod
    def _whole(cls, counts: np.ndarray) -> np.ndarray:
        return as_array(_whole_numbers(counts))


def _whole_numbers(array: np.ndarray) -> np.ndarray:
    """Raises:
    PydanticCustomError: an entry isn't whole, or beyond int64 (a cast would change it silently).
    """
    if array.dtype == np.int64:
        return array
    if not np.array_equal(array, np.rint(array)):
        raise fault("counts must be whole numbers", "round them")
    if (abs(array) > _LARGEST_FLOAT).any():
        raise fault("a count is beyond 64-bit integers", "no answer needs so many")
    return array.astype(np.int64)


def countable(limits: np.ndarray) -> np.ndarray:
    """Limits of copies as read-only int64.

    Raises:
        PydanticCustomError: more copies of something would fit than an answer can count.
    """
    if limits.dtype == object and (limits > INT64_MAX).any():
        index = int((limits > INT64_MAX).argmax())
        raise fault(f"{shown(int(limits[index]))} copies of entry {index} would fit", "scale the data, or limit copies")
    narrow: np.ndarray = limits.astype(np.int64)
    narrow.setflags(write=False)
    return narrow


def count_violations(counts: np.ndarray, copies: int | np.ndarray | str, names: Sequence[str]) -> dict[str, Violation]:
    """Counts below zero or beyond the copies, the first few by name."""
    violations = {f"{names[j]} >= 0": Violation(-int(counts[j])) for j in np.flatnonzero(counts < 0)[:_SHOWN]}
    if not isinstance(copies, str):
        over = counts - np.broadcast_to(np.asarray(copies), counts.shape)
        for j in np.flatnonzero(over > 0)[:_SHOWN]:
            violations[f"copies of {names[j]}"] = Violation(int(over[j]))
    return violations


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


def write_counts(counts: np.ndarray, field: str, names: Sequence[str]) -> dict[str, Any]:
    """The inverse of ``read_counts``; counts of another length (a solver may be that wrong) as they stand."""
    if len(counts) != len(names):
        return {"counts": counts.tolist()}
    return {field: {names[j]: int(counts[j]) for j in np.flatnonzero(counts).tolist()}}


def _whole(values: Any, field: str, length: int) -> np.ndarray:
    try:
        array = _whole_numbers(as_array(values))
    except PydanticCustomError as error:
        raise SpecError([fault_at(field, error)], "answer") from None
    if array.shape != (length,):
        raise SpecError([Fault(field, f"{array.shape} entries, expected {length}", "one count each")], "answer")
    return array


def format_decimal(value: Fraction) -> str:
    """An exact decimal for people."""
    return format_value(value if value.denominator > 1 else int(value))
