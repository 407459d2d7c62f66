"""Integer programs as people write them: closed fields, faults with their places, answers by name."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from scipy.sparse import coo_array, csr_array

from dualgap import IntegerProgram, load
from dualgap.core.certificate import Sense
from dualgap.core.errors import SpecError, UsageError
from dualgap.core.serialize import from_json, to_json
from dualgap.problems.describe import new_spec
from dualgap.problems.integer_program import Sparse
from tests.problems.integer_program.programs import program, programs

INFINITY = float("inf")
WOOD = {"terms": {"chairs": 5, "tables": 20}, "le": 400}
PLAN: dict[str, Any] = {
    "kind": "integer-program",
    "maximize": {"chairs": 45, "tables": 80},
    "integer": "all",
    "bounds": {"chairs": [0, 40]},
    "rows": {"wood": WOOD, "labour": {"terms": {"chairs": 10, "tables": 15}, "le": 450}},
}


def plan(**changes: Any) -> Any:
    return load({**PLAN, **changes})


def test_names_become_arrays() -> None:
    problem = plan(offset=-3)
    assert problem.sense is Sense.MAXIMIZE
    assert problem.columns == ("chairs", "tables")
    assert problem.rows == ("wood", "labour")
    assert problem.matrix.csr().toarray().tolist() == [[5, 20], [10, 15]]
    assert problem.upper.tolist() == [40, INFINITY]
    assert problem.row_lower.tolist() == [-INFINITY, -INFINITY]
    assert problem.integer.tolist() == [1, 1]
    assert problem.evaluate(problem.read_answer({"chairs": 24, "tables": 14})).objective == 2197


def test_rows_take_both_sides_or_one_value() -> None:
    rows = {
        "both": {"terms": {"x": 1}, "ge": 1, "le": 2},
        "equal": {"terms": {"y": 0.1, "x": 0}, "eq": 0.3},
        "open": {"terms": {"y": 1}, "le": "inf"},
    }
    problem = load({"kind": "integer-program", "minimize": {"z": 1}, "rows": rows})
    assert problem.columns == ("z", "x", "y")
    assert problem.row_lower.tolist() == [1, 0.3, -INFINITY]
    assert problem.row_upper.tolist() == [2, 0.3, INFINITY]
    assert problem.matrix.data.tolist() == [1, 0.1, 1]  # a written 0 is no entry


def test_arrays_and_names_state_the_same_program() -> None:
    arrays = IntegerProgram.model_validate(
        {
            "maximize": [45, 80],
            "matrix": [[5, 20], [10, 15]],
            "row_upper": [400, 450],
            "columns": ["chairs", "tables"],
            "rows": ["wood", "labour"],
            "integer": [1, 1],
            "bounds": {"chairs": [0, 40]},
        }
    )
    assert arrays == plan()


def test_matrices_of_scipy_are_taken() -> None:
    twice = coo_array(([1, 2, 3], ([0, 0, 1], [1, 1, 0])), shape=(2, 2))
    assert Sparse.of(twice).csr().toarray().tolist() == [[0, 3], [3, 0]]
    assert Sparse.of(csr_array(np.eye(2))) == Sparse.of([[1.0, 0.0], [0.0, 1.0]])


@given(programs(integer="some"))
def test_a_closed_program_survives_json_and_its_own_names(problem: Any) -> None:
    assert load({"kind": "integer-program", **from_json(to_json(problem.content()))}) == problem
    assert load({"kind": "integer-program", **problem.written()}) == problem


@pytest.mark.parametrize("options", [{}, {"family": "covering"}, {"family": "mixed", "integer": "some", "rows": 7}])
def test_new_specs_read_back(options: dict[str, Any]) -> None:
    from dualgap.core.specs import parse_spec

    assert load(parse_spec(new_spec(IntegerProgram, 6, 3, **options), "new")) == IntegerProgram.generate(
        6, 3, **options
    )


def test_generated_programs_are_feasible_and_sparse_ones_are_quick() -> None:
    with pytest.raises(UsageError, match="no option 'colour'"):
        IntegerProgram.generate(3, 1, colour="red")
    large = IntegerProgram.generate(20_000, 1, rows=100, density=0.001, family="mixed", integer="none")
    assert large.matrix.shape == (100, 20_000)
    assert 0 < len(large.matrix.data) < 10_000


@pytest.mark.parametrize(
    ("changes", "path", "message"),
    [
        ({"minimize": {"chairs": 1}}, "maximize", "a second objective"),
        ({"integer": "most"}, "integer", "unknown word 'most'"),
        ({"integer": ["chair"]}, "integer", "no column 'chair'"),
        ({"bounds": {"chair": [0, 1]}}, "bounds.chair", "no such column"),
        ({"bounds": {"chairs": 4}}, "bounds.chairs", "expected a pair"),
        ({"bounds": {"chairs": [0, "many"]}}, "bounds.chairs.1", "expected a number"),
        ({"bounds": [1, 2]}, "bounds", "expected bounds by name"),
        ({"rows": {"wood": {"terms": {"chairs": 1}}}}, "rows.wood", "needs a right-hand side"),
        ({"rows": {"wood": {**WOOD, "eq": 3}}}, "rows.wood", "needs a right-hand side"),
        ({"rows": {"wood": {**WOOD, "lt": 3}}}, "rows.wood.lt", "unknown field"),
        ({"rows": {"wood": {"terms": {"chairs": "5"}, "le": 3}}}, "rows.wood.terms.chairs", "expected a number"),
        ({"rows": {"wood": {"terms": 5, "le": 3}}}, "rows.wood.terms", "expected numbers by name"),
        ({"rows": {"wood": 5}}, "rows.wood", "expected a row"),
        ({"rows": ["wood"]}, "rows", "names here, arrays there"),
        ({"columns": ["chairs"]}, "columns", "'tables' is used, but not listed"),
        ({"colour": "red"}, "colour", "unknown field"),
    ],
)
def test_faults_name_their_place(changes: dict[str, Any], path: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        plan(**changes)
    assert path in [fault.path for fault in caught.value.faults]
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"row_upper": [1, 2, 3]}, "row_upper has 3 entries, the matrix 2 rows"),
        ({"cost": [1, 2, 3], "integer": [0, 0, 0], "lower": [0, 0, 0], "upper": [1, 1, 1]}, "cost has 3 entries"),
        ({"integer": [0, 2]}, "other than 0 and 1"),
        ({"lower": ["inf", 0]}, "no number meets it"),
        ({"columns": ["a", "a"]}, "twice"),
        ({"matrix": [1, 2]}, "expected a matrix"),
        ({"matrix": {"shape": [2, 2], "indptr": [0, 2, 1], "indices": [0], "data": [1]}}, "divide the entries"),
        ({"matrix": {"shape": [2, 2], "indptr": [0, 1, 1], "indices": [2], "data": [1]}}, "beyond 2 columns"),
        ({"matrix": {"shape": [2, 2], "indptr": [0, 2, 2], "indices": [1, 0], "data": [1, 1]}}, "out of order"),
        ({"matrix": {"shape": [2, 2], "indptr": [0, 1, 1], "indices": [1], "data": [1, 1]}}, "belong together"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(changes: dict[str, Any], message: str) -> None:
    given = {"kind": "integer-program", "cost": [1, 1], "matrix": [[1, 2], [3, 4]], "row_upper": [5, 6]}
    with pytest.raises(SpecError, match=message):
        load({**given, **changes})


def test_whole_programs_are_judged_exactly() -> None:
    rows = {"r": {"terms": {"x": 0.1, "y": 0.2}, "le": 0.3}}
    problem = load({"kind": "integer-program", "maximize": {"x": 0.1, "y": 0.1}, "integer": "all", "rows": rows})
    exact = problem.evaluate(problem.read_answer({"x": 1, "y": 1}))
    assert exact.exact
    assert exact.objective == Fraction(1, 5)
    assert not exact.violations  # .1 + .2 <= .3, though not in floats
    over = problem.evaluate(problem.read_answer({"x": 4}))
    assert over.violations["r"].amount == Fraction(1, 10)


def test_violations_are_named() -> None:
    problem = plan()
    found = problem.evaluate(problem.answer_type(values=np.array([40.5, -1.0]))).violations
    assert {name: float(violation.amount) for name, violation in found.items()} == {
        "chairs <= 40": 0.5,
        "tables >= 0": 1.0,
        "chairs whole": 0.5,
    }
    assert list(problem.evaluate(problem.answer_type(values=np.zeros(3))).violations) == ["values"]


def test_large_whole_numbers_do_not_round() -> None:
    rows = {"r": {"terms": {"x": 2**53, "y": 1}, "le": 2**53 * 3 + 1}}
    problem = load({"kind": "integer-program", "maximize": {"x": 1, "y": 1}, "integer": "all", "rows": rows})
    assert not problem.evaluate(problem.read_answer({"x": 3, "y": 1})).violations
    assert problem.evaluate(problem.read_answer({"x": 3, "y": 2})).violations["r"].amount == 1


@pytest.mark.parametrize(
    "data",
    [
        {"chairs": 24, "tables": 14},
        {"values": {"chairs": 24, "tables": 14}},
        {"values": [24, 14]},
        {"values": [24.0, 14]},
    ],
)
def test_answers_are_read_in_every_shape(data: dict[str, Any]) -> None:
    problem = plan()
    answer = problem.read_answer(data)
    assert answer.values.tolist() == [24, 14]
    assert problem.write_answer(answer) == {"values": {"chairs": 24, "tables": 14}}
    assert problem.render(answer) == [
        ("column", "value", "objective"),
        ("chairs", "24", "1,080"),
        ("tables", "14", "1,120"),
    ]


def test_floats_of_solution_files_are_rounded_in_whole_columns_alone() -> None:
    problem = plan(integer=["chairs"])
    assert problem.read_answer({"chairs": 23.9999999, "tables": 13.9999999}).values.tolist() == [24, 13.9999999]
    assert problem.read_answer({"chairs": 23.9}).values.tolist() == [23.9, 0]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"chair": 1}, "no such column"),
        ({"chairs": "two"}, "expected a number"),
        ({"values": [1]}, "one value a column"),
        ({"values": ["one", 2]}, "expected a number"),
        ([1, 2], "no answer here"),
    ],
)
def test_answers_that_are_none_say_why(data: Any, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        plan().read_answer(data)


def test_the_form_holds_the_same_numbers() -> None:
    form = plan(offset=7).views()[0].build()
    assert form.cost.tolist() == [-45, -80]
    assert form.offset == -7
    assert form.cost.dtype == np.int64
    assert (form.columns, form.rows) == (("chairs", "tables"), ("wood", "labour"))


def test_the_objective_needs_no_columns_in_rows_and_none_at_all() -> None:
    empty = IntegerProgram.model_validate({"cost": [], "matrix": np.zeros((0, 0))})
    assert empty.evaluate(empty.read_answer({"values": []})).objective == 0
    assert program(np.random.default_rng(0)).columns == ("x1", "x2", "x3", "x4")
