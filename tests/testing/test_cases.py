"""The optima of the suite's instances, found again by other means."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy.linalg import eigh
from scipy.optimize import Bounds as Box
from scipy.optimize import LinearConstraint as Rows
from scipy.optimize import linprog, milp

import dualgap
from dualgap.core.forms import ConicProgram, Form
from dualgap.testing import Case, cases
from dualgap.testing.cases import arrays_of
from dualgap.testing.measure import multiplier_bound, objective, violation

FORMS = (
    dualgap.MixedIntegerProgram,
    dualgap.ConicProgram,
    dualgap.SmoothProgram,
    dualgap.DualisedProgram,
    dualgap.SaddleProgram,
    dualgap.EigenProgram,
)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_has_cases(form: type[Form]) -> None:
    assert len(cases(form)) >= 2
    assert Counter(case.name for case in cases(FORMS)).most_common(1)[0][1] == 1
    assert not any(array.flags.writeable for case in cases(form) for array in arrays_of(case.form))


@pytest.mark.parametrize("case", [case for case in cases(FORMS) if case.point is not None], ids=str)
def test_the_optimal_points_are_feasible_and_worth_the_optimum(case: Case) -> None:
    assert violation(case.form, case.point) <= 1e-12
    assert objective(case.form, case.point) == pytest.approx(case.optimum, abs=1e-12)


@pytest.mark.parametrize("case", cases(dualgap.MixedIntegerProgram), ids=str)
def test_integer_programs_by_scipy(case: Case) -> None:
    form: Any = case.form
    rows = [Rows(form.matrix.toarray(), form.row_lower, form.row_upper)] if len(form.row_lower) else []
    found = milp(form.cost, constraints=rows, bounds=Box(form.lower, form.upper), integrality=form.integer.astype(int))
    known = {2: float("inf"), 3: -float("inf")}
    assert known.get(found.status, (found.fun or 0.0) + form.offset) == pytest.approx(case.optimum)


@pytest.mark.parametrize("case", cases(dualgap.ConicProgram), ids=str)
def test_conic_programs_by_a_fine_grid(case: Case) -> None:
    form = case.form
    assert isinstance(form, ConicProgram)
    axis = np.linspace(-6.0, 6.0, 481)
    points = (
        [np.array(point) for point in product(axis, repeat=len(form.cost))] if len(form.cost) == 1 else [case.point]
    )
    feasible = [objective(form, point) or 0.0 for point in points if violation(form, point) <= 1e-12]
    expected = -6.0 if case.optimum == -np.inf else case.optimum  # unbounded: the end of the grid
    assert min(feasible, default=np.inf) == pytest.approx(expected, abs=0.025)  # its spacing


@pytest.mark.parametrize("case", cases(dualgap.SmoothProgram), ids=str)
def test_smooth_programs_beat_random_feasible_points(case: Case) -> None:
    form: Any = case.form
    rng = np.random.default_rng(0)
    drawn = [form.domain.project(case.point + rng.normal(scale=0.3, size=case.point.shape)) for _ in range(300)]
    if form.equalities is not None:
        drawn = [np.full(2, point.mean()) for point in drawn]
    values = [objective(form, point) for point in drawn if violation(form, point) <= 1e-9]
    assert len(values) > 50
    assert min(values) >= case.optimum - 1e-12


@pytest.mark.parametrize("case", cases(dualgap.DualisedProgram), ids=str)
def test_dualised_programs_by_a_fine_grid(case: Case) -> None:
    grid = np.linspace(0.0, 8.0, 3201)[:, None]
    if case.form.total is not None:  # type: ignore[attr-defined]
        grid = np.hstack([grid, 8.0 - grid]) / 8.0
    values = [multiplier_bound(case.form, multipliers) for multipliers in grid]
    assert max(value for value in values if value is not None) == pytest.approx(case.optimum, abs=1e-9)


@pytest.mark.parametrize("case", cases(dualgap.SaddleProgram), ids=str)
def test_matrix_games_by_linear_programming(case: Case) -> None:
    payoff = case.form.data["payoff"] if case.form.payoff is None else case.form.payoff  # type: ignore[attr-defined]
    rows = np.hstack([payoff.T, -np.ones((2, 1))])
    found = linprog([0, 0, 1], A_ub=rows, b_ub=[0, 0], A_eq=[[1, 1, 0]], b_eq=[1], bounds=[(0, 1)] * 2 + [(None, None)])
    assert found.fun == pytest.approx(case.optimum)


@pytest.mark.parametrize("case", cases(dualgap.EigenProgram), ids=str)
def test_eigenvalues_by_lapack(case: Case) -> None:
    form: Any = case.form
    assert -np.sort(eigh(form.b, form.c)[0])[::-1][: form.rank].sum() == pytest.approx(case.optimum)
