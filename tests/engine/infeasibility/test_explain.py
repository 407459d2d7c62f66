"""Why runs are infeasible: conflicts verified, bogus ones found out, relaxations held against enumeration."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import assume, given, settings

from dualgap.core.certificate import Evidence, Verdict
from dualgap.core.claim import Claim, Stop
from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.solver import Solver
from dualgap.engine.infeasibility.oracle import Oracle, stated
from dualgap.engine.infeasibility.relax import least_relaxation, relaxable, size
from dualgap.engine.infeasibility.shrink import Answer, shrink
from dualgap.engine.run import read_run
from dualgap.engine.solve import solve
from dualgap.engine.task import Settings
from dualgap.problems.coin_change import CoinChange
from dualgap.problems.systems.members import Kind, Member, System
from dualgap.problems.systems.refute import refute
from tests.problems.systems.planted import FAMILIES, Grid, boxed_programs, cycle, overfull, parity
from tests.solvers.programs import INF, program

HERE = Settings(isolate=False)


@dataclass(frozen=True)
class Denier(Solver):
    """Says that nothing is feasible, and names a conflict."""

    name: ClassVar[str] = "denier"
    accepts: ClassVar[tuple[type, ...]] = (MixedIntegerProgram,)

    conflict: tuple[str, ...] = ()

    def solve(self, form: Any, ctx: Any) -> Claim:
        return Claim(stop=Stop.INFEASIBLE, conflict=self.conflict)


def explained(form: MixedIntegerProgram, solver: Any = "highs", **options: Any) -> Any:
    return solve(stated(form), solver, isolate=False, **options)


@pytest.mark.parametrize("solver", ["highs", Denier()])
@pytest.mark.parametrize("family", FAMILIES)
def test_planted_conflicts_are_found_proved_and_irreducible(family: str, solver: Any) -> None:
    form = FAMILIES[family]
    run = explained(form, solver)
    assert run.certificate.verdict is Verdict.INFEASIBLE
    assert run.certificate.evidence is Evidence.PROVED
    assert run.exit_code == 6
    conflict = run.infeasibility.conflict
    assert conflict.evidence is Evidence.PROVED
    assert conflict.irreducible
    assert run.infeasibility.relaxation.least
    system = System(form)
    members = system.read(conflict.members)
    assert refute(system, members) is not None
    for member in members:
        others = [other for other in members if other != member]
        reply = Oracle(system, HERE, time.monotonic() + 10.0, "highs").ask(others)
        assert reply.point is not None
        assert reply.point.exact


def test_conflicts_have_the_members_that_were_planted() -> None:
    assert set(explained(cycle(5, spare=9)).infeasibility.conflict.members) == {f"row r{i} >=" for i in range(1, 6)}
    assert set(explained(overfull()).infeasibility.conflict.members) == {"row r1 >=", "bound x1 <=", "bound x2 <="}
    assert set(explained(parity()).infeasibility.conflict.members) == {
        *("row r1 >=", "row r1 <=", "integer x1", "integer x2")
    }


@pytest.mark.parametrize("backend", ["highs", "cp-sat", "cbc"])
@settings(max_examples=8, deadline=None)
@given(form=boxed_programs())
def test_the_filter_works_with_every_backend(backend: str, form: MixedIntegerProgram) -> None:
    system = System(form)
    grid = Grid(system)
    assume(grid.point(system.members) is None)
    hard = [member for member in system.members if member.kind is not Kind.ROW]
    oracle = Oracle(system, HERE, time.monotonic() + 30.0, backend)

    def ask(members: Collection[Member]) -> Answer:
        # Bounds and integrality stay, so that every backend can take every part.
        reply = oracle.ask([*hard, *(member for member in members if member.kind is Kind.ROW)])
        return reply.point, reply.infeasible, (*reply.support, *hard) if reply.support else ()

    left = shrink(system, system.members, ask)
    rows = [member for member in left.members if member.kind is Kind.ROW]
    assert grid.point([*hard, *rows]) is None
    for member in rows:
        assert grid.point([*hard, *(other for other in rows if other != member)]) is not None


@settings(max_examples=25, deadline=None)
@given(boxed_programs())
def test_explanations_of_small_programs_hold_against_enumeration(form: MixedIntegerProgram) -> None:
    system = System(form)
    grid = Grid(system)
    assume(grid.point(system.members) is None)
    found = explained(form).infeasibility
    members = system.read(found.conflict.members)
    assert found.conflict.evidence is Evidence.PROVED
    assert refute(system, members) is not None
    assert found.conflict.irreducible, found.conflict.remark
    assert grid.point(members) is None
    assert found.relaxation.total == least_by_hand(system, grid)
    assert found.relaxation.least
    assert found.relaxation.evidence is Evidence.PROVED


def least_by_hand(system: System, grid: Grid) -> Fraction:
    """The least total change over every whole point that meets what may not be relaxed."""
    best: Fraction | None = None
    for values in grid.points[(grid.points >= 0).all(axis=1)].tolist():  # lower bounds of 0 stay
        point = [Fraction(value) for value in values]
        total = Fraction(0)
        for member in system.members:
            if member.kind is Kind.INTEGER:
                continue
            missing = max(Fraction(0), -system.inequality(member).slack(point))
            if missing and not relaxable(system, member):
                break
            total += missing / size(system, member)
        else:
            best = total if best is None else min(best, total)
    assert best is not None
    return best


@pytest.mark.parametrize(
    ("conflict", "said"),
    [
        (("row r4 <=", "row r5 <="), "a point meets all of it"),
        (("row nine",), "names nothing"),
        (("r1",), "names neither a row nor a bound"),
    ],
)
def test_a_bogus_conflict_is_found_out_and_replaced(conflict: tuple[str, ...], said: str) -> None:
    found = explained(cycle(3, spare=2), Denier(conflict)).infeasibility
    assert any("the solver's conflict isn't one" in remark and said in remark for remark in found.remarks)
    assert set(found.conflict.members) == {"row r1 >=", "row r2 >=", "row r3 >="}


def test_a_fat_conflict_is_thinned() -> None:
    form = cycle(3, spare=2)
    found = explained(form, Denier(("row r5", "row r1", "row r2", "row r3"))).infeasibility
    assert set(found.conflict.members) == {"row r1 >=", "row r2 >=", "row r3 >="}
    assert not found.remarks


def test_a_feasible_problem_contradicts_who_denies_it() -> None:
    run = explained(program([1, 1], [[1, 1]], [3], [3], lower=1, upper=4), Denier(("row r1",)))
    assert run.certificate.verdict is Verdict.CONTRADICTED
    assert run.exit_code == 5
    assert run.answer.values.sum() == 3
    assert run.infeasibility.conflict is None


def test_without_time_that_is_said() -> None:
    found = explained(cycle(3), Denier(), time=0.01).infeasibility
    assert found.conflict is None
    assert "no time was left" in found.remarks[0]


def test_parts_are_told_apart_by_their_places_whatever_they_are_called() -> None:
    form = cycle(3, spare=60)
    system = System(replace(form, columns=("same", "same", ""), rows=("same",) * 63))
    reply = Oracle(system, HERE, time.monotonic() + 10.0, "highs").ask(system.members[::-1])
    assert reply.infeasible
    assert {(member.kind, member.index) for member in reply.support} == {(Kind.ROW, i) for i in range(3)}


def test_nobody_asked() -> None:
    run = explained(cycle(3), explain_seconds=0)
    assert run.certificate.verdict is Verdict.INFEASIBLE
    assert run.infeasibility is None
    assert "explain" not in run.seconds


def test_decimals_and_fractions_come_out_exactly() -> None:
    form = program([1, 1], [[0.1, 0.2], [3, 0]], [0.3, -INF], [INF, 1], lower=0, upper=[INF, 0.5], integer=False)
    relaxation = explained(form).infeasibility.relaxation
    assert relaxation.exact
    system = System(form)
    point = [Fraction(relaxation.point.get(name, 0)) for name in system.columns]
    moved = {change.member for change in relaxation.changes}
    assert {system.word(member) for member in system.members if system.fails(member, point)} == moved
    assert relaxation.evidence is Evidence.PROVED


def test_what_a_column_is_stays() -> None:
    form = program([1, 1], [[1, 1]], [7], [INF], lower=0, upper=[1, 3])
    relaxation = explained(form).infeasibility.relaxation
    assert [change.member for change in relaxation.changes] == ["row r1 >="]
    tight = replace(form, row_lower=np.array([100.0]), upper=np.array([1.0, 90.0]))
    moved = [change.member for change in explained(tight).infeasibility.relaxation.changes]
    assert not {"bound x1 <=", "bound x1 >=", "bound x2 >="} & set(moved)


def test_mixed_relaxations_without_time_are_none() -> None:
    assert least_relaxation(System(parity(9)), replace(HERE, time=0.0), 0.0) is None


def test_a_problem_s_own_explanation_stands_for_itself() -> None:
    run = solve(CoinChange(coins=[4, 6], amount=7), isolate=False)
    assert "multiple of 2" in run.infeasibility.explanation
    assert run.infeasibility.conflict is None
    assert run.infeasibility.explanation in run.certificate.statement


def test_json_has_it_and_a_run_read_back_too(tmp_path: Path) -> None:
    problem = stated(parity())
    run = solve(problem, "highs", isolate=False)
    path = tmp_path / "run.json"
    run.save(path)
    data = json.loads(path.read_text())["infeasibility"]
    assert data["conflict"]["evidence"] == "proved"
    assert data["conflict"]["lines"][0] == {"name": "r1", "text": "2 x1 + 2 x2 = 1"}
    assert data["relaxation"]["total"] == 0.5
    again = read_run(path, problem)
    assert again.infeasibility.conflict == run.infeasibility.conflict
    assert json.loads(run.json())["seconds"]["explain"] > 0


def test_a_proof_ends_dispatch() -> None:
    run = solve(stated(parity(3)), isolate=False)
    assert run.certificate.verdict is Verdict.INFEASIBLE
    assert len(run.attempts) <= 2
    assert run.infeasibility is not None


def test_workers_explain_as_well(registered: Callable[[Any], Any]) -> None:
    run = solve(stated(cycle(4)), "highs")
    assert run.isolated
    assert run.infeasibility is not None
    assert run.infeasibility.conflict is not None
    assert run.infeasibility.conflict.irreducible
