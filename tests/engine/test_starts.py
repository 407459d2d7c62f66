"""What becomes of a start, as runs report it; a feasible one is never answered by a worse one."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

import dualgap
from dualgap import Claim, Context, MixedIntegerProgram, Multipliers, Solver, Start, Stop, Trait, UsageError, Use
from dualgap.core.problem import Problem
from dualgap.engine.run import Run, read_run
from dualgap.problems.knapsack import KnapsackAnswer


def knapsack() -> dualgap.Knapsack:
    return dualgap.Knapsack(values=[60, 100, 120], weights=[10, 20, 30], capacity=50, names=["tent", "stove", "rope"])


def packed(*counts: int) -> KnapsackAnswer:
    return KnapsackAnswer(counts=np.array(counts))


class Worse(Solver):
    """Answers with nothing packed, whatever it is given."""

    name: ClassVar[str] = "worse"
    accepts: ClassVar[tuple[type, ...]] = (MixedIntegerProgram,)
    said: ClassVar[Start | None] = None

    def solve(self, form: Any, ctx: Context) -> Claim:
        return Claim(point=np.zeros(form.size[0]), feasible=True, value=0.0, stop=Stop.TIME, start=self.said)


class Warm(Worse):
    """Says what it made of its start, or nothing."""

    name: ClassVar[str] = "warm"
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.WARM})


class Boasting(Warm):
    name: ClassVar[str] = "boasting"
    said: ClassVar[Start | None] = Start(Use.USED, "of course")


def solved(problem: Problem, solver: Any, start: Any, **options: Any) -> Run:
    return dualgap.solve(problem, solver, start=start, isolate=False, **options)


def test_nothing_is_said_without_a_start() -> None:
    run = solved(knapsack(), "highs", None)
    assert run.start is None
    assert run.data()["start"] is None


@pytest.mark.parametrize("solver", [Worse(), Warm(), Boasting()], ids=lambda solver: solver.name)
def test_a_feasible_start_stands_where_nothing_better_is_found(solver: Solver) -> None:
    run = solved(knapsack(), solver, packed(1, 1, 0))
    assert run.certificate.value == 160
    assert "nothing better than the start" in run.message
    assert run.start is not None


def test_solvers_that_take_no_starts_say_so() -> None:
    run = solved(knapsack(), Worse(), packed(1, 1, 0))
    assert str(run.start) == "ignored: worse takes no starts; it is kept as the answer to beat"


def test_a_solver_that_says_nothing_is_not_believed() -> None:
    run = solved(knapsack(), Warm(), packed(1, 1, 0))
    assert run.start.use is Use.IGNORED
    assert "doesn't say" in run.start.reason


def test_an_infeasible_start_is_never_reported_as_used() -> None:
    run = solved(knapsack(), Boasting(), packed(1, 1, 1))
    assert run.start.use is Use.REPAIRED
    assert "violates capacity" in run.start.reason
    assert run.certificate.value >= 160


@pytest.mark.parametrize("solver", ["highs", "cp-sat", "cbc", "scip"])
def test_the_view_repairs_what_does_not_fit(solver: str) -> None:
    run = solved(knapsack(), solver, packed(1, 1, 1))
    assert run.start is not None
    assert run.start.use is not Use.USED
    assert run.certificate.value == 220


def test_starts_in_a_worker(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    values, weights = rng.integers(50, 100, size=(2, 40))
    problem = dualgap.Knapsack(values=values, weights=[weights, weights[::-1]], capacity=[700, 650])
    first = dualgap.solve(problem, "dual-ascent[iterations=40]")
    first.save(tmp_path / "run.json")
    again = dualgap.solve(problem, "dual-ascent[iterations=40]", start=read_run(tmp_path / "run.json", problem))
    assert again.start.use is Use.USED
    assert "multipliers" in again.start.reason
    assert again.certificate.bound <= first.certificate.bound
    assert again.certificate.value >= first.certificate.value
    again.save(tmp_path / "again.json")
    assert read_run(tmp_path / "again.json", problem).start == again.start


def test_multipliers_survive_the_way_there_and_back() -> None:
    """Through the view, which negates them, and the bridge."""
    from dualgap.engine.bridges.dualise import DUALISE_ROWS
    from dualgap.engine.routes import BuiltRoute, Route

    problem = knapsack()
    view = problem.views()[0]
    built = BuiltRoute(Route(problem.kind, DUALISE_ROWS.target, view, (DUALISE_ROWS,)), problem)
    witness = Multipliers(rows=np.array([4.0]))
    assert built.encode_witness(witness).rows.tolist() == [-4.0]
    assert built.lift_witness(built.encode_witness(witness)) == witness


def test_dispatch_reports_the_start_of_the_caller() -> None:
    run = dualgap.solve(knapsack(), start=packed(0, 1, 1), isolate=False)
    assert run.certificate.value == 220
    assert run.start is not None
    assert dualgap.solve(knapsack(), isolate=False).start is None


def test_a_run_that_is_cut_short_keeps_the_start() -> None:
    """The worker never answers, so the start is what there is."""
    rng = np.random.default_rng(0)
    values, weights = rng.integers(1, 10_000, size=(2, 60_000))
    problem = dualgap.Knapsack(values=values, weights=weights, capacity=int(weights.sum() // 2))
    start = KnapsackAnswer(counts=(np.arange(60_000) % 3 == 0).astype(np.int64))
    run = dualgap.solve(problem, "highs[presolve=on]", start=start, time=1.0)
    assert run.certificate.value >= int(values @ start.counts)
    assert run.start is not None


def test_what_can_be_a_start() -> None:
    assert solved(knapsack(), "highs", {"items": {"tent": 1, "stove": 1}}).start is not None
    with pytest.raises(UsageError, match="can't start from a list"):
        solved(knapsack(), "highs", [1, 1, 0])
    other = dualgap.Knapsack(values=[1], weights=[1], capacity=1)
    with pytest.raises(UsageError, match="another problem"):
        solved(knapsack(), "highs", dualgap.solve(other, "greedy", isolate=False))
