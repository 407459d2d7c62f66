"""Projected gradients: optima in closed form, valid bounds, one compilation a shape, stops, weak duality."""

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings

import dualgap
from dualgap.core.claim import Stop
from dualgap.core.forms import Convexity, SmoothProgram
from dualgap.core.sets import Affine, Ball, Box, Halfspace, Product, Reals, Set, Simplex
from dualgap.core.solver import Budget
from dualgap.core.witness import GradientPoint
from dualgap.solvers.pgd import ProjectedGradient
from tests.solvers.duality import CELLS, SEEDS, assert_weak_duality, drawn
from tests.solvers.programs import Recorder

RULES = ["nesterov", "sgd", "adam"]
TRACES = []


def ridge(x, data):
    TRACES.append(None)  # runs while JAX traces, and only then
    residual = data["a"] @ x - data["b"]
    return 0.5 * residual @ residual + 0.5 * data["l2"] * (x @ x)


def ridge_program(seed=0, rows=12, columns=4, l2=0.5, **fields):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(rows, columns)), rng.normal(size=rows)
    hessian = a.T @ a + l2 * np.eye(columns)
    known = {
        "convexity": Convexity.STRONGLY_CONVEX,
        "modulus": l2,
        "lipschitz": float(np.linalg.eigvalsh(hessian)[-1]),
        "domain": Reals(),
    }
    form = SmoothProgram(ridge, np.zeros(columns), {"a": a, "b": b, "l2": l2}, **{**known, **fields})
    return form, np.linalg.solve(hessian, a.T @ b)


def linear(x, data):
    return data @ x


@dataclass
class Timed(Recorder):
    phases: list = field(default_factory=list)

    @contextmanager
    def phase(self, name):
        self.phases.append(name)
        yield


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("lipschitz", ["known", "unknown"])
def test_ridge_regression_comes_to_its_closed_form(rule, lipschitz):
    form, best = ridge_program()
    if lipschitz == "unknown":
        form = replace(form, lipschitz=None)
    claim = ProjectedGradient(rule=rule).solve(form, Recorder())
    assert claim.stop is Stop.FINISHED
    assert claim.feasible
    np.testing.assert_allclose(claim.point, best, atol=1e-5)
    optimum = float(ridge(best, form.data))
    assert claim.value == pytest.approx(optimum, abs=1e-9)
    assert claim.bound <= optimum + 1e-12
    assert claim.bound == pytest.approx(optimum, abs=1e-8)


def test_the_witness_is_a_point_whose_gradient_proves_the_bound():
    form, _ = ridge_program()
    claim = ProjectedGradient().solve(form, Recorder())
    assert isinstance(claim.witness, GradientPoint)
    x, data = claim.witness.point, form.data
    gradient = data["a"].T @ (data["a"] @ x - data["b"]) + data["l2"] * x
    proved = float(ridge(x, data)) - gradient @ gradient / (2 * form.modulus)
    assert claim.bound == pytest.approx(proved, abs=1e-12)


@pytest.mark.parametrize(
    "domain",
    [Simplex(), Box(-0.1, 0.2), Ball(0.3, 1), Ball(0.3, 2), Ball(0.2, np.inf)],
    ids=["simplex", "box", "ball 1", "ball 2", "ball inf"],
)
def test_over_a_set_the_frank_wolfe_gap_closes(domain):
    form, _ = ridge_program(domain=domain, convexity=Convexity.CONVEX, modulus=0.0)
    recorder = Recorder()
    claim = ProjectedGradient().solve(form, recorder)
    assert claim.stop is Stop.FINISHED
    assert domain.contains(claim.point, 1e-9)
    assert 0 <= claim.value - claim.bound + 1e-12 <= 1e-5
    assert all(bound <= claim.value + 1e-9 for bound in recorder.bounds)
    assert all(domain.contains(point, 1e-9) for point in recorder.points)


def test_a_linear_objective_ends_at_a_vertex():
    cost = np.array([3.0, -1.0, 2.0])
    form = SmoothProgram(linear, np.zeros(3), cost, Simplex(), convexity=Convexity.LINEAR, lipschitz=0.0)
    claim = ProjectedGradient().solve(form, Recorder())
    np.testing.assert_allclose(claim.point, [0, 1, 0], atol=1e-9)
    assert claim.bound == pytest.approx(-1.0, abs=1e-9)


def test_without_convexity_nothing_is_bounded():
    form, _ = ridge_program(convexity=Convexity.NONCONVEX)
    claim = ProjectedGradient().solve(form, Recorder())
    assert claim.bound is None
    assert claim.witness is None


def test_two_instances_of_one_shape_compile_once():
    solver = ProjectedGradient(iterations=25)
    solver.solve(ridge_program(seed=1, rows=9, columns=3)[0], Recorder())
    before = len(TRACES)
    solver.solve(ridge_program(seed=2, rows=9, columns=3, l2=0.25)[0], Recorder())
    assert len(TRACES) == before
    solver.solve(ridge_program(seed=2, rows=10, columns=3)[0], Recorder())
    assert len(TRACES) > before


def test_sets_are_arguments_too():
    solver = ProjectedGradient(iterations=25)
    solver.solve(ridge_program(seed=1, domain=Box(np.zeros(4), np.ones(4)))[0], Recorder())
    before = len(TRACES)
    claim = solver.solve(ridge_program(seed=1, domain=Box(-np.ones(4), np.full(4, -0.5)))[0], Recorder())
    assert len(TRACES) == before
    assert claim.point.max() <= -0.5


def test_compiling_is_booked_apart():
    context = Timed()
    ProjectedGradient().solve(ridge_program()[0], context)
    assert set(context.phases) == {"compile"}


def test_64_bits_stay_inside():
    form, best = ridge_program()
    seen = []
    thread = threading.Thread(target=lambda: seen.append(ProjectedGradient().solve(form, Recorder())))
    thread.start()
    thread.join()
    assert seen[0].point.dtype == np.float64
    np.testing.assert_allclose(seen[0].point, best, atol=1e-6)
    assert jnp.ones(1).dtype == np.float32
    assert not jax.config.jax_enable_x64


def tree_distance(x, data):
    return jnp.sum((x["w"] - data["w"]) ** 2) + (x["b"] - data["b"]) ** 2


def test_points_may_be_trees():
    data = {"w": np.arange(6.0).reshape(2, 3), "b": np.float64(-2.0)}
    initial = {"w": np.zeros((2, 3)), "b": 0.0}
    form = SmoothProgram(
        tree_distance, initial, data, Reals(), convexity=Convexity.STRONGLY_CONVEX, modulus=2.0, lipschitz=2.0
    )
    claim = ProjectedGradient(rule="sgd").solve(form, Recorder())
    np.testing.assert_allclose(claim.point["w"], data["w"], atol=1e-6)
    assert claim.point["b"] == pytest.approx(-2.0)
    assert claim.bound == pytest.approx(0.0, abs=1e-10)
    assert claim.witness.point.shape == (7,)


def bilinear(x, data):
    return x[0] @ data @ x[1] + jnp.sum(x[1] ** 2)


def test_a_product_projects_each_part():
    form = SmoothProgram(bilinear, (np.ones(3) / 3, np.zeros(2)), np.ones((3, 2)), Product((Simplex(), Box(-1.0, 1.0))))
    claim = ProjectedGradient().solve(form, Recorder())
    assert claim.point[0].sum() == pytest.approx(1.0)
    np.testing.assert_allclose(claim.point[1], -0.5, atol=1e-5)


def logarithm(x, data):
    return jnp.sum(data * x - jnp.log(x))


def test_what_isn_t_finite_is_said():
    form = SmoothProgram(logarithm, -np.ones(2), np.ones(2), Reals(), convexity=Convexity.CONVEX)
    claim = ProjectedGradient().solve(form, Recorder())
    assert claim.stop is Stop.NONFINITE
    assert claim.point is None


def test_steps_out_of_the_function_s_domain_are_shortened():
    form = SmoothProgram(logarithm, np.full(2, 0.01), np.array([1.0, 2.0]), Reals(), convexity=Convexity.CONVEX)
    claim = ProjectedGradient().solve(form, Recorder())
    np.testing.assert_allclose(claim.point, [1.0, 0.5], rtol=1e-4)


def only_at_zero(x, data):
    return jnp.sum(jnp.where(x == 0.0, -x, jnp.nan))


def test_nothing_but_nan_around_ends_with_the_start():
    form = SmoothProgram(only_at_zero, np.zeros(2), None, Reals())
    claim = ProjectedGradient().solve(form, Recorder())
    assert claim.stop is Stop.NONFINITE
    np.testing.assert_array_equal(claim.point, 0.0)


def test_limits_keep_the_best_so_far():
    form, _ = ridge_program()
    few = ProjectedGradient(iterations=3, rule="sgd").solve(form, Recorder())
    assert (few.stop, few.statistics["iterations"]) == (Stop.ITERATIONS, 3)
    assert few.value < float(ridge(form.initial, form.data))
    late = ProjectedGradient(tolerance=0.0).solve(form, Recorder(budget=Budget(seconds=0.0)))
    assert late.stop is Stop.TIME
    assert late.point is not None


def test_a_requested_gap_is_enough():
    form, _ = ridge_program(domain=Simplex(), convexity=Convexity.CONVEX, modulus=0.0, lipschitz=1e4)
    claim = ProjectedGradient(rule="sgd").solve(form, Recorder(budget=Budget(gap=0.5)))
    assert claim.stop is Stop.FINISHED
    assert 1e-3 < (claim.value - claim.bound) / abs(claim.value) <= 0.5


def test_a_start_is_taken():
    form, best = ridge_program()
    claim = ProjectedGradient().solve(form, Recorder(start=best))
    assert claim.statistics["iterations"] == 10  # the first test of convergence


def test_it_refuses_constraints_and_sets_without_projection():
    form, _ = ridge_program()
    assert ProjectedGradient().refuses(form) is None
    assert "augmented-lagrangian" in ProjectedGradient().refuses(replace(form, equalities=linear))
    assert "Set has none" in ProjectedGradient().refuses(replace(form, domain=Set()))
    assert ProjectedGradient().refuses(replace(form, domain=Product((Simplex(), Set())))) is not None


def test_sets_without_a_linear_minimum_give_no_bound():
    for domain in (Halfspace(np.ones(4), 0.1), Affine(np.ones((1, 4)), np.zeros(1))):
        form, _ = ridge_program(domain=domain, convexity=Convexity.CONVEX, modulus=0.0)
        claim = ProjectedGradient().solve(form, Recorder())
        assert claim.bound is None
        assert claim.witness is not None


@given(CELLS, SEEDS)
@settings(max_examples=40, deadline=None)
def test_weak_duality(cell, seed):
    instance = drawn(cell, seed)
    assert_weak_duality(instance, dualgap.solve(instance.problem, "pgd", isolate=False))


def test_a_knapsack_gets_dantzig_s_bound():
    rng = np.random.default_rng(5)
    values, weights = rng.integers(1, 1000, 200), rng.integers(1, 1000, 200)
    knapsack = dualgap.Knapsack(values=values, weights=weights, capacity=20_000)
    approximate, exact = (dualgap.solve(knapsack, name, isolate=False).certificate for name in ("pgd", "bisection"))
    assert approximate.evidence == "proved"
    assert approximate.bound == exact.bound
    assert approximate.relative_gap < 0.01
