"""SCIP against enumeration; above all, that its tolerances are not taken for answers."""

from __future__ import annotations

import time

import numpy as np
import pytest

import dualgap
from dualgap.core.claim import Stop, Use
from dualgap.core.errors import UsageError
from dualgap.core.solver import Budget
from dualgap.core.witness import Ray
from dualgap.solvers.highs import Highs
from dualgap.solvers.scip import Scip
from tests.solvers.programs import INF, Recorder, best_by_hand, hard_program, program, random_program


@pytest.mark.parametrize("decimals", [0, 1])
def test_optimum_equals_enumeration(decimals: int) -> None:
    for seed in range(30):
        form = random_program(seed, decimals=decimals)
        claim, best = Scip().solve(form, Recorder()), best_by_hand(form)
        if best is None:
            assert claim.stop is Stop.INFEASIBLE, seed
            continue
        assert claim.stop is Stop.FINISHED, seed
        assert claim.value == pytest.approx(float(best), abs=1e-6)
        assert claim.bound == pytest.approx(float(best), abs=1e-6)


def test_mixed_programs() -> None:
    form = program([-3, -2.5, 1], [[2, 3, 0], [1, 0, -1]], [-INF, 0], [7, 1], upper=[5, INF, INF], integer=[1, 0, 0])
    claim = Scip().solve(form, Recorder())
    assert claim.value == pytest.approx(Highs().solve(form, Recorder()).value)
    assert form.violation(claim.point) <= 1e-6


def test_large_equalities_are_met_in_exact_arithmetic() -> None:
    """At its default tolerance, relative to the sides, SCIP answers 1654 here, ten units off."""
    wrong = 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        amount = 10**7
        root = int(amount**0.5)
        coins = np.unique(rng.integers(root, 2 * root, size=12))
        claim = Scip().solve(
            program(np.ones(len(coins), dtype=np.int64), [coins], [amount], [amount], upper=10**4), Recorder()
        )
        if claim.feasible:
            assert int(coins @ claim.point.astype(np.int64)) == amount
        wrong += not claim.feasible
    assert wrong <= 2


def test_a_point_that_breaks_a_row_is_not_called_feasible() -> None:
    coins = np.array([3162, 3163, 4999])
    form = program(np.ones(3, dtype=np.int64), [coins], [10**7 + 1], [10**7 + 1], upper=10**4)
    claim = Scip(options={"numerics/feastol": 1e-6}).solve(form, Recorder())
    if claim.point is not None and int(coins @ claim.point.astype(np.int64)) != 10**7 + 1:
        assert not claim.feasible
        assert "breaks" in claim.message


def test_time_limit_is_told_as_such_and_incumbents_are_streamed() -> None:
    form = hard_program()
    ctx = Recorder(budget=Budget(seconds=1.0))
    claim = Scip().solve(form, ctx)
    assert claim.stop is Stop.TIME
    assert claim.feasible
    assert form.violation(claim.point) <= 1e-6
    assert claim.bound is None or claim.bound < claim.value
    values = [form.objective(point) for point in ctx.points]
    assert len(values) > 1
    assert claim.value == pytest.approx(min(values))


def test_stops_when_asked_to() -> None:
    ctx = Recorder(stop_after=1)
    claim = Scip().solve(hard_program(), ctx)
    assert time.monotonic() - ctx.began < 30
    assert claim.stop is Stop.TIME
    assert claim.feasible


def test_gap_stops_early() -> None:
    rng = np.random.default_rng(0)
    values, weights = rng.integers(1, 10_000, size=(2, 2_000))
    form = program(-values, [weights], [-INF], [weights.sum() // 2], upper=1)
    claim = Scip().solve(form, Recorder(budget=Budget(gap=0.01)))
    assert claim.stop is Stop.FINISHED
    assert claim.value - claim.bound <= 0.01 * abs(claim.value) + 1


def test_unbounded_and_infeasible() -> None:
    claim = Scip().solve(program([-1, 0], [[1, -1]], [-INF], [3]), Recorder())
    assert claim.stop is Stop.UNBOUNDED
    assert isinstance(claim.witness, Ray)
    assert Scip().solve(program([1], [[2]], [1], [1], upper=5), Recorder()).stop is Stop.INFEASIBLE
    # Its relaxation is unbounded, but it has no point: 2x - 2y = 1.
    trap = program([-1, 0], [[2, -2]], [1], [1], upper=[INF, 50])
    assert Scip().solve(trap, Recorder(budget=Budget(seconds=5.0))).stop is Stop.INFEASIBLE


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"limits/nonsense": 1}, "no parameter 'limits/nonsense'"),
        ({"limits/gap": -7.0}, "limits/gap can't be -7.0"),
        ({"limits/nodes": "many"}, "limits/nodes can't be 'many'"),
    ],
)
def test_option_errors_name_the_option(options: dict[str, float], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Scip(options=options).solve(program([1], upper=3), Recorder())


def test_options_of_every_type_and_silence(capfd: pytest.CaptureFixture[str]) -> None:
    options = {"limits/nodes": 1, "limits/gap": 0, "conflict/enable": False, "branching/scorefunc": "s"}
    claim = Scip(options=options).solve(hard_program(), Recorder())
    assert claim.stop is Stop.ITERATIONS
    assert capfd.readouterr().out == ""
    Scip().solve(program([1], [[1]], [1], [2], upper=3), Recorder(verbose=True))
    assert "SCIP Status" in capfd.readouterr().out


def test_seed_and_threads() -> None:
    form = hard_program(16, 2)
    one, two, other = (Scip().solve(form, Recorder(seed=seed)) for seed in (1, 1, 2))
    assert one.statistics == two.statistics
    assert one.value == other.value
    assert Scip().solve(form, Recorder(budget=Budget(threads=2))).value == one.value


def test_a_start_is_used_at_once() -> None:
    form = hard_program()
    first = Scip().solve(form, Recorder(budget=Budget(seconds=0.5)))
    claim = Scip(options={"limits/solutions": 1}).solve(form, Recorder(start=first.point))
    assert claim.start.use is Use.USED
    assert claim.point.tolist() == first.point.tolist()


def test_whole_way_with_verdicts() -> None:
    problem = dualgap.Knapsack(values=[10, 13, 7], weights=[4, 6, 3], capacity=9)
    run = dualgap.solve(problem, "scip", isolate=False)
    assert run.solver == "scip@ortools"
    assert run.certificate.verdict in ("optimal", "claimed-optimal")
    assert run.certificate.value == 20
    even = dualgap.solve(dualgap.CoinChange(coins=[2, 4], amount=7), "scip", isolate=False)
    assert even.certificate.verdict in ("infeasible", "claimed-infeasible")
