"""Dual ascent: close to the linear bound, whatever the units; averages, stops, weak duality."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.optimize import linprog
from scipy.sparse import diags_array

import dualgap
from dualgap.core.claim import Stop
from dualgap.core.forms import DualisedProgram, Inner
from dualgap.core.solver import Budget
from dualgap.core.witness import FarkasRay
from dualgap.engine.bridges.dualise import dualise
from dualgap.solvers.dual_ascent import DualAscent
from tests.solvers.duality import CELLS, SEEDS, assert_weak_duality, drawn
from tests.solvers.programs import INF, Recorder, farkas_gap, lagrangian_bound, program


def many_capacities(rows=5, columns=100, seed=0):
    """Chu and Beasley's (1998) class: values correlated with weights, capacities a quarter of the total."""
    rng = np.random.default_rng(seed)
    weights = rng.integers(1, 1000, (rows, columns))
    values = np.rint(weights.mean(axis=0) + 500 * rng.random(columns)).astype(int)
    return program(-values, weights, np.full(rows, -INF), weights.sum(axis=1) // 4, upper=1)


def linear_bound(form):
    box = np.column_stack([form.lower, form.upper])
    return linprog(form.cost, A_ub=form.matrix, b_ub=form.row_upper, bounds=box).fun


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("rows", "columns"), [(5, 100), (10, 250), (30, 500)])
def test_the_bound_comes_close_to_the_linear_one(rows, columns, seed):
    form = many_capacities(rows, columns, seed)
    claim = DualAscent().solve(dualise(form), Recorder())
    best = linear_bound(form)
    assert claim.stop is Stop.FINISHED
    assert claim.bound <= best * (1 - 1e-9)  # both negative: never above
    assert claim.bound == pytest.approx(best, rel=1e-4)
    assert lagrangian_bound(form, claim.witness) == pytest.approx(claim.bound, rel=1e-9)


def test_averages_tend_to_the_linear_optimum():
    form = many_capacities()
    claim = DualAscent().solve(dualise(form), Recorder())
    best = linear_bound(form)
    over = (form.matrix @ claim.point - form.row_upper) / form.row_upper
    assert over.max() < 0.02
    assert form.objective(claim.point) == pytest.approx(best, rel=0.02)


def test_rows_may_be_in_any_unit():
    form = many_capacities(8, 200)
    units = 10.0 ** np.array([-4, 0, 3, 0, 1, 5, -2, 2])
    scaled = replace(form, matrix=(diags_array(units) @ form.matrix).tocsr(), row_upper=form.row_upper * units)
    bounds = [DualAscent().solve(dualise(each), Recorder()).bound for each in (form, scaled)]
    assert bounds[1] == pytest.approx(bounds[0], rel=1e-4)


def test_decreasing_steps_converge_too():
    form = many_capacities()
    claim = DualAscent(rule="decreasing").solve(dualise(form), Recorder())
    assert claim.stop is Stop.ITERATIONS
    assert claim.bound == pytest.approx(linear_bound(form), rel=1e-3)


def test_ten_thousand_items_in_one_row_are_exact():
    rng = np.random.default_rng(1)
    form = program(-rng.integers(1, 10**4, 10**4), rng.integers(1, 10**4, (1, 10**4)), [-INF], [10**7], upper=1)
    claim = DualAscent().solve(dualise(form), Recorder())
    assert claim.bound == pytest.approx(linear_bound(form), rel=1e-10)


def test_it_is_deterministic():
    form = many_capacities(seed=4)
    first, second = (DualAscent().solve(dualise(form), Recorder()) for _ in range(2))
    np.testing.assert_array_equal(first.witness.rows, second.witness.rows)
    np.testing.assert_array_equal(first.point, second.point)


def test_it_reports_as_it_goes_and_bounds_rise():
    recorder = Recorder()
    claim = DualAscent().solve(dualise(many_capacities()), recorder)
    assert len(recorder.bounds) > 5
    assert (np.diff(recorder.bounds) >= 0).all()
    assert len(recorder.points) == len(recorder.witnesses) == len(recorder.bounds)
    assert claim.bound >= recorder.bounds[-1]


def test_out_of_iterations_or_time_it_says_so():
    form = dualise(many_capacities())
    assert DualAscent(iterations=30).solve(form, Recorder()).stop is Stop.ITERATIONS
    late = DualAscent().solve(form, Recorder(budget=Budget(seconds=0.0)))
    assert late.stop is Stop.TIME
    assert late.bound is not None
    assert DualAscent().solve(form, Recorder(stop_after=3)).statistics["iterations"] < 100


def test_rows_that_can_t_hold_are_infeasible_with_a_ray():
    form = program([1, 1], [[1, 1], [1, -1]], [5, -INF], [INF, 9], upper=1)
    claim = DualAscent().solve(dualise(form), Recorder())
    assert claim.stop is Stop.INFEASIBLE
    assert isinstance(claim.witness, FarkasRay)
    assert farkas_gap(form, claim.witness) > 0


def test_without_rows_the_box_decides():
    claim = DualAscent().solve(dualise(program([1, -2], upper=3)), Recorder())
    assert (claim.stop, claim.bound) == (Stop.FINISHED, -6)
    np.testing.assert_array_equal(claim.point, [0, 3])


def quadratic(dimension=3, **fields):
    """q(y) = -|y - 1|^2 with primal minimisers that are no arrays."""

    def inner(y):
        return Inner(-float((y - 1) @ (y - 1)), -2 * (y - 1), {"prices": tuple(y)})

    ends = np.full(dimension, -INF), np.full(dimension, INF)
    return DualisedProgram(dimension, *ends, inner, 5 * np.ones(dimension), **fields)


def test_any_oracle_will_do():
    claim = DualAscent().solve(quadratic(primal_value=0.0), Recorder())
    np.testing.assert_allclose(claim.witness.rows, 1.0, atol=1e-6)
    assert set(claim.point) == {"prices"}


def test_an_oracle_that_breaks_stops_the_ascent():
    form = many_capacities()
    dual, calls = dualise(form), [0]

    def breaking(y):
        calls[0] += 1
        inner = dual.inner(y)
        return inner if calls[0] < 300 else Inner(float("nan"), inner.supergradient, inner.primal)

    claim = DualAscent().solve(replace(dual, inner=breaking), Recorder())
    assert claim.stop is Stop.NONFINITE
    assert np.isfinite(claim.bound)


@given(CELLS, SEEDS)
@settings(max_examples=150, deadline=None)
def test_weak_duality(cell, seed):
    instance = drawn(cell, seed)
    assert_weak_duality(instance, dualgap.solve(instance.problem, "dual-ascent", isolate=False))


@pytest.mark.shared_data
@pytest.mark.parametrize("name", ["mknapcb1", "mknapcb5"])
def test_or_library(shared_data, name):
    path = shared_data / "knapsack" / "mknapcb" / f"{name}.txt.gz"
    problem = dualgap.load({"kind": "knapsack", "file": str(path), "instance": 1})
    run = dualgap.solve(problem, "dual-ascent", isolate=False)
    form = problem.views()[0].build()
    best = -linear_bound(form)
    assert run.certificate.evidence == "proved"
    assert float(run.certificate.bound) == pytest.approx(best, rel=1e-4)
    assert run.certificate.relative_gap < 0.05
