"""The budgeted log game by bisection on both budgets' prices.

At a saddle point there are prices lambda of power and nu of noise with, in every channel,

    sigma + n + beta p = beta / lambda =: T  where p > 0,    1/(sigma + n) - 1/T = nu  where n > 0

(the optimality conditions of both players). So a channel with ``T <= sigma`` is left alone, and otherwise
``sigma + n = max(sigma, T / (1 + nu T))`` and ``beta p = T - sigma - n``. Noise decreases in nu, which an inner
bisection finds; power decreases in lambda, which the outer one finds.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from typing import ClassVar

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.solver import Context, Solver, Trait
from dualgap.core.witness import Strategies
from dualgap.problems.convex_concave_game import Allocations, ConvexConcaveGame

_HALVINGS = 120
_LEAST = 1e-30  # price of noise


@dataclass(frozen=True)
class PriceBisection(Solver):
    """Nested bisection on the prices of noise and power."""

    name: ClassVar[str] = "price-bisection"
    summary: ClassVar[str] = "the budgeted log game by bisection on the prices of power and noise"
    accepts: ClassVar[tuple[type, ...]] = (ConvexConcaveGame,)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.EXACT, Trait.BOUNDS})

    def solve(self, form: ConvexConcaveGame, ctx: Context) -> Claim:
        # Power is all spent at or above the low price, and none above the high one.
        high = log(float((form.beta / form.sigma).max()))
        low = log(float(form.beta.min()) / (float(form.noise) + float(form.sigma.sum()))) - 1.0
        while _spent(form, exp(low)) < float(form.power):
            low -= 1.0
        count = 0
        while count < _HALVINGS and not ctx.should_stop():
            middle = 0.5 * (low + high)
            if middle in (low, high):
                break
            low, high = (middle, high) if _spent(form, exp(middle)) > float(form.power) else (low, middle)
            count += 1
        noise, power = _pair(form, exp(low))
        noise *= float(form.noise) / noise.sum()
        power *= float(form.power) / power.sum()
        return Claim(
            point=Allocations(noise=noise, power=power),
            feasible=True,
            stop=Stop.TIME if ctx.should_stop() and count < _HALVINGS and high - low > 1e-12 else Stop.FINISHED,
            witness=Strategies(x=noise, y=power),
            statistics={"iterations": count},
        )


def _spent(game: ConvexConcaveGame, price: float) -> float:
    return float(_pair(game, price)[1].sum())


def _pair(game: ConvexConcaveGame, price: float) -> tuple[np.ndarray, np.ndarray]:
    """(noise, power) at a price of power; no power where the noise can't be used up."""
    level = game.beta / price
    room = np.maximum(level - game.sigma, 0.0)
    budget = float(game.noise)
    if float(room.sum()) <= budget:
        return room, np.zeros(game.size)
    # nu between the one at which nobody adds noise and one at which even the last adds more than there is
    low, high = log(_LEAST), log(float(np.max(1.0 / game.sigma)))
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        low, high = (middle, high) if float(_noise(game, level, exp(middle)).sum()) > budget else (low, middle)
    noise = _noise(game, level, exp(low))
    return noise, np.maximum(level - game.sigma - noise, 0.0) / game.beta


def _noise(game: ConvexConcaveGame, level: np.ndarray, price: float) -> np.ndarray:
    noise: np.ndarray = np.maximum(level / (1.0 + price * level) - game.sigma, 0.0)
    return noise
