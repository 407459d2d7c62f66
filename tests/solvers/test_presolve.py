"""Presolve: nothing that matters is lost, bounds hold, points come back whole; against enumeration and plain HiGHS."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dualgap
from dualgap.core.certificate import Evidence, Verdict
from dualgap.core.claim import Start, Stop, Use
from dualgap.core.forms import MixedIntegerProgram
from dualgap.solvers import presolve as module
from dualgap.solvers.presolve import Presolve
from dualgap.solvers.remainder import remainder
from dualgap.solvers.tightening import Box, fixed_by_cost, priced, propagated, whole_box
from dualgap.testing.harness import Observer
from tests.solvers.programs import program

INF = np.inf


@st.composite
def programs(draw: st.DrawFn) -> MixedIntegerProgram:
    """Small pure-integer programs with boxes, ranges and equalities; some in tenths."""
    n, m = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    entries = st.integers(-4, 4)
    tenths = draw(st.sampled_from([1.0, 10.0]))
    matrix = np.array(draw(st.lists(entries, min_size=n * m, max_size=n * m))).reshape(m, n) / tenths
    cost = np.array(draw(st.lists(st.integers(-6, 6), min_size=n, max_size=n))) / tenths
    lower = np.array(draw(st.lists(st.integers(-2, 1), min_size=n, max_size=n)), dtype=np.float64)
    upper = lower + np.array(draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)))
    side = np.array(draw(st.lists(st.integers(-6, 8), min_size=m, max_size=m)))
    width = np.array([draw(st.sampled_from([0, 2, INF])) for _ in range(m)])
    flipped = np.array(draw(st.lists(st.booleans(), min_size=m, max_size=m)))
    low, high = np.where(flipped, side - width, side), np.where(flipped, side, side + width)
    return program(cost, matrix, low / tenths, high / tenths, lower, upper)


def points(form: MixedIntegerProgram) -> np.ndarray:
    """(k, n) every feasible point."""
    axes = [np.arange(low, high + 1) for low, high in zip(form.lower, form.upper, strict=True)]
    grid = np.array(np.meshgrid(*axes, indexing="ij")).reshape(form.size[0], -1).T
    activity = grid @ form.matrix.toarray().T
    holds = (activity >= form.row_lower - 1e-9) & (activity <= form.row_upper + 1e-9)
    return np.asarray(grid[holds.all(axis=1)])


def inside(box: Box, found: np.ndarray) -> np.ndarray:
    return np.asarray(((found >= box.lower) & (found <= box.upper)).all(axis=1))


@given(programs())
@settings(max_examples=150, deadline=None)
def test_propagation_loses_no_point(form: MixedIntegerProgram) -> None:
    found, box = points(form), propagated(form, whole_box(form))
    assert inside(box, found).all()


@given(programs(), st.lists(st.floats(-3, 3), min_size=3, max_size=3))
@settings(max_examples=150, deadline=None)
def test_pricing_bounds_and_fixes_only_what_is_no_better(form: MixedIntegerProgram, prices: list[float]) -> None:
    found, box = points(form), whole_box(form)
    pricing = priced(form, box, np.array(prices[: form.size[1]]))
    values = found @ form.cost
    assert (values >= pricing.value - 1e-9).all()
    for limit in values:
        fixed = fixed_by_cost(form, box, pricing, float(limit))
        assert inside(fixed, found[values <= limit]).all()


@given(programs(), st.data())
@settings(max_examples=100, deadline=None)
def test_the_remainder_is_the_program_on_the_rest_of_the_box(form: MixedIntegerProgram, data: st.DataObject) -> None:
    box = whole_box(form)
    pinned = np.array(data.draw(st.lists(st.booleans(), min_size=form.size[0], max_size=form.size[0])))
    box = Box(box.lower, np.where(pinned, box.lower, box.upper))
    rest = remainder(form, box)
    kept = points(form)
    kept = kept[inside(box, kept)]
    if rest.form.size[0]:
        again = np.array([rest.whole(point) for point in points(rest.form)]).reshape(-1, form.size[0])
        assert {tuple(point) for point in again} == {tuple(point) for point in kept}
        for point in kept:
            assert rest.form.objective(point[rest.free]) == pytest.approx(form.objective(point))


@given(programs(), st.booleans())
@settings(max_examples=40, deadline=None)
def test_the_optimum_is_the_same_with_presolve(form: MixedIntegerProgram, started: bool) -> None:
    found = points(form)
    start = found[0] if started and len(found) else None
    small, module._SMALL = module._SMALL, 0
    try:
        claim = Presolve(solver="highs", core=1).solve(form, Observer(start=start))
    finally:
        module._SMALL = small
    if not len(found):
        assert claim.stop is Stop.INFEASIBLE
        return
    optimum = (found @ form.cost).min()
    assert claim.stop is Stop.FINISHED
    assert form.objective(claim.point) == pytest.approx(optimum)
    assert form.violation(claim.point) <= 1e-9
    assert float(claim.bound) <= optimum + 1e-9
    assert float(claim.bound) == pytest.approx(optimum)


def test_decimals_stay_decimals() -> None:
    """Three tenths less two tenths leave .1, not .09999999999999998."""
    form = program([0.1, -0.2], [[0.1, 0.3]], [-INF], [0.3], 0, 3, offset=0.2)
    rest = remainder(form, Box(np.array([2.0, 0.0]), np.array([2.0, 3.0])))
    assert rest.form.row_upper[0] == 0.1
    assert rest.form.offset == 0.4


def test_mixed_programs_keep_their_continuous_columns() -> None:
    form = program([-1, -1.5], [[1, 1]], [-INF], [2.5], 0, 2, integer=np.array([True, False]))
    box = propagated(form, whole_box(form))
    assert box.upper.tolist() == [2.0, 2.0]
    assert priced(form, box, np.array([-1.0])).value <= -3.5


@pytest.mark.parametrize(
    ("family", "solver"), [("uncorrelated", "highs"), ("weak", "highs"), ("weak", "cp-sat"), ("strong", "cp-sat")]
)
def test_large_knapsacks_end_with_the_optimum(family: str, solver: str) -> None:
    problem = dualgap.Knapsack.generate(1500, 3, family=family)
    best = dualgap.solve(problem, "dynamic-programming", isolate=False, time=20)
    run = dualgap.solve(problem, Presolve(solver=solver), isolate=False, time=20)
    assert run.certificate.bound is not None
    assert run.certificate.bound >= best.certificate.value
    assert run.certificate.value == best.certificate.value
    assert run.certificate.verdict in (Verdict.OPTIMAL, Verdict.CLAIMED_OPTIMAL)
    if family != "strong":
        assert run.statistics["columns_left"] <= 200


def test_several_rows_and_the_witness_of_the_relaxation() -> None:
    problem = dualgap.Knapsack.generate(150, 5, family="uncorrelated", dimensions=2)
    plain = dualgap.solve(problem, "highs", isolate=False, time=20)
    run = dualgap.solve(problem, "presolve", isolate=False, time=20)
    assert run.certificate.value == plain.certificate.value
    assert run.statistics["columns_left"] < 120
    assert any(bound.evidence is Evidence.PROVED for bound in run.certificate.bounds)


def test_a_start_fixes_columns_and_a_bad_one_is_ignored() -> None:
    problem = dualgap.Knapsack.generate(1500, 3, family="weak")
    best = dualgap.solve(problem, "dynamic-programming", isolate=False, time=20)
    run = dualgap.solve(problem, "presolve", start=best.answer, isolate=False, time=20)
    assert run.start is not None
    assert run.start.use is Use.USED
    assert run.statistics["cores"] == 0
    form = program(-np.arange(1, 121), [np.ones(120)], [-INF], [3], 0, 1)
    claim = Presolve().solve(form, Observer(start=np.ones(120)))
    assert claim.start == Start(Use.IGNORED, "it isn't feasible to the last digit")
    assert claim.value == -(120 + 119 + 118)


def test_infeasible_rows_are_seen() -> None:
    form = program(np.ones(120), [np.ones(120)], [121], [INF], 0, 1)
    assert Presolve().solve(form, Observer()).stop is Stop.INFEASIBLE
    relaxable = program(np.ones(120), [np.ones(120), -np.ones(120)], [60.5, -59.5], [INF, INF], 0, 1)
    assert Presolve().solve(relaxable, Observer()).stop is Stop.INFEASIBLE


def test_a_limit_ends_it_with_the_point_at_hand() -> None:
    problem = dualgap.Knapsack.generate(3000, 3, family="strong")
    (view,) = problem.views()
    form: Any = view.build()
    claim = Presolve().solve(form, Observer(seconds=1.0))
    assert claim.point is not None
    assert claim.feasible
    assert claim.bound <= claim.value
