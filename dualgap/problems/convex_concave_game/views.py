"""The game as a saddle program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.forms import SaddleProgram
from dualgap.core.relations import Relation
from dualgap.core.sets import Simplex
from dualgap.core.traced import namespace
from dualgap.core.views import View
from dualgap.core.witness import Strategies
from dualgap.problems.convex_concave_game.responses import best_noise, water_filling

if TYPE_CHECKING:
    from dualgap.problems.convex_concave_game.spec import Allocations, ConvexConcaveGame


def views(problem: ConvexConcaveGame) -> tuple[View, ...]:
    """``saddle``: exact, with both best responses."""
    return (
        View(
            name="saddle",
            form_type=SaddleProgram,
            relation=Relation.EXACT,
            build=lambda: saddle_program(problem),
            decode=lambda point: _allocations(*point),
            encode=lambda answer: _pair(problem, answer),
            lift_witness=lambda witness: witness if isinstance(witness, Strategies) else None,
        ),
    )


def saddle_program(problem: ConvexConcaveGame) -> SaddleProgram:
    """x is the noise, y the power, each on its scaled simplex, from even allocations."""
    size, budgets = problem.size, (float(problem.noise), float(problem.power))
    return SaddleProgram(
        objective=rate,
        x_set=Simplex(budgets[0]),
        y_set=Simplex(budgets[1]),
        initial=(np.full(size, budgets[0] / size), np.full(size, budgets[1] / size)),
        data={
            "beta": problem.beta.astype(np.float64),
            "sigma": problem.sigma.astype(np.float64),
            "noise": np.float64(budgets[0]),
            "power": np.float64(budgets[1]),
        },
        best_x=lambda power, data: best_noise(data["beta"] * power, data["sigma"], float(data["noise"]))[0],
        best_y=lambda noise, data: water_filling(data["beta"] / (data["sigma"] + noise), float(data["power"]))[0],
    )


def rate(noise: Any, power: Any, data: Any) -> Any:
    """``sum_i log(1 + beta_i p_i / (sigma_i + n_i))``."""
    xp = namespace(noise)
    return xp.sum(xp.log1p(data["beta"] * power / (data["sigma"] + noise)))


def _allocations(noise: Any, power: Any) -> Allocations:
    from dualgap.problems.convex_concave_game.spec import Allocations

    return Allocations(noise=np.asarray(noise, dtype=np.float64), power=np.asarray(power, dtype=np.float64))


def _pair(problem: ConvexConcaveGame, answer: Any) -> tuple[np.ndarray, np.ndarray]:
    power = answer.power
    if len(power) != problem.size:
        power, _ = water_filling(problem.beta / (problem.sigma + answer.noise), float(problem.power))
    return answer.noise, power
