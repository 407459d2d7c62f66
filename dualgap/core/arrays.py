"""The one array type of specs, answers and witnesses: copied, read-only, int64 or float64, lossless.

A float in a spec stands for its shortest decimal: ``0.1`` means one tenth (see ``dualgap.core.exact``).
Numbers that int64 or float64 can't hold without loss are errors, never rounded silently. A decimal of 17 digits or more
that is what a float prints as is that float: so NumPy's ``savetxt`` and C's ``%.17g`` write 0.1.
"""

from __future__ import annotations

import hashlib
import re
import reprlib
from decimal import Decimal
from itertools import chain
from typing import Annotated, Any

import numpy as np
from pydantic import GetCoreSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

from dualgap.core.errors import Fault

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
_EXACT_FLOAT = 2**53
_INT64_DIGITS = 19
_SURE_DIGITS = 15  # every decimal of so few digits is the shortest one of its float64, away from the ends of the range
_SMALLEST, _LARGEST = 1e-300, 1e300
_TELLING_DIGITS = 17  # so many tell every float64 from its neighbours
_NUMBER_TEXT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_FRACTION_TEXT = re.compile(r"[+-]?\d+\s*/\s*\d+", re.ASCII)
_FILES = (".csv", ".csv.gz", ".npz", ".npy")
_MAX_DIMENSIONS = 8
_SEQUENCES = (list, tuple, range)
_NESTING = {list, tuple, range, np.ndarray}


def array_fault(message: str, remedy: str) -> PydanticCustomError:
    """What an array raises: pydantic makes a fault of the field of it."""
    return PydanticCustomError("array", "{message}", {"message": message, "remedy": remedy})


def fault_at(path: str, error: PydanticCustomError) -> Fault:
    """What ``as_number`` or ``as_array`` found, at its place in the spec."""
    return Fault(path, error.message(), str((error.context or {}).get("remedy", "")))


def as_number(value: Any, *, infinite: bool = False) -> int | float:
    """A Python number without loss: an int that int64 holds, or a finite float64.

    Raises:
        PydanticCustomError: not a number, NaN, infinite (unless ``infinite``), beyond int64, or a
            decimal with more digits than a float64 carries.
    """
    value = of_numpy(value)
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        if infinite and isinstance(value, str) and value in ("inf", "-inf"):
            return float(value)
        raise array_fault(f"expected a number, got {shown(value)}", _remedy(value))
    if isinstance(value, int):
        if not INT64_MIN <= value <= INT64_MAX:
            raise array_fault(f"{shown(value)} doesn't fit a 64-bit integer", "scale the data down")
        return value
    if isinstance(value, Decimal):
        return _from_decimal(value, infinite)
    if value != value or (not infinite and abs(value) == float("inf")):
        raise array_fault(f"{value} is not a finite number", "replace or remove it")
    return float(value)


def _from_decimal(value: Decimal, infinite: bool) -> int | float:
    """The float whose shortest decimal is ``value``, or the integer that it is."""
    if not value.is_finite() and (value.is_nan() or not infinite):
        raise array_fault(f"{value} is not a finite number", "replace or remove it")
    number = float(value)
    if len(value.as_tuple().digits) <= _SURE_DIGITS and _SMALLEST <= abs(number) <= _LARGEST:
        return number
    if not value.is_finite() or Decimal(repr(number)) == value:
        return number
    if value.adjusted() < _INT64_DIGITS and value == value.to_integral_value() and INT64_MIN <= value <= INT64_MAX:
        return int(value)
    if _prints_as(number, value):
        return number
    remedy = f"round it to {_SURE_DIGITS} digits, or scale the data to integers"
    raise array_fault(f"{shown(value)} is no 64-bit float without loss", remedy)


def _prints_as(number: float, value: Decimal) -> bool:
    """Whether a float, printed to as many digits as ``value`` has, gives it, and they tell it from other floats."""
    digits = len(value.as_tuple().digits)
    return digits >= _TELLING_DIGITS and Decimal(f"{number:.{digits - 1}e}") == value


def of_numpy(value: Any) -> Any:
    """Arrays of other libraries (pandas, JAX) as NumPy's, all else as it is."""
    return np.asarray(value) if hasattr(value, "__array__") and not isinstance(value, np.generic) else value


def as_array(value: Any, *, infinite: bool = False) -> np.ndarray:
    """A read-only copy of ``value`` as int64 (all integers) or float64, without loss.

    Args:
        value: nested sequences of numbers (int, float, Decimal), NumPy arrays or what turns into one, of any shape.
        infinite: whether infinities are allowed (bounds of variables, say).

    Raises:
        PydanticCustomError: with the index of the first number at fault.
    """
    value = of_numpy(value)
    array = _from_numpy(value, infinite) if isinstance(value, np.ndarray) else _from_sequence(value, infinite)
    if array.dtype == np.float64:
        bad = np.isnan(array) if infinite else ~np.isfinite(array)
        if bad.any():
            flat = int(bad.argmax())
            where = _where(flat, array.shape)
            raise array_fault(f"{array.reshape(-1)[flat]} is not a finite number{where}", "replace or remove it")
    array.setflags(write=False)
    return array


def _from_numpy(value: np.ndarray, infinite: bool) -> np.ndarray:
    kind = value.dtype.kind
    if kind == "i" or (kind == "u" and (value.size == 0 or int(value.max()) <= INT64_MAX)):
        return np.array(value, dtype=np.int64)
    if kind == "u":
        raise array_fault(f"{value.max()} doesn't fit a 64-bit integer", "scale the data down")
    if kind == "f" and value.dtype.itemsize <= 8:
        return np.array(value, dtype=np.float64)
    if kind == "O":
        return _from_sequence(value.tolist(), infinite)
    remedy = "write 0 and 1" if kind == "b" else "pass integers or 64-bit floats"
    raise array_fault(f"an array of {value.dtype} is not numeric", remedy)


def _from_sequence(value: Any, infinite: bool) -> np.ndarray:
    if isinstance(value, int | float | Decimal | np.generic):
        number = as_number(value, infinite=infinite)
        return np.array(number, dtype=np.int64 if isinstance(number, int) else np.float64)
    if not isinstance(value, _SEQUENCES):
        remedy = f"write {{file = {shown(value)}}}" if _is_file(value) else "write [1, 2, 3]"
        raise array_fault(f"expected an array of numbers, got {shown(value)}", remedy)
    leaves, shape = _flattened(value)
    kinds = set(map(type, leaves))
    if kinds <= {int}:
        try:
            return np.array(leaves, dtype=np.int64).reshape(shape)
        except OverflowError:
            pass  # the way below says which entry it was
    elif kinds == {float}:
        return np.array(leaves, dtype=np.float64).reshape(shape)
    numbers = _numbers(leaves, shape, infinite)
    if set(map(type, numbers)) <= {int}:
        return np.array(numbers, dtype=np.int64).reshape(shape)
    for index, number in enumerate(numbers):
        if isinstance(number, int) and abs(number) > _EXACT_FLOAT:
            raise array_fault(f"{number}{_where(index, shape)} loses digits among floats", "scale the data")
    return np.array(numbers, dtype=np.float64).reshape(shape)


def _flattened(value: Any) -> tuple[list[Any], tuple[int, ...]]:
    """The leaves of nested sequences, level by level (no recursion: specs may nest without end), and the shape."""
    level: list[Any] = list(value)
    shape: tuple[int, ...] = (len(level),)
    kinds = set(map(type, level))
    while kinds & _NESTING:
        if not kinds <= _NESTING:
            raise array_fault("numbers and rows are mixed", "give every row its own brackets")
        if len(shape) == _MAX_DIMENSIONS:
            raise array_fault("brackets nested too deep", "check the brackets")
        level = [row.tolist() if isinstance(row, np.ndarray) else row for row in level]
        if any(not isinstance(row, _SEQUENCES) for row in level):
            break  # arrays without dimensions are numbers
        lengths = set(map(len, level))
        if len(lengths) > 1:
            raise array_fault("rows differ in length", "give every row the same number of entries")
        shape = (*shape, lengths.pop())
        level = list(chain.from_iterable(level))
        kinds = set(map(type, level))
    return level, shape


def _numbers(leaves: list[Any], shape: tuple[int, ...], infinite: bool) -> list[int | float]:
    """``as_number`` of every leaf; the error names the index."""
    numbers: list[int | float] = []
    try:
        for leaf in leaves:
            numbers.append(as_number(leaf, infinite=infinite))
    except PydanticCustomError as error:
        context = error.context or {}
        raise array_fault(f"{context['message']}{_where(len(numbers), shape)}", str(context["remedy"])) from None
    return numbers


def _where(flat: int, shape: tuple[int, ...]) -> str:
    return " at index " + ", ".join(str(int(part)) for part in np.unravel_index(flat, shape)) if shape else ""


def _remedy(value: Any) -> str:
    if isinstance(value, bool):
        return "write 0 or 1"
    if not isinstance(value, str):
        return "write it as a plain number"
    if _FRACTION_TEXT.fullmatch(value.strip()):
        return "fractions aren't read: write a decimal, or scale the data to integers"
    return "write it without quotes" if _NUMBER_TEXT.fullmatch(value.strip()) else "write a number"


def _is_file(value: Any) -> bool:
    return isinstance(value, str) and value.lower().endswith(_FILES)


def shown(value: Any) -> str:
    """A value for an error message, cut short; safe for numbers of any size and any nesting."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if value.bit_length() < 200 else f"an integer of {value.bit_length()} bits"
    text = str(value) if isinstance(value, Decimal) else reprlib.repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def array_digest(array: np.ndarray) -> str:
    """SHA-256 of the little-endian bytes, in hexadecimal."""
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return hashlib.sha256(little.data).hexdigest()


class _ArraySchema:
    """Pydantic annotation: validates with ``as_array`` and checks the number of dimensions.

    A matrix of one column or one row is a vector where a vector is expected: files of arrays know no other.
    """

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
        number: dict[str, Any] = {"type": ["number", "string"] if self.infinite else "number"}
        shapes = [_nested(number, rank) for rank in self.dimensions or (0, 1, 2)]
        return shapes[0] if len(shapes) == 1 else {"anyOf": shapes}

    def _validate(self, value: Any) -> np.ndarray:
        array = as_array(value, infinite=self.infinite)
        if array.ndim == 2 and 1 in array.shape and 1 in self.dimensions and 2 not in self.dimensions:
            array = array.reshape(-1)
        if self.dimensions and array.ndim not in self.dimensions:
            wanted = " or ".join(str(dimension) for dimension in self.dimensions)
            raise array_fault(f"expected {wanted} dimension(s), got {array.ndim}", "check the brackets")
        return array


def _nested(schema: dict[str, Any], rank: int) -> dict[str, Any]:
    for _ in range(rank):
        schema = {"type": "array", "items": schema}
    return schema


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
Rows = Annotated[np.ndarray, _ArraySchema(1, 2)]
Entries = Annotated[np.ndarray, _ArraySchema(0, 1)]
BoundVector = Annotated[np.ndarray, _ArraySchema(1, infinite=True)]
Number = Annotated[int | float, _NumberSchema()]
