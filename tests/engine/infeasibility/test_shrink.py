"""The deletion filter, with an oracle that goes through everything."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dualgap.core.forms import MixedIntegerProgram
from dualgap.engine.infeasibility.shrink import Answer, shrink
from dualgap.problems.systems.members import Kind, Member, System
from dualgap.problems.systems.points import Point, failing
from tests.problems.systems.planted import Grid, boxed_programs, cycle


class ByHand:
    """Every whole point within reach, tried; it loses its patience after some questions."""

    def __init__(self, grid: Grid, patience: int = 10_000) -> None:
        self.grid = grid
        self.patience = patience

    def __call__(self, members: Collection[Member]) -> Answer:
        self.patience -= 1
        if self.patience < 0:
            return None, False, ()
        point = self.grid.point(members)
        return (None, True, ()) if point is None else (Point(point), False, ())


@settings(deadline=None)
@given(boxed_programs())
def test_what_is_left_is_irreducible(form: MixedIntegerProgram) -> None:
    system = System(form)
    grid = Grid(system)
    members = [member for member in system.members if member.kind is not Kind.INTEGER]
    assume(grid.point(members) is None)
    left = shrink(system, members, ByHand(grid))
    assert left.irreducible
    assert grid.point(left.members) is None
    for member in left.members:
        others = [other for other in left.members if other != member]
        assert grid.point(others) is not None
        assert not failing(system, others, left.points[member].values)


@settings(deadline=None)
@given(boxed_programs(), st.integers(0, 6))
def test_without_an_answer_a_member_stays(form: MixedIntegerProgram, patience: int) -> None:
    system = System(form)
    grid = Grid(system)
    members = [member for member in system.members if member.kind is not Kind.INTEGER]
    assume(grid.point(members) is None)
    left = shrink(system, members, ByHand(grid, patience))
    assert grid.point(left.members) is None
    for member, point in left.points.items():
        assert failing(system, left.members, point.values) == (member,)


@pytest.mark.parametrize("rows", [50, 400])
def test_few_questions_are_asked_of_many_members(rows: int) -> None:
    system = System(cycle(3, spare=rows))
    core = set(system.members[:3])
    asked = 0

    def ask(members: Collection[Member]) -> Answer:
        nonlocal asked
        asked += 1
        missing = core - set(members)
        if not missing:
            return None, True, ()
        first = min(member.index for member in missing)
        values = [Fraction(0), Fraction(-1), Fraction(-2)]  # x1 >= x2 + 1 >= x3 + 2, all but the last row
        return Point(tuple(values[(j - first - 1) % 3] for j in range(3))), False, ()

    assert set(shrink(system, system.members, ask).members) == core
    assert asked <= 30
