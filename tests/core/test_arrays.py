"""Numbers go into arrays without loss, or not at all."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from dualgap.core.arrays import INT64_MAX, INT64_MIN, Matrix, Vector, array_digest, as_array, as_number, shown

int64s = st.integers(INT64_MIN, INT64_MAX)
floats = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(int64s))
def test_integers_stay_what_they_are(values: list[int]) -> None:
    array = as_array(values)
    assert array.dtype == np.int64
    assert array.tolist() == values


@given(st.lists(floats, min_size=1))
def test_floats_stay_what_they_are(values: list[float]) -> None:
    array = as_array(values)
    assert array.dtype == np.float64
    assert [x.hex() for x in array.tolist()] == [x.hex() for x in values]


@given(floats)
def test_a_decimal_becomes_the_float_that_prints_like_it(value: float) -> None:
    number = as_number(Decimal(repr(value)))
    assert number == value
    assert Decimal(repr(float(number))) == Decimal(repr(value))


@given(st.decimals(allow_nan=False, allow_infinity=False, places=20, min_value=0, max_value=1))
def test_a_decimal_is_kept_or_refused(value: Decimal) -> None:
    try:
        number = as_number(value)
    except PydanticCustomError:
        return
    last_place = Fraction(Decimal((0, (1,), int(value.as_tuple().exponent))))
    printed = len(value.as_tuple().digits) >= 17 and abs(Fraction(number) - Fraction(value)) <= last_place / 2
    assert Decimal(repr(float(number))) == value or printed


@given(floats, st.integers(16, 30))
def test_a_float_printed_to_17_digits_or_more_is_read_back(value: float, places: int) -> None:
    assert as_number(Decimal(f"{value:.{places}e}")) == value


@pytest.mark.parametrize("text", ["0.10000000000000004", "0.1000000000000000057", "0.12345678901234567890", "1e400"])
def test_what_no_float_prints_as_is_refused(text: str) -> None:
    with pytest.raises(PydanticCustomError, match="without loss"):
        as_number(Decimal(text))


@given(st.lists(st.lists(st.integers(-9, 9), min_size=2, max_size=2), min_size=1))
def test_nested_lists_rows_of_arrays_and_arrays_agree(rows: list[list[int]]) -> None:
    expected = np.array(rows)
    for form in (
        rows,
        tuple(map(tuple, rows)),
        [np.array(row) for row in rows],
        expected,
        np.array(rows, dtype=object),
    ):
        array = as_array(form)
        assert array.dtype == np.int64
        assert np.array_equal(array, expected)


class Foreign:
    """An array of another library."""

    def __init__(self, values: Any) -> None:
        self.values = np.array(values)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.values


def test_arrays_of_other_libraries_are_arrays() -> None:
    assert as_array(Foreign([[1, 2], [3, 4]])).tolist() == [[1, 2], [3, 4]]
    assert as_number(Foreign(0.5)) == 0.5
    with pytest.raises(PydanticCustomError, match="not numeric"):
        as_array(Foreign(["a"]))


def test_a_column_or_a_row_is_a_vector_where_one_is_expected() -> None:
    vector, matrix = TypeAdapter(Vector), TypeAdapter(Matrix)
    for value in ([[1], [2]], [[1, 2]], [1, 2]):
        assert vector.validate_python(value).tolist() == [1, 2]
    assert matrix.validate_python([[1], [2]]).shape == (2, 1)
    with pytest.raises(ValidationError, match="expected 1 dimension"):
        vector.validate_python([[1, 2], [3, 4]])


def test_arrays_are_copied_and_read_only() -> None:
    source = np.array([1, 2, 3])
    array = as_array(source)
    source[0] = 9
    assert array[0] == 1
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 9


def test_mixed_kinds_become_floats_where_nothing_is_lost() -> None:
    assert as_array([1, 0.5, Decimal("0.25")]).tolist() == [1.0, 0.5, 0.25]
    assert as_array([np.int32(1), np.uint8(2)]).dtype == np.int64
    assert as_array(Decimal(10) ** 18).item() == 10**18
    assert as_array([]).shape == (0,)
    assert as_array([[], []]).shape == (2, 0)


def test_other_byte_orders_and_widths() -> None:
    for dtype in (">i8", "<i2", "u1", ">f4", "f2"):
        array = as_array(np.array([1, 2, 3], dtype=dtype))
        assert array.tolist() == [1, 2, 3]
        assert array.dtype.byteorder == "="


def test_infinities_only_where_they_are_allowed() -> None:
    assert as_array(["inf", 1, "-inf", float("inf")], infinite=True).tolist() == [np.inf, 1, -np.inf, np.inf]
    assert as_array(np.array([np.inf]), infinite=True).tolist() == [np.inf]
    with pytest.raises(PydanticCustomError, match="index 1"):
        as_array([1.0, float("inf")])
    with pytest.raises(PydanticCustomError, match="nan"):
        as_array([float("nan")], infinite=True)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([1, "2"], "got '2' at index 1"),
        ([[1, 2], [3, True]], "got True at index 1, 1"),
        ([1, INT64_MAX + 1], "at index 1"),
        (np.array([INT64_MAX + 1], dtype=np.uint64), "doesn't fit a 64-bit integer"),
        ([[1], [2, 3]], "rows differ in length"),
        ([[1], 2], "mixed"),
        ([{}], "got {} at index 0"),
        ("text", "expected an array of numbers"),
        ({"a": 1}, "expected an array of numbers"),
        (None, "expected an array of numbers"),
        (np.array(["a"]), "not numeric"),
    ],
)
def test_what_is_refused(value: Any, said: str) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        as_array(value)
    assert said in caught.value.message()
    assert caught.value.context is not None
    assert caught.value.context["remedy"]


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("1/3", "write a decimal"),
        ("-.5e3", "without quotes"),
        ("one", "write a number"),
    ],
)
def test_a_text_among_numbers_has_a_remedy_of_its_own(text: str, remedy: str) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        as_array([text])
    assert remedy in (caught.value.context or {})["remedy"]


def test_an_integer_too_long_to_print_is_refused_too() -> None:
    with pytest.raises(PydanticCustomError, match="16610 bits doesn't fit"):
        as_array([10**5000])


def test_a_list_that_holds_itself_ends() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(PydanticCustomError, match="too deep"):
        as_array(endless)


def test_digests_are_of_the_content() -> None:
    array = np.arange(6).reshape(2, 3)
    assert array_digest(array) == array_digest(np.asfortranarray(array)) == array_digest(array.astype(">i8"))
    assert array_digest(array) != array_digest(array + 1)


def test_what_is_shown_is_short() -> None:
    for value in ("x" * 1000, list(range(1000)), 10**10_000, {"a": "b" * 100}, Decimal("1." + "9" * 100)):
        assert len(shown(value)) <= 60
