"""A look around the first pair: how far the sets reach, how fast F changes, and from both the units and the first step.

After k steps of 1/L the interval of averages is at most ``L D^2 / k`` wide, D how far the players have to go. Where one
set is a thousand times as wide as the other, steps of the same length for both take thousands of times as many. With
distances of x in units of ``sqrt(w)`` and of y in ``1 / sqrt(w)``, the product becomes

    max(L_xx w, L_xy, L_yy / w) (D_x^2 / w + D_y^2 w),

and a w that makes it small is taken (the primal weight of Applegate et al., NeurIPS 2021, from what is known before).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dualgap.solvers.saddle.field import Field, Pair, Side

_WEIGHTS = 10.0 ** np.linspace(-12.0, 12.0, 97)
_NUDGE = 1e-4  # of a pair's size
_ALIKE = np.log(2.0)  # costs that differ by less: then the weight that changes least is taken
_TINY = 1e-12


def survey(field: Field, z: Pair) -> tuple[Field, float, float]:
    """The field in better units, a step to begin with, and one that leads across the sets (or as far as 0 is off)."""
    rates = np.array([_rates(field, z, player) for player in (0, 1)])  # of x and y as x moves; as y moves
    widths = width(field.x), width(field.y)
    cross = float(max(rates[0, 1], rates[1, 0]))

    def steepness(weight: np.ndarray) -> np.ndarray:
        steepest: np.ndarray = np.maximum(np.maximum(rates[0, 0] * weight, rates[1, 1] / weight), cross)
        return steepest

    weight = 1.0
    if widths[0] and widths[1] and rates.any():
        far = widths[0] ** 2 / _WEIGHTS + widths[1] ** 2 * _WEIGHTS
        cost = np.log(steepness(_WEIGHTS) * far)
        good = _WEIGHTS[cost <= cost.min() + _ALIKE]
        weight = float(good[np.abs(np.log(good)).argmin()])
    unit = weight**0.5
    there = replace(field, x=replace(field.x, unit=unit), y=replace(field.y, unit=1.0 / unit))
    zero = 0.0 * z[0], 0.0 * z[1]
    far = np.hypot(widths[0] / unit, widths[1] * unit) if widths[0] and widths[1] else 1.0 + there.distance(z, zero)
    across = float(far / max(there.change(there.force(z), zero), _TINY))
    steep = float(steepness(np.array(weight)))
    return there, 1.0 / steep if steep > 0.0 else across, across


def width(side: Side) -> float | None:
    """About how wide a set is, from one end to the other; None where it has no known ends."""
    direction = np.random.default_rng(0).normal(size=side.shape.size)
    ends = side.least(direction), side.least(-direction)
    return None if ends[0] is None or ends[1] is None else float(np.linalg.norm(ends[0] - ends[1]))


def _rates(field: Field, z: Pair, player: int) -> tuple[float, float]:
    """How fast each player's part of F changes as one player moves along its own part."""
    here = field.force(z)
    side = (field.x, field.y)[player]
    size = float(np.linalg.norm(here[player]))
    nudge = _NUDGE * (1.0 + float(np.linalg.norm(z[player]))) / max(size, _TINY)
    near = side.project(z[player] - nudge * here[player])
    moved = float(np.linalg.norm(near - z[player]))
    if moved == 0.0:
        return 0.0, 0.0
    there = field.force((near, z[1]) if player == 0 else (z[0], near))
    return float(np.linalg.norm(there[0] - here[0])) / moved, float(np.linalg.norm(there[1] - here[1])) / moved
