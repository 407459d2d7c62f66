"""Bounds from conic multipliers: tight near the optimum, valid whatever the multipliers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from dualgap.core.certificate import Evidence
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.forms import Cones, ConicProgram
from dualgap.core.witness import FarkasRay
from dualgap.problems.conic import conic_bound, conic_infeasible, conic_unbounded
from dualgap.problems.conic.implied import box
from dualgap.solvers.conic.clarabel import Clarabel
from dualgap.solvers.conic.scs import Scs
from dualgap.testing.harness import Observer
from tests.problems.conic.planted import ALL, planted

ONLY = {
    "linear": Cones(nonnegative=9),
    "second-order": Cones(second_order=(4, 5)),
    "exponential": Cones(exponential=4),
    "semidefinite": Cones(semidefinite=(3, 3)),
    "all": ALL,
}


@pytest.mark.parametrize("quadratic", [False, True])
@pytest.mark.parametrize("name", list(ONLY))
def test_multipliers_of_a_solver_prove_the_optimum(name: str, quadratic: bool) -> None:
    for seed in range(6):
        made = planted(seed, ONLY[name], columns=4, quadratic=quadratic)
        claim = Clarabel().solve(made.form, Observer())
        if claim.witness is None or isinstance(claim.witness, FarkasRay):
            continue
        bound = conic_bound(made.form, claim.witness.rows)  # type: ignore[attr-defined]
        assert bound.evidence in (Evidence.PROVED, Evidence.NUMERICAL)
        assert float(bound.value) <= made.optimum + 1e-9
        assert float(bound.value) == pytest.approx(made.optimum, rel=1e-6, abs=1e-6), (name, seed)


def test_the_planted_multipliers_lose_next_to_nothing() -> None:
    for seed in range(10):
        made = planted(seed)
        bound = conic_bound(made.form, made.multipliers)
        assert bound.evidence is Evidence.PROVED
        assert made.optimum - 1e-8 * (1 + abs(made.optimum)) <= float(bound.value) <= made.optimum + 1e-12


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.floats(0.0, 1.0), st.booleans())
def test_no_multipliers_prove_too_much(seed: int, noise: float, quadratic: bool) -> None:
    made = planted(seed % 50, quadratic=quadratic)
    rng = np.random.default_rng(seed)
    multipliers = made.multipliers + noise * rng.normal(size=len(made.multipliers))
    n = len(made.point)
    near = made.point - 1 - rng.random(n), made.point + 1 + rng.random(n)
    try:
        bound = conic_bound(made.form, multipliers, *near)
    except InvalidWitnessError as error:
        assert "far outside" in str(error)  # noqa: PT017
        return
    assert float(bound.value) <= made.optimum + 1e-12 * (1 + abs(made.optimum))


def test_first_order_multipliers_prove_about_their_accuracy() -> None:
    made = planted(3)
    claim = Scs(tolerance=1e-5).solve(made.form, Observer())
    bound = conic_bound(made.form, claim.witness.rows)  # type: ignore[union-attr]
    assert made.optimum - 1e-2 <= float(bound.value) <= made.optimum


def test_a_column_without_an_end_needs_multipliers_to_match() -> None:
    """A cost that no row can pay for leaves no bound."""
    form = ConicProgram(np.array([1.0, 0.0]), csr_array(np.array([[0.0, 1.0]])), np.ones(1), Cones(nonnegative=1))
    with pytest.raises(InvalidWitnessError, match="a column has no end"):
        conic_bound(form, np.zeros(1))
    assert float(conic_bound(form, np.zeros(1), np.array([-2.0, 0.0])).value) == pytest.approx(-2.0)


@pytest.mark.parametrize("wrong", [np.zeros(3), np.array([np.nan, 0.0]), np.array([np.inf, 0.0])])
def test_malformed_multipliers_prove_nothing(wrong: np.ndarray) -> None:
    form = ConicProgram(np.ones(2), csr_array(-np.eye(2)), np.zeros(2), Cones(nonnegative=2))
    with pytest.raises(InvalidWitnessError, match="2 finite multipliers"):
        conic_bound(form, wrong)


def test_a_quadratic_term_has_to_be_convex() -> None:
    made = planted(0, quadratic=True)
    assert made.form.quadratic is not None
    with pytest.raises(InvalidWitnessError, match="isn't convex"):
        conic_bound(replace(made.form, quadratic=-made.form.quadratic), made.multipliers)
    lopsided = csr_array(np.triu(made.form.quadratic.toarray()))
    with pytest.raises(InvalidWitnessError, match="symmetric"):
        conic_bound(replace(made.form, quadratic=lopsided), made.multipliers)


def test_a_singular_quadratic_term_is_convex_to_rounding() -> None:
    made = planted(1, quadratic=True)  # of rank n - 2
    assert conic_bound(made.form, made.multipliers).evidence is Evidence.NUMERICAL
    assert made.form.quadratic is not None
    lifted = csr_array(made.form.quadratic.toarray() + np.eye(5))
    cost = made.form.cost - made.point
    proved = conic_bound(replace(made.form, quadratic=lifted, cost=cost), made.multipliers)
    assert proved.evidence is Evidence.PROVED


def test_implied_boxes_hold_the_points_of_the_cones() -> None:
    """``||x|| <= 2``, ``exp(y) <= 3`` and a matrix of trace 1 bound every column."""
    rows = np.zeros((3 + 3 + 1 + 3, 5))
    rows[1, 0] = rows[2, 1] = -1.0
    rows[3, 2] = -1.0
    rows[6, 3] = rows[6, 4] = 1.0
    rows[7, 3] = rows[9, 4] = -1.0
    right = np.array([2.0, 0, 0, 0, 1, 3, 1.0, 0, 0.3, 0])
    order = [6, 0, 1, 2, 3, 4, 5, 7, 8, 9]
    cones = Cones(zero=1, second_order=(3,), exponential=1, semidefinite=(2,))
    form = ConicProgram(np.ones(5), csr_array(rows[order]), right[order], cones)
    lower, upper = box(form, None, None)
    assert lower[[0, 1, 3, 4]] == pytest.approx([-2.0, -2.0, 0.0, 0.0])
    assert upper == pytest.approx([2.0, 2.0, 2.0, 1.0, 1.0])
    assert (upper[:2] >= 2.0).all()


@pytest.mark.parametrize("solver", [Clarabel(), Scs()], ids=["clarabel", "scs"])
def test_rays_prove_infeasibility(solver: Clarabel | Scs) -> None:
    for seed in range(4):
        rng = np.random.default_rng(seed)
        rows = np.vstack([np.zeros(2), rng.normal(size=(2, 2)), np.zeros(2), np.zeros(2)])
        rows[3:, :] = -rows[1:3]
        form = ConicProgram(np.ones(2), csr_array(rows), np.array([1.0, 3.0, 0.0, 0.0, 0.0]), Cones(second_order=(5,)))
        claim = solver.solve(form, Observer())
        assert isinstance(claim.witness, FarkasRay), seed
        assert "can't be met" in conic_infeasible(form, claim.witness.rows)


def test_a_ray_of_a_feasible_program_proves_nothing() -> None:
    made = planted(2)
    with pytest.raises(InvalidWitnessError):
        conic_infeasible(made.form, made.multipliers)
    with pytest.raises(InvalidWitnessError, match="zero"):
        conic_infeasible(made.form, np.zeros(ALL.rows))


def test_unboundedness_wants_a_feasible_point_and_an_improving_direction() -> None:
    form = ConicProgram(
        np.array([0.0, 1.0]),
        csr_array(np.array([[-1.0, 0.0], [0.0, -1.0], [0.0, 0.0]])),
        np.array([0.0, 0.0, 1.0]),
        Cones(second_order=(3,)),
    )
    direction, point = np.array([1.0, -1.0]), np.array([1.0, 0.0])
    assert conic_unbounded(form, direction, point) is Evidence.NUMERICAL
    assert conic_unbounded(form, -direction, point) is Evidence.NONE
    assert conic_unbounded(form, direction, np.zeros(2)) is Evidence.NONE
    assert conic_unbounded(form, np.array([0.5, -1.0]), point) is Evidence.NONE
    assert conic_unbounded(form, np.zeros(2), point) is Evidence.NONE
