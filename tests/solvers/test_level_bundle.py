"""The level rule: the maximum of concave functions to its own bound, and the primal mixture that goes with it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import diags_array

import dualgap
from dualgap.core.claim import Claim, Stop
from dualgap.core.forms import DualisedProgram, Inner
from dualgap.core.solver import Budget
from dualgap.engine.bridges.dualise import dualise
from dualgap.solvers.dual_ascent import DualAscent
from tests.solvers.duality import CELLS, SEEDS, assert_weak_duality, drawn
from tests.solvers.programs import INF, Recorder
from tests.solvers.test_dual_ascent import linear_bound, many_capacities, quadratic

LEVEL = DualAscent(rule="level")


def lowest(heights: np.ndarray, slopes: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> DualisedProgram:
    """q(y) = min over k of heights_k + slopes_k'y; the minimiser is k's unit vector."""

    def inner(y: np.ndarray) -> Inner:
        values = heights + slopes @ y
        k = int(values.argmin())
        return Inner(float(values[k]), slopes[k], np.eye(len(heights))[k])

    return DualisedProgram(slopes.shape[1], lower, upper, inner, np.clip(np.ones(slopes.shape[1]), lower, upper))


def drawn_planes(seed: int) -> DualisedProgram:
    """Random planes with a finite maximum: some mixture of the slopes is zero. Multipliers of every sign."""
    rng = np.random.default_rng(seed)
    d, k = int(rng.integers(2, 9)), int(rng.integers(3, 40))
    slopes = rng.normal(size=(k, d)) * 10.0 ** rng.integers(-2, 3, d)
    slopes = np.vstack([slopes, -rng.dirichlet(np.ones(k)) @ slopes])
    signs = rng.integers(0, 3, d)
    lower, upper = np.where(signs == 0, 0.0, -INF), np.where(signs == 1, 0.0, INF)
    return lowest(rng.normal(size=k + 1) * 100, slopes, lower, upper)


def maximum(form: DualisedProgram) -> float:
    """By a linear program over the planes, which the unit vectors' inner minima reveal."""
    heights, slopes = planes(form)
    free = np.column_stack([form.lower, form.upper])
    found = linprog(
        np.append(np.zeros(form.dimension), -1.0),
        A_ub=np.column_stack([-slopes, np.ones(len(heights))]),
        b_ub=heights,
        bounds=np.vstack([free, [-INF, INF]]),
    )
    return float(-found.fun)


def planes(form: DualisedProgram) -> tuple[np.ndarray, np.ndarray]:
    closure = dict(zip(form.inner.__code__.co_freevars, form.inner.__closure__, strict=True))
    return closure["heights"].cell_contents, closure["slopes"].cell_contents


@settings(max_examples=150, deadline=None)
@given(SEEDS)
def test_the_maximum_of_planes(seed: int) -> None:
    form = drawn_planes(seed)
    best = maximum(form)
    claim = LEVEL.solve(form, Recorder())
    assert claim.stop is Stop.FINISHED
    assert claim.bound == pytest.approx(best, abs=1e-5 * (1 + abs(best)))
    assert claim.bound <= best + 1e-7 * (1 + abs(best))


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_the_mixture_is_a_dual_solution(seed: int) -> None:
    """Weights of planes that no multipliers beat: they sum to 1, cancel the slopes, and price the maximum."""
    form = drawn_planes(seed)
    heights, slopes = planes(form)
    weights = LEVEL.solve(form, Recorder()).point
    size = np.abs(slopes).max(axis=0)
    slope = weights @ slopes / size
    assert weights.sum() == pytest.approx(1.0)
    assert (weights >= 0).all()
    assert (slope <= 1e-4)[np.isposinf(form.upper)].all()
    assert (slope >= -1e-4)[np.isneginf(form.lower)].all()
    assert weights @ heights == pytest.approx(maximum(form), abs=1e-3 * (1 + np.abs(heights).max()))


@pytest.mark.parametrize(("rows", "columns"), [(5, 100), (10, 250), (30, 500), (60, 200)])
def test_fewer_steps_to_a_better_bound_than_polyak(rows: int, columns: int) -> None:
    form = many_capacities(rows, columns, 1)
    best = linear_bound(form)
    polyak, level = (rule.solve(dualise(form), Recorder()) for rule in (DualAscent(), LEVEL))
    assert level.stop is Stop.FINISHED
    assert abs(level.bound - best) <= 2e-7 * abs(best)
    assert level.bound >= polyak.bound - 2e-7 * abs(best)  # both may have converged
    assert steps(level) < steps(polyak) / 3


def steps(claim: Claim) -> int:
    count = claim.statistics["iterations"]
    assert isinstance(count, int)
    return count


def test_the_primal_point_is_the_linear_optimum() -> None:
    form = many_capacities()
    claim = LEVEL.solve(dualise(form), Recorder())
    over = (form.matrix @ claim.point - form.row_upper) / form.row_upper
    assert over.max() < 1e-6
    assert form.objective(claim.point) == pytest.approx(linear_bound(form), rel=1e-6)


def test_rows_may_be_in_any_unit() -> None:
    form = many_capacities(8, 200)
    units = 10.0 ** np.array([-4, 0, 3, 0, 1, 5, -2, 2])
    scaled = replace(form, matrix=(diags_array(units) @ form.matrix).tocsr(), row_upper=form.row_upper * units)
    bounds = [LEVEL.solve(dualise(each), Recorder()).bound for each in (form, scaled)]
    assert bounds[1] == pytest.approx(bounds[0], rel=1e-6)


@pytest.mark.parametrize("kept", [12, 20])
def test_a_small_bundle_is_enough(kept: int) -> None:
    form = many_capacities()
    claim = replace(LEVEL, planes=kept, tolerance=1e-5).solve(dualise(form), Recorder())
    assert claim.stop is Stop.FINISHED
    assert claim.bound == pytest.approx(linear_bound(form), rel=1e-5)


def test_any_oracle_will_do() -> None:
    claim = LEVEL.solve(quadratic(), Recorder())
    np.testing.assert_allclose(claim.witness.rows, 1.0, atol=1e-3)
    assert set(claim.point) == {"prices"}


def test_out_of_iterations_or_time_it_says_so() -> None:
    form = dualise(many_capacities())
    assert replace(LEVEL, iterations=5).solve(form, Recorder()).stop is Stop.ITERATIONS
    assert LEVEL.solve(form, Recorder(budget=Budget(seconds=0.0))).stop is Stop.TIME


def test_an_oracle_that_breaks_stops_it() -> None:
    dual, calls = dualise(many_capacities(20, 100)), [0]

    def breaking(y: np.ndarray) -> Inner:
        calls[0] += 1
        inner = dual.inner(y)
        return inner if calls[0] < 300 else Inner(float("nan"), inner.supergradient, inner.primal)

    claim = LEVEL.solve(replace(dual, inner=breaking), Recorder())
    assert claim.stop in (Stop.NONFINITE, Stop.FINISHED)
    assert np.isfinite(claim.bound)


@given(CELLS, SEEDS)
@settings(max_examples=100, deadline=None)
def test_weak_duality(cell: tuple[str, str], seed: int) -> None:
    instance = drawn(cell, seed)
    assert_weak_duality(instance, dualgap.solve(instance.problem, LEVEL, isolate=False))


@given(st.integers(0, 50))
@settings(max_examples=20, deadline=None)
def test_it_is_deterministic(seed: int) -> None:
    first, second = (LEVEL.solve(drawn_planes(seed), Recorder()) for _ in range(2))
    np.testing.assert_array_equal(first.witness.rows, second.witness.rows)
