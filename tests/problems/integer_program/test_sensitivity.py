"""Prices and reduced costs are what finite differences of the optimum say, in the problem's own sense."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dualgap import IntegerProgram, Multipliers
from dualgap.core.claim import Outcome
from dualgap.core.verify import verify
from tests.problems.integer_program.programs import optimum, program, row_duals

STEP = 1e-4


def solved(problem: Any) -> Any:
    """The certificate of SciPy's point and duals."""
    from scipy.optimize import milp

    sign = -1 if problem.objective == "maximize" else 1
    found = milp(
        sign * problem.cost,
        constraints=(problem.matrix.csr(), problem.row_lower, problem.row_upper),
        bounds=np.array([problem.lower, problem.upper]).tolist(),
        integrality=problem.integer,
    )
    duals = row_duals(problem)
    assert duals is not None
    answer = problem.answer_type(values=found.x)
    return verify(problem, Outcome(answer=answer, feasible=True, witness=Multipliers(rows=duals))).certificate


def moved(problem: Any, step: float, *, row: int | None = None, column: int | None = None, kind: str = "") -> float:
    """The optimum with a right-hand side, or a column's ends, moved by a step."""
    changes = {}
    if row is not None:
        for side in ("row_lower", "row_upper"):
            values = getattr(problem, side).astype(float).copy()
            values[row] += step
            changes[side] = values
    if column is not None:
        for side in ("lower", "upper"):
            values = getattr(problem, side).astype(float).copy()
            values[column] += step
            changes[side] = values
    status, value = optimum(problem.model_copy(update=changes))
    return value if status == "optimal" else np.nan


@pytest.mark.parametrize("sense", ["minimize", "maximize"])
@pytest.mark.parametrize(("relation", "price"), [("le", 1.5), ("ge", 1.5), ("eq", 1.5)])
def test_one_row_in_words(sense: str, relation: str, price: float) -> None:
    """3 x + z with 2 x <= 10 (or >=, or =) and z at its bound: the optimum moves by 1.5 a unit where the row binds."""
    data = {"rows": {"r": {"terms": {"x": 2}, relation: 10}}, "bounds": {"x": [0, 100], "z": [1, 2]}}
    problem = IntegerProgram.model_validate({sense: {"x": 3, "z": 1}, **data})
    binds = relation == "eq" or (relation == "le") == (sense == "maximize")
    metrics = solved(problem).metrics
    assert metrics["price"].get("r", 0.0) == pytest.approx(price if binds else 0.0)
    assert metrics["reduced cost"]["z"] == pytest.approx(1.0)
    assert (optimum(problem)[1] - moved(problem, -STEP, row=0)) / STEP == pytest.approx(price if binds else 0.0)


def test_prices_lie_between_the_differences_to_either_side() -> None:
    """Drawn programs with rows of every type: where both differences agree, the price is theirs."""
    agreed = 0
    for seed in range(30):
        problem = program(np.random.default_rng(seed), box="closed")
        if optimum(problem)[0] != "optimal":
            continue
        certificate = solved(problem)
        assert certificate.verdict == "optimal"
        value = optimum(problem)[1]
        for what, names, key in (("row", problem.rows, "price"), ("column", problem.columns, "reduced cost")):
            for index, name in enumerate(names):
                up = (moved(problem, STEP, **{what: index}) - value) / STEP
                down = (value - moved(problem, -STEP, **{what: index})) / STEP
                if np.isnan(up) or np.isnan(down):
                    continue
                low, high = sorted((up, down))
                found = certificate.metrics[key].get(name, 0.0)
                if what == "row" or high - low < 1e-6:  # a column's ends are two right-hand sides at once
                    assert low - 1e-6 <= found <= high + 1e-6
                agreed += high - low < 1e-6 and abs(found) > 1e-6
    assert agreed > 20


def test_whole_columns_have_prices_of_the_relaxation() -> None:
    rows = {"r": {"terms": {"x": 2}, "le": 7}}
    problem = IntegerProgram.model_validate({"maximize": {"x": 3}, "rows": rows, "integer": "all"})
    metrics = solved(problem).metrics
    assert "price" not in metrics
    assert metrics["relaxation price"] == {"r": 1.5}
    assert metrics["slack"] == {"r": 1.0}
    assert problem.render_metrics(metrics) == [[("row", "slack", "relaxation price"), ("r", "1", "1.5")]]


def test_an_answer_that_is_not_optimal_has_no_prices() -> None:
    rows = {"r": {"terms": {"x": 2}, "le": 7}}
    problem = IntegerProgram.model_validate({"maximize": {"x": 3}, "rows": rows})
    answer = problem.read_answer({"x": 1})
    outcome = Outcome(answer=answer, feasible=True, witness=Multipliers(rows=np.array([-1.5])))
    certificate = verify(problem, outcome).certificate
    assert certificate.verdict == "feasible"
    assert certificate.metrics == {"slack": {"r": 5.0}}
    assert problem.render_metrics(certificate.metrics) == []


def test_an_optimum_of_zero_is_reached_within_rounding() -> None:
    """Terms of 100 that cancel leave 1e-12 behind; relative to zero no gap would ever be closed."""
    rows = {"r": {"terms": {"x": 1, "y": -1}, "ge": 0}}
    data = {"minimize": {"x": 0.1, "y": -0.1}, "bounds": {"x": [0, 1000], "y": [0, 1000]}, "rows": rows}
    problem = IntegerProgram.model_validate(data)
    witness = Multipliers(rows=np.array([0.1]))
    for noise, verdict in ((1e-12, "optimal"), (1e-3, "feasible")):
        answer = problem.answer_type(values=np.array([1000.0 - noise, 1000.0 - 2 * noise]))
        certificate = verify(problem, Outcome(answer=answer, feasible=True, witness=witness)).certificate
        assert certificate.verdict == verdict


def test_forgiven_violations_explain_a_value_beyond_the_bound() -> None:
    """A row broken by a millionth of its size, at a price of a thousand, beats the bound by more than a millionth."""
    rows = {"r": {"terms": {"x": 1}, "ge": 1}}
    problem = IntegerProgram.model_validate({"minimize": {"x": 1000, "y": 1}, "bounds": {"y": [-999, 0]}, "rows": rows})
    answer = problem.answer_type(values=np.array([1 - 9e-7, -999.0]))
    outcome = Outcome(answer=answer, feasible=True, witness=Multipliers(rows=np.array([1000.0])))
    certificate = verify(problem, outcome).certificate
    assert certificate.value < certificate.bound
    assert certificate.verdict == "optimal"
