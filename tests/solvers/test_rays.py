"""HiGHS's rays: whole numbers, with the point that they start from; conflicts that backends name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from dualgap.core.certificate import Verdict
from dualgap.core.claim import Claim, Stop
from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.solver import Solver
from dualgap.core.witness import FarkasRay, Ray
from dualgap.engine.infeasibility.oracle import stated
from dualgap.engine.solve import solve
from dualgap.problems.integer_program import IntegerProgram
from dualgap.problems.systems.members import System
from dualgap.problems.systems.refute import refute
from dualgap.solvers.cp_sat import CpSat
from dualgap.solvers.highs import Highs
from dualgap.solvers.rays import simplified
from tests.problems.systems.planted import FAMILIES, cycle, parity
from tests.solvers.programs import INF, Recorder, program

UNBOUNDED = {
    "one row": program([-1, 0], [[1, -1]], [-INF], [3], integer=False),
    "no row": program([-1.0, 1.0], integer=False),
    "free": program([1, 1], [[1, 2]], [1], [1], lower=-INF, integer=False),
    "thirds": program([-1, -1, 0], [[1, -3, 0], [0, 1, -7]], [0, 0], [0, 0], integer=False),
    "whole": program([-1, 0], [[2, -3]], [1], [1]),
    "mixed": program([-1, -1], [[2, -3]], [1], [1], integer=[True, False]),
}


@dataclass(frozen=True)
class Endless(Solver):
    """Says that there is no bound."""

    name: ClassVar[str] = "endless"
    accepts: ClassVar[tuple[type, ...]] = (MixedIntegerProgram,)

    def solve(self, form: Any, ctx: Any) -> Claim:
        return Claim(stop=Stop.UNBOUNDED)


def problem(form: MixedIntegerProgram) -> IntegerProgram:
    return stated(form).model_copy(update={"cost": form.cost})


@pytest.mark.parametrize("name", UNBOUNDED)
def test_unboundedness_is_verified_from_a_whole_ray_and_a_point(name: str) -> None:
    run = solve(problem(UNBOUNDED[name]), "highs", isolate=False)
    assert run.certificate is not None
    assert run.certificate.verdict is Verdict.UNBOUNDED
    assert run.exit_code == 6
    assert isinstance(run.witness, Ray)
    assert run.witness.direction.dtype == np.int64
    assert all(check.passed for check in run.checks)
    assert run.direction is not None
    assert run.direction.gain < 0
    assert len(run.direction.missing) == len(run.direction.steps)


def test_an_unbounded_relaxation_of_an_infeasible_program_is_infeasible() -> None:
    run = solve(problem(program([-1, 0], [[2, -4]], [1], [1])), "highs", isolate=False)
    assert run.certificate is not None
    assert run.certificate.verdict is Verdict.INFEASIBLE


@pytest.mark.parametrize(
    ("given", "whole"),
    [
        ([1.5, 1.0], [3, 2]),
        ([1 / 3, 1 / 7], [7, 3]),
        ([0.0, 0.0], [0, 0]),
        ([2e-9, -1e-9, 0], [2, -1, 0]),
        ([1e-12, 4.0], [0, 1]),
    ],
)
def test_simple_proportions_become_whole(given: list[float], whole: list[int]) -> None:
    assert simplified(np.array(given)).tolist() == whole


@pytest.mark.parametrize("given", [[1.0, np.pi], [1.0, np.inf]])
def test_other_proportions_stay(given: list[float]) -> None:
    assert simplified(np.array(given)).tolist() == given


@pytest.mark.parametrize("family", FAMILIES)
def test_conflicts_that_highs_names_are_conflicts(family: str) -> None:
    form = FAMILIES[family]
    claim = Highs().solve(form, Recorder())
    assert claim.stop is Stop.INFEASIBLE
    if family != "parity":  # its relaxation has a point
        system = System(form)
        assert refute(system, system.read(claim.conflict)) is not None


def test_bounds_that_cross_have_no_ray_and_a_conflict_all_the_same() -> None:
    claim = Highs().solve(FAMILIES["crossed"], Recorder())
    assert claim.witness is None
    assert set(claim.conflict) == {"bound x1 >=", "bound x1 <="}
    assert isinstance(Highs().solve(cycle(3), Recorder()).witness, FarkasRay)


def test_cp_sat_names_the_rows_that_it_assumed() -> None:
    rows = [[3, 2, 0], [1, 1, 1], [0, 1, 1], [1, 0, 0]]
    form = program([1, 1, 1], rows, [5, 0, 5, 2], [5, 9, 14, 3], lower=0, upper=9)
    claim = CpSat().solve(form, Recorder())
    assert claim.stop is Stop.INFEASIBLE
    system = System(form)
    assert {member.index for member in system.read(claim.conflict) if system.word(member).startswith("row")} <= {0, 3}
    assert refute(system, system.read(claim.conflict)) is not None


def test_cp_sat_names_a_row_that_no_whole_number_meets() -> None:
    claim = CpSat().solve(parity(), Recorder())
    assert {"row r1 >=", "row r1 <=", "integer x1", "integer x2"} <= set(claim.conflict)


@pytest.mark.parametrize("name", UNBOUNDED)
def test_a_mere_claim_of_unboundedness_is_settled(name: str) -> None:
    run = solve(problem(UNBOUNDED[name]), "cbc", isolate=False)
    assert run.certificate is not None
    assert run.certificate.verdict is Verdict.UNBOUNDED
    assert "highs settled it" in run.message
    assert run.direction is not None
    assert run.seconds["explain"] > 0


def test_who_calls_an_infeasible_program_unbounded_is_corrected() -> None:
    run = solve(problem(cycle(4)), Endless(), isolate=False)
    assert run.certificate is not None
    assert run.certificate.verdict is Verdict.INFEASIBLE
    assert run.infeasibility is not None


def test_who_calls_a_bounded_program_unbounded_is_not_believed() -> None:
    run = solve(problem(program([1, 1], [[1, 1]], [3], [9], upper=5)), Endless(), isolate=False)
    assert run.certificate is not None
    assert run.certificate.verdict is Verdict.CLAIMED_UNBOUNDED
    assert run.direction is None
