"""What noise can keep the rate down to, proved.

The rate ``sum log(1 + c_i / (sigma_i + n_i))`` of loads ``c_i = beta_i p_i`` is convex in the noise, so that it lies
above its tangent at any ``m >= 0``: for every n >= 0 with ``1'n = N``,

    rate(n)  >=  rate(m) - g'(n - m)  >=  rate(m) + g'm - N max_i g_i,    g_i = c_i / (s_i (s_i + c_i)),  s = sigma + m,

tight at the best response m, and valid at any other. Numbers of the spec stand for their decimals, and everything is
computed with fifty digits, of which a bound gives up the last ten. More power never lowers the rate, so that
allocations may be rounded down.
"""

from __future__ import annotations

from decimal import Context, Decimal
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.certificate import Bound, Evidence
from dualgap.core.errors import InvalidWitnessError
from dualgap.problems.convex_concave_game.responses import best_noise

if TYPE_CHECKING:
    from dualgap.problems.convex_concave_game.spec import ConvexConcaveGame

_DIGITS = Context(prec=50)
_ROUNDING = Decimal("1e-40")  # of all terms together: more than rounding to fifty digits can do
_SECONDS = 2e-4  # a channel, mostly its logarithm


def prove(game: ConvexConcaveGame, power: np.ndarray, seconds: float) -> Bound:
    """The bound that an allocation of power (n,) gives, scaled to the budget.

    Raises:
        InvalidWitnessError: it is no allocation, or the time won't do.
    """
    if power.shape != (game.size,) or not np.isfinite(power).all() or not (power > 0).any():
        raise InvalidWitnessError(f"no allocation of power over {game.size} channels")
    if game.size * _SECONDS > seconds:
        raise InvalidWitnessError(f"the logarithms of {game.size:,} channels take over {seconds:.3g} s to bound")
    shares = np.maximum(power, 0.0) / power.max()
    loads = game.beta * shares * (float(game.power) / shares.sum())
    noise, _ = best_noise(loads, game.sigma.astype(np.float64), float(game.noise))
    value = _tangent(game, _decimals(shares), _decimals(noise))
    below = float(np.nextafter(float(value), -np.inf))
    return Bound(below, Evidence.PROVED, "no noise keeps the rate of the power's allocation lower, by its tangent")


def _tangent(game: ConvexConcaveGame, shares: list[Decimal], noise: list[Decimal]) -> Decimal:
    """Just below ``rate(m) + g'm - N max g``."""
    add, less, times, over = _DIGITS.add, _DIGITS.subtract, _DIGITS.multiply, _DIGITS.divide
    budget, given = _decimal(game.noise), Decimal(0)
    for share in shares:
        given = add(given, share)
    unit = times(over(_decimal(game.power), given), less(Decimal(1), _ROUNDING))  # the power of a share of one
    total, size, steepest = Decimal(0), Decimal(len(shares)), Decimal(0)
    for beta, sigma, share, m in zip(game.beta.tolist(), game.sigma.tolist(), shares, noise):
        load = times(times(_decimal(beta), share), unit)
        reach = add(_decimal(sigma), m)
        both = add(reach, load)
        slope = over(load, times(reach, both))
        part = add(_DIGITS.ln(over(both, reach)), times(slope, m))
        total, size, steepest = add(total, part), add(size, part), max(steepest, slope)
    paid = times(budget, steepest)
    return less(less(total, paid), times(_ROUNDING, add(size, paid)))


def _decimal(value: float) -> Decimal:
    """The decimal that a number of the spec stands for."""
    return Decimal(repr(value))


def _decimals(values: np.ndarray) -> list[Decimal]:
    """Floats as they are, to fifty digits."""
    return [_DIGITS.create_decimal_from_float(value) for value in values.tolist()]
