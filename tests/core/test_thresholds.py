"""The multipliers of projections against their defining equations, in batches, traced, and at the edges."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dualgap.core.sets import Ball, BallBox
from dualgap.core.thresholds import lowered_to, shrunk_to
from dualgap.solvers.jax_scope import traceable, x64


@st.composite
def instances(draw):
    """(size, room, total): ties, zeros and unlimited room included."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(1, 12))
    size = rng.choice([0.0, 1.0, 2.0, *rng.exponential(1.0, 4)], n) * 10.0 ** draw(st.integers(-3, 3))
    room = np.minimum(size, rng.choice([0.0, 0.5, np.inf, *rng.exponential(1.0, 4)], n))
    return size, room, draw(st.floats(0.0, 1.0)) * room.sum()


@given(instances())
@settings(max_examples=300, deadline=None)
def test_the_threshold_meets_its_equation(instance):
    size, room, total = instance
    scale = 1e-12 * max(size.sum(), 1e-9)
    found = lowered_to(size, total, room)
    assert np.clip(size - found, 0.0, room).sum() == pytest.approx(total, abs=scale)
    plain = lowered_to(size, total)
    assert np.maximum(size - plain, 0.0).sum() == pytest.approx(total, abs=scale)
    with x64():
        traced = jax.jit(lowered_to)(size, total, room)
        np.testing.assert_allclose(np.clip(size - np.asarray(traced), 0.0, room).sum(), total, atol=scale)


@given(instances())
@settings(max_examples=200, deadline=None)
def test_the_shrinking_meets_its_equation(instance):
    size, room, total = instance
    target = total**2
    found = shrunk_to(size, room, target)
    reached = np.minimum(found * size**2, room**2).sum()
    most = np.minimum(size**2, room**2).sum()
    assert 0.0 <= found <= 1.0
    assert reached == pytest.approx(min(target, most), rel=1e-10, abs=1e-12 * max(most, 1e-300))


@pytest.mark.parametrize("order", [1, 2, np.inf])
def test_batches_project_row_by_row(order):
    rng = np.random.default_rng(2)
    lower, upper = -rng.uniform(0, 1, 9), rng.uniform(0, 1, 9)
    points = rng.normal(size=(3, 4, 9)) * 3.0
    centres = rng.uniform(lower, upper, (3, 4, 9))
    radii = rng.uniform(0.05, 2.0, (3, 4, 1))
    together = BallBox(radii, centres, lower, upper, order).project(points)
    plain = Ball(radii, order, centres).project(points)
    with x64():
        sets = traceable(BallBox(radii, centres, lower, upper, order)), traceable(Ball(radii, order, centres))
        traced = jax.jit(lambda domains, x: [domain.project(x) for domain in domains])(sets, points)
    np.testing.assert_allclose(traced[0], together, atol=1e-12)
    np.testing.assert_allclose(traced[1], plain, atol=1e-12)
    for index in np.ndindex(3, 4):
        radius, centre = float(radii[index][0]), centres[index]
        one = BallBox(radius, centre, lower, upper, order).project(points[index])
        np.testing.assert_allclose(together[index], one, atol=1e-12)
        np.testing.assert_allclose(plain[index], Ball(radius, order, centre).project(points[index]), atol=1e-12)


@pytest.mark.parametrize("order", [1, 2])
def test_many_coordinates_satisfy_the_optimality_conditions(order):
    """The nearest point p of x: (x - p)'(q - p) <= 0 for every q of the set."""
    rng = np.random.default_rng(8)
    centre = rng.uniform(0, 1, 3072)
    domain = BallBox(12.0 if order == 1 else 2.0, centre, 0.0, 1.0, order)
    for spread in (0.01, 0.1, 1.0):
        point = centre + spread * rng.normal(size=3072)
        near = domain.project(point)
        assert np.linalg.norm(near - centre, order) <= domain.radius * (1 + 1e-14)
        assert (near >= 0).all()
        assert (near <= 1).all()
        for other in domain.project(centre + rng.normal(size=(20, 3072)) * rng.uniform(0.01, 1.0, (20, 1))):
            assert (point - near) @ (other - near) <= 1e-9 * np.linalg.norm(point - near)


def test_rescaling_is_no_projection():
    """What some attack libraries do for l1: a point of the ball, and a farther one than the nearest."""
    rng = np.random.default_rng(3)
    point = rng.normal(size=3072)
    near, scaled = Ball(150.0, 1).project(point), 150.0 * point / np.abs(point).sum()
    assert np.abs(near).sum() == pytest.approx(150.0)
    assert np.linalg.norm(point - near) < 0.97 * np.linalg.norm(point - scaled)


def test_edges():
    nowhere = BallBox(0.0, np.ones(3), 0.0, 2.0, 1).project(np.array([5.0, 1.0, -3.0]))
    np.testing.assert_array_equal(nowhere, np.ones(3))
    np.testing.assert_array_equal(Ball(1.0, 1).project(np.zeros(4)), np.zeros(4))
    np.testing.assert_array_equal(BallBox(1.0, np.zeros(2), 0.0, 0.0, 2).project(np.ones(2)), np.zeros(2))
    unlimited = BallBox(1.0, np.zeros(2), -np.inf, np.inf, 2).project(np.array([3.0, 4.0]))
    np.testing.assert_allclose(unlimited, [0.6, 0.8])
    inside = np.array([0.25, -0.5])
    np.testing.assert_array_equal(BallBox(1.0, np.zeros(2), -1.0, 1.0, 1).project(inside), inside)
