"""CP-SAT against enumeration; exact scaling, refusals, limits and parameters."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import dualgap
from dualgap.core.claim import Stop
from dualgap.core.errors import NoRouteError, UsageError
from dualgap.core.solver import Budget
from dualgap.core.witness import FarkasRay
from dualgap.solvers.cp_sat import CpSat
from dualgap.solvers.whole import whole
from tests.solvers.programs import INF, Recorder, best_by_hand, farkas_gap, hard_program, program, random_program


@pytest.mark.parametrize("decimals", [0, 1, 3])
def test_optimum_equals_enumeration_exactly(decimals: int) -> None:
    for seed in range(40):
        form = random_program(seed, decimals=decimals)
        claim, best = CpSat().solve(form, Recorder()), best_by_hand(form)
        if best is None:
            assert claim.stop is Stop.INFEASIBLE, seed
            assert not isinstance(claim.witness, FarkasRay) or farkas_gap(form, claim.witness) > 0
        else:
            assert (claim.stop, claim.value, claim.bound) == (Stop.FINISHED, best, best), seed
            assert form.violation(claim.point) <= 1e-9


def test_scaling_is_exact_and_said() -> None:
    form = program([0.1, -0.25], [[0.2, 0.4], [2, 4]], [0.1, 3], [0.7, INF], upper=3.9)
    program_ = whole(form)
    assert (program_.scale, program_.row_scale) == (20, 5)
    assert program_.matrix.toarray().tolist() == [[1, 2], [1, 2]]
    assert program_.row_lower.tolist() == [1, 2]  # 0.1 / 0.2 and 3 / 2, rounded up
    assert program_.row_upper.tolist() == [3, 9]  # 0.7 / 0.2 rounded down; the most that the box allows
    claim = CpSat().solve(form, Recorder())
    assert claim.bound == claim.value == Fraction(-1, 4)
    assert "costs x 20" in claim.message


def test_a_tenth_and_two_tenths_are_three_tenths() -> None:
    form = program([-1, -1], [[0.1, 0.2]], [-INF], [0.3], upper=1)
    assert CpSat().solve(form, Recorder()).value == -2


@pytest.mark.parametrize(
    ("form", "said"),
    [
        (program([1, 1], upper=1, integer=[True, False]), "column 1 is continuous"),
        (program([1], lower=0), "no finite bounds"),
        (program([2**40, 1], upper=2**23), "2^62"),
        (program([1, 1], [[2**61, 2**61 - 1]], [0], [1], upper=1), "2^62"),
        (program([1e-300, 1], upper=1), "2^62"),
        (program([1], upper=2.0**62), "2^62"),
    ],
)
def test_refuses_with_a_reason(form: dualgap.MixedIntegerProgram, said: str) -> None:
    assert CpSat().refuses(random_program(0)) is None
    assert said in (CpSat().refuses(form) or "")


def test_time_limit_keeps_the_incumbent_and_claims_no_optimum() -> None:
    form = hard_program()
    ctx = Recorder(budget=Budget(seconds=1.0))
    claim = CpSat().solve(form, ctx)
    assert claim.stop is Stop.TIME
    assert claim.feasible
    assert form.violation(claim.point) == 0
    assert claim.bound < claim.value
    assert ctx.points


def test_no_time_at_all_gives_a_bound_that_holds() -> None:
    """An answer without a bound reads 0, which is no lower bound where costs are negative."""
    form = program([-5, -3], [[2, 3]], [-INF], [7], upper=3)
    claim = CpSat().solve(form, Recorder(budget=Budget(seconds=0.0)))
    assert claim.bound <= -15


def test_should_stop_is_honoured() -> None:
    claim = CpSat().solve(hard_program(), Recorder(stop_after=1))
    assert claim.stop in (Stop.TIME, Stop.INTERRUPTED)
    assert claim.feasible


def test_gap_stops_early() -> None:
    claim = CpSat().solve(hard_program(), Recorder(budget=Budget(gap=100.0)))
    assert claim.stop is Stop.FINISHED
    assert claim.bound < claim.value


def test_start_is_a_hint() -> None:
    form = hard_program()
    first = CpSat().solve(form, Recorder(budget=Budget(seconds=1.0)))
    again = CpSat(options={"stop_after_first_solution": True}).solve(form, Recorder(start=first.point))
    assert again.value <= first.value
    assert again.stop is Stop.ITERATIONS


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"num_worker": 1}, "did you mean 'num_workers'"),
        ({"num_workers": 1.5}, "takes type int"),
        ({"cp_model_presolve": 3}, "takes type bool"),
        ({"search_branching": "sideways"}, "one of: AUTOMATIC_SEARCH"),
    ],
)
def test_option_errors_name_the_option(options: dict[str, float], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        CpSat(options=options).solve(program([1], upper=3), Recorder())


def test_options_and_silence(capfd: pytest.CaptureFixture[str]) -> None:
    chosen = CpSat(options={"search_branching": "FIXED_SEARCH", "cp_model_presolve": False})
    assert chosen.solve(program([-1], upper=3), Recorder()).value == -3
    assert capfd.readouterr().out == ""
    CpSat().solve(program([-1], upper=3), Recorder(verbose=True))
    assert "CP-SAT" in capfd.readouterr().out


def test_trivial_programs() -> None:
    assert CpSat().solve(program([0, 0], upper=1, offset=2.5), Recorder()).bound == Fraction(5, 2)
    assert CpSat().solve(program([1], [[2]], [1], [1], upper=5), Recorder()).stop is Stop.INFEASIBLE
    empty = program(np.zeros(0, dtype=np.int64), np.zeros((0, 0)), offset=7.0)
    assert CpSat().solve(empty, Recorder()).value == 7


def test_whole_way_with_verdicts() -> None:
    problem = dualgap.Knapsack(values=[10.5, 13.25, 7], weights=[4, 6, 3], capacity=9.5)
    run = dualgap.solve(problem, "cp-sat", isolate=False)
    assert run.certificate.verdict in ("optimal", "claimed-optimal")
    assert run.certificate.value == Fraction(81, 4)
    change = dualgap.solve(dualgap.CoinChange(coins=[1, 2, 5], amount=11), "cp-sat", isolate=False)
    assert (change.certificate.verdict, change.certificate.value) == ("optimal", 3)
    even = dualgap.solve(dualgap.CoinChange(coins=[2, 4], amount=7), "cp-sat", isolate=False)
    assert even.certificate.verdict in ("infeasible", "claimed-infeasible")
    with pytest.raises(UsageError, match="nonsense"):
        dualgap.solve(problem, "cp-sat[nonsense=1]", isolate=False)
    unlimited = dualgap.Knapsack(values=[1, 1], weights=[1, 0], capacity=1, copies="unbounded")
    with pytest.raises(NoRouteError, match="no finite bounds"):
        dualgap.solve(unlimited, "cp-sat", isolate=False)


def test_exact_bounds_come_back_from_a_worker() -> None:
    problem = dualgap.Knapsack(values=[0.1, 0.2, 0.7], weights=[1, 2, 3], capacity=4)
    run = dualgap.solve(problem, "cp-sat")
    assert run.certificate.value == Fraction(4, 5)
    assert all(isinstance(bound.value, int | Fraction) for bound in run.certificate.bounds)
