"""The kind ``conic-program``: closed forms, answers by name, faults, evidence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dualgap
from dualgap.core.certificate import Evidence, Verdict
from dualgap.core.cones import SQRT2, triangle_of
from dualgap.core.errors import SpecError, UsageError
from dualgap.core.problem import Problem
from dualgap.core.witness import ConicMultipliers, Multipliers
from dualgap.problems.conic_program import ConicAnswer, ConicProblem
from dualgap.study.grade import grade

DISC: dict[str, Any] = {
    "cost": [1, 2],
    "matrix": [[0, 0], [-1, 0], [0, -1]],
    "right_side": [2, 0, 0],
    "cones": {"second_order": [3]},
}


def solved(problem: Problem, solver: str = "clarabel") -> Any:
    return dualgap.solve(problem, solver, isolate=False)


@pytest.mark.parametrize("solver", ["clarabel", "scs", "cvxpy"])
def test_the_disc(solver: str) -> None:
    run = solved(ConicProblem(**DISC), solver)
    assert run.certificate.verdict is Verdict.OPTIMAL
    assert run.certificate.evidence is Evidence.PROVED
    assert run.certificate.value == pytest.approx(-2 * np.sqrt(5), rel=1e-6)
    assert run.certificate.bound <= -2 * np.sqrt(5) + 1e-12
    assert run.answer.values == pytest.approx([-2 / np.sqrt(5), -4 / np.sqrt(5)], abs=1e-4)


def test_a_concave_quadratic_is_maximised() -> None:
    """``max x + y - 1/2 (x^2 + y^2) + 3`` with ``x + y <= 1``: 3.75 at (1/2, 1/2)."""
    problem = ConicProblem(
        objective="maximize",
        cost=[1, 1],
        quadratic=[[-1, 0], [0, -1]],
        matrix=[[1, 1]],
        right_side=[1],
        cones={"nonnegative": 1},
        offset=3,
    )
    run = solved(problem)
    assert run.certificate.verdict is Verdict.OPTIMAL
    assert run.certificate.evidence is Evidence.PROVED
    assert run.certificate.value == pytest.approx(3.75)
    assert run.certificate.bound >= 3.75
    assert run.certificate.bound == pytest.approx(3.75)


@pytest.mark.parametrize("family", ["norm", "entropy", "eigenvalue"])
def test_generated_programs_are_proved_by_two_solvers(family: str) -> None:
    for size in (2, 3, 6):
        problem = ConicProblem.generate(size, 3, family=family)
        runs = [solved(problem, solver) for solver in ("clarabel", "scs")]
        for run in runs:
            assert run.certificate.verdict is Verdict.OPTIMAL, (family, size, run.certificate.statement)
            assert run.certificate.evidence is Evidence.PROVED
        assert runs[0].certificate.value == pytest.approx(runs[1].certificate.value, rel=1e-5, abs=1e-6)


def test_the_generated_eigenvalue_is_numpys() -> None:
    problem = ConicProblem.generate(5, 1, family="eigenvalue")
    from dualgap.core.cones import matrix_of

    largest = np.linalg.eigvalsh(-matrix_of(problem.form.right_side, 5))[-1]
    assert solved(problem).certificate.value == pytest.approx(largest)


def test_infeasible_and_unbounded_programs_are_told_apart_and_verified() -> None:
    nowhere = ConicProblem(
        **{**DISC, "right_side": [2, 0, 0], "matrix": [[0, 0], [0, 0], [0, -1]]} | {"right_side": [1, 2, 0]}
    )
    run = solved(nowhere)
    assert run.certificate.verdict is Verdict.INFEASIBLE
    endless = ConicProblem(cost=[1, 0], matrix=[[0, -1]], right_side=[1], cones={"nonnegative": 1})
    run = solved(endless)
    assert run.certificate.verdict is Verdict.UNBOUNDED


def test_answers_are_graded_cone_by_cone() -> None:
    problem = ConicProblem(
        cost=[1, 1, 1],
        matrix=[
            [1, 0, 0],
            [0, 1, 0],
            [0, 0, 0],
            [-1, 0, 0],
            [-1, 0, 0],
            [0, -1, 0],
            [0, 0, -1],
            [-1, 0, 0],
            [0, -SQRT2, 0],
            [0, 0, -1],
        ],
        right_side=[1, 5, 1, 0, 0, 0, 0, 0, 0, 0],
        cones={"zero": 1, "nonnegative": 1, "second_order": [2], "exponential": 1, "semidefinite": [2]},
    )
    good = problem.evaluate(ConicAnswer(values=np.array([1.0, 1.0, np.e])))
    assert not good.violations
    assert good.objective == pytest.approx(2 + np.e)
    bad = problem.evaluate(ConicAnswer(values=np.array([3.0, 6.0, 1.0])))
    assert {name: violation.amount for name, violation in bad.violations.items()} == pytest.approx(
        {
            "row 1 (zero)": 2.0,
            "row 2 (nonnegative)": 1.0,
            "cone 3 (second-order, rows 3 to 4)": 2.0,
            "cone 4 (exponential, rows 5 to 7)": min(6 * np.exp(0.5) - 1, 3 - 6 * np.log(1 / 6)),
            "cone 5 (semidefinite, rows 8 to 10)": -np.linalg.eigvalsh([[3.0, 6.0], [6.0, 1.0]])[0],
        }
    )
    short = problem.evaluate(ConicAnswer(values=np.zeros(2)))
    assert short.violations


def test_answers_have_names() -> None:
    problem = ConicProblem(**DISC, columns=["x", "y"])
    answer = problem.read_answer({"values": {"y": -1, "x": 0.5}})
    assert answer.values.tolist() == [0.5, -1.0]
    assert problem.write_answer(answer) == {"values": {"x": 0.5, "y": -1.0}}
    assert problem.read_answer({"values": [0, 1]}).values.tolist() == [0, 1]
    assert problem.render(answer)[1] == ("x", "0.5")
    for wrong, what in (
        ({"x": 1}, "y: missing"),
        ({"x": 1, "y": 2, "z": 3}, "no such column"),
        ({"values": [1]}, "expected 2"),
        (3, "no answer"),
    ):
        with pytest.raises(SpecError, match=what):
            problem.read_answer(wrong)


def test_another_tools_answer_is_graded_with_its_multipliers() -> None:
    problem = ConicProblem(**DISC)
    run = grade(problem, {"values": [0, -2]})
    assert run.certificate is not None
    assert run.certificate.verdict is Verdict.FEASIBLE
    assert run.certificate.value == -4
    exact = ConicMultipliers(rows=np.array([np.sqrt(5), 1.0, 2.0]))
    assert problem.bound(exact).value == pytest.approx(-2 * np.sqrt(5))
    with pytest.raises(dualgap.core.errors.InvalidWitnessError, match="no multipliers witness"):
        problem.bound(Multipliers(rows=np.zeros(3)))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"cost": [1]}, "cost has 1 entries"),
        ({"right_side": [1]}, "right_side has 1 entries"),
        ({"cones": {"second_order": [2]}}, "the cones have 2 rows, the matrix 3"),
        ({"cones": {"second_order": [0]}}, "second_order"),
        ({"cones": {"zero": -1}}, "zero"),
        ({"cones": {"power": 1}}, r"cones.power: unknown field \(known fields: zero, nonnegative, second_order"),
        ({"columns": ["a"]}, "columns has 1 entries"),
        ({"columns": ["a", "a"]}, "twice"),
        ({"quadratic": [[1]]}, "quadratic has shape"),
        ({"quadratic": [[1, 2], [0, 1]]}, "isn't symmetric"),
        ({"quadratic": [[-1, 0], [0, 1]]}, "isn't convex"),
        ({"quadratic": [[1, 0], [0, 1]], "objective": "maximize"}, "isn't concave"),
        ({"cost": [1, "nan"]}, "cost"),
    ],
)
def test_faults_have_their_path_and_a_remedy(change: dict[str, Any], what: str) -> None:
    with pytest.raises(SpecError, match=what):
        ConicProblem(**{**DISC, **change})


def test_the_generator_names_its_options() -> None:
    with pytest.raises(UsageError, match="family"):
        ConicProblem.generate(3, 0, family="power")
    assert ConicProblem.generate(3, 0) == ConicProblem.generate(3, 0)


def test_equal_programs_are_equal() -> None:
    named = ConicProblem(**{**DISC, "cost": [1.0, 2.0]}, columns=["x1", "x2"])
    assert named == ConicProblem(**DISC)
    assert triangle_of(np.eye(2)).tolist() == [1.0, 0.0, 1.0]
