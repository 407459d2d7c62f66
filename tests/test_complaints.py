"""The ten loudest complaints about solvers behind modelling packages, each with the thread, the behaviour and the cure.

Where the behaviour is quick to reproduce with the package's own solver, it stands beside ours.
"""

from __future__ import annotations

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import cvxpy as cp
import numpy as np
import pulp
import pytest

import dualgap
from dualgap.core.certificate import Evidence, Verdict, gaps
from dualgap.core.claim import Claim, Stop, Use
from dualgap.core.solver import Solver
from dualgap.engine.pool import POOL
from dualgap.models import read_model
from dualgap.plugins.registry import registry
from dualgap.pulp import Certified

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*PuLP 4:DeprecationWarning",
    "ignore:.*PULP_CBC_CMD:DeprecationWarning",
    "ignore:Solution may be inaccurate:UserWarning",
)
SECONDS = 2.0  # a busy machine needs some of it to start a worker
MISBEHAVING = Path(__file__).parent / "engine" / "misbehaving.py"


def hard() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values, weights and capacities of ten knapsacks in one: no backend closes its gap within minutes."""
    rng = np.random.default_rng(1)
    weights = rng.integers(1, 1000, size=(10, 120))
    return (weights.mean(axis=0) + 500 * rng.random(120)).astype(np.int64), weights, weights.sum(axis=1) // 2


def hard_in_pulp() -> pulp.LpProblem:
    values, weights, capacity = hard()
    model = pulp.LpProblem("hard", pulp.LpMaximize)
    xs = [model.add_variable(f"x{j:03}", cat="Binary") for j in range(120)]
    model += pulp.lpDot(values.tolist(), xs)
    for row, most in zip(weights.tolist(), capacity.tolist()):
        model += pulp.lpDot(row, xs) <= most
    return model


def hard_in_cvxpy() -> tuple[cp.Problem, cp.Variable]:
    values, weights, capacity = hard()
    x = cp.Variable(120, name="x", boolean=True)
    return cp.Problem(cp.Maximize(values @ x), [weights @ x <= capacity]), x


def split() -> tuple[np.ndarray, np.ndarray]:
    """A market split (Cornuejols and Dawande 1998): 40 binaries, 5 equalities, hopeless for branch and bound."""
    rows = np.random.default_rng(1).integers(0, 100, size=(5, 40))
    return rows, rows.sum(axis=1) // 2


def furniture() -> pulp.LpProblem:
    """max 45 chairs + 80 tables: 24 and 14 for 2,200."""
    model = pulp.LpProblem("furniture", pulp.LpMaximize)
    chairs, tables = model.add_variable("chairs", 0, 99, "Integer"), model.add_variable("tables", 0, 99, "Integer")
    model += 45 * chairs + 80 * tables
    model += 5 * chairs + 20 * tables <= 400, "wood"
    model += 10 * chairs + 15 * tables <= 450, "labour"
    return model


def statuses(model: pulp.LpProblem) -> tuple[str, str]:
    return pulp.LpStatus[model.status], pulp.LpSolution[model.sol_status]


def command(*arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of the command line."""
    run = [sys.executable, "-m", "dualgap", *arguments]
    done = subprocess.run(run, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """The hard problem as a spec."""
    values, weights, capacity = (array.tolist() for array in hard())
    path = tmp_path / "hard.json"
    path.write_text(json.dumps({"kind": "knapsack", "values": values, "weights": weights, "capacity": capacity}))
    return path


def test_optimal_after_a_time_limit(spec: Path) -> None:
    """pulp#649, #711, #876: CBC is stopped, PuLP says "Optimal"."""
    theirs = hard_in_pulp()
    theirs.solve(pulp.PULP_CBC_CMD(msg=False, timeLimit=SECONDS))
    assert statuses(theirs)[0] == "Optimal"

    ours = hard_in_pulp()
    ours.solve(Certified("cbc", msg=False, timeLimit=SECONDS))
    assert statuses(ours) == ("Not Solved", "Solution Found")
    assert ours.certificate.verdict is Verdict.FEASIBLE
    assert ours.certificate.relative_gap > 0

    code, out, _ = command("solve", str(spec), "-s", "cbc", "--time", f"{SECONDS}s", "--require", "optimal")
    assert code == 4
    assert out.startswith("Feasible, checked:")


def test_no_feasible_status() -> None:
    """pulp#568, #445; cvxpy#735, #847: nothing tells a feasible answer from an optimal one."""
    cut_short, finished = hard_in_pulp(), furniture()
    cut_short.solve(pulp.HiGHS(msg=False, timeLimit=SECONDS))
    finished.solve(pulp.HiGHS(msg=False))
    assert cut_short.status == finished.status

    runs = [dualgap.solve(cut_short, "highs", time=SECONDS), dualgap.solve(finished, "highs")]
    assert [model.status for model in (cut_short, finished)] == [pulp.LpStatusNotSolved, pulp.LpStatusOptimal]
    assert [run.certificate.verdict.value for run in runs] == ["feasible", "optimal"]
    assert [run.certificate.feasible for run in runs] == [True, True]
    assert [run.certificate.meets("optimal") for run in runs] == [False, True]

    model, x = hard_in_cvxpy()
    dualgap.solve(model, "highs", time=SECONDS)
    assert model.status == "user_limit"
    assert x.value is not None


def test_values_returned_with_no_solution() -> None:
    """cvxpy PR#3534: a limit without any solution, or none that exists, and values all the same."""
    rows, sides = split()
    x = cp.Variable(40, name="x", boolean=True)
    model = cp.Problem(cp.Minimize(x[0]), [rows @ x == sides])
    model.solve(solver="HIGHS", time_limit=SECONDS)
    assert x.value is not None
    assert np.abs(rows @ x.value - sides).max() > 1
    dualgap.solve(model, "highs", time=SECONDS)
    assert (x.value, model.value, model.status) == (None, None, "user_limit")
    assert model.certificate.verdict is Verdict.NOTHING

    infeasible = furniture()
    infeasible += pulp.lpSum(infeasible.variables()) >= 60, "orders"
    infeasible.solve(pulp.PULP_CBC_CMD(msg=False))
    assert statuses(infeasible)[0] == "Infeasible"
    assert None not in [variable.varValue for variable in infeasible.variables()]
    infeasible.solve(Certified("cbc", msg=False))
    assert statuses(infeasible) == ("Infeasible", "No Solution Exists")
    assert [variable.varValue for variable in infeasible.variables()] == [None, None]


@pytest.fixture
def misbehaving(registered: Any) -> Any:
    """Solvers that hang and crash, loaded from a file, so that they run in a worker."""
    registry().load_path(MISBEHAVING)
    yield
    POOL.close()


@pytest.mark.usefixtures("misbehaving")
def test_incumbent_lost_at_a_limit() -> None:
    """pulp#615; cvxpy#2278, #1158: stopped by a limit, killed or crashed, the best answer so far is gone."""
    values, weights, capacity = hard()
    for solver in ("highs", "cbc"):
        model = hard_in_pulp()
        model.solve(Certified(solver, msg=False, timeLimit=SECONDS))
        packed = np.array([variable.varValue for variable in model.variables()])
        assert (weights @ packed <= capacity).all()
        assert values @ packed == pulp.value(model.objective) == model.certificate.value

    small = dualgap.Knapsack(values=[3, 4, 5], weights=[1, 1, 1], capacity=2)
    ends = {name: dualgap.solve(small, name, time=SECONDS) for name in ("hang", "crash")}
    assert {name: run.stop for name, run in ends.items()} == {"hang": Stop.TIME, "crash": Stop.ERROR}
    assert [run.certificate.value for run in ends.values()] == [3, 3]


def test_warm_starts_silently_ignored(tmp_path: Path) -> None:
    """cvxpy#849, PR#3490; HiGHS#1455; pulp#448, #782: a start is dropped, and nobody says so."""
    told = {}
    for start in ((10, 10), (10.4, 10), (99, 99)):
        model = furniture()
        for variable, value in zip(model.variables(), start):
            variable.setInitialValue(value)
        solver = Certified("highs", msg=False, isolate=False, warmStart=True)
        model.solve(solver)
        assert pulp.value(model.objective) == 2200
        assert solver.run is not None
        assert solver.run.start is not None
        told[start] = solver.run.start
    assert [start.use for start in told.values()] == [Use.USED, Use.REPAIRED, Use.IGNORED]
    assert "wood" in told[99, 99].reason

    (tmp_path / "shop.toml").write_text(
        'kind = "integer-program"\nmaximize = {chairs = 45, tables = 80}\ninteger = "all"\n'
        "[rows]\nwood = {terms = {chairs = 5, tables = 20}, le = 400}\n"
    )
    (tmp_path / "start.json").write_text('{"chairs": 4, "tables": 2}')
    shop, begin = str(tmp_path / "shop.toml"), str(tmp_path / "start.json")
    code, out, _ = command("solve", shop, "-s", "cvxpy", "--start", begin, "--json")
    assert code == 0
    assert json.loads(out)["start"]["use"] == "ignored"
    assert "takes no starts" in json.loads(out)["start"]["reason"]


class Boastful(Solver):
    """Claims that nothing beats what it has."""

    name, accepts = "boastful", (dualgap.Knapsack,)

    def solve(self, problem: Any, ctx: Any) -> Claim:
        return Claim(point=problem.trivial(), feasible=True, value=0, bound=1)


def test_bound_and_gap_missing_or_wrong(spec: Path) -> None:
    """cvxpy#2112; Cbc#703; HiGHS#2154: no bound to be had, or one that is wrong."""
    theirs = hard_in_pulp()
    theirs.solve(pulp.PULP_CBC_CMD(msg=False, timeLimit=SECONDS))
    assert not [name for name in vars(theirs) if "bound" in name or "gap" in name]

    code, out, _ = command("solve", str(spec), "-s", "dual-ascent", "--time", f"{SECONDS}s", "--json")
    said = json.loads(out)["certificate"]
    assert (code, said["evidence"]) == (0, "proved")
    assert said["value"] < said["bound"]
    assert (said["gap"], said["relative_gap"]) == gaps(dualgap.Sense.MAXIMIZE, said["value"], said["bound"])

    problem = dualgap.Knapsack(values=[10, 13, 7], weights=[4, 6, 3], capacity=9)
    comparison = dualgap.compare(problem, ["dynamic-programming", Boastful()], isolate=False)
    verdicts = {run.name: run.certificate.verdict for run in comparison.runs if run.certificate is not None}
    assert verdicts == {"dynamic-programming": Verdict.OPTIMAL, "boastful": Verdict.CONTRADICTED}
    assert (comparison.joint.value, comparison.joint.bound) == (20, 20)
    assert comparison.exit_code == 5


@pytest.mark.usefixtures("misbehaving")
def test_limits_ignored_or_named_differently() -> None:
    """or-tools#4747, #644; pulp PR#261: another name for every backend, and some don't look at the clock."""
    problem = read_model(hard_in_pulp())
    assert problem is not None
    for solver in ("highs", "cbc", "cp-sat", "cvxpy", "scip"):
        run = dualgap.solve(problem.problem, solver, time=SECONDS / 2, gap=1e-9, threads=1)
        assert run.stop is Stop.TIME, solver
    close = dualgap.solve(problem.problem, "cbc", gap=0.2, time=30)
    assert close.stop is not Stop.TIME
    assert close.certificate.relative_gap <= 0.2
    deaf = dualgap.solve(dualgap.Knapsack(values=[3, 4, 5], weights=[1, 1, 1], capacity=2), "hang", time=SECONDS)
    assert deaf.stop is Stop.TIME


def test_no_explanation_of_infeasibility(tmp_path: Path) -> None:
    """or-tools#973, #1760, #3019, #4109; HiGHS#2676, #1789: "infeasible", and not a word why."""
    model = furniture()
    model += pulp.lpSum(model.variables()) >= 60, "orders"
    model += 2 * model.variables()[0] >= 3, "harmless"
    solver = Certified("highs", msg=False)
    model.solve(solver)
    assert model.certificate.verdict is Verdict.INFEASIBLE
    assert model.certificate.evidence is Evidence.PROVED
    assert solver.run is not None
    why = solver.run.infeasibility
    assert why is not None
    assert why.conflict is not None
    assert {line.name for line in why.conflict.lines} <= {"labour", "orders", "chairs", "tables"}
    assert {"labour", "orders"} <= {line.name for line in why.conflict.lines}
    assert why.conflict.irreducible
    assert why.relaxation is not None
    assert why.relaxation.changes

    (tmp_path / "shop.toml").write_text(
        'kind = "integer-program"\nmaximize = {chairs = 45}\n[rows]\n'
        "wood = {terms = {chairs = 5}, le = 10}\norders = {terms = {chairs = 1}, ge = 3}\n"
    )
    code, out, _ = command("solve", str(tmp_path / "shop.toml"))
    assert code == 6
    assert out.startswith("Infeasible, proved")
    assert "5 chairs <= 10" in out
    assert "chairs >= 3" in out


def test_slow_model_building() -> None:
    """pulp#749, #372, #101: Python code for every coefficient. Ours runs as often for 40 in a row as for 2."""

    def calls(per_row: int) -> int:
        model = pulp.LpProblem("rows")
        xs = [model.add_variable(f"x{j:02}", 0, 1) for j in range(40)]
        model += pulp.lpSum(xs)
        for row in range(30):
            model += pulp.lpSum(xs[: per_row if row else 40]) >= 1
        count = 0

        def watch(frame: Any, event: str, _: Any) -> None:
            nonlocal count
            count += event == "call" and "/dualgap/" in frame.f_code.co_filename

        sys.setprofile(watch)
        try:
            read = read_model(model)
        finally:
            sys.setprofile(None)
        assert read is not None
        assert read.problem.matrix.csr().nnz == 29 * per_row + 40
        return count

    read_model(furniture())  # imports what it needs
    assert calls(2) == calls(40)


def test_signs_of_duals_and_tolerance_surprises() -> None:
    """cvxpy#2849; pulp PR#781: signs that depend on the backend. HiGHS#1721, #1292: rows that hold only nearly."""

    def duals(solver: pulp.LpSolver) -> list[float]:
        model = furniture()
        for variable in model.variables():
            variable.cat = "Continuous"
        model.solve(solver)
        return [row.pi for row in model.constraints()]

    cbc, highs = duals(pulp.PULP_CBC_CMD(msg=False)), duals(pulp.HiGHS(msg=False))
    assert cbc == pytest.approx([-dual for dual in highs]), "PuLP's two backends disagree where a model maximises"
    assert duals(Certified("cbc", msg=False)) == pytest.approx(cbc)
    assert duals(Certified("highs", msg=False)) == pytest.approx(cbc)

    def tight() -> pulp.LpProblem:
        model = pulp.LpProblem("tight", pulp.LpMaximize)
        xs = [model.add_variable(f"x{j}", cat="Binary") for j in range(3)]
        model += pulp.lpSum(xs)
        model += 2 * pulp.lpSum(xs) <= 1.9999999, "just below one"
        return model

    theirs = tight()
    theirs.solve(pulp.HiGHS(msg=False))
    assert (statuses(theirs)[0], pulp.value(theirs.objective)) == ("Optimal", 1), "1e-7 too much, and optimal"
    caught, cured = tight(), tight()
    caught.solve(Certified("highs", msg=False))
    assert caught.certificate.verdict is Verdict.VIOLATED
    assert caught.certificate.violations == {"just_below_one": Fraction(1, 10**7)}
    assert statuses(caught) == ("Not Solved", "No Solution Found")
    cured.solve(Certified(msg=False))
    assert cured.certificate.evidence is Evidence.PROVED
    assert (statuses(cured)[0], pulp.value(cured.objective)) == ("Optimal", 0)
