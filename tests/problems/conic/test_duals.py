"""Dual cones: what is surely inside, and what only nearly."""

from __future__ import annotations

from decimal import Decimal, getcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dualgap.core.cones import Kind, blocks, matrix_of, triangle_of
from dualgap.core.forms import Cones
from dualgap.problems.conic.duals import interior, moved_in, scaled, surely_inside, surely_semidefinite, unscaled
from tests.problems.conic.planted import ALL

DUAL = Cones(nonnegative=3, second_order=(1, 4), exponential=2, semidefinite=(1, 4))


def test_the_inside_is_inside_and_what_sticks_out_is_not() -> None:
    point = interior(DUAL)
    assert surely_inside(point, np.full(DUAL.rows, 0.05), DUAL)
    for block in blocks(DUAL):
        outside = point.copy()
        outside[block.rows.start] *= -1.0
        assert not surely_inside(outside, np.zeros(DUAL.rows), DUAL), block
        assert not surely_inside(point, np.full(DUAL.rows, 3.0), DUAL), block


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 100_000))
def test_points_moved_in_are_surely_inside(seed: int) -> None:
    rng = np.random.default_rng(seed)
    z = rng.normal(size=DUAL.rows) * 10.0 ** rng.integers(-6, 6)
    moved = moved_in(z, DUAL)
    assert surely_inside(moved, np.zeros(DUAL.rows), DUAL) == bool(np.isfinite(moved).all())
    assert moved_in(moved, DUAL) == pytest.approx(moved, rel=1e-9, abs=1e-9, nan_ok=True)


def test_the_boundary_of_the_exponential_cone_is_told_apart() -> None:
    """``exp(-1) <= w``: the float below fails, the one above holds."""
    getcontext().prec = 60
    edge = Decimal(-1).exp()
    near = float(edge)
    above, below = (near, np.nextafter(near, 0)) if Decimal(near) >= edge else (np.nextafter(near, 1), near)
    one = Cones(exponential=1)
    assert surely_inside(np.array([-1.0, 0.0, above]), np.zeros(3), one)
    assert not surely_inside(np.array([-1.0, 0.0, below]), np.zeros(3), one)
    assert surely_inside(np.array([0.0, 1.0, 0.0]), np.zeros(3), one)
    assert not surely_inside(np.array([0.0, -1e-300, 1.0]), np.zeros(3), one)
    assert surely_inside(np.array([-1e-300, 1e300, 0.0]), np.zeros(3), one), "exp(-1e600) / e is below any float"
    assert not surely_inside(np.array([-1e-300, -1e300, 1e300]), np.zeros(3), one)


def test_a_norm_that_equals_its_head_is_inside_only_with_certainty() -> None:
    cone = Cones(second_order=(3,))
    assert not surely_inside(np.array([5.0 - 1e-15, 3.0, 4.0]), np.zeros(3), cone)
    assert surely_inside(np.array([5.0 + 1e-13, 3.0, 4.0]), np.zeros(3), cone)


def test_semidefinite_for_certain() -> None:
    rng = np.random.default_rng(0)
    half = rng.normal(size=(6, 4))
    singular = half @ half.T
    assert not surely_semidefinite(singular), "its least eigenvalue is 0, or -1e-17"
    assert surely_semidefinite(singular + 1e-10 * np.eye(6))
    assert not surely_semidefinite(singular - 1e-10 * np.eye(6))
    assert surely_semidefinite(np.zeros((3, 3)))


def test_steps_in_the_metric_are_adjoint_and_stay_inside() -> None:
    rng = np.random.default_rng(1)
    z = moved_in(rng.normal(size=ALL.rows), ALL) + 0.3 * interior(ALL)
    columns, step = rng.normal(size=(ALL.rows, 2)), rng.normal(size=ALL.rows)
    moved = unscaled(z, step, ALL, 7.0)
    assert columns.T @ moved == pytest.approx(scaled(z, columns, ALL, 7.0).T @ step)
    for _ in range(50):
        step = rng.normal(size=ALL.rows)
        within = z + unscaled(z, 0.999 * step / np.linalg.norm(step), ALL, 0.0)
        assert surely_inside(within, np.zeros(ALL.rows), ALL)


def test_triangles_and_matrices() -> None:
    rng = np.random.default_rng(2)
    left, right = (half + half.T for half in rng.normal(size=(2, 4, 4)))
    assert matrix_of(triangle_of(left), 4) == pytest.approx(left)
    assert triangle_of(left) @ triangle_of(right) == pytest.approx(np.sum(left * right))
    assert [block.kind for block in blocks(ALL)].count(Kind.EXPONENTIAL) == 2
