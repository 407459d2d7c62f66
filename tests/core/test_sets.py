"""Projections against optax and a quadratic program, linear minima against linear programs, NumPy and traced alike."""

import cvxpy
import jax
import numpy as np
import optax.projections
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dualgap.core.matrix_sets import Fantope, Frames
from dualgap.core.polytope import BoxRows
from dualgap.core.sets import (
    Affine,
    Ball,
    BallBox,
    Box,
    Halfspace,
    Product,
    Reals,
    Set,
    Simplex,
)
from dualgap.solvers.jax_scope import traceable, x64

N = 6
RNG = np.random.default_rng(7)
LOWER, UPPER = -RNG.uniform(0, 1, N), RNG.uniform(0, 1, N)
ROWS = RNG.normal(size=(3, N))
CENTRE = 0.3 * (LOWER + UPPER)


def box_rows(rows: int) -> BoxRows:
    inside = ROWS[:rows] @ CENTRE
    low, high = inside - 0.1, inside + 0.2
    low[0] = high[0] = inside[0]
    return BoxRows(LOWER, UPPER, ROWS[:rows], low, np.where(np.arange(rows) == 1, np.inf, high))


def rows_of(domain, x):
    activity = domain.matrix @ x
    finite = np.isfinite(domain.row_upper)
    return [activity >= domain.row_lower, activity[finite] <= domain.row_upper[finite]]


# Each set with its constraints in CVXPY's words, as a reference that shares no code.
SETS = {
    "reals": (Reals(), lambda x: []),
    "box": (Box(LOWER, UPPER), lambda x: [x >= LOWER, x <= UPPER]),
    "simplex": (Simplex(2.0), lambda x: [x >= 0, cvxpy.sum(x) == 2.0]),
    "ball-1": (Ball(0.8, 1, CENTRE), lambda x: [cvxpy.norm1(x - CENTRE) <= 0.8]),
    "ball-2": (Ball(0.8, 2, CENTRE), lambda x: [cvxpy.norm2(x - CENTRE) <= 0.8]),
    "ball-inf": (Ball(0.8, np.inf, CENTRE), lambda x: [cvxpy.norm_inf(x - CENTRE) <= 0.8]),
    "halfspace": (Halfspace(ROWS[0], 0.4), lambda x: [ROWS[0] @ x <= 0.4]),
    "affine": (Affine(ROWS[:2], ROWS[:2] @ CENTRE), lambda x: [ROWS[:2] @ x == ROWS[:2] @ CENTRE]),
    "one row": (box_rows(1), lambda x: [x >= LOWER, x <= UPPER, *rows_of(box_rows(1), x)]),
    "three rows": (box_rows(3), lambda x: [x >= LOWER, x <= UPPER, *rows_of(box_rows(3), x)]),
    "ball-1 box": (
        BallBox(0.5, CENTRE, LOWER, UPPER, 1),
        lambda x: [cvxpy.norm1(x - CENTRE) <= 0.5, x >= LOWER, x <= UPPER],
    ),
    "ball-2 box": (
        BallBox(0.5, CENTRE, LOWER, UPPER, 2),
        lambda x: [cvxpy.norm2(x - CENTRE) <= 0.5, x >= LOWER, x <= UPPER],
    ),
    "ball-inf box": (
        BallBox(0.5, CENTRE, LOWER, UPPER, np.inf),
        lambda x: [cvxpy.norm_inf(x - CENTRE) <= 0.5, x >= LOWER, x <= UPPER],
    ),
}
WITH_SUPPORT = ["box", "simplex", "ball-1", "ball-2", "ball-inf"]


def solved(constraints, objective):
    problem = cvxpy.Problem(cvxpy.Minimize(objective), constraints)
    problem.solve(solver="CLARABEL", tol_gap_abs=1e-9, tol_gap_rel=1e-9, tol_feas=1e-9)
    return problem.value


@pytest.mark.parametrize("name", SETS)
def test_projection_is_the_nearest_point(name):
    domain, constraints = SETS[name]
    for point in np.random.default_rng(1).normal(size=(3, N)) * [[0.1], [1.0], [4.0]]:
        near = domain.project(point)
        x = cvxpy.Variable(N)
        solved(constraints(x), cvxpy.sum_squares(x - point))
        np.testing.assert_allclose(near, x.value, atol=2e-5 * max(1, np.abs(point).max()))


@pytest.mark.parametrize("name", SETS)
def test_projection_is_idempotent_and_traces(name):
    domain = SETS[name][0]
    point = 5 * ROWS[0]
    near = domain.project(point)
    np.testing.assert_allclose(domain.project(near), near, atol=1e-9)
    assert domain.contains(near)
    assert name == "reals" or not domain.contains(point)
    with x64():
        traced = jax.jit(lambda domain, x: domain.project(x))(traceable(domain), point)
        assert traced.dtype == np.float64
        np.testing.assert_allclose(traced, near, atol=1e-9)


@pytest.mark.parametrize("name", WITH_SUPPORT)
def test_support_is_the_linear_minimum(name):
    domain, constraints = SETS[name]
    for direction in np.random.default_rng(3).normal(size=(3, N)):
        x = cvxpy.Variable(N)
        least = domain.support(direction)
        assert domain.contains(least, 1e-9)
        assert direction @ least == pytest.approx(solved(constraints(x), direction @ x), abs=1e-7)
        with x64():
            traced = jax.jit(lambda domain, d: domain.support(d))(traceable(domain), direction)
        np.testing.assert_allclose(traced, least, atol=1e-12)


def test_support_of_a_box_is_finite_where_the_direction_is_zero():
    box = Box(np.array([-np.inf, 1.0, -np.inf]), np.array([np.inf, np.inf, -2.0]))
    np.testing.assert_array_equal(box.support(np.zeros(3)), [0.0, 1.0, -2.0])


@given(st.lists(st.floats(-10, 10), min_size=5, max_size=5), st.floats(0.1, 5))
@settings(max_examples=30, deadline=None)
def test_projections_agree_with_optax(values, size):
    point = np.array(values)
    with x64():
        x = jax.numpy.asarray(point)
        pairs = [
            (Simplex(size), optax.projections.projection_simplex(x, size)),
            (Ball(size, 1), optax.projections.projection_l1_ball(x, size)),
            (Ball(size, 2), optax.projections.projection_l2_ball(x, size)),
            (Ball(size, np.inf), optax.projections.projection_linf_ball(x, size)),
            (Box(-size, size), optax.projections.projection_box(x, -size, size)),
        ]
    for domain, expected in pairs:
        np.testing.assert_allclose(domain.project(point), expected, atol=1e-9)


@given(st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_row_multipliers_satisfy_the_kkt_conditions(seed):
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(1, 12)), int(rng.integers(1, 6))
    lower = rng.integers(-3, 1, n).astype(float)
    upper = lower + rng.integers(0, 4, n)
    matrix = rng.integers(-4, 5, (m, n)).astype(float)
    inside = matrix @ rng.uniform(lower, upper)
    low = np.where(rng.random(m) < 0.3, -np.inf, inside - rng.choice([0.0, 0.5], m))
    high = np.where(rng.random(m) < 0.3, np.inf, inside + rng.choice([0.0, 0.5], m))
    domain = BoxRows(lower, upper, matrix, low, high)
    point = rng.normal(size=n) * 10 ** rng.uniform(-1, 3)
    mu, near = domain.multipliers(point), domain.project(point)
    activity = matrix @ near
    scale = 1e-8 * (1 + np.abs(matrix).sum())
    np.testing.assert_allclose(near, np.clip(point + mu @ matrix, lower, upper), atol=1e-9)
    assert (activity >= low - scale).all()
    assert (activity <= high + scale).all()
    np.testing.assert_allclose(activity[mu > 0], low[mu > 0], atol=scale)
    np.testing.assert_allclose(activity[mu < 0], high[mu < 0], atol=scale)


def test_a_polytope_without_rows_is_its_box():
    domain = BoxRows(LOWER, UPPER, np.zeros((0, N)), np.zeros(0), np.zeros(0))
    point = 3 * np.ones(N)
    np.testing.assert_array_equal(domain.project(point), UPPER)
    assert domain.multipliers(point).shape == (0,)


def test_fantope():
    rng = np.random.default_rng(4)
    point = rng.normal(size=(5, 5))
    point = point + point.T
    domain = Fantope(2)
    near = domain.project(point)
    values = np.linalg.eigvalsh(near)
    assert values.min() >= -1e-9
    assert values.max() <= 1 + 1e-9
    assert np.trace(near) == pytest.approx(2)
    x = cvxpy.Variable((5, 5), symmetric=True)
    constraints = [x >> 0, np.eye(5) - x >> 0, cvxpy.trace(x) == 2]
    problem = cvxpy.Problem(cvxpy.Minimize(cvxpy.sum_squares(x - point)), constraints)
    problem.solve(solver="CLARABEL")
    np.testing.assert_allclose(near, x.value, atol=1e-5)
    assert np.sum(point * domain.support(point)) == pytest.approx(np.sort(np.linalg.eigvalsh(point))[:2].sum())
    with x64():
        traced = jax.jit(lambda domain, x: domain.project(x))(traceable(domain), point)
        np.testing.assert_allclose(traced, near, atol=1e-9)


def test_frames_project_to_the_polar_factor():
    point = np.random.default_rng(5).normal(size=(5, 2))
    near = Frames().project(point)
    np.testing.assert_allclose(near.T @ near, np.eye(2), atol=1e-12)
    symmetric = near.T @ point
    np.testing.assert_allclose(symmetric, symmetric.T, atol=1e-12)
    assert np.linalg.eigvalsh(symmetric).min() >= 0


def test_a_product_acts_on_each_factor():
    domain = Product((Simplex(), Box(-1.0, 1.0)))
    point = np.array([0.4, 2.0]), np.array([3.0, 0.5, -2.0])
    near = domain.project(point)
    np.testing.assert_allclose(near[0], [0.0, 1.0])
    np.testing.assert_allclose(near[1], [1.0, 0.5, -1.0])
    assert domain.contains(near)
    assert not domain.contains(point)
    np.testing.assert_allclose(domain.support((np.array([1.0, -1.0]), np.ones(3)))[0], [0.0, 1.0])
    with x64():
        traced = jax.jit(lambda domain, x: domain.project(x))(traceable(domain), point)
        np.testing.assert_allclose(traced[1], near[1])


def test_a_set_says_what_it_lacks():
    with pytest.raises(NotImplementedError, match="Halfspace has no closed linear minimum"):
        Halfspace(np.ones(2), 1.0).support(np.ones(2))
    with pytest.raises(NotImplementedError, match="Set has no projection"):
        Set().project(np.ones(2))
