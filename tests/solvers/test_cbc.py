"""CBC against enumeration; above all, that a limit is never told as an optimum."""

from __future__ import annotations

import time

import numpy as np
import pytest

import dualgap
from dualgap.core.claim import Stop
from dualgap.core.errors import UsageError
from dualgap.core.solver import Budget
from dualgap.core.witness import Multipliers, Ray
from dualgap.solvers.cbc import Cbc
from tests.solvers.programs import (
    INF,
    Recorder,
    best_by_hand,
    hard_program,
    lagrangian_bound,
    program,
    random_program,
)


@pytest.mark.parametrize("decimals", [0, 1])
def test_optimum_equals_enumeration(decimals: int) -> None:
    for seed in range(30):
        form = random_program(seed, decimals=decimals)
        claim, best = Cbc().solve(form, Recorder()), best_by_hand(form)
        if best is None:
            assert claim.stop is Stop.INFEASIBLE, seed
            continue
        assert claim.stop is Stop.FINISHED, seed
        assert form.violation(claim.point) <= 1e-9
        assert claim.value == pytest.approx(float(best), abs=1e-6)
        assert claim.bound == pytest.approx(float(best), abs=1e-6)


def test_linear_programs_have_duals_in_our_convention() -> None:
    solved = 0
    for seed in range(20):
        whole = random_program(seed)
        sides = whole.row_lower, whole.row_upper
        form = program(whole.cost, whole.matrix.toarray(), *sides, whole.lower, whole.upper, integer=False, offset=2.0)
        claim = Cbc().solve(form, Recorder())
        if claim.stop is Stop.FINISHED:
            solved += 1
            assert isinstance(claim.witness, Multipliers)
            assert lagrangian_bound(form, claim.witness) == pytest.approx(claim.value, abs=1e-6)
        else:
            assert claim.stop is Stop.INFEASIBLE
    assert solved > 10


def test_time_limit_is_told_as_such_and_bounds_nothing_falsely() -> None:
    """PuLP says Optimal here."""
    form = hard_program()
    claim = Cbc().solve(form, Recorder(budget=Budget(seconds=1.0)))
    assert claim.stop is Stop.TIME
    assert claim.feasible
    assert form.violation(claim.point) <= 1e-6
    assert claim.bound is None or claim.bound < claim.value - 1e-6


def test_interrupted_child_writes_its_incumbent() -> None:
    class Impatient(Recorder):
        def should_stop(self) -> bool:
            return time.monotonic() > self.began + 0.7

    claim = Cbc().solve(hard_program(), Impatient())
    assert claim.stop is Stop.TIME
    assert claim.feasible


def test_gap_stops_early() -> None:
    rng = np.random.default_rng(0)
    values, weights = rng.integers(1, 10_000, size=(2, 2_000))
    form = program(-values, [weights], [-INF], [weights.sum() // 2], upper=1)
    claim = Cbc().solve(form, Recorder(budget=Budget(gap=0.01)))
    assert claim.stop is Stop.FINISHED
    assert claim.bound <= claim.value
    assert claim.value - claim.bound <= 0.01 * abs(claim.value) + 1


def test_start_is_used() -> None:
    form = hard_program()
    first = Cbc().solve(form, Recorder(budget=Budget(seconds=1.0)))
    again = Cbc().solve(form, Recorder(budget=Budget(seconds=0.3), start=first.point))
    assert again.value <= first.value


def test_unbounded_and_infeasible() -> None:
    claim = Cbc().solve(program([-1, 0], [[1, -1]], [-INF], [3]), Recorder())
    assert claim.stop is Stop.UNBOUNDED
    assert isinstance(claim.witness, Ray)
    assert Cbc().solve(program([-1, 0], [[1, -1]], [-INF], [3], integer=False), Recorder()).stop is Stop.UNBOUNDED
    assert Cbc().solve(program([1], [[2]], [1], [1], upper=5), Recorder()).stop is Stop.INFEASIBLE
    # Its relaxation is unbounded, and CBC says so of the program, which has no point: 2x - 2y = 1.
    trap = program([-1, 0], [[2, -2]], [1], [1], upper=[INF, 50])
    assert Cbc().solve(trap, Recorder(budget=Budget(seconds=5.0))).stop is Stop.INFEASIBLE


def test_values_come_back_in_full() -> None:
    """CBC's text files hold eight digits."""
    claim = Cbc().solve(program([-1], [[1]], [-INF], [123456789012]), Recorder())
    assert claim.point.tolist() == [123456789012]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"nonsense": 1}, "no option 'nonsense'"),
        ({"h": 1}, "no option 'h'"),
        ({"cuts": "sideways"}, "cuts can't be 'sideways'"),
        ({"maxNodes": 1.5}, "maxNodes can't be 1.5"),
    ],
)
def test_option_errors_name_the_option(options: dict[str, float], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Cbc(options=options).solve(program([1], upper=3), Recorder())


def test_options_and_silence(capfd: pytest.CaptureFixture[str]) -> None:
    claim = Cbc(options={"cuts": False, "maxNodes": 1}).solve(hard_program(), Recorder())
    assert claim.stop is Stop.ITERATIONS
    assert capfd.readouterr().out == ""
    Cbc().solve(program([1], upper=3), Recorder(verbose=True))
    assert "CBC MILP Solver" in capfd.readouterr().out


def test_refuses_what_float64_cannot_hold() -> None:
    assert "2^53" in (Cbc().refuses(program(np.array([2**53 + 1]), upper=1)) or "")


def test_whole_way_with_verdicts() -> None:
    problem = dualgap.Knapsack(values=[10, 13, 7], weights=[4, 6, 3], capacity=9)
    run = dualgap.solve(problem, "cbc@pulp", isolate=False)
    assert run.certificate.verdict in ("optimal", "claimed-optimal")
    assert run.certificate.value == 20
    change = dualgap.solve(dualgap.CoinChange(coins=[1, 2, 5], amount=11), "cbc@pulp", isolate=False)
    assert (change.certificate.verdict, change.certificate.value) == ("optimal", 3)
    even = dualgap.solve(dualgap.CoinChange(coins=[2, 4], amount=7), "cbc@pulp", isolate=False)
    assert even.certificate.verdict in ("infeasible", "claimed-infeasible")
    with pytest.raises(UsageError, match="nonsense"):
        dualgap.solve(problem, "cbc@pulp[nonsense=1]", isolate=False)
