"""Numbers as people read them."""

from fractions import Fraction

import pytest

from dualgap.core.statement import format_gap, format_value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (1234567, "1,234,567"),
        (3.0, "3"),
        (2.5, "2.5"),
        (Fraction(5, 2), "2.5"),
        (Fraction(-1, 12), "-1/12 (about -0.08333333333)"),
        (Fraction(10**18 + 1, 3 * 10**17), "3.333333333"),
        (10**30, "1e+30"),
        (Fraction(10**300, 7), "1.428571429e+299"),
        (float("inf"), "inf"),
        (float("-inf"), "-inf"),
    ],
)
def test_values(value, text):
    assert format_value(value) == text


@pytest.mark.parametrize(
    ("gap", "text"), [(None, "-"), (0.0, "0 %"), (0.5, "50 %"), (1e-7, "1e-05 %"), (float("inf"), "infinite")]
)
def test_gaps(gap, text):
    assert format_gap(gap) == text
