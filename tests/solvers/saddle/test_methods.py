"""Methods for saddle programs: exact references, intervals, and honest ends."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

import dualgap
from dualgap.core.certificate import Evidence, Verdict
from dualgap.core.claim import Stop
from dualgap.core.errors import UsageError
from dualgap.core.sets import Ball, Box, Halfspace, Product, Reals, Set, Simplex
from dualgap.models.saddle import Saddle
from dualgap.problems.examples import example
from dualgap.problems.matrix_game import MatrixGame
from dualgap.solvers.saddle.extragradient import Extragradient
from dualgap.solvers.saddle.mirror_prox import MirrorProx
from dualgap.solvers.saddle.optimistic_gradient import OptimisticGradient
from dualgap.solvers.saddle.subgradient import SaddleSubgradient

METHODS = [Extragradient, OptimisticGradient, MirrorProx]
COUPLING = np.random.default_rng(0).normal(size=(4, 3))


def quadratic(x: Any, y: Any, data: Any) -> Any:
    """Strongly convex in x, strongly concave in y; without sets the saddle point solves linear equations."""
    shift_x, shift_y = data["x"], data["y"]
    both = x @ data["coupling"] @ y
    return 0.5 * jnp.sum((x - shift_x) ** 2) + both - 0.5 * jnp.sum((y - shift_y) ** 2)


def product(x: Any, y: Any, data: Any) -> Any:
    return jnp.dot(x, y)


def two_parts(x: Any, y: Any, data: Any) -> Any:
    return jnp.sum(x[0] ** 2) + x[1] @ y - jnp.sum(y**2)


DATA = {"coupling": COUPLING, "x": np.array([1.0, -2.0, 0.5, 0.0]), "y": np.array([0.3, 0.3, -1.0])}


def quadratic_game(x_set: Set, y_set: Set) -> Saddle:
    return Saddle(objective=quadratic, x_set=x_set, y_set=y_set, initial=(np.zeros(4), np.zeros(3)), data=DATA)


def run(problem: dualgap.Problem, method: Any, **options: Any) -> dualgap.Run:
    return dualgap.solve(problem, method, isolate=False, time=20, **options)


@pytest.mark.parametrize("method", METHODS)
def test_without_sets_the_saddle_point_solves_linear_equations(method: Any) -> None:
    system = np.block([[np.eye(4), COUPLING], [COUPLING.T, -np.eye(3)]])
    true = np.linalg.solve(system, np.concatenate([DATA["x"], -DATA["y"]]))
    found = run(quadratic_game(Reals(), Reals()), method(tolerance=1e-9))
    assert found.stop is Stop.FINISHED
    np.testing.assert_allclose(np.concatenate([found.answer.x, found.answer.y]), true, atol=1e-7)
    assert found.certificate is not None
    assert found.certificate.bound is None
    assert found.certificate.evidence is Evidence.NONE
    assert "no best response" in found.message


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "sets", [(Box(-1.0, 1.0), Ball(0.5)), (Ball(1.0, order=1), Box(0.0, 0.2)), (Simplex(), Simplex(2.0))]
)
def test_on_compact_sets_convexity_gives_the_interval(method: Any, sets: tuple[Set, Set]) -> None:
    found = run(quadratic_game(*sets), method(tolerance=1e-8))
    certificate = found.certificate
    assert certificate is not None
    assert certificate.evidence is Evidence.NUMERICAL
    assert certificate.value is not None
    assert certificate.bound is not None
    assert -1e-9 <= float(certificate.value - certificate.bound) <= 1e-6
    others = [run(quadratic_game(*sets), other(tolerance=1e-8)).certificate for other in METHODS]
    assert all(abs(float((other.value if other else None) or 0) - float(certificate.value)) <= 1e-6 for other in others)


@pytest.mark.parametrize("method", METHODS)
def test_a_bilinear_game_on_boxes(method: Any) -> None:
    problem = Saddle(objective=product, x_set=Box(-1.0, 2.0), y_set=Box(-3.0, 1.0), initial=(np.ones(2), np.ones(2)))
    found = run(problem, method(tolerance=1e-8))
    assert found.certificate is not None
    assert abs(float(found.certificate.value or 0)) <= 1e-6
    assert abs(float(found.certificate.bound or 0)) <= 1e-6


def test_strategies_may_be_tuples_of_arrays() -> None:
    x_set = Product((Ball(1.0), Box(-1.0, 1.0)))
    problem = Saddle(
        objective=two_parts, x_set=x_set, y_set=Box(-1.0, 1.0), initial=((np.ones(2), np.ones(3)), np.ones(3))
    )
    found = run(problem, Extragradient(tolerance=1e-8))
    assert found.certificate is not None
    assert abs(float(found.certificate.value or 0)) <= 1e-6
    assert found.answer.x.shape == (5,)


def test_best_responses_make_a_better_interval() -> None:
    told = Saddle(
        objective=product,
        x_set=Box(-1.0, 1.0),
        y_set=Box(-1.0, 1.0),
        initial=(np.full(3, 0.5), np.full(3, 0.5)),
        best_x=lambda y, data: -np.sign(y),
        best_y=lambda x, data: np.sign(x),
    )
    from dualgap.core.witness import Strategies

    bound = told.bound(Strategies(x=np.full(3, 0.5), y=np.full(3, 0.5)))
    assert bound.value == pytest.approx(-1.5)
    assert told.evaluate(told.answer_type(x=np.full(3, 0.5), y=np.full(3, 0.5))).objective == pytest.approx(1.5)


@pytest.mark.parametrize("method", METHODS)
def test_a_step_that_is_too_long_is_noticed(method: Any) -> None:
    found = run(quadratic_game(Reals(), Reals()), method(step=50.0))
    assert found.stop in (Stop.DIVERGED, Stop.NONFINITE)
    assert "lower the step" in found.message


def test_circling_is_noticed() -> None:
    problem = Saddle(
        objective=product, x_set=Box(-1.0, 1.0), y_set=Box(-1.0, 1.0), initial=(np.ones(2), np.full(2, 0.3))
    )
    found = run(problem, Extragradient(step=1.7, iterations=500))
    assert found.stop is Stop.DIVERGED
    assert "too long" in found.message


def test_what_is_not_finite_is_said() -> None:
    def logs(x: Any, y: Any, data: Any) -> Any:
        return jnp.sum(jnp.log(x)) + jnp.sum(y)

    problem = Saddle(objective=logs, x_set=Box(-1.0, 1.0), y_set=Box(0.0, 1.0), initial=(-np.ones(2), np.ones(2)))
    assert run(problem, "extragradient").stop is Stop.NONFINITE


def test_refusals_say_why() -> None:
    with pytest.raises(UsageError, match="positive step"):
        Extragradient(step=0.0)
    found = dualgap.compare(quadratic_game(Reals(), Reals()), ["saddle-subgradient", "regret-matching", "pdhg"]).runs
    assert "best response" in (found[0].refused or "")
    assert "payoff matrix" in (found[1].refused or "")
    assert "payoff matrix" in (found[2].refused or "")

    class Odd(Set):
        pass

    assert "projections" in (Extragradient().refuses(quadratic_game(Odd(), Reals()).form) or "")
    assert Halfspace(np.ones(4), 1.0).project(np.ones(4)).sum() == pytest.approx(1.0)


def test_the_notes_subgradient_method_and_its_multipliers() -> None:
    game = dualgap.load(example(MatrixGame, "note"))
    found = run(game, SaddleSubgradient(iterations=2000)).certificate
    assert found is not None
    assert 2.5 <= float(found.value or 0) <= 2.53
    assert 2.14 <= float(found.bound or 0) <= 2.5
    assert found.verdict is Verdict.FEASIBLE


def test_a_saddle_program_is_solved_as_it_is() -> None:
    form = quadratic_game(Ball(1.0), Ball(1.0)).form
    found = dualgap.solve(form)
    assert found.solver == "extragradient"
    assert not found.isolated
    assert found.certificate is not None
    assert found.certificate.scope == "convex in x and concave in y, on your word"


def test_not_convex_and_no_best_response_bounds_nothing() -> None:
    problem = Saddle(
        objective=product,
        x_set=Box(-1.0, 1.0),
        y_set=Box(-1.0, 1.0),
        initial=(np.full(2, 0.5), np.full(2, 0.5)),
        convex=False,
    )
    found = run(problem, "extragradient").certificate
    assert found is not None
    assert found.bound is None
    assert found.quantity == "payoff at the pair"
