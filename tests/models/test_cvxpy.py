"""CVXPY's models: canonical arrays read, values and duals put back as CVXPY's own HiGHS puts them."""

from __future__ import annotations

from collections.abc import Callable

import cvxpy as cp
import numpy as np
import pytest

import dualgap
import dualgap.cvxpy
from dualgap.core.certificate import Certificate, Sense, Verdict
from dualgap.core.claim import Stop
from dualgap.core.errors import SpecError
from dualgap.models import read_model
from dualgap.models.model import Found


def everything(sense: int = 1, integer: bool = False) -> cp.Problem:
    """Variables with every attribute that stays linear, and atoms that need variables of their own."""
    x = cp.Variable(3, name="x", integer=integer)
    y = cp.Variable((2, 2), name="y", nonneg=True)
    z = cp.Variable(name="z", boolean=integer)
    w = cp.Variable(name="w", bounds=[-1, 4])
    symmetric = cp.Variable((2, 2), name="S", symmetric=True)
    gain = cp.sum(x) - 0.7 * cp.max(y) + 0.3 * z - cp.abs(w - 1) + 7 + 0.9 * cp.trace(symmetric)
    cap = x <= 5.5
    cap.set_label("cap")
    rows = [cap, cp.sum(y) >= 3, x[0] + z == 2, cp.norm1(symmetric) <= 4, y[0, 0] <= x[1], z <= 1, z >= 0]
    return cp.Problem(cp.Maximize(gain) if sense > 0 else cp.Minimize(-gain), rows)


@pytest.mark.parametrize("integer", [False, True])
@pytest.mark.parametrize("sense", [1, -1])
def test_a_model_comes_back_as_from_cvxpy(sense: int, integer: bool) -> None:
    ours, theirs = everything(sense, integer), everything(sense, integer)
    theirs.solve(solver="HIGHS")
    run = dualgap.solve(ours, "highs", isolate=False)
    assert ours.status == theirs.status == "optimal"
    assert ours.value == pytest.approx(theirs.value)
    assert ours.certificate is run.certificate
    assert float(run.certificate.value) == pytest.approx(ours.value), "in the model's own sense, its constant included"
    assert run.certificate.sense is (Sense.MAXIMIZE if sense > 0 else Sense.MINIMIZE)
    for mine, other in zip(ours.variables(), theirs.variables()):
        if mine.name() != "y":  # any y with the same maximum will do
            assert mine.value == pytest.approx(other.value), mine.name()
    for mine, other in zip(ours.constraints, theirs.constraints):
        if integer:
            assert mine.dual_value is None, "an integer program has no duals"
        else:
            assert mine.dual_value == pytest.approx(other.dual_value)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kind", [cp.Minimize, cp.Maximize])
def test_values_and_duals_of_linear_programs(kind: type, seed: int) -> None:
    rng = np.random.default_rng(seed)
    cost, rows = rng.normal(size=5), rng.normal(size=(3, 5))
    inside = rng.uniform(0, 1, size=5)

    def build() -> cp.Problem:
        x = cp.Variable(5, name="x")
        level = rows @ inside
        return cp.Problem(
            kind(cost @ x + 3),
            [rows[0] @ x == level[0], rows[1] @ x <= level[1], rows[2] @ x >= level[2], x >= 0, x <= 2],
        )

    ours, theirs = build(), build()
    theirs.solve(solver="HIGHS")
    dualgap.solve(ours, "highs", isolate=False)
    assert ours.value == pytest.approx(theirs.value)
    assert ours.variables()[0].value == pytest.approx(theirs.variables()[0].value, abs=1e-8)
    for mine, other in zip(ours.constraints, theirs.constraints):
        assert mine.dual_value == pytest.approx(other.dual_value, abs=1e-8)


def test_columns_and_rows_have_the_names_of_the_model() -> None:
    problem = dualgap.load(everything())
    assert problem.objective == "maximize"
    assert {"x[0]", "x[2]", "y[0,0]", "y[1,0]", "z", "w"} <= set(problem.columns)
    assert {"cap[0]", "cap[2]", "c2", "c3", "c5"} <= set(problem.rows)
    at = problem.columns.index("y[1,0]")
    row = problem.matrix.csr().toarray()[problem.rows.index("c2")]
    assert row[at] != 0
    twins = cp.Variable(name="v"), cp.Variable(name="v")
    assert dualgap.load(cp.Problem(cp.Minimize(twins[0] + twins[1]), [twins[0] >= 1, twins[1] >= 2])).columns == (
        "v",
        "v~2",
    )


def reshaped() -> cp.Problem:
    """Variables that CVXPY replaces by others."""
    diagonal, twin = (cp.Variable((2, 2), name="D", diag=True) for _ in range(2))
    complex_one = cp.Variable(2, name="z", complex=True)
    total = cp.trace(diagonal) + cp.trace(twin) + cp.sum(cp.real(complex_one))
    return cp.Problem(
        cp.Minimize(total), [diagonal >= -1, twin >= -2, cp.real(complex_one) >= 1, cp.imag(complex_one) == 2]
    )


def test_variables_that_are_replaced_come_back() -> None:
    ours, theirs = reshaped(), reshaped()
    theirs.solve(solver="HIGHS")
    dualgap.solve(ours, "highs", isolate=False)
    assert {"D[0]", "D[1]", "D~2[0]"} <= set(dualgap.load(ours).columns)
    for mine, other in zip(ours.variables(), theirs.variables()):
        difference = mine.value - other.value
        assert not np.any(difference.toarray() if hasattr(difference, "toarray") else difference)


def test_partly_whole_variables() -> None:
    x = cp.Variable((2, 2), name="x", integer=[(0, 1), (0, 0)])  # CVXPY's indices: rows, then columns
    model = cp.Problem(cp.Minimize(cp.sum(x)), [x >= 0.5])
    dualgap.solve(model, "highs", isolate=False)
    assert x.value.tolist() == [[1, 0.5], [1, 0.5]]


def test_entries_are_in_the_order_of_cvxpy() -> None:
    x = cp.Variable((2, 3), name="x")
    target = np.arange(6.0).reshape(2, 3)
    model = cp.Problem(cp.Minimize(cp.sum(x)), [x >= target])
    run = dualgap.solve(model, "highs", isolate=False)
    assert x.value == pytest.approx(target)
    assert run.answer_data["values"] == {f"x[{i},{j}]": 3 * i + j for i in range(2) for j in range(3) if 3 * i + j}


def test_parameters_take_their_values_of_the_moment() -> None:
    """The same model again with another parameter: CVXPY doesn't canonicalise twice."""
    level = cp.Parameter(name="level", value=3)
    x = cp.Variable(name="x")
    model = cp.Problem(cp.Minimize(x), [x >= level])
    for value in (3, 5):
        level.value = value
        dualgap.solve(model, "highs", isolate=False)
        assert model.value == x.value == value
    level.value = None
    with pytest.raises(SpecError, match="no value of level"):
        dualgap.solve(model)


def test_solve_takes_a_method() -> None:
    model = everything(integer=True)
    assert model.solve(method="dualgap", solver="cbc", isolate=False, time=20) == pytest.approx(model.value)
    assert model.certificate.feasible
    with pytest.raises(dualgap.UsageError, match="nothing"):
        model.solve(method="dualgap", solver="nothing")


def test_the_log_is_shown_where_asked_for(capfd: pytest.CaptureFixture[str]) -> None:
    model = everything(integer=True)
    model.solve(method="dualgap", solver="highs", isolate=False)
    assert capfd.readouterr() == ("", "")
    model.solve(method="dualgap", solver="highs", isolate=False, verbose=True)
    assert "HiGHS" in "".join(capfd.readouterr())


def test_nothing_of_an_earlier_solve_stays() -> None:
    x = cp.Variable(name="x")
    level = cp.Parameter(value=3)
    model = cp.Problem(cp.Minimize(x), [x >= level, x <= 4])
    dualgap.solve(model, "highs", isolate=False)
    assert (x.value, model.status) == (3, "optimal")
    level.value = 5
    dualgap.solve(model, "highs", isolate=False)
    assert (x.value, model.value, model.status) == (None, np.inf, "infeasible")
    assert all(row.dual_value is None for row in model.constraints)
    unbounded = cp.Problem(cp.Maximize(x), [x >= 0])
    dualgap.solve(unbounded, "highs", isolate=False)
    assert (x.value, unbounded.value, unbounded.status) == (None, np.inf, "unbounded")


@pytest.mark.parametrize(
    ("verdict", "stop", "status"),
    [
        (Verdict.OPTIMAL, Stop.FINISHED, "optimal"),
        (Verdict.CLAIMED_OPTIMAL, Stop.FINISHED, "optimal"),
        (Verdict.WITHIN, Stop.FINISHED, "user_limit"),
        (Verdict.FEASIBLE, Stop.TIME, "user_limit"),
        (Verdict.NOTHING, Stop.TIME, "user_limit"),
        (Verdict.NOTHING, Stop.ERROR, "solver_error"),
        (Verdict.VIOLATED, Stop.FINISHED, "solver_error"),
        (Verdict.CLAIMED_INFEASIBLE, Stop.INFEASIBLE, "infeasible"),
    ],
)
def test_statuses(verdict: Verdict, stop: Stop, status: str) -> None:
    x = cp.Variable(name="x")
    model = cp.Problem(cp.Minimize(x), [x >= 1])
    model.solve(solver="HIGHS")
    said = Certificate(Sense.MINIMIZE, verdict, "said", value=2)
    read = read_model(model)
    assert read is not None
    read.fill(Found(said, stop, 0.0, np.array([2.0]) if said.feasible else None))
    assert model.status == status
    assert x.value == (2 if said.feasible else None)
    assert model.value == {True: 2, False: np.inf if status == "infeasible" else None}[said.feasible]


v = cp.Variable(2, name="v")
whole = cp.Variable(2, name="whole", integer=True)


@pytest.mark.parametrize(
    ("build", "what"),
    [
        (lambda: cp.Problem(cp.Minimize(cp.sum_squares(whole)), [whole >= 1]), "a quadratic objective with whole"),
        (lambda: cp.Problem(cp.Minimize(cp.norm(whole)), [whole >= 1]), "second-order cones with whole variables"),
        (lambda: cp.Problem(cp.Minimize(cp.sum(cp.exp(whole)))), "exponential cones with whole variables"),
        (lambda: cp.Problem(cp.Minimize(0), [cp.PowCone3D(v[0], v[1], 1.0, 0.4)]), "power cones"),
        (lambda: cp.Problem(cp.Maximize(cp.norm(v))), "DCP rules"),
        (lambda: cp.Problem(cp.Minimize(3)), "no variables"),
    ],
)
def test_other_models_are_refused_with_the_reason(build: Callable[[], cp.Problem], what: str) -> None:
    with pytest.raises(SpecError, match=what):
        dualgap.solve(build())
