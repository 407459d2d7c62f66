"""PuLP's models: read whole, filled honestly, in the convention of PuLP's own CBC."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pulp
import pytest

import dualgap
from dualgap.core.certificate import Certificate, Evidence, Sense, Verdict
from dualgap.core.claim import Stop
from dualgap.core.errors import SpecError
from dualgap.models import read_model
from dualgap.models.model import Found
from dualgap.models.pulp import read, status
from dualgap.pulp import Certified

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*PuLP 4:DeprecationWarning", "ignore:.*PULP_CBC_CMD:DeprecationWarning"
)


def quick(solver: str | None = "highs", **options: Any) -> Certified:
    return Certified(solver, msg=False, isolate=False, **options)


def furniture(cat: str = "Integer") -> pulp.LpProblem:
    """max 45 chairs + 80 tables: 24 and 14 for 2,200."""
    model = pulp.LpProblem("furniture", pulp.LpMaximize)
    chairs, tables = model.add_variable("chairs", 0, 99, cat), model.add_variable("tables", 0, 99, cat)
    model += 45 * chairs + 80 * tables
    model += 5 * chairs + 20 * tables <= 400, "wood"
    model += 10 * chairs + 15 * tables <= 450, "labour"
    return model


def random_program(seed: int, sense: int, cat: str = "Continuous") -> pulp.LpProblem:
    """A feasible bounded program with rows of every sense and variables with every sort of bounds."""
    rng = np.random.default_rng(seed)
    model = pulp.LpProblem("random", sense)
    ends = [(0, 10), (-5, 5), (None, 20), (-20, None), (3, 3), (0, 7), (-2.5, 9), (0, 30)]
    xs = [model.add_variable(f"x{j}", low, high, cat) for j, (low, high) in enumerate(ends)]
    inside = [rng.integers(-2, 4) if low != high else low for low, high in ends]
    inside = [
        max(min(x, 9 if high is None else high), -9 if low is None else np.ceil(low))
        for x, (low, high) in zip(inside, ends)
    ]
    model += pulp.lpSum(round(float(c), 3) * x for c, x in zip(rng.normal(size=8), xs)) + 2.5
    for row in range(6):
        coefficients = rng.integers(-9, 10, size=8).tolist()
        level = int(np.dot(coefficients, inside))
        activity = pulp.lpSum(a * x for a, x in zip(coefficients, xs))
        model += (activity <= level + 3, activity >= level - 3, activity == level)[
            row % 3 if cat == "Continuous" else row % 2
        ]
    model += pulp.lpSum(xs) <= 60
    model += pulp.lpSum(xs) >= -60
    return model


def solved(model: pulp.LpProblem) -> dict[str, list[float]]:
    """What the package's solvers leave in a model."""
    rows = model.constraints()
    return {
        "values": [v.varValue for v in model.variables()],
        "reduced": [v.dj for v in model.variables()],
        "duals": [row.pi for row in rows],
        "slack": [row.slack for row in rows],
        "objective": [pulp.value(model.objective)],
    }


@pytest.mark.parametrize("sense", [pulp.LpMinimize, pulp.LpMaximize])
@pytest.mark.parametrize("seed", range(4))
def test_a_linear_program_comes_back_as_from_cbc(seed: int, sense: int) -> None:
    """The same values, duals, reduced costs and slacks, in signs too."""
    ours, theirs = random_program(seed, sense), random_program(seed, sense)
    assert theirs.solve(pulp.PULP_CBC_CMD(msg=False)) == ours.solve(quick()) == pulp.LpStatusOptimal
    assert ours.sol_status == theirs.sol_status == pulp.LpSolutionOptimal
    expected = solved(theirs)
    for what, numbers in solved(ours).items():
        assert numbers == pytest.approx(expected[what], abs=1e-5), what
    assert ours.certificate.verdict in (Verdict.OPTIMAL, Verdict.CLAIMED_OPTIMAL)


@pytest.mark.parametrize("sense", [pulp.LpMinimize, pulp.LpMaximize])
def test_duals_are_the_change_of_the_optimum(sense: int) -> None:
    base, moved = random_program(1, sense), random_program(1, sense)
    base.solve(quick())
    for k, (row, dual) in enumerate(zip(moved.constraints(), [row.pi for row in base.constraints()])):
        row.changeRHS(-row.constant + 1e-4)
        moved.solve(quick())
        change = (pulp.value(moved.objective) - pulp.value(base.objective)) / 1e-4
        assert change == pytest.approx(dual, abs=1e-3), k
        row.changeRHS(-row.constant - 1e-4)


@pytest.mark.parametrize("solver", ["highs", "cbc", "cp-sat", None])
def test_an_integer_program(solver: str | None) -> None:
    model = furniture()
    assert model.solve(quick(solver)) == pulp.LpStatusOptimal
    assert {v.name: v.varValue for v in model.variables()} == {"chairs": 24.0, "tables": 14.0}
    assert pulp.value(model.objective) == 2200
    assert [row.slack for row in model.constraints()] == [0.0, 0.0]
    assert [row.pi for row in model.constraints()] == [None, None], "an integer program has no duals"
    assert model.certificate.value == 2200
    assert model.certificate.statement.startswith("Optimal")


@pytest.mark.parametrize("seed", range(4))
def test_integer_programs_agree_with_cbc(seed: int) -> None:
    ours, theirs = (random_program(seed, pulp.LpMinimize, "Integer") for _ in range(2))
    assert ours.solve(quick()) == theirs.solve(pulp.PULP_CBC_CMD(msg=False))
    assert pulp.value(ours.objective) == pytest.approx(pulp.value(theirs.objective))


def test_solve_takes_the_model_itself() -> None:
    model = furniture()
    run = dualgap.solve(model, "highs", isolate=False)
    assert run.answer_data == {"values": {"chairs": 24, "tables": 14}}
    assert model.certificate is run.certificate
    assert (model.status, model.sol_status) == (pulp.LpStatusOptimal, pulp.LpSolutionOptimal)
    assert dualgap.load(model).columns == ("chairs", "tables")
    assert dualgap.compare(model, ["highs", "cp-sat"], isolate=False).joint.value == 2200
    assert dualgap.verify(model, {"chairs": 40, "tables": 20}).certificate.violations == {"wood": 200, "labour": 250}


def test_everything_of_a_model_is_read() -> None:
    model = pulp.LpProblem("all", pulp.LpMaximize)
    with pytest.warns(UserWarning, match="illegal characters"):
        odd = model.add_variable("-odd name[1]", -1, 1)
    binary = model.add_variable("b", cat="Binary")
    free = model.add_variable("free")
    fixed = model.add_variable("fixed", 2, 2, "Integer")
    late = model.add_variable("late", -3, 9)
    late.cat = "Binary"
    only = model.add_variable("only_in_a_row", 0, cat="Integer")
    model += 2 * odd - 0.5 * free + binary - 7
    model += odd + free - only >= -4
    model += free + fixed + late == 3, "named"
    model += 0 * odd + binary <= 1.5
    problem = read(model).problem
    at = {name: k for k, name in enumerate(problem.columns)}
    assert set(at) == {"_odd_name_1_", "b", "free", "fixed", "late", "only_in_a_row"}
    assert problem.objective == "maximize"
    assert problem.offset == -7
    assert problem.name == "all"
    assert dict(zip(problem.columns, problem.cost.tolist())) == {
        **dict.fromkeys(at, 0),
        "_odd_name_1_": 2,
        "free": -0.5,
        "b": 1,
    }
    bounds = dict(zip(problem.columns, zip(problem.lower.tolist(), problem.upper.tolist())))
    assert bounds == {
        "_odd_name_1_": (-1, 1),
        "b": (0, 1),
        "free": (-np.inf, np.inf),
        "fixed": (2, 2),
        "late": (0, 1),
        "only_in_a_row": (0, np.inf),
    }
    assert {name for name, k in at.items() if problem.integer[k]} == {"b", "fixed", "late", "only_in_a_row"}
    assert problem.rows == ("_C1", "named", "_C2")
    assert problem.row_lower.tolist() == [-4, 3, -np.inf]
    assert problem.row_upper.tolist() == [np.inf, 3, 1.5]
    dense = problem.matrix.csr().toarray()
    assert dense[:, [at["_odd_name_1_"], at["free"], at["only_in_a_row"]]].tolist() == [
        [1, 1, -1],
        [0, 1, 0],
        [0, 0, 0],
    ]
    assert not read(model, mip=False).problem.integer.any()


@pytest.mark.parametrize("objective", [None, 0, 5])
def test_a_model_without_an_objective(objective: int | None) -> None:
    """PuLP puts a dummy variable into it while it is solved; it isn't part of the answer."""
    model = pulp.LpProblem("feasibility")
    x = model.add_variable("x", 0, 5, "Integer")
    if objective is not None:
        model += objective
    model += 2 * x >= 7
    for solve in (lambda: model.solve(quick()), lambda: dualgap.solve(model, "highs", isolate=False)):
        solve()
        assert model.status == pulp.LpStatusOptimal
        assert x.varValue in (4, 5)
        assert dualgap.load(model).columns == ("x",)
        assert objective is None or pulp.value(model.objective) == objective


def test_elastic_constraints_are_ordinary_ones() -> None:
    """PuLP states them with penalty variables."""

    def build() -> pulp.LpProblem:
        model = pulp.LpProblem("elastic")
        x, y = model.add_variable("x", 0, 4), model.add_variable("y", 0, 3)
        model += x + 4 * y
        model += x + y <= 5, "total"
        soft = pulp.LpConstraint(2 * x + y, pulp.LpConstraintGE, "soft", 12)
        model.extend(soft.makeElasticSubProblem(penalty=100, proportionFreeBound=0.01))
        return model

    ours, theirs = build(), build()
    ours.solve(quick())
    theirs.solve(pulp.PULP_CBC_CMD(msg=False))
    assert pulp.value(ours.objective) == pytest.approx(pulp.value(theirs.objective))


def add_sos(model: pulp.LpProblem) -> None:
    model.sos1["pick"] = {variable: k for k, variable in enumerate(model.variables())}


def add_twin(model: pulp.LpProblem) -> None:
    model += model.add_variable("chairs") <= 1, "twin"


def spoil_category(model: pulp.LpProblem) -> None:
    model.variables()[0].cat = "Semicontinuous"


def spoil_coefficient(value: Any) -> Callable[[pulp.LpProblem], None]:
    def spoil(model: pulp.LpProblem) -> None:
        row = model.constraints()[1]
        row.expr[next(iter(row))] = value

    return spoil


@pytest.mark.parametrize(
    ("spoil", "where", "what"),
    [
        (add_sos, "pick", "special ordered set"),
        (add_twin, "chairs", "2 variables have this name"),
        (spoil_category, "chairs", "'Semicontinuous'"),
        (spoil_coefficient(float("nan")), "labour", "coefficient: nan"),
        (spoil_coefficient(float("inf")), "labour", "coefficient: inf"),
        (spoil_coefficient(Fraction(1, 3)), "labour", "expected a number"),
        (spoil_coefficient(2**60 + 1), "labour", "loses digits"),
    ],
)
def test_what_an_integer_program_cannot_hold_is_refused_by_name(
    spoil: Callable[[pulp.LpProblem], None], where: str, what: str
) -> None:
    model = furniture()
    spoil(model)
    with pytest.raises(SpecError, match=what) as refusal:
        dualgap.solve(model)
    assert refusal.value.faults[0].path == where
    with pytest.raises(pulp.PulpSolverError, match=what):
        model.solve(quick())


@pytest.mark.parametrize(
    ("field", "value"), [("lowBound", np.inf), ("upBound", -np.inf), ("upBound", np.nan), ("lowBound", "2")]
)
def test_bounds_that_nothing_meets_are_refused(field: str, value: float) -> None:
    model = furniture()
    setattr(model.variables()[0], field, value)
    with pytest.raises(SpecError, match=r"chairs: (lower|upper) bound"):
        dualgap.load(model)
    setattr(model.variables()[0], field, -np.inf if field == "lowBound" else np.inf)
    assert read(model).problem.columns == ("chairs", "tables")


def test_a_model_without_variables() -> None:
    model = pulp.LpProblem("nothing")
    model += 7
    assert model.solve(quick()) == pulp.LpStatusOptimal
    assert model.certificate.value == 7


def certificate(verdict: Verdict, relative: float | None = None) -> Certificate:
    return Certificate(Sense.MINIMIZE, verdict, "said", evidence=Evidence.CLAIMED, relative_gap=relative)


NOT_SOLVED, OPTIMAL, INFEASIBLE, UNBOUNDED = "Not Solved", "Optimal", "Infeasible", "Unbounded"
NO_ANSWER, BEST, SOME = "No Solution Found", "Optimal Solution Found", "Solution Found"


@pytest.mark.parametrize(
    ("verdict", "relative", "gap", "expected"),
    [
        (Verdict.OPTIMAL, 0.0, 0.0, (OPTIMAL, BEST)),
        (Verdict.CLAIMED_OPTIMAL, 0.0, 0.0, (OPTIMAL, BEST)),
        (Verdict.WITHIN, 0.01, 0.05, (OPTIMAL, SOME)),
        (Verdict.FEASIBLE, 0.01, 0.05, (OPTIMAL, SOME)),
        (Verdict.FEASIBLE, 0.01, 0.0, (NOT_SOLVED, SOME)),
        (Verdict.FEASIBLE, 0.10, 0.05, (NOT_SOLVED, SOME)),
        (Verdict.FEASIBLE, None, 0.05, (NOT_SOLVED, SOME)),
        (Verdict.NOTHING, None, 0.0, (NOT_SOLVED, NO_ANSWER)),
        (Verdict.VIOLATED, None, 0.0, (NOT_SOLVED, NO_ANSWER)),
        (Verdict.INFEASIBLE, None, 0.0, (INFEASIBLE, "No Solution Exists")),
        (Verdict.CLAIMED_UNBOUNDED, None, 0.0, (UNBOUNDED, "Solution is Unbounded")),
    ],
)
def test_statuses(verdict: Verdict, relative: float | None, gap: float, expected: tuple[str, str]) -> None:
    said = certificate(verdict, relative)
    found = Found(said, Stop.TIME, gap, np.zeros(1) if said.feasible else None)
    code, answer = status(found)
    assert (pulp.LpStatus[code], pulp.LpSolution[answer]) == expected


def test_nothing_of_an_earlier_solve_stays() -> None:
    model = furniture("Continuous")
    model.solve(quick())
    assert all(v.varValue is not None and v.dj is not None for v in model.variables())
    model += pulp.lpSum(model.variables()) >= 1000, "far too many"
    assert model.solve(quick()) == pulp.LpStatusInfeasible
    assert all(v.varValue is None and v.dj is None for v in model.variables())
    assert all(row.pi is None and row.slack is None for row in model.constraints())
    assert pulp.value(model.objective) is None


def test_an_unbounded_model_is_not_called_infeasible() -> None:
    """PuLP's HiGHS takes "unbounded or infeasible" for infeasible, and leaves a number in the variable."""
    model = pulp.LpProblem("more", pulp.LpMaximize)
    x, y = model.add_variable("x", 0, cat="Integer"), model.add_variable("y", 0)
    model += 2 * x - y
    model += x - y <= 1
    model += x + y >= 3
    model.solve(pulp.HiGHS(msg=False))
    assert (model.status, x.varValue) == (pulp.LpStatusInfeasible, 0)
    assert model.solve(quick()) == pulp.LpStatusUnbounded
    assert x.varValue is None
    assert model.certificate.verdict is Verdict.UNBOUNDED


def test_options_are_those_of_pulp() -> None:
    model = furniture()
    model.solve(quick(mip=False, timeLimit=7, gapRel=0.25, threads=2))
    assert dualgap.load(model).integer.tolist() == [1, 1], "the model itself is left as it is"
    assert pulp.value(model.objective) == pytest.approx(2200)
    solver = quick("highs", timeLimit=7, gapRel=0.25, threads=2, presolve=False)
    model.solve(solver)
    assert solver.run is not None
    assert (solver.run.budget["time"], solver.run.budget["gap"], solver.run.budget["threads"]) == (7, 0.25, 2)
    assert solver.run.parameters["presolve"] is False
    twin = solver.copy()
    model.solve(twin)
    assert twin.run is not None
    assert (twin.run.budget, twin.run.parameters) == (solver.run.budget, solver.run.parameters)


def test_options_that_a_solver_does_not_have_are_refused() -> None:
    with pytest.raises(pulp.PulpSolverError, match="gapAbs"):
        furniture().solve(quick("cp-sat", gapAbs=3))
    with pytest.raises(pulp.PulpSolverError, match="nothing"):
        furniture().solve(quick("nothing"))
    assert quick("highs").available()
    assert not quick("nothing").available()


def test_the_log_is_shown_where_asked_for(capfd: pytest.CaptureFixture[str]) -> None:
    furniture().solve(Certified("cbc", isolate=False))
    assert "Optimal" in capfd.readouterr().out
    furniture().solve(quick("cbc"))
    assert capfd.readouterr() == ("", "")


def test_other_things_are_no_models() -> None:
    assert read_model(furniture().variables()[0]) is None
    assert read_model(7) is None
    with pytest.raises(dualgap.UsageError, match="LpVariable"):
        dualgap.solve(furniture().variables()[0])


def test_models_of_a_subclass_are_read() -> None:
    class Own(pulp.LpProblem):
        pass

    model = Own("own")
    model += model.add_variable("x", 1, 2)
    dualgap.solve(model, isolate=False)
    assert model.variables()[0].varValue == 1


def test_reading_one_package_does_not_import_the_other() -> None:
    """CVXPY takes over a second to import; PuLP's users needn't pay for it, nor those of neither."""
    code = """
import sys, dualgap
assert dualgap.pulp.Certified().available()
assert "cvxpy" not in sys.modules
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=60)
