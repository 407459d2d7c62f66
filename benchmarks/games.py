"""Games: dualgap beside solvers that people use for them, in process time of one thread, verification included.

Matrix games are uniform in [0, 1]; a gap is the width of the certified interval as a share of the range of payoffs.
Peers are nashpy's linear program and raw HiGHS without presolve and crossover, which only take time here. ``--quick``
leaves out the 5000 x 5000 game to 1e-6 and the peers that take over 10 s.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported
os.environ.setdefault("OMP_NUM_THREADS", "1")

import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np
from adversaries import networks, power_games, projections, regrets
from harness import Row, main, process_seconds

import dualgap
from dualgap.problems.examples import example

LIMIT = 60.0


def matrix_games(quick: bool) -> Iterable[Row]:
    """The note's game exactly; uniform games of 1000 and 5000 pure strategies to a gap."""
    yield from _note()
    yield from _thousand(quick)
    yield from _five_thousand(quick)


def _note() -> Iterable[Row]:
    game = dualgap.load(example(dualgap.MatrixGame, "note"))
    assert isinstance(game, dualgap.MatrixGame)
    run = dualgap.solve(game, isolate=False)
    proved = run.certificate is not None and run.certificate.evidence == "proved"
    value = float(run.certificate.value) if run.certificate is not None and proved else None
    yield Row("11 x 11, the note's: error of the proved value", None if value is None else abs(value - 2.5), "", 0.0)
    ours = process_seconds(lambda: dualgap.solve(game, isolate=False), 9)
    payoff = game.payoff.T.astype(float)  # columns maximise; peers maximise over rows
    for peer, play in (("nashpy LP", nashpy(payoff)), ("HiGHS", partial(highs, payoff))):
        theirs = None if play is None else process_seconds(play, 9)
        yield Row("11 x 11, the note's: exactly 5/2, proved", ours, "s", 0.01, peer, theirs)


def _thousand(quick: bool) -> Iterable[Row]:
    payoff = uniform(1_000)
    seconds = approximate(payoff, 1e-6, repeats=3)
    peers: list[tuple[str, Callable[[], Any] | None]] = [("HiGHS interior points", partial(highs, payoff, "ipm"))]
    if not quick:
        peers += [("HiGHS simplex", partial(highs, payoff)), ("nashpy LP", nashpy(payoff))]
    for peer, play in peers:
        theirs = None if play is None else process_seconds(play, 1, 0)
        yield Row("uniform 1000 x 1000 to 1e-6", seconds, "s", 1.0, peer, theirs)


def _five_thousand(quick: bool) -> Iterable[Row]:
    payoff = uniform(5_000)
    yield Row("uniform 5000 x 5000 to 1e-3", approximate(payoff, 1e-3, repeats=1 if quick else 3), "s", 1.0)
    if quick:
        return
    seconds = approximate(payoff, 1e-6, repeats=1)
    begin = time.process_time()
    finished = highs(payoff, "ipm")
    theirs = time.process_time() - begin
    peer = "HiGHS interior points" + ("" if finished else ", stopped")
    yield Row("uniform 5000 x 5000 to 1e-6", seconds, "s", 45.0, peer, theirs)


def uniform(size: int) -> np.ndarray:
    """A square game with payoffs uniform in [0, 1]."""
    return np.random.default_rng(0).random((size, size))


def approximate(payoff: np.ndarray, gap: float, repeats: int) -> float | None:
    """Seconds of regret matching and of its verification; None where the proved interval is wider than ``gap``."""
    game = dualgap.MatrixGame(payoff=payoff)

    def play() -> dualgap.Run:
        return dualgap.solve(game, "regret-matching", parameters={"tolerance": gap}, time=LIMIT, isolate=False)

    certificate = play().certificate  # warms up, too
    if certificate is None or certificate.value is None or certificate.bound is None:
        return None
    width = abs(float(certificate.bound - certificate.value)) / float(np.ptp(payoff))
    return process_seconds(play, repeats, 0) if certificate.evidence == "proved" and width <= 1.001 * gap else None


def nashpy(payoff: np.ndarray) -> Callable[[], Any] | None:
    """Its linear program (SciPy's HiGHS, once for each player), or None where it isn't installed."""
    try:
        import nashpy as nash
    except ImportError:
        return None
    return lambda: nash.Game(payoff).linear_program()


def highs(payoff: np.ndarray, method: str = "simplex") -> bool:
    """The row player's linear program, with the options that are quickest here; whether it is solved in time."""
    import highspy

    m, n = payoff.shape
    infinity = highspy.kHighsInf
    program = highspy.HighsLp()
    program.num_col_, program.num_row_ = m + 1, n + 1
    program.col_cost_ = np.append(np.zeros(m), -1.0)
    program.col_lower_ = np.append(np.zeros(m), -infinity)
    program.col_upper_ = np.full(m + 1, infinity)
    program.row_lower_ = np.append(np.zeros(n), 1.0)
    program.row_upper_ = np.append(np.full(n, infinity), 1.0)
    dense = np.block([[payoff.T, -np.ones((n, 1))], [np.ones((1, m)), np.zeros((1, 1))]])
    program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    program.a_matrix_.start_ = np.arange(m + 2) * (n + 1)
    program.a_matrix_.index_ = np.tile(np.arange(n + 1), m + 1)
    program.a_matrix_.value_ = dense.T.ravel()
    solver = highspy.Highs()
    options = {"output_flag": False, "threads": 1, "solver": method, "time_limit": LIMIT}
    for option, value in {**options, "presolve": "off", "run_crossover": "off"}.items():
        solver.setOptionValue(option, value)
    solver.passModel(program)
    solver.run()
    return bool(solver.getModelStatus() == highspy.HighsModelStatus.kOptimal)


FAMILIES: tuple[Callable[[bool], Iterable[Row]], ...] = (
    matrix_games,
    power_games,
    regrets,
    networks,
    projections,
)


def rows(quick: bool) -> Iterable[Row]:
    for family in FAMILIES:
        yield from family(quick)


if __name__ == "__main__":
    sys.exit(main(__doc__, rows))
