"""The one array type of specs, answers and witnesses: copied, read-only, int64 or float64, lossless.

A float in a spec stands for its shortest decimal: ``0.1`` means one tenth (see ``dualgap.core.exact``).
Numbers that int64 or float64 can't hold without loss are errors, never rounded silently.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any

import numpy as np
from pydantic import GetCoreSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
_EXACT_FLOAT = 2**53


def _fail(message: str, remedy: str) -> PydanticCustomError:
    return PydanticCustomError("array", "{message}", {"message": message, "remedy": remedy})


def as_number(value: Any, *, infinite: bool = False) -> int | float:
    """A Python number without loss: an int that int64 holds, or a finite float64.

    Raises:
        PydanticCustomError: not a number, NaN, infinite (unless ``infinite``), beyond int64, or a
            decimal with more digits than a float64 carries.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        if infinite and isinstance(value, str) and value in ("inf", "-inf"):
            return float(value)
        raise _fail(f"expected a number, got {_shown(value)}", "write it as a plain number")
    if isinstance(value, int):
        if not INT64_MIN <= value <= INT64_MAX:
            raise _fail(f"{value} doesn't fit a 64-bit integer", "scale the data down")
        return value
    if value != value or (not infinite and abs(value) == float("inf")):
        raise _fail(f"{value} is not a finite number", "replace or remove it")
    if isinstance(value, Decimal):
        number = float(value)
        if value.is_finite() and Decimal(repr(number)) != value:
            if value == value.to_integral_value() and INT64_MIN <= value <= INT64_MAX:
                return int(value)
            raise _fail(f"{value} has more digits than a float64 carries", "scale the data to integers")
        return number
    return float(value)


def as_array(value: Any, *, infinite: bool = False) -> np.ndarray:
    """A read-only copy of ``value`` as int64 (all integers) or float64, without loss.

    Args:
        value: nested sequences of numbers (int, float, Decimal) or a NumPy array, of any shape.
        infinite: whether infinities are allowed (bounds of variables, say).

    Raises:
        PydanticCustomError: with the index of the first number at fault.
    """
    array = _from_numpy(value) if isinstance(value, np.ndarray) else _from_sequence(value, infinite)
    if array.dtype == np.float64:
        bad = np.isnan(array) if infinite else ~np.isfinite(array)
        if bad.any():
            where = np.unravel_index(int(bad.argmax()), array.shape)
            raise _fail(f"{array[where]} at {_index(where)} is not a finite number", "replace or remove it")
    array.setflags(write=False)
    return array


def _from_numpy(value: np.ndarray) -> np.ndarray:
    kind = value.dtype.kind
    if kind in "ib" or (kind == "u" and (value.size == 0 or int(value.max()) <= INT64_MAX)):
        return np.array(value, dtype=np.int64)
    if kind == "u":
        raise _fail(f"{value.max()} doesn't fit a 64-bit integer", "scale the data down")
    if kind == "f" and value.dtype.itemsize <= 8:
        return np.array(value, dtype=np.float64)
    if kind == "O":
        return _from_sequence(value.tolist(), False)
    raise _fail(f"an array of {value.dtype} is not numeric", "pass integers or 64-bit floats")


def _from_sequence(value: Any, infinite: bool) -> np.ndarray:
    if isinstance(value, int | float | Decimal | np.generic):
        number = as_number(value, infinite=infinite)
        return np.array(number, dtype=np.int64 if isinstance(number, int) else np.float64)
    if not isinstance(value, list | tuple | range):
        raise _fail(f"expected an array of numbers, got {_shown(value)}", "write [1, 2, 3]")
    kinds = {type(leaf) for _, leaf in _leaves(value)}
    if kinds <= {int} or kinds <= {float}:
        try:
            array = np.array(value, dtype=np.int64 if kinds <= {int} else np.float64)
        except (ValueError, OverflowError):
            _explain(value, infinite)
            raise _fail("rows differ in length", "give every row the same number of entries") from None
        return array
    numbers = [as_number_at(path, leaf, infinite) for path, leaf in _leaves(value)]
    if all(isinstance(number, int) for number in numbers):
        flat = np.array(numbers, dtype=np.int64)
    else:
        for (path, _), number in zip(_leaves(value), numbers, strict=True):
            if isinstance(number, int) and abs(number) > _EXACT_FLOAT:
                raise _fail(f"{number} at {_index(path)} loses digits among floats", "scale the data")
        flat = np.array(numbers, dtype=np.float64)
    return flat.reshape(_shape(value))


def as_number_at(path: tuple[int, ...], leaf: Any, infinite: bool) -> int | float:
    """``as_number`` whose error names the index."""
    try:
        return as_number(leaf, infinite=infinite)
    except PydanticCustomError as error:
        context = error.context or {}
        raise _fail(f"{context['message']} at {_index(path)}", str(context["remedy"])) from None


def _explain(value: Any, infinite: bool) -> None:
    for path, leaf in _leaves(value):
        as_number_at(path, leaf, infinite)


def _shape(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list | tuple | range):
        return ()
    shapes = {_shape(row) for row in value}
    if len(shapes) > 1:
        raise _fail("rows differ in length", "give every row the same number of entries")
    return (len(value), *(shapes.pop() if shapes else ()))


def _leaves(value: Any, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Any]]:
    for index, item in enumerate(value):
        if isinstance(item, list | tuple | range):
            yield from _leaves(item, (*path, index))
        else:
            yield (*path, index), item


def _index(path: tuple[Any, ...]) -> str:
    return "index " + ", ".join(str(int(part)) for part in path) if path else "the top"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def array_digest(array: np.ndarray) -> str:
    """SHA-256 of the little-endian bytes, in hexadecimal."""
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return hashlib.sha256(little.tobytes()).hexdigest()


class _ArraySchema:
    """Pydantic annotation: validates with ``as_array`` and checks the number of dimensions."""

    def __init__(self, *dimensions: int, infinite: bool = False) -> None:
        self.dimensions = dimensions
        self.infinite = infinite

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self._validate,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda array: array.tolist(), when_used="json"
            ),
        )

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "array", "items": {}}

    def _validate(self, value: Any) -> np.ndarray:
        array = as_array(value, infinite=self.infinite)
        if self.dimensions and array.ndim not in self.dimensions:
            wanted = " or ".join(str(dimension) for dimension in self.dimensions)
            raise _fail(f"expected {wanted} dimension(s), got {array.ndim}", "check the brackets")
        return array


class _NumberSchema:
    """Pydantic annotation: a lossless scalar (``as_number``)."""

    def __init__(self, infinite: bool = False) -> None:
        self.infinite = infinite

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            lambda value: as_number(value, infinite=self.infinite),
            serialization=core_schema.plain_serializer_function_ser_schema(lambda number: number),
        )

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "number"}


Array = Annotated[np.ndarray, _ArraySchema()]
Vector = Annotated[np.ndarray, _ArraySchema(1)]
Matrix = Annotated[np.ndarray, _ArraySchema(2)]
BoundVector = Annotated[np.ndarray, _ArraySchema(1, infinite=True)]
Number = Annotated[int | float, _NumberSchema()]
