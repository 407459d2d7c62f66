"""Exact arithmetic agrees with fractions, whatever the magnitude."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dualgap.core.exact import Exact, combine, dyadic, exact, fraction, lattice_step, narrow, segment_dots, simplest

floats = st.floats(allow_nan=False, allow_infinity=False)
tame = st.floats(-1e9, 1e9) | st.decimals(-(10**6), 10**6, places=3).map(float)
integers = st.integers(-(2**62), 2**62)


def shortest(value: float) -> Fraction:
    return Fraction(Decimal(repr(value)))


def values(array: Exact) -> list[Fraction]:
    return [array.item(k) for k in range(array.shape[0])]


@given(st.lists(floats | tame, max_size=8))
def test_a_float_is_its_shortest_decimal(data: list[float]) -> None:
    assert values(exact(np.array(data, dtype=np.float64))) == [shortest(x) for x in data]


@given(st.lists(st.integers(1, 10**16), min_size=1, max_size=5), st.integers(1, 15))
def test_also_where_two_decimals_share_a_float(numerators: list[int], places: int) -> None:
    """With 16 digits the quotient test alone would take a neighbour for the shortest decimal."""
    data = [float(Fraction(m, 10**places)) for m in numerators]
    assert values(exact(np.array(data))) == [shortest(x) for x in data]


@given(st.lists(floats, max_size=6))
def test_floats_come_back(data: list[float]) -> None:
    array = np.array(data, dtype=np.float64)
    assert np.array_equal(exact(array).floats(), array)


@given(st.lists(st.tuples(integers, integers), max_size=6))
def test_sums_and_products_never_overflow(pairs: list[tuple[int, int]]) -> None:
    left, right = (np.array([pair[k] for pair in pairs], dtype=np.int64) for k in (0, 1))
    assert Exact(left, 3).total() == Fraction(sum(pair[0] for pair in pairs), 3)
    assert Exact(left, 3).dot(Exact(right, 7)) == Fraction(sum(a * b for a, b in pairs), 21)


@given(st.lists(st.tuples(tame, tame), min_size=1, max_size=5), tame, tame)
def test_combinations_are_exact(pairs: list[tuple[float, float]], a: float, b: float) -> None:
    left, right = (np.array([pair[k] for pair in pairs]) for k in (0, 1))
    found = combine([(a, exact(left)), (Fraction(1, 3), exact(right))])
    assert values(found) == [fraction(a) * shortest(x) + Fraction(1, 3) * shortest(y) for x, y in pairs]
    assert values(exact(left).scaled(b)) == [fraction(b) * shortest(x) for x, _ in pairs]


def test_a_huge_factor_of_nothing() -> None:
    zeros = Exact(np.zeros(3, dtype=np.int64))
    assert values(combine([(2**80, zeros), (1, zeros)])) == [0, 0, 0]


def test_a_tenth_and_two_tenths_are_three_tenths() -> None:
    assert exact(np.array([0.1, 0.2])).total() == fraction(0.3) == Fraction(3, 10)


@given(st.lists(floats, max_size=5))
def test_dyadics_keep_sign_and_are_close(data: list[float]) -> None:
    for rounded, value in zip(dyadic(np.array(data)), data, strict=True):
        assert (rounded > 0) - (rounded < 0) == (value > 0) - (value < 0)
        assert abs(rounded - Fraction(value)) <= Fraction(abs(value)) / 2**29
        assert rounded.numerator.bit_length() <= 31 or rounded.denominator == 1


@given(st.lists(st.integers(-(10**9), 10**9), max_size=6), st.integers(1, 1000))
def test_every_entry_is_on_the_lattice(numerators: list[int], denominator: int) -> None:
    array = Exact(np.array(numerators, dtype=np.int64), denominator)
    step = lattice_step(array)
    if any(numerators):
        assert step > 0
        multiples = [value / step for value in values(array)]
        assert all(multiple.denominator == 1 for multiple in multiples)
        assert np.gcd.reduce([int(multiple) for multiple in multiples]) == 1
    else:
        assert step == 0


def test_wide_integers() -> None:
    wide = Exact(narrow([2**70, -(2**70), 6], (3,)), 4)
    assert wide.numerators.dtype == object
    assert wide.total() == Fraction(6, 4)
    assert lattice_step(wide) == Fraction(2, 4)
    assert wide.floats().tolist() == [2.0**68, -(2.0**68), 1.5]
    assert simplest(Fraction(4, 2)) == 2


def test_sums_of_products_with_zeros_hold_numbers_beyond_int64() -> None:
    huge = Exact(np.array([10**40, 3], dtype=object))
    zeros = Exact(np.zeros(2, dtype=np.int64))
    assert segment_dots(huge, zeros, np.array([0, 1, 2])).total() == 0
