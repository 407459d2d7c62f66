"""The kind ``log-sum-exp-ball``: the post's instance by its three routes, bounds, projections, faults."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dualgap
from dualgap.core.certificate import Evidence, Verdict
from dualgap.core.errors import InvalidWitnessError, SpecError
from dualgap.core.exact import exact
from dualgap.core.witness import FarkasRay, GradientPoint
from dualgap.problems.examples import example
from dualgap.problems.log_sum_exp_ball import LogSumExpAnswer, LogSumExpBall, RowPrices
from dualgap.problems.log_sum_exp_ball.dual import recovered
from dualgap.problems.log_sum_exp_ball.proofs import entropy_below
from dualgap.problems.log_sum_exp_ball.spec import log_sum_exp
from dualgap.problems.log_sum_exp_ball.views import ball, conic_program, lifted
from dualgap.testing.measure import objective, violation

POST = dualgap.load(example(LogSumExpBall))
SUM = POST.model_copy(update={"objective": "linear"})
X = (-1.35816245, 0.36198854)
VALUE, LOG_SUM_EXP = -2.267373541318875, 1.3678772854540484  # the post's; its data are rounded to eight digits
ROUNDED = 1e-7


def solved(problem: Any, solver: str, **options: Any) -> Any:
    return dualgap.solve(problem, solver, isolate=False, **options)


@pytest.mark.parametrize("solver", ["highs", "dual-recovery", "pgd", "glop"])
def test_the_posts_linear_program_by_its_three_routes(solver: str) -> None:
    run = solved(SUM, solver)
    assert run.certificate.verdict is Verdict.OPTIMAL
    assert run.certificate.evidence is Evidence.PROVED
    assert run.certificate.value == pytest.approx(VALUE, abs=ROUNDED)
    assert run.answer.x == pytest.approx(X, abs=ROUNDED)
    assert run.certificate.metrics["value"]["log-sum-exp"] == pytest.approx(LOG_SUM_EXP, abs=ROUNDED)
    sides = [row[2] for row in SUM.render(run.answer)][3:]
    assert sides == ["", "", "-radius", "", "-radius"]


@pytest.mark.parametrize("solver", ["clarabel", "scs", "cvxpy", "pgd"])
def test_the_log_sum_exp_itself(solver: str) -> None:
    run = solved(POST, solver)
    assert run.certificate.verdict is Verdict.OPTIMAL
    assert run.certificate.evidence is Evidence.PROVED
    assert run.certificate.value == pytest.approx(LOG_SUM_EXP, abs=1e-6)
    assert run.certificate.bound <= LOG_SUM_EXP + ROUNDED


@pytest.mark.parametrize("solver", ["highs", "dual-recovery"])
def test_the_sum_bounds_the_log_sum_exp(solver: str) -> None:
    """``log n + v / n``, proved; its point is feasible."""
    run = solved(POST, solver)
    assert run.certificate.verdict is Verdict.FEASIBLE
    assert run.certificate.evidence is Evidence.PROVED
    assert float(run.certificate.bound) == pytest.approx(np.log(5) + VALUE / 5, abs=ROUNDED)
    assert run.certificate.value == pytest.approx(LOG_SUM_EXP, abs=1e-6)


def test_the_posts_descent_stops_short() -> None:
    """A hundred steps of .01 from 0, each projected, on the sum."""
    domain, gradient, x = ball(SUM), SUM.matrix.sum(axis=0), np.zeros(2)
    for _ in range(100):
        x = domain.project(x - 0.01 * gradient)
    assert x == pytest.approx([-1.230, 0.177], abs=5e-4)
    assert SUM.value(x) > VALUE + 0.1
    bound = SUM.bound(GradientPoint(point=x))
    assert float(bound.value) == pytest.approx(VALUE, abs=ROUNDED), (
        "any gradient of a linear function proves the optimum"
    )


def test_the_posts_first_inequality_is_false() -> None:
    """``log sum exp z >= sum z`` fails at (10, 10); with the mean and log n it holds, with equality there."""
    z = np.array([10.0, 10.0])
    assert log_sum_exp(z) < z.sum()
    assert log_sum_exp(z) == pytest.approx(np.log(2) + z.mean())
    rng = np.random.default_rng(0)
    for z in rng.normal(size=(100, 4)):
        assert log_sum_exp(z) >= np.log(4) + z.mean()
    assert lifted(POST, 5.0) == pytest.approx(np.log(5) + 1.0)


def test_the_recovered_point_is_undetermined_where_prices_vanish() -> None:
    problem = LogSumExpBall(A=[[1, 0], [-1, 0], [0, 1]], b=[0.2, 0.3, 0.1], radius=1, objective="linear")
    run = solved(problem, "dual-recovery")
    assert run.answer is None
    assert run.certificate.verdict is Verdict.NOTHING
    assert "undetermined: rows with a price (1) have rank 1, and x has 2 unknowns" in run.certificate.statement
    assert float(run.certificate.bound) == pytest.approx(-0.5), "0.5 from the first two rows, whatever x is, less 1"
    assert recovered(problem, np.zeros(3)).reason.startswith("undetermined: rows with a price (0)")
    other = solved(problem, "highs")
    assert other.certificate.verdict is Verdict.OPTIMAL
    assert other.certificate.value == pytest.approx(-0.5)


@pytest.mark.parametrize("solver", ["clarabel", "highs", "dual-recovery", "cvxpy"])
def test_an_empty_ball_is_infeasible(solver: str) -> None:
    problem = LogSumExpBall(A=[[1], [1]], b=[0, 5], radius=1)
    run = solved(problem, solver)
    expected = Verdict.CLAIMED_INFEASIBLE if solver == "cvxpy" else Verdict.INFEASIBLE
    assert run.certificate.verdict is expected
    with pytest.raises(dualgap.NoRouteError, match="no constraints beside the set"):
        solved(problem, "pgd")
    with pytest.raises(InvalidWitnessError, match="can be met"):
        problem.model_copy(update={"radius": 3}).bound(FarkasRay(rows=np.array([1.0, -1.0])))


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.booleans())
def test_no_prices_prove_too_much(seed: int, smooth: bool) -> None:
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(1, 9))
    problem = LogSumExpBall.generate(rows, seed % 20, objective="log-sum-exp" if smooth else "linear")
    best = solved_by_scipy(problem)
    witness = RowPrices(weights=rng.random(rows), prices=rng.normal(size=rows))
    assert float(problem.bound(witness).value) <= best + 1e-9
    point = GradientPoint(point=rng.normal(size=problem.size[1]))
    assert float(problem.bound(point).value) <= best + 1e-9


def solved_by_scipy(problem: LogSumExpBall) -> float:
    from scipy.optimize import LinearConstraint, minimize

    side = float(problem.radius) - problem.b, -float(problem.radius) - problem.b
    z = LinearConstraint(problem.matrix, side[1], side[0])
    start = np.asarray(ball(problem).project(np.zeros(problem.size[1])))
    found = minimize(problem.value, start, constraints=[z], method="SLSQP", options={"ftol": 1e-13, "maxiter": 500})
    return float(found.fun)


def test_generated_instances_are_proved_by_cones_and_gradients() -> None:
    for seed in range(5):
        problem = LogSumExpBall.generate(12, seed)
        runs = [solved(problem, "clarabel"), solved(problem, "pgd", parameters={"tolerance": 1e-10})]
        for run in runs:
            assert run.certificate.verdict is Verdict.OPTIMAL, run.certificate.statement
            assert run.certificate.evidence is Evidence.PROVED
        assert runs[0].certificate.value == pytest.approx(runs[1].certificate.value, abs=1e-6)


def test_dependent_columns_do_no_harm() -> None:
    """A third column that is the sum of the others: x isn't unique, the bound is proved all the same."""
    wide = np.column_stack([POST.A, POST.A.sum(axis=1)])
    problem = LogSumExpBall(A=np.round(wide, 8), b=POST.b, radius=1)
    for solver in ("clarabel", "pgd"):
        run = solved(problem, solver)
        assert run.certificate.value == pytest.approx(LOG_SUM_EXP, abs=1e-5)
        assert run.certificate.verdict is Verdict.OPTIMAL


@pytest.mark.parametrize("seed", range(6))
def test_projections_are_those_of_a_quadratic_program(seed: int) -> None:
    problem = LogSumExpBall.generate(8, seed, columns=3)
    target = 3 * np.random.default_rng(seed).normal(size=3)
    x = cp.Variable(3)
    side = problem.matrix @ x + problem.b
    cp.Problem(cp.Minimize(cp.sum_squares(x - target)), [side <= 1, side >= -1]).solve(solver="CLARABEL")
    assert ball(problem).project(target) == pytest.approx(x.value, abs=1e-6)


def test_the_conic_program_is_the_problem() -> None:
    form = conic_program(POST)
    point = next(view for view in POST.views() if view.name == "cones").encode(LogSumExpAnswer(x=np.array(X)))  # type: ignore[misc]
    assert violation(form, point) <= 1e-7
    assert objective(form, point) == pytest.approx(LOG_SUM_EXP, abs=ROUNDED)
    assert violation(form, point - np.eye(len(point))[2] * 1e-3) >= 1e-4, "t can't be lower"


def test_the_entropy_is_rounded_down_by_next_to_nothing() -> None:
    weights = exact(np.array([1, 2, 5])).scaled(Fraction(1, 8))
    p = np.array([1, 2, 5]) / 8
    value = entropy_below(weights)
    assert float(value) == pytest.approx(-float(p @ np.log(p)), rel=1e-15)
    uniform = entropy_below(exact(np.array([1, 1])).scaled(Fraction(1, 2)))
    assert 0.6931471805599453 - 1e-15 < float(uniform) <= float(np.nextafter(np.log(2), 1))


def test_answers_beyond_the_radius_are_named() -> None:
    evaluation = POST.evaluate(LogSumExpAnswer(x=np.array([1.0, 0.0])))
    assert list(evaluation.violations) == ["row 1 <= 1", "row 3 <= 1", "row 5 <= 1"]
    assert evaluation.violations["row 3 <= 1"].amount == pytest.approx(0.97202155 + 0.22844751 - 1)
    low = POST.evaluate(LogSumExpAnswer(x=np.array([-3.0, 0.0])))
    assert "row 3 >= -1" in low.violations
    assert POST.evaluate(LogSumExpAnswer(x=np.zeros(3))).violations


@pytest.mark.parametrize(
    "witness",
    [
        RowPrices(weights=np.ones(3), prices=np.zeros(5)),
        RowPrices(weights=np.zeros(5), prices=np.zeros(5)),
        RowPrices(weights=np.ones(5), prices=np.ones(4)),
        GradientPoint(point=np.zeros(3)),
        dualgap.Multipliers(rows=np.zeros(5)),
    ],
    ids=str,
)
def test_malformed_witnesses_prove_nothing(witness: Any) -> None:
    with pytest.raises(InvalidWitnessError):
        POST.bound(witness)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"b": [1, 2]}, "b has 2 entries, A 5 rows"),
        ({"radius": 0}, "radius"),
        ({"radius": "wide"}, "radius"),
        ({"objective": "max"}, "objective"),
        ({"A": [[]], "b": [1]}, "A"),
        ({"A": [1, 2]}, "A"),
        ({"eps": 1}, "unknown field"),
    ],
)
def test_faults_have_their_path_and_a_remedy(change: dict[str, Any], what: str) -> None:
    with pytest.raises(SpecError, match=what):
        LogSumExpBall(**{"A": POST.A, "b": POST.b, "radius": 1, **change})


def test_the_dual_may_be_solved_by_another_solver() -> None:
    run = solved(POST, "dual-recovery", parameters={"solver": "glop"})
    assert (run.statistics["active rows"], run.statistics["rank"]) == (2, 2)
    assert run.answer.x == pytest.approx(X, abs=ROUNDED)


def test_many_equations_are_enclosed_rather_than_solved_exactly() -> None:
    """Thirty columns: prices in floats, and what their distance from balanced ones may cost."""
    problem = LogSumExpBall.generate(75, 4)
    assert problem.size[1] == 30
    run = solved(problem, "clarabel")
    assert run.certificate.verdict is Verdict.OPTIMAL
    assert run.certificate.evidence is Evidence.PROVED
    assert run.certificate.bound <= solved_by_scipy(problem) + 1e-9
    empty = problem.model_copy(update={"radius": 0.2})
    assert solved(empty, "clarabel").certificate.verdict is Verdict.INFEASIBLE
