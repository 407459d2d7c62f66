"""Adversaries, for ``games.py``: the budgeted log game, minimax regret, ReLU networks, projections onto balls."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from harness import Row, process_seconds

import dualgap
from dualgap.core.sets import Ball, BallBox, Simplex
from dualgap.problems.adversarial_example.digits import load_digits, train
from dualgap.problems.convex_concave_game.responses import best_noise, most


def _solved(problem: dualgap.Problem, solver: str, **parameters: Any) -> dualgap.Run:
    return dualgap.solve(problem, solver, parameters=parameters, isolate=False, time=120)


def power_games(quick: bool) -> Iterable[Row]:
    """Extragradient steps to 1e-9, beside projected descent-ascent; the exact solver."""
    game = dualgap.ConvexConcaveGame.generate(10, 0)
    run = _solved(game, "extragradient", tolerance=1e-9)
    assert run.certificate is not None
    closed = float(run.certificate.gap) <= 1e-9 * float(run.certificate.value)
    steps = float(run.statistics["iterations"])
    slow = _descent_ascent(game, 2000)
    yield Row("power game to 1e-9: extragradient steps", steps if closed else None, unit="steps", target=150)
    yield Row("power game: projected descent-ascent, gap after 2,000 steps", slow, unit="")
    yield Row(
        "power game to 1e-9 by extragradient", process_seconds(lambda: _solved(game, "extragradient", tolerance=1e-9))
    )
    yield Row("power game exact, by price bisection", process_seconds(lambda: _solved(game, "price-bisection")))


def _descent_ascent(game: dualgap.ConvexConcaveGame, steps: int) -> float:
    """The relative gap of the best pair that simultaneous projected steps of 0.05 find."""
    budgets = float(game.noise), float(game.power)
    noise, power = (np.full(game.size, budget / game.size) for budget in budgets)
    upper, lower = np.inf, -np.inf
    for step in range(1, steps + 1):
        level = game.sigma + noise
        slope_n = 1.0 / (level + game.beta * power) - 1.0 / level
        slope_p = game.beta / (level + game.beta * power)
        length = 0.5 / np.sqrt(step)
        noise = Simplex(budgets[0]).project(noise - length * slope_n)
        power = Simplex(budgets[1]).project(power + length * slope_p)
        upper = min(upper, most(game.beta / (game.sigma + noise), budgets[1])[0])
        loads = game.beta * power
        jammed = game.sigma + best_noise(loads, game.sigma, budgets[0])[0]
        lower = max(lower, float(np.log1p(loads / jammed).sum()))
    return float((upper - lower) / upper)


def regrets(quick: bool) -> Iterable[Row]:
    """Denoising at ten noise levels by dual ascent on the group weights."""
    problem = dualgap.MinimaxRegret.generate(10, 0, family="denoising", features=11)
    ours = process_seconds(lambda: _solved(problem, "dual-ascent", rule="level"))
    conic = process_seconds(lambda: _solved(problem, "clarabel"))
    yield Row(
        "denoising, 10 levels: dual ascent on group weights, proved",
        ours,
        peer="Clarabel on its cones",
        peer_value=conic,
    )


def networks(quick: bool) -> Iterable[Row]:
    """Exact margins of ten digits, one run an image, every proof replayed."""
    data = load_digits()
    images, digits = data.of_each()
    network = train(data)
    for radius in (0.02, 0.05, 0.1, 0.15):
        yield _exact(network, images, digits, radius, "64-32-10", 0.5, largest=True)
    if not quick:
        wide = train(data, (256,))
        yield _exact(wide, images, digits, 0.1, "64-256-10", 2.0, largest=False)


def _exact(
    network: object, images: np.ndarray, digits: np.ndarray, radius: float, name: str, target: float, *, largest: bool
) -> Row:
    """Exact margins of ten images one by one, each a run whose proof is replayed."""
    seconds, open_ = [], 0
    for k in range(len(digits)):
        problem = dualgap.load(
            {
                "kind": "adversarial-example",
                "network": network.content(),  # type: ignore[attr-defined]
                "inputs": images[k : k + 1],
                "labels": digits[k : k + 1],
                "norm": "inf",
                "radius": radius,
                "clip": [0, 1],
            }
        )
        if k == 0:
            _solved(problem, "relu-branching")  # loads what it needs
        begin = time.process_time()
        run = _solved(problem, "relu-branching")
        seconds.append(time.process_time() - begin)
        certificate = run.certificate
        open_ += certificate is None or certificate.verdict != "optimal" or certificate.evidence != "proved"
    value = max(seconds) if largest else statistics.mean(seconds)
    what = f"{name}, eps {radius}: {'slowest' if largest else 'mean'} of 10 exact margins, proved"
    return Row(what if not open_ else f"{what} ({open_} open)", value if not open_ else None, target=target)


def projections(quick: bool) -> Iterable[Row]:
    """Onto l1 balls, with a box and without."""
    rng = np.random.default_rng(0)
    size, radius = 3072, 50.0
    point, centre = rng.normal(size=size), rng.random(size)
    ball = Ball(radius, order=1)
    both = BallBox(radius, centre, np.zeros(size), np.ones(size), order=1)
    peer = _qp(point, radius)
    yield _projection("plain l1 ball, d = 3,072", lambda: ball.project(point), 60.0, peer)
    yield _projection("l1 ball with box, d = 3,072", lambda: both.project(centre + point), 200.0, peer)


def _projection(what: str, work: Callable[[], object], target: float, peer: float) -> Row:
    def many() -> None:
        for _ in range(100):
            work()

    return Row(what, 1e4 * process_seconds(many), "µs", target, "CVXPY, CLARABEL", 1e6 * peer)


def _qp(point: np.ndarray, radius: float) -> float:
    import cvxpy

    x = cvxpy.Variable(len(point))
    model = cvxpy.Problem(cvxpy.Minimize(cvxpy.sum_squares(x - point)), [cvxpy.norm1(x) <= radius])
    return process_seconds(lambda: model.solve(solver="CLARABEL"), repeats=3)
