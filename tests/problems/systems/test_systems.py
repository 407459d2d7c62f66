"""Members and their words, exact proofs of infeasibility, irreducibility."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dualgap.core.forms import MixedIntegerProgram
from dualgap.problems.systems.members import Kind, Member, Side, System
from dualgap.problems.systems.minimal import farkas_multipliers
from dualgap.problems.systems.points import box_point, exact_point, failing
from dualgap.problems.systems.rays import support
from dualgap.problems.systems.refute import refute
from tests.problems.systems.planted import FAMILIES, Grid, boxed_programs, crossed, cycle, overfull, parity
from tests.solvers.programs import INF, program


@pytest.mark.parametrize("family", FAMILIES)
def test_words_name_members_and_come_back(family: str) -> None:
    system = System(FAMILIES[family])
    assert system.read(map(system.word, system.members)) == list(system.members)


def test_names_may_look_like_words() -> None:
    form = program([1, 1], [[1, 1], [1, 0], [0, 1]], [1, 1, 1], [2, 2, 2])
    system = System(replace(form, rows=("a >=", "a", "row a <="), columns=("integer x", "x")))
    assert system.read(map(system.word, system.members)) == list(system.members)


def test_a_word_without_a_side_means_both() -> None:
    system = System(parity())
    assert system.read(["row r1"]) == [Member(Kind.ROW, 0, Side.LOWER), Member(Kind.ROW, 0, Side.UPPER)]
    assert system.read(["bound x2 <=", "integer x1"]) == [Member(Kind.BOUND, 1, Side.UPPER), Member(Kind.INTEGER, 0)]


@pytest.mark.parametrize("word", ["", "r1", "row r9", "row r1 <=", "column x1 >=", "integer r1", "bound x1"])
def test_words_that_name_nothing_are_refused(word: str) -> None:
    form = program([1], [[1]], [1], [INF], lower=-INF, upper=INF)
    with pytest.raises(ValueError, match="name"):
        System(form).read([word])


def test_statements_are_in_the_names_of_the_spec() -> None:
    form = program([1, 1, 1], [[10, -15, 0], [1, 1, 0.5]], [-INF, 2], [450, 2], upper=[40, INF, INF])
    system = System(replace(form, rows=("labour", "count"), columns=("chairs", "tables", "desks")))
    assert system.text(system.members) == [
        ("labour", "10 chairs - 15 tables <= 450"),
        ("count", "chairs + tables + 0.5 desks = 2"),
        ("chairs", "0 <= chairs <= 40"),
        ("tables", "tables >= 0"),
        ("desks", "desks >= 0"),
        ("chairs", "chairs whole"),
        ("tables", "tables whole"),
        ("desks", "desks whole"),
    ]


def test_an_irreducible_system_is_recognised_by_its_one_dependency() -> None:
    system = System(cycle(40))
    assert farkas_multipliers([system.inequality(member) for member in system.members]) == (1,) * 40
    bounds = System(crossed())
    first = bounds.read(["bound x1"])
    assert farkas_multipliers([bounds.inequality(member) for member in first]) == (1, 1)


def test_decimals_are_exact_in_a_proof() -> None:
    form = program([1, 1], [[0.1, 0.2], [0.1, 0.2]], [0.3, -INF], [INF, 0.3], lower=-INF, integer=False)
    system = System(form)
    assert farkas_multipliers([system.inequality(member) for member in system.members]) is None
    tighter = System(replace(form, row_upper=np.array([INF, 0.29])))
    assert farkas_multipliers([tighter.inequality(member) for member in tighter.members]) == (1, 1)


def test_no_time_no_proof() -> None:
    system = System(cycle(30))
    assert farkas_multipliers([system.inequality(member) for member in system.members], seconds=-1.0) is None
    assert refute(System(parity(6)), System(parity(6)).members[1:], seconds=-1.0) is None


@settings(max_examples=60, deadline=None)
@given(boxed_programs())
def test_refuted_is_infeasible_and_small_systems_are_decided(form: MixedIntegerProgram) -> None:
    system = System(form)
    assert (refute(system, system.members) is not None) == (Grid(system).point(system.members) is None)


def test_parity_needs_rounding_alone() -> None:
    system = System(parity())
    without_bounds = [member for member in system.members if member.kind is not Kind.BOUND]
    found = refute(system, without_bounds)
    assert found is not None
    assert "rounded" in found.argument
    assert refute(system, without_bounds[1:]) is None  # x1 = 1/2


def test_mixed_systems_are_branched_on_their_whole_columns() -> None:
    form = program([1, 1], [[2, 1], [2, 1]], [0.4, -INF], [INF, 2.2], lower=0, upper=[5, 0.3], integer=[True, False])
    assert refute(System(form), System(form).members) is None
    tight = System(replace(form, row_upper=np.array([INF, 1.9])))
    assert refute(tight, tight.members) is not None


@pytest.mark.parametrize("family", FAMILIES)
def test_a_point_is_checked_against_every_member(family: str) -> None:
    system = System(FAMILIES[family])
    origin = [Fraction(0)] * len(system.columns)
    assert set(failing(system, system.members, origin)) == {m for m in system.members if system.fails(m, origin)}


def test_floats_near_simple_fractions_are_mended() -> None:
    form = program([1, 1], [[3, 0], [1, 1]], [1, 1], [1, 1], lower=-INF, integer=False)
    system = System(form)
    point = exact_point(system, system.members, [Fraction(1, 3) + Fraction(1, 10**12), Fraction(0.666666666666)])
    assert point.exact
    assert point.values == (Fraction(1, 3), Fraction(2, 3))


def test_bounds_alone_need_no_solver() -> None:
    system = System(program([1, 1], lower=[0.2, -INF], upper=[0.7, -3]))
    assert box_point(system, system.members) is None
    without = [member for member in system.members if member != Member(Kind.INTEGER, 0)]
    point = box_point(system, without)
    assert point is not None
    assert not failing(system, without, point.values)


@given(st.floats(1e-3, 1e3))
def test_a_ray_s_support_is_the_conflict(scale: float) -> None:
    system = System(overfull())
    words = [system.word(member) for member in support(system, scale * np.array([1.0, 1e-13]))]
    assert words == ["row r1 >=", "bound x1 <=", "bound x2 <="]
