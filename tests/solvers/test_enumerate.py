"""Enumeration in chunks against enumeration by hand."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dualgap
from dualgap.core.claim import Stop
from dualgap.core.errors import NoRouteError, UsageError
from dualgap.core.solver import Budget
from dualgap.core.witness import Exhaustion
from dualgap.solvers.enumerate import Enumerate
from tests.solvers.programs import INF, Recorder, best_by_hand, program, random_program


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10**6), decimals=st.integers(0, 3))
def test_optimum_equals_enumeration_by_hand(seed: int, decimals: int) -> None:
    form = random_program(seed, decimals=decimals)
    claim, best = Enumerate().solve(form, Recorder()), best_by_hand(form)
    assert isinstance(claim.witness, Exhaustion)
    if best is None:
        assert (claim.stop, claim.point, claim.bound) == (Stop.INFEASIBLE, None, None)
    else:
        assert (claim.stop, claim.value, claim.bound) == (Stop.FINISHED, best, best)
        assert form.violation(claim.point) <= 1e-9
        assert form.objective(claim.point) == pytest.approx(float(best))


def test_many_chunks() -> None:
    form = program([-30] + [-1] * 18, [[1] * 19], [-INF], [15], upper=1)
    ctx = Recorder()
    claim = Enumerate().solve(form, ctx)
    assert (claim.value, claim.bound) == (-44, -44)
    assert claim.statistics == {"points": 2**19, "of": 2**19}
    assert len(ctx.points) > 1


def test_time_limit_keeps_the_best_so_far() -> None:
    form = program(-np.arange(1, 23), [np.arange(1, 23)], [-INF], [200], upper=1)
    claim = Enumerate().solve(form, Recorder(stop_after=1))
    assert claim.stop is Stop.TIME
    assert claim.feasible
    assert (claim.bound, claim.witness) == (None, None)
    nothing = Enumerate().solve(form, Recorder(budget=Budget(seconds=0.0)))
    assert (nothing.stop, nothing.point, nothing.feasible) == (Stop.TIME, None, False)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        (program([1] * 30, upper=1), "1,073,741,824 points"),
        (program([1] * 300, upper=9), "over 10^300 points"),
        (program([1], upper=1, integer=False), "continuous"),
        (program([1]), "no finite bounds"),
    ],
)
def test_refuses_with_a_reason(form: dualgap.MixedIntegerProgram, said: str) -> None:
    assert said in (Enumerate().refuses(form) or "")


def test_the_most_is_a_parameter() -> None:
    form = program([1] * 4, upper=1)
    assert Enumerate(most=16).refuses(form) is None
    assert "16 points" in (Enumerate(most=15).refuses(form) or "")


def test_trivial_programs() -> None:
    assert Enumerate().solve(program([2, 3], lower=4, upper=4, offset=0.5), Recorder()).value == Fraction(41, 2)
    assert Enumerate().solve(program([1], lower=1, upper=0), Recorder()).stop is Stop.INFEASIBLE
    empty = program(np.zeros(0, dtype=np.int64), np.zeros((1, 0)), [-1], [1], offset=7.0)
    assert Enumerate().solve(empty, Recorder()).value == 7
    impossible = program(np.zeros(0, dtype=np.int64), np.zeros((1, 0)), [1], [2])
    assert Enumerate().solve(impossible, Recorder()).stop is Stop.INFEASIBLE


def test_whole_way_with_verdicts() -> None:
    problem = dualgap.Knapsack(values=[10.5, 13.25, 7], weights=[4, 6, 3], capacity=9.5)
    run = dualgap.solve(problem, "enumerate", isolate=False)
    assert run.certificate.verdict in ("optimal", "claimed-optimal")
    assert run.certificate.value == Fraction(81, 4)
    change = dualgap.solve(dualgap.CoinChange(coins=[1, 2, 5], amount=11), "enumerate", isolate=False)
    assert change.certificate.verdict in ("optimal", "claimed-optimal")
    assert change.certificate.value == 3
    even = dualgap.solve(dualgap.CoinChange(coins=[2, 4], amount=7), "enumerate", isolate=False)
    assert even.certificate.verdict in ("infeasible", "claimed-infeasible")
    with pytest.raises(UsageError, match="nonsense"):
        dualgap.solve(problem, "enumerate[nonsense=1]", isolate=False)
    with pytest.raises(NoRouteError, match="points to go through"):
        dualgap.solve(problem, "enumerate[most=3]", isolate=False)
