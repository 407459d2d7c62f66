"""Line searches on concave duals, and the polish: exact in one multiplier, never worse in many."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dualgap.core.forms import DualisedProgram, Inner
from dualgap.engine.bridges.dualise import dualise, multiplier_signs
from dualgap.solvers.polish import climb, polish
from tests.solvers.programs import INF, program, random_program

SEEDS = st.integers(0, 100_000)


def pieces(slopes, heights, lower=-INF, upper=INF):
    """q(y) = min over k of slopes_k y + heights_k; the primal is the index of the piece."""
    slopes, heights = np.asarray(slopes, dtype=float), np.asarray(heights, dtype=float)

    def inner(y):
        values = slopes * y[0] + heights
        k = int(values.argmin())
        return Inner(float(values[k]), slopes[k : k + 1], k)

    return DualisedProgram(1, np.array([lower]), np.array([upper]), inner, np.zeros(1))


@given(
    st.lists(st.tuples(st.integers(-50, 50), st.integers(-1000, 1000)), min_size=1, max_size=12), st.floats(-1e3, 1e3)
)
@settings(max_examples=200, deadline=None)
def test_a_line_search_finds_the_exact_peak(lines, start):
    slopes, heights = (np.array(part, dtype=float) for part in zip(*lines, strict=True))
    peak = climb(pieces(slopes, heights), np.array([start]), np.ones(1))
    if (slopes > 0).all() or (slopes < 0).all():
        assert peak.ray is not None
        assert peak.ray[0] == np.sign(slopes[0])
        return
    crossings = [
        (b - a) / (s - t)
        for s, a in zip(slopes, heights, strict=True)
        for t, b in zip(slopes, heights, strict=True)
        if s != t
    ]
    best = max((np.min(slopes * y + heights) for y in crossings), default=heights.min())
    best = max(best, heights[slopes == 0].min(initial=INF) if not crossings else -INF)
    assert peak.exact
    assert peak.value == pytest.approx(best, rel=1e-12, abs=1e-9)


def test_a_sign_constraint_ends_the_line():
    peak = climb(pieces([1.0], [0.0], upper=0.0), np.array([-3.0]), np.ones(1))
    assert (peak.multipliers[0], peak.value, peak.exact, peak.ray) == (0.0, 0.0, True, None)


def test_breakpoints_far_beyond_the_first_step_are_found():
    peak = climb(pieces([1e-6, -1e-6], [0.0, 1e9]), np.zeros(1), np.ones(1))
    assert peak.exact
    assert peak.multipliers[0] == pytest.approx(5e14)


def test_both_sides_of_a_peak_mix_to_a_point_that_meets_the_row():
    form = program([-3, -2], [[2, 3]], [-INF], [4], upper=1)
    peak = polish(dualise(form), np.zeros(1))
    np.testing.assert_allclose(peak.primal, [1.0, 2 / 3])
    assert form.objective(peak.primal) == pytest.approx(peak.value)


def test_a_search_stops_when_it_is_told_to():
    calls = []

    def stop():
        calls.append(1)
        return True

    peak = climb(pieces([1.0, -1.0], [0.0, 1e6]), np.zeros(1), np.ones(1), should_stop=stop)
    assert len(calls) <= 3
    assert not peak.exact
    assert peak.ray is None


@given(SEEDS, st.floats(-3, 3))
@settings(max_examples=100, deadline=None)
def test_polish_never_makes_a_bound_worse(seed, power):
    form = random_program(seed)
    dual = dualise(form)
    rng = np.random.default_rng(seed)
    given_multipliers = rng.normal(size=dual.dimension) * 10**power
    signed = np.clip(given_multipliers, *multiplier_signs(form))
    peak = polish(dual, given_multipliers)
    assert peak.value >= dual.inner(signed).value
    assert (peak.multipliers >= dual.lower).all()
    assert (peak.multipliers <= dual.upper).all()
    assert peak.value == dual.inner(peak.multipliers).value


def test_polish_takes_multipliers_that_aren_t_numbers():
    dual = dualise(program([-1], [[1]], [-INF], [1], upper=3))
    assert polish(dual, np.array([np.nan])).value == pytest.approx(-1.0)


def test_polish_keeps_to_its_evaluations():
    form = program(-np.arange(1, 31), np.eye(30), np.full(30, -INF), np.full(30, 0.5), upper=1)
    dual, count = dualise(form), [0]

    def counted(y):
        count[0] += 1
        return dual.inner(y)

    limited = DualisedProgram(dual.dimension, dual.lower, dual.upper, counted, dual.initial)
    polish(limited, dual.initial, evaluations=50)
    assert count[0] <= 50 + 1 + 60


def test_polish_shows_the_ray_of_rows_that_can_t_hold():
    peak = polish(dualise(program([1, 1], [[1, 1], [1, -1]], [5, -INF], [INF, 9], upper=1)), np.zeros(2))
    np.testing.assert_array_equal(peak.ray, [1.0, 0.0])
