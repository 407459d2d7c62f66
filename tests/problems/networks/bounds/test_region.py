"""The least of linear functions over boxes, balls and halfspaces: never too large, and hardly too small."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from dualgap.problems.networks.bounds.region import Region
from tests.problems.networks.bounds.drawn import points, region


@given(st.integers(0, 2**32 - 1))
def test_over_a_box_it_is_below_exact_arithmetic(seed):
    rng = np.random.default_rng(seed)
    scale = 10.0 ** rng.integers(-8, 9, 7)
    lower = rng.normal(size=7) * scale
    upper = lower + rng.random(7) * scale
    slopes = rng.normal(size=7) / scale
    found = Region(lower[None], upper[None]).least(slopes[None])[0]
    ends = [
        min(Fraction(a) * Fraction(low), Fraction(a) * Fraction(high)) for a, low, high in zip(slopes, lower, upper)
    ]
    exact = sum(ends, Fraction(0))
    size = float(np.abs(slopes) @ np.maximum(np.abs(lower), np.abs(upper)))
    assert Fraction(found) <= exact
    assert float(exact) - found <= 1e-14 * size + 1e-280


@pytest.mark.parametrize("norm", ["1", "2"])
def test_over_balls_and_boxes_it_is_reached(norm):
    rng = np.random.default_rng(1)
    where = region(rng, 50, 6, norm, radius=rng.uniform(0.05, 2.0, 50))
    slopes = rng.normal(size=(50, 6))
    found = where.least(slopes)
    sampled = np.einsum("skd,kd->sk", points(rng, where), slopes).min(axis=0)
    reached = np.einsum("kd,kd->k", where.lowest(slopes), slopes)
    assert (found <= sampled).all()
    np.testing.assert_allclose(found, reached, atol=1e-9)


@pytest.mark.parametrize("norm", ["inf", "1"])
def test_with_a_halfspace_it_is_the_linear_program(norm):
    rng = np.random.default_rng(2)
    where = region(rng, 40, 5, norm, radius=0.6)
    cut, slopes = rng.normal(size=(2, 40, 5))
    centre = 0.5 * (where.lower + where.upper) if norm == "inf" else where.centre
    cap = np.einsum("kd,kd->k", cut, centre) - 0.05
    narrow = where.below(cut, cap)
    found = narrow.least(slopes)
    for k in range(40):
        exact = _program(where.take([k]), slopes[k], cut[k], cap[k])
        if exact is not None:
            assert found[k] <= exact + 1e-9
            assert found[k] == pytest.approx(exact, abs=1e-6)
            for j in range(5):
                assert narrow.lower[k, j] <= _program(where.take([k]), np.eye(5)[j], cut[k], cap[k]) + 1e-9


def _program(where, slopes, cut, cap):
    d = len(slopes)
    rows, sides = [np.append(cut, np.zeros(d))], [cap]
    if where.centre is not None:
        for sign in (1.0, -1.0):
            rows += list(np.hstack([sign * np.eye(d), -np.eye(d)]))
            sides += list(sign * where.centre[0])
        rows.append(np.append(np.zeros(d), np.ones(d)))
        sides.append(where.radius[0])
    bounds = [*zip(where.lower[0], where.upper[0]), *[(0, None)] * d]
    found = linprog(np.append(slopes, np.zeros(d)), A_ub=np.array(rows), b_ub=np.array(sides), bounds=bounds)
    return found.fun if found.status == 0 else None


def test_boxes_may_be_endless_where_a_ball_is_not():
    centre = np.zeros((1, 2))
    where = Region.around(centre, 0.5, "inf", np.full((1, 2), -np.inf), np.full((1, 2), np.inf))
    assert where.least(np.ones((1, 2)))[0] == pytest.approx(-1.0)
    assert (where.lower < -0.5).all()
