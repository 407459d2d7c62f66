"""Random small games with their values: by a linear program apart from all code under test, or on a fine grid."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import optimize

from dualgap import ConvexConcaveGame, MatrixGame, Problem

Instance = tuple[Problem, float, Callable[[np.ndarray], tuple[bool, float]], float]
_NOISE = 1e-6


def matrix_game(
    rng: np.random.Generator, *, maximizer: str = "rows", decimal: bool = False, twins: bool = False
) -> Instance:
    payoff = rng.integers(-9, 10, (3, 4))
    if twins:
        payoff[:, 1], payoff[2] = payoff[:, 0], payoff[0]
    payoff = payoff + 30  # away from 0, where a relative gap says little
    given = payoff / 10 if decimal else payoff
    sign = 1.0 if maximizer == "rows" else -1.0
    table = sign * given.astype(float)
    found = optimize.linprog(
        np.append(np.zeros(3), -1.0),
        A_ub=np.hstack([-table.T, np.ones((4, 1))]),
        b_ub=np.zeros(4),
        A_eq=[[1.0, 1.0, 1.0, 0.0]],
        b_eq=[1.0],
        bounds=[(0, None)] * 3 + [(None, None)],
    )

    def judge(weights: np.ndarray) -> tuple[bool, float]:
        share = weights[:3] / weights[:3].sum()
        return bool((share >= -_NOISE).all()), sign * float((share @ table).min())

    return MatrixGame(payoff=given, maximizer=maximizer), sign * float(-found.fun), judge, 1e-6


def power_game(rng: np.random.Generator) -> Instance:
    """Two channels: one number tells each player's allocation, so the value is found on a line."""
    beta, sigma = rng.integers(5, 30, 2) / 10, rng.integers(2, 20, 2) / 10
    game = ConvexConcaveGame(beta=beta, sigma=sigma, power=2, noise=3)

    def worst(noise: np.ndarray) -> float:
        def sent(first: float) -> float:
            return -float(np.log1p(beta * np.array([first, 2.0 - first]) / (sigma + noise)).sum())

        return -float(optimize.minimize_scalar(sent, bounds=(0.0, 2.0), options={"xatol": 1e-11}).fun)

    def at(first: float) -> float:
        return worst(np.array([first, 3.0 - first]))

    inside = optimize.minimize_scalar(at, bounds=(0.0, 3.0), options={"xatol": 1e-11}).fun
    optimum = min(float(inside), at(0.0), at(3.0))

    def judge(noise: np.ndarray) -> tuple[bool, float]:
        return bool((noise >= -_NOISE).all() and abs(noise.sum() - 3.0) <= _NOISE), worst(np.maximum(noise, 0.0))

    return game, optimum, judge, 1e-6
