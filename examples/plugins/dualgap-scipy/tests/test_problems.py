"""On whole problems: the certificates, beside solvers that dualgap brings along."""

import io
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pytest
from dualgap_scipy.evolution import DifferentialEvolution
from dualgap_scipy.matlab import mat
from dualgap_scipy.programs import Linprog, Milp
from dualgap_scipy.smooth import Slsqp, TrustConstr
from scipy.io import loadmat

import dualgap
from dualgap import (
    Answer,
    Box,
    Evaluation,
    IntegerProgram,
    Knapsack,
    LogSumExpBall,
    Problem,
    Relation,
    SmoothProgram,
    Vector,
    View,
)

CHAIRS = {
    "maximize": {"chairs": 45, "tables": 80},
    "bounds": {"chairs": [0, 40], "tables": [0, 40]},
    "rows": {
        "wood": {"terms": {"chairs": 5, "tables": 20}, "le": 400},
        "labour": {"terms": {"chairs": 10, "tables": 15}, "le": 450},
    },
}


class Point(Answer):
    """Where the function is evaluated."""

    x: Vector


def rastrigin(x: Any, data: Any) -> Any:
    import jax.numpy as jnp

    return 10.0 * len(x) + jnp.sum((x - data) ** 2 - 10.0 * jnp.cos(2.0 * jnp.pi * (x - data)))


class Bumpy(Problem):
    """Rastrigin's function, its minimum of 0 at ``centre``; a local one near every whole step from there."""

    kind: ClassVar[str] = "bumpy"
    summary: ClassVar[str] = "a function with many local minima"
    answer_type: ClassVar[type[Answer]] = Point
    centre: Vector

    def evaluate(self, answer: Point) -> Evaluation:
        shift = answer.x - self.centre
        value = 10.0 * len(shift) + float(np.sum(shift**2 - 10.0 * np.cos(2.0 * np.pi * shift)))
        return Evaluation(value, {}, exact=False)

    def views(self) -> tuple[View, ...]:
        size = len(self.centre)
        box = Box(np.full(size, -5.0), np.full(size, 5.0))
        return (
            View(
                name="smooth",
                form_type=SmoothProgram,
                relation=Relation.EXACT,
                build=lambda: SmoothProgram(rastrigin, np.full(size, 4.0), np.asarray(self.centre), box),
                decode=lambda x: Point(x=x),
            ),
        )


def test_linprogs_duals_prove_the_optimum() -> None:
    run = dualgap.solve(IntegerProgram(**CHAIRS), Linprog(), isolate=False)
    assert (run.certificate.verdict, run.certificate.evidence) == ("optimal", "proved")
    assert run.certificate.value == pytest.approx(2200)


def test_milp_agrees_with_highs() -> None:
    for seed in range(3):
        problem = Knapsack.generate(30, seed)
        ours, theirs = (dualgap.solve(problem, solver, isolate=False) for solver in (Milp(), "highs"))
        assert ours.certificate.value == theirs.certificate.value
        assert ours.certificate.bound >= ours.certificate.value


def test_milp_takes_no_program_that_highs_would_change() -> None:
    tiny = {**CHAIRS, "rows": {"wood": {"terms": {"chairs": 1e-10, "tables": 1}, "le": 4}}}
    with pytest.raises(dualgap.NoRouteError, match="scale the rows"):
        dualgap.solve(IntegerProgram(**tiny), Milp(), isolate=False)


@pytest.mark.parametrize("solver", [Slsqp(), TrustConstr()])
def test_the_optimum_of_a_convex_problem_is_certified(solver: Any) -> None:
    problem = LogSumExpBall.generate(6, 0)
    run = dualgap.solve(problem, solver, isolate=False)
    assert run.certificate.evidence in ("numerical", "proved")
    assert run.certificate.relative_gap <= 1e-3
    exact = dualgap.solve(problem, "clarabel", isolate=False)
    assert run.certificate.value == pytest.approx(exact.certificate.value, rel=1e-5)


def test_evolution_finds_what_descent_does_not() -> None:
    problem = Bumpy(centre=[0.3, -1.2])
    found = dualgap.solve(problem, DifferentialEvolution(), isolate=False, seed=1)
    assert found.certificate.value == pytest.approx(0.0, abs=1e-4)
    stuck = dualgap.solve(problem, Slsqp(), isolate=False)
    assert stuck.certificate.value > 1.0
    few = dualgap.solve(problem, replace(DifferentialEvolution(), generations=2), isolate=False, seed=1)
    assert few.stop == "iterations"


def test_evolution_needs_a_box() -> None:
    form = SmoothProgram(rastrigin, np.zeros(2), np.zeros(2))
    assert "lower and an upper bound" in (DifferentialEvolution().refuses(form) or "")


def test_evolution_leaves_equations_to_others() -> None:
    form = SmoothProgram(rastrigin, np.zeros(2), np.zeros(2), Box(-1.0, 1.0), equalities=lambda x, data: x - 1)
    assert "slsqp@scipy" in (DifferentialEvolution().refuses(form) or "")


def test_an_answer_becomes_a_matlab_file() -> None:
    problem = IntegerProgram(**CHAIRS)
    run = dualgap.solve(problem, Linprog(), isolate=False)
    read = loadmat(io.BytesIO(mat(problem, run.answer)))
    (values,) = [read[name] for name in read if name not in ("kind", "__header__", "__version__", "__globals__")]
    assert float(values["chairs"][0, 0].item()) == pytest.approx(24.0)
