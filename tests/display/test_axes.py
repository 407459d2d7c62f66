"""Axes: everything important lies inside, outliers are cut, ticks are round and inside."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dualgap.display.axes import Axis, Distances, count_axis, distance_axis, time_axis, value_axis

numbers = st.lists(st.floats(-1e12, 1e12).filter(lambda x: x == 0 or abs(x) > 1e-6), min_size=1, max_size=20)


@given(numbers)
def test_the_centre_lies_inside_and_places_are_percentages(values: list[float]) -> None:
    centre = sorted(values)[:2]
    axis = value_axis(values, centre)
    assert axis is not None
    assert axis.low < axis.high
    assert not any(map(axis.beyond, centre))
    assert all(0 <= axis.at(value) <= 100 for value in values)


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9), st.integers(2, 8))
def test_ticks_are_inside_and_distinct(low: float, width: float, count: int) -> None:
    axis = Axis(low, low + width)
    if axis.high - axis.low < 1e-9 * max(1.0, abs(low)):
        return
    ticks = axis.ticks(count)
    assert 1 <= len(ticks) <= 2 * count + 1
    assert all(0 <= axis.at(place) <= 100 and not axis.beyond(place) for place, _ in ticks)


def test_a_step_that_misses_the_axis_is_made_smaller() -> None:
    assert len(Axis(1.0, 400_400_402.0).ticks(2)) == 4


def test_outliers_are_cut_off() -> None:
    axis = value_axis([100, 101, 102, 103, 0], [101, 102])
    assert axis is not None
    assert axis.beyond(0)
    assert axis.at(0) == 0
    assert not axis.beyond(103)


def test_infinities_are_left_out() -> None:
    assert value_axis([float("inf")]) is None
    assert value_axis([]) is None


def test_labels_carry_the_decimals_that_they_need() -> None:
    assert [text for _, text in Axis(0, 1).ticks(5)] == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
    assert [text for _, text in Axis(999_999, 1_000_003).ticks(4)][:2] == ["999,999", "1,000,000"]


def test_time_is_logarithmic_where_runs_differ_by_orders() -> None:
    assert time_axis([0.001, 5]).logarithmic
    assert [text for _, text in time_axis([0.001, 5]).ticks()] == ["0.001", "0.01", "0.1", "1"]
    assert not time_axis([1, 5]).logarithmic
    assert time_axis([]).at(0) == 0


def test_whole_numbers_get_whole_ticks() -> None:
    axis = value_axis([965_217, 965_218], [965_217, 965_218])
    assert axis is not None
    assert [text for _, text in axis.ticks()] == ["965,217", "965,218"]


def test_convergences_over_orders_of_magnitude_are_shown_by_distance() -> None:
    axis = distance_axis([0, 900, 999, 1000, 1001, 1010], [1000, 1001])
    assert isinstance(axis, Distances)
    places = [axis.at(value) for value in (0, 900, 999, 1000, 1001, 1010)]
    assert places == sorted(places)
    assert 0 < places[0] < places[-1] < 100
    assert places[3] - places[2] > 5
    assert axis.ticks(4)[0] == (1000, "1,000")
    assert {text for _, text in axis.ticks(10)} == {"1,000", "+0.1 %", "+1 %", "−0.1 %", "−1 %", "−10 %", "−100 %"}
    assert isinstance(distance_axis([1, 2, 3], [2]), Axis)
    assert distance_axis([], []) is None


@given(numbers, st.floats(-1e6, 1e6))
def test_distances_keep_the_order(values: list[float], origin: float) -> None:
    axis = distance_axis([*values, origin], [origin])
    assert axis is not None
    places = [axis.at(value) for value in sorted(values)]
    assert places == sorted(places)
    assert all(0 <= place <= 100 for place in places)
    assert all(0 <= axis.at(place) <= 100 for place, _ in axis.ticks())


def test_counts_are_whole_and_go_to_powers_of_ten_where_they_differ_much() -> None:
    assert all(float(tick).is_integer() for tick, _ in count_axis([1, 2, 3]).ticks())
    wide = count_axis([0, 10, 10_000])
    assert wide.logarithmic
    assert [text for _, text in wide.ticks()] == ["1", "10", "100", "1000", "10⁴"]
    assert wide.at(0) == 0.0


def test_rounding_is_not_magnified() -> None:
    axis = value_axis([2.5 - 1e-12, 2.5, 2.5 + 2e-11])
    assert axis is not None
    assert axis.at(2.5) == pytest.approx(50.0)
    assert axis.high - axis.low > 0.1
    whole = value_axis([10**10, 10**10 + 1])
    assert whole is not None
    assert whole.at(10**10 + 1) - whole.at(10**10) > 80
