"""Methods for matrix games: what they return is the best they saw, on games of any shape and scale."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest

import dualgap
from dualgap.core.certificate import Evidence
from dualgap.core.claim import Stop
from dualgap.core.errors import NoRouteError, UsageError
from dualgap.core.forms import SaddleProgram, bilinear
from dualgap.core.sets import Box, Simplex
from dualgap.problems.examples import example
from dualgap.problems.matrix_game import MatrixGame, MixedStrategies
from dualgap.problems.matrix_game.views import saddle_program
from dualgap.solvers.games.multiplicative_weights import MultiplicativeWeights
from dualgap.solvers.games.pdhg import Pdhg
from dualgap.solvers.games.regret_matching import RegretMatching
from tests.solvers.programs import Recorder

METHODS = ("regret-matching", "pdhg", "optimistic-multiplicative-weights")
RNG = np.random.default_rng(11)
SQUARE = RNG.random((40, 40))
GAMES: dict[str, Any] = {
    "wide": RNG.random((15, 60)),
    "tall": RNG.random((60, 15)),
    "far from 0": 1e6 + SQUARE,
    "tiny": 1e-9 * SQUARE,
    "integers": RNG.integers(-5, 6, (30, 40)),
    "sparse": SQUARE * (RNG.random((40, 40)) < 0.3),
    "every strategy twice": np.repeat(np.repeat(SQUARE[:15, :15], 2, 0), 2, 1),
    "constant": np.full((7, 5), 2.5),
    "constant, and large": np.full((250, 300), 0.1),
    "distances": np.abs(np.subtract.outer(np.arange(30), np.arange(30))),
}


def solve(problem: dualgap.Problem, method: Any, **options: Any) -> dualgap.Run:
    return dualgap.solve(problem, method, isolate=False, time=30, **options)


def width(run: dualgap.Run, payoff: Any) -> float:
    """Of the certified interval, as a share of the range of payoffs."""
    assert run.certificate is not None
    assert run.certificate.value is not None
    assert run.certificate.bound is not None
    return float(run.certificate.bound - run.certificate.value) / (float(np.ptp(payoff)) or 1.0)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", GAMES)
def test_the_interval_is_as_narrow_as_the_tolerance_and_holds_the_value(name: str, method: str) -> None:
    payoff = GAMES[name]
    game = MatrixGame(payoff=payoff)
    tolerance = 1e-3 if method == "optimistic-multiplicative-weights" else 1e-6
    run = solve(game, method, parameters={"tolerance": tolerance})
    exact = solve(game, "lp-vertex").certificate
    assert run.stop is Stop.FINISHED
    assert run.certificate is not None
    assert exact is not None
    assert 0 <= width(run, payoff) <= 1.01 * tolerance
    assert run.certificate.evidence is Evidence.PROVED
    assert run.certificate.value <= exact.bound  # type: ignore[operator]
    assert run.certificate.bound >= exact.value  # type: ignore[operator]


def test_single_precision_hands_over_to_double() -> None:
    game = MatrixGame(payoff=np.random.default_rng(3).random((250, 250)))
    assert width(solve(game, "regret-matching", parameters={"tolerance": 2e-8}), game.payoff) <= 2.1e-8


@pytest.mark.parametrize("seed", range(4))
def test_strategies_that_were_left_out_come_back(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # So eager to leave strategies out that some are missed: the interval is judged on all of them nevertheless.
    monkeypatch.setattr("dualgap.solvers.games.regret_matching._NEAR", 0.5)
    monkeypatch.setattr("dualgap.solvers.games.regret_matching._NARROW", 1e-2)
    payoff = np.random.default_rng(seed).random((300, 200))
    run = solve(MatrixGame(payoff=payoff), "regret-matching", parameters={"tolerance": 1e-5})
    assert run.stop is Stop.FINISHED
    assert width(run, payoff) <= 1.01e-5


@pytest.mark.parametrize("method", METHODS)
def test_starts_are_judged_before_the_first_step(method: str) -> None:
    game = example(MatrixGame, "note")
    start = MixedStrategies(rows=[1, 1] + [0] * 9, columns=[0] * 6 + [1, 0, 0, 1, 0])
    run = solve(game, method, start=start, parameters={"iterations": 1})
    assert run.certificate is not None
    assert (run.certificate.value, run.certificate.bound) == (Fraction(5, 2), Fraction(5, 2))


@pytest.mark.parametrize("method", METHODS)
def test_iterations_are_a_limit(method: str) -> None:
    game = MatrixGame(payoff=SQUARE)
    run = solve(game, method, parameters={"iterations": 17, "tolerance": 0})
    assert run.stop is Stop.ITERATIONS
    assert run.statistics["iterations"] == 17
    assert 0 < width(run, SQUARE) < 1


@pytest.mark.parametrize("method", METHODS)
def test_the_runs_gap_is_enough(method: str) -> None:
    run = solve(MatrixGame(payoff=SQUARE), method, gap=0.02)
    assert run.stop is Stop.FINISHED
    assert run.certificate is not None
    assert (run.certificate.relative_gap or 0) <= 0.02
    assert run.statistics["iterations"] < 2_000  # type: ignore[operator]


@pytest.mark.parametrize("method", [RegretMatching(), MultiplicativeWeights(), Pdhg()])
def test_other_forms_are_refused_with_a_reason(method: Any) -> None:
    form = saddle_program(MatrixGame(payoff=SQUARE))
    assert method.refuses(form) is None
    assert "payoff" in (method.refuses(replace(form, payoff=None)) or "")
    if not isinstance(method, Pdhg):
        assert "simplices" in (method.refuses(replace(form, x_set=Simplex(total=2.0))) or "")


def test_a_saddle_program_without_payoffs_has_no_route() -> None:
    with pytest.raises(NoRouteError, match="extragradient"):
        solve(example(dualgap.ConvexConcaveGame), "regret-matching")


def test_pdhg_takes_other_sets() -> None:
    payoff = np.array([[1.0, 2.0], [3.0, -0.5]])
    form = SaddleProgram(
        objective=bilinear,
        x_set=Box(np.full(2, -1.0), np.full(2, 2.0)),
        y_set=Box(np.full(2, 0.5), np.ones(2)),
        initial=(np.ones(2), np.ones(2)),
        data=payoff,
        payoff=payoff,
    )
    claim = Pdhg().solve(form, Recorder())
    best = min(
        sum(max(0.5 * pull, pull) for pull in np.array(x) @ payoff) for x in product(np.linspace(-1, 2, 31), repeat=2)
    )
    assert claim.stop is Stop.FINISHED
    assert claim.value == pytest.approx(best, abs=1e-5)
    assert claim.bound == pytest.approx(best, abs=1e-5)


def test_multiplicative_weights_need_a_positive_step() -> None:
    with pytest.raises(UsageError, match="positive step"):
        MultiplicativeWeights(step=0)
