"""The bridges from integer programs: maps back, refusals with names, and bounds that never beat the optimum."""

from dataclasses import replace

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from dualgap.core.relations import Relation
from dualgap.core.witness import Exhaustion, FarkasRay, GradientPoint, Multipliers
from dualgap.engine.bridges.dualise import DUALISE_ROWS, dualise, multiplier_signs
from dualgap.engine.bridges.relax import MAX_DENSE_ROWS, RELAX_INTEGRALITY, RELAX_TO_POLYTOPE
from dualgap.solvers.jax_scope import x64
from tests.solvers.programs import INF, best_by_hand, lagrangian_bound, program, random_program

SEEDS = st.integers(0, 100_000)


def signed_multipliers(form, rng):
    lower, upper = multiplier_signs(form)
    return np.clip(rng.normal(size=len(lower)) * 10.0 ** rng.integers(-2, 3), lower, upper)


def linear_optimum(form):
    """The linear relaxation's optimum over integer box ends; None where it is infeasible."""
    rows, low, high = form.matrix.toarray(), form.row_lower, form.row_upper
    solved = linprog(
        form.cost,
        A_ub=np.vstack([rows[np.isfinite(high)], -rows[np.isfinite(low)], np.zeros((1, len(form.cost)))]),
        b_ub=np.concatenate([high[np.isfinite(high)], -low[np.isfinite(low)], [0.0]]),
        bounds=np.column_stack([form.lower, form.upper]),
    )
    return solved.fun + form.offset if solved.status == 0 else None


@given(SEEDS, st.sampled_from([0, 1]))
@settings(max_examples=60, deadline=None)
def test_the_dual_function_is_the_minimum_over_the_box(seed, decimals):
    form = random_program(seed, decimals=decimals)
    dual = dualise(form)
    y = signed_multipliers(form, np.random.default_rng(seed))
    inner = dual.inner(y)
    assert inner.value == pytest.approx(lagrangian_bound(form, Multipliers(rows=y)), rel=1e-9, abs=1e-6)
    grid = np.indices(tuple((form.upper - form.lower + 1).astype(int))).reshape(len(form.cost), -1)
    points = grid + form.lower[:, None]
    side = np.where(y > 0, form.row_lower, np.where(y < 0, form.row_upper, 0.0))
    values = form.cost @ points + form.offset - y @ (form.matrix @ points) + y @ side
    assert inner.value == pytest.approx(values.min(), rel=1e-9, abs=1e-6)


@given(SEEDS)
@settings(max_examples=100, deadline=None)
def test_supergradients_bound_the_dual_from_above(seed):
    form = random_program(seed)
    dual, rng = dualise(form), np.random.default_rng(seed)
    here, there = (np.where(rng.random(dual.dimension) < 0.3, 0.0, signed_multipliers(form, rng)) for _ in range(2))
    inner = dual.inner(here)
    roof = inner.value + inner.supergradient @ (there - here)
    assert dual.inner(there).value <= roof + 1e-6 * (1 + abs(roof))


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_the_dual_never_beats_the_optimum(seed):
    form = random_program(seed)
    best = best_by_hand(form)
    y = signed_multipliers(form, np.random.default_rng(seed))
    assert best is None or dualise(form).inner(y).value <= float(best) + 1e-6 * (1 + abs(float(best)))


def test_dualised_sides_follow_the_sign():
    form = program([0], [[1]], [2], [5], upper=9)
    dual = dualise(form)
    assert (dual.lower[0], dual.upper[0]) == (-INF, INF)
    up, down, flat = (dual.inner(np.array([y])) for y in (1.0, -1.0, 0.0))
    assert (up.value, up.supergradient[0], up.primal[0]) == (2 - 9, 2 - 9, 9)
    assert (down.value, down.supergradient[0], down.primal[0]) == (-5, 5, 0)
    assert (flat.value, flat.supergradient[0]) == (0, 2)  # x = 0 misses the lower side by 2


def test_one_sided_and_free_rows_have_signs():
    form = program([1], [[1], [1], [1]], [-INF, 0, -INF], [3, INF, INF], upper=1)
    lower, upper = multiplier_signs(form)
    np.testing.assert_array_equal(lower, [-INF, 0, 0])
    np.testing.assert_array_equal(upper, [0, INF, 0])


def test_integer_columns_are_minimised_at_whole_ends():
    form = program([-1, -1], [[0, 0]], [-INF], [0], lower=0.5, upper=2.5, integer=[True, False])
    np.testing.assert_array_equal(dualise(form).inner(np.zeros(1)).primal, [2.0, 2.5])


def test_rounding_of_decimals_isn_t_mistaken_for_a_residual():
    form = program([1, 1], [[0.1, 0.2]], [0.3], [0.3], lower=1, upper=1)
    assert 0.1 + 0.2 != 0.3
    assert dualise(form).inner(np.zeros(1)).supergradient[0] == 0.0


@pytest.mark.parametrize(
    ("cost", "row", "sides", "refused"),
    [
        ([-1], [0], (-INF, 5), True),  # pays without end
        ([1], [0], (-INF, 5), False),
        ([1], [2], (-INF, 5), False),  # the price of a capacity can only raise its cost
        ([-1], [2], (-INF, 5), True),
        ([1], [2], (5, INF), True),  # a demand may pay more than it costs
        ([1], [-2], (5, INF), False),
        ([1], [2], (5, 5), True),
    ],
)
def test_dualising_refuses_what_it_would_make_unbounded(cost, row, sides, refused):
    form = replace(program(cost, [row], [sides[0]], [sides[1]]), columns=("plank",))
    reason = DUALISE_ROWS.refuses(form)
    assert (reason is not None) == refused
    assert reason is None or "plank" in reason
    if not refused:
        values = [dualise(form).inner(np.clip([y], *multiplier_signs(form))).value for y in (-100.0, 0.0, 100.0)]
        assert np.isfinite(values).all()


@pytest.mark.parametrize("bridge", [DUALISE_ROWS, RELAX_INTEGRALITY, RELAX_TO_POLYTOPE], ids=lambda bridge: bridge.name)
def test_every_bridge_is_a_relaxation_and_names_empty_boxes(bridge):
    assert bridge.relation is Relation.RELAXATION
    assert "column 1" in bridge.refuses(program([1, 1], [[1, 1]], [1], [1], lower=[0, 0.2], upper=[1, 0.8]))


def test_crossing_the_dual_changes_nothing_on_the_way_back():
    crossing = DUALISE_ROWS.cross(program([1], [[1]], [1], [1], upper=2))
    witness, point = Multipliers(rows=np.array([0.5])), np.ones(1)
    assert crossing.decode(point) is point
    assert crossing.lift_bound(1.5) == 1.5
    assert crossing.lift_witness(witness) is witness


@pytest.mark.parametrize("bridge", [RELAX_INTEGRALITY, RELAX_TO_POLYTOPE], ids=lambda bridge: bridge.name)
@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_relaxed_programs_agree_with_the_form_at_its_points(bridge, seed):
    form = random_program(seed)
    crossing = bridge.cross(form)
    smooth, rng = crossing.form, np.random.default_rng(seed)
    x = rng.uniform(form.lower, form.upper)
    z = crossing.encode(x)
    np.testing.assert_allclose(crossing.decode(z), x, atol=1e-9)
    with x64():
        assert float(smooth.objective(z, smooth.data)) == pytest.approx(form.objective(x), abs=1e-6)
        if bridge is RELAX_TO_POLYTOPE:
            met = smooth.domain.contains(z, 1e-9)
        else:
            g = smooth.inequalities(jax.numpy.asarray(z), smooth.data) if smooth.inequalities else np.zeros(0)
            h = smooth.equalities(jax.numpy.asarray(z), smooth.data) if smooth.equalities else np.zeros(0)
            met = smooth.domain.contains(z, 1e-9) and np.all(np.asarray(g) <= 1e-9) and np.all(np.abs(h) <= 1e-9)
    activity = form.matrix @ x
    assert met == bool((activity >= form.row_lower - 1e-9).all() and (activity <= form.row_upper + 1e-9).all())


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_a_gradient_point_at_the_optimum_proves_the_linear_optimum(seed):
    form = random_program(seed)
    best = linear_optimum(form)
    if best is None or not form.cost.any():
        return
    crossing = RELAX_TO_POLYTOPE.cross(form)
    z, cost = crossing.form.initial, crossing.form.data["cost"]
    for _ in range(50):
        z = crossing.form.domain.project(z - 10 * cost / np.linalg.norm(cost))
    witness = crossing.lift_witness(GradientPoint(point=z))
    assert dualise(form).inner(witness.rows).value == pytest.approx(best, rel=1e-8, abs=1e-8)


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_lagrange_multipliers_of_the_relaxation_lift_to_rows(seed):
    form = random_program(seed)
    smooth = RELAX_INTEGRALITY.cross(form)
    rng = np.random.default_rng(seed)
    data = smooth.form.data
    mu = np.abs(rng.normal(size=len(data["inequalities"]["right_side"]) if "inequalities" in data else 0))
    nu = rng.normal(size=len(data["equalities"]["right_side"]) if "equalities" in data else 0)
    priced = smooth.form.initial * 0 + data["cost"]
    constant = data["offset"]
    for name, prices in (("inequalities", mu), ("equalities", nu)):
        if len(prices):
            rows = data[name]
            np.add.at(priced, rows["columns"], prices[rows["rows"]] * rows["values"])
            constant -= prices @ rows["right_side"]
    domain = smooth.form.domain
    before = constant + priced @ domain.support(priced)
    lifted = smooth.lift_witness(Multipliers(rows=mu, equalities=nu))
    if isinstance(lifted, FarkasRay):
        assert best_by_hand(form) is None
        return
    assert dualise(form).inner(lifted.rows).value >= before - 1e-6 * (1 + abs(before))


def test_other_witnesses_don_t_cross():
    form = program([1], [[1]], [1], [1], upper=2)
    assert RELAX_INTEGRALITY.cross(form).lift_witness(Exhaustion()) is None
    assert RELAX_TO_POLYTOPE.cross(form).lift_witness(Exhaustion()) is None


def test_columns_and_rows_in_any_unit_become_alike():
    form = program([3, 5e6], [[1e-4, 2e3]], [-INF], [40], upper=[4e5, 0.02], integer=False)
    smooth = RELAX_INTEGRALITY.cross(form).form
    np.testing.assert_allclose(np.linalg.norm(smooth.data["inequalities"]["values"]), 1.0)
    np.testing.assert_allclose(smooth.domain.upper, 1.0)


def test_the_polytope_refuses_many_rows_and_endless_columns():
    many = program([1], np.ones((MAX_DENSE_ROWS + 1, 1)), np.zeros(MAX_DENSE_ROWS + 1), np.ones(MAX_DENSE_ROWS + 1))
    assert f"at most {MAX_DENSE_ROWS} rows" in RELAX_TO_POLYTOPE.refuses(many)
    assert "finite bounds on column 0" in RELAX_TO_POLYTOPE.refuses(program([1], [[1]], [0], [1]))


def test_an_endless_column_keeps_its_unit():
    form = program([1, 1, 1], [[1, 1, 1]], [1], [1], lower=[2, -INF, -INF], upper=[INF, 3, INF])
    crossing = RELAX_INTEGRALITY.cross(form)
    np.testing.assert_array_equal(crossing.decode(np.array([1.0, -1.0, 0.5])), [3.0, 2.0, 0.5])
