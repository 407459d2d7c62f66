"""The augmented Lagrangian: known optima and multipliers, valid bounds, one compilation a shape, weak duality."""

from dataclasses import replace

import cvxpy
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings

import dualgap
from dualgap.core.claim import Stop
from dualgap.core.forms import Convexity, SmoothProgram
from dualgap.core.sets import Box, Reals, Set
from dualgap.core.solver import Budget
from dualgap.solvers.augmented_lagrangian import AugmentedLagrangian
from tests.solvers.duality import CELLS, SEEDS, assert_weak_duality, drawn
from tests.solvers.programs import Recorder

TRACES = []


def distance(x, data):
    TRACES.append(None)  # runs while JAX traces, and only then
    return 0.5 * jnp.sum((x - data["target"]) ** 2)


def capacities(x, data):
    return data["a"] @ x - data["b"]


def balances(x, data):
    return data["e"] @ x - data["d"]


def quadratic_program(seed=0, columns=5, **fields):
    """The projection of a point on a polytope in a box, and its optimum with multipliers by CVXPY."""
    rng = np.random.default_rng(seed)
    a, e, inside = rng.normal(size=(3, columns)), rng.normal(size=(1, columns)), rng.uniform(0.2, 0.8, columns)
    data = {"target": 2 * rng.normal(size=columns), "a": a, "b": a @ inside + 0.05, "e": e, "d": e @ inside}
    known = {"convexity": Convexity.STRONGLY_CONVEX, "modulus": 1.0, "lipschitz": 1.0}
    form = SmoothProgram(
        distance, np.zeros(columns), data, Box(np.zeros(columns), np.ones(columns)), capacities, balances,
        **{**known, **fields},
    )  # fmt: skip
    return form


def reference(form):
    data, x = form.data, cvxpy.Variable(len(form.initial))
    rows = [data["a"] @ x <= data["b"], data["e"] @ x == data["d"]]
    problem = cvxpy.Problem(cvxpy.Minimize(0.5 * cvxpy.sum_squares(x - data["target"])), [*rows, x >= 0, x <= 1])
    problem.solve(solver="CLARABEL")
    return problem.value, x.value, rows[0].dual_value, rows[1].dual_value


@pytest.mark.parametrize("rule", ["nesterov", "sgd", "adam"])
def test_a_quadratic_program_comes_to_its_optimum_and_multipliers(rule):
    form = quadratic_program()
    value, x, mu, nu = reference(form)
    claim = AugmentedLagrangian(rule=rule).solve(form, Recorder())
    assert claim.stop is Stop.FINISHED
    assert claim.feasible
    np.testing.assert_allclose(claim.point, x, atol=1e-4)
    assert claim.value == pytest.approx(value, abs=1e-5)
    np.testing.assert_allclose(claim.witness.rows, mu, atol=1e-3)
    np.testing.assert_allclose(claim.witness.equalities, nu, atol=1e-3)
    assert claim.bound <= value + 1e-7
    assert claim.bound == pytest.approx(value, abs=1e-4)


def test_every_reported_bound_holds():
    recorder = Recorder()
    form = quadratic_program(seed=3)
    AugmentedLagrangian().solve(form, recorder)
    value = reference(form)[0]
    assert recorder.bounds
    assert all(bound <= value + 1e-7 for bound in recorder.bounds)
    assert (np.diff(recorder.bounds) >= 0).all()


def rosenbrock(x, data):
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def unit_disc(x, data):
    return (x @ x - data)[None]


def test_without_convexity_points_but_no_bounds():
    form = SmoothProgram(rosenbrock, np.zeros(2), np.float64(2.0), Box(-1.5, 1.5), inequalities=unit_disc)
    claim = AugmentedLagrangian(iterations=5000).solve(form, Recorder())
    np.testing.assert_allclose(claim.point, [1.0, 1.0], atol=1e-2)
    assert claim.feasible
    assert claim.bound is None
    assert claim.witness is None


def test_a_given_penalty_comes_to_the_same_end():
    form = quadratic_program(seed=1)
    for penalty in (0.1, 100.0):
        claim = AugmentedLagrangian(penalty=penalty).solve(form, Recorder())
        assert claim.value == pytest.approx(reference(form)[0], abs=1e-5)


def test_two_instances_of_one_shape_compile_once():
    solver = AugmentedLagrangian(rounds=3)
    solver.solve(quadratic_program(seed=1, columns=4), Recorder())
    before = len(TRACES)
    solver.solve(quadratic_program(seed=2, columns=4), Recorder())
    # the claim's value is one plain evaluation, not a trace
    assert len(TRACES) == before + 1


def test_constraints_that_can_t_hold_end_at_the_limit():
    form = quadratic_program()
    form = replace(form, data={**form.data, "d": form.data["d"] + 100.0})
    claim = AugmentedLagrangian(rounds=5).solve(form, Recorder())
    assert claim.stop is Stop.ITERATIONS
    assert not claim.feasible
    assert claim.statistics["violation"] > 1


def test_out_of_time_it_keeps_what_it_has():
    claim = AugmentedLagrangian().solve(quadratic_program(), Recorder(budget=Budget(seconds=0.0)))
    assert claim.stop is Stop.TIME
    assert claim.point.shape == (5,)


def logarithm(x, data):
    return -jnp.sum(jnp.log(x))


def test_what_isn_t_finite_is_said():
    form = SmoothProgram(logarithm, -np.ones(2), None, Reals(), inequalities=lambda x, data: x - 1)
    assert AugmentedLagrangian().solve(form, Recorder()).stop is Stop.NONFINITE


def test_without_constraints_it_is_a_descent():
    form = replace(quadratic_program(), inequalities=None, equalities=None)
    claim = AugmentedLagrangian().solve(form, Recorder())
    np.testing.assert_allclose(claim.point, np.clip(form.data["target"], 0, 1), atol=1e-6)
    assert claim.witness.rows.shape == claim.witness.equalities.shape == (0,)


def test_it_refuses_sets_without_projection():
    assert AugmentedLagrangian().refuses(quadratic_program()) is None
    assert "Set has none" in AugmentedLagrangian().refuses(replace(quadratic_program(), domain=Set()))


@given(CELLS, SEEDS)
@settings(max_examples=40, deadline=None)
def test_weak_duality(cell, seed):
    instance = drawn(cell, seed)
    assert_weak_duality(instance, dualgap.solve(instance.problem, "augmented-lagrangian", isolate=False))


def test_several_capacities_come_close_to_the_linear_bound():
    rng = np.random.default_rng(5)
    weights = rng.integers(1, 1000, (4, 60))
    knapsack = dualgap.Knapsack(
        values=weights.mean(axis=0).astype(int) + rng.integers(1, 500, 60), weights=weights, capacity=[9000] * 4
    )
    names = ("augmented-lagrangian", "pgd", "dual-ascent")
    bounds = [float(dualgap.solve(knapsack, name, isolate=False).certificate.bound) for name in names]
    np.testing.assert_allclose(bounds, bounds[-1], rtol=2e-4)
