"""One perturbation for many inputs: the slope of a goal over all of them, as an attack on a single point."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from dualgap.core.sets import BallBox
from dualgap.core.traced import namespace
from dualgap.problems.universal_template import UniversalTemplate
from dualgap.solvers.attacks.forward import Function, Slope, function, layouts, numpy_slope, parameters, traced_slope
from dualgap.solvers.attacks.losses import Loss, Sides
from dualgap.solvers.attacks.search import Loop, looped
from dualgap.solvers.attacks.steps import Rule

_WIDTHS = np.array([0.5, 0.1, 2.0])  # of a margin's typical size


class Crowd(NamedTuple):
    """What a template is for.

    Attributes:
        inputs: (n, d).
        sides: (n, k).
        low, high: of the clipping, infinite without.
        width: (B, 1) of margins around 0 within which an input counts in part, for every start; 0 for margins from 0
            on.
    """

    inputs: Any
    sides: Sides
    low: Any
    high: Any
    width: Any


def crowd(problem: UniversalTemplate, starts: int) -> Crowd:
    """The problem's inputs; success is smoothed over parts of a margin's typical size, other ones for every start."""
    count, classes = len(problem.inputs), problem.network.outputs
    wanted = np.tile(np.arange(classes) == problem.target, (count, 1))
    low, high = problem.clip if problem.clip is not None else (-np.inf, np.inf)
    typical = float(np.median(np.abs(problem.margins(problem.inputs))))
    parts = _WIDTHS[np.arange(starts) % len(_WIDTHS), None] if problem.goal == "success" else np.zeros((starts, 1))
    inputs = problem.inputs.astype(np.float64)
    return Crowd(inputs, Sides(~wanted, wanted), np.float64(low), np.float64(high), max(typical, 1e-6) * parts)


def perturbations(problem: UniversalTemplate) -> BallBox:
    """The set of templates, without what clipping takes back from every input."""
    lower, upper = problem.box
    zero = np.zeros(problem.network.inputs)
    return BallBox(np.float64(problem.radius), zero, lower, upper, problem.order)


def crowd_slope(slope: Callable[[Any, Any], Slope]) -> Callable[[Any, Any], Slope]:
    """(B, d) templates to losses, goals and gradients; facts are (parameters, ``Crowd``).

    The margin that the steps keep the best of is the goal itself: the share of inputs not won, those nearly won first
    among equals, or the mean margin from 0 on.
    """

    def whole(delta: Any, facts: tuple[Any, Crowd]) -> Slope:
        given, crowd = facts
        xp = namespace(delta)
        templates, (count, d) = delta.shape[0], crowd.inputs.shape
        raw = crowd.inputs[None] + delta[:, None]
        moved = xp.clip(raw, crowd.low, crowd.high).reshape(-1, d)
        sides = Sides(*(xp.tile(side, (templates, 1)) for side in crowd.sides))
        each = slope(moved, (given, sides))
        margin, loss = (part.reshape(templates, count) for part in (each.margin, each.loss))
        smooth = crowd.width > 0
        soft = 0.5 * (1.0 + xp.tanh(0.5 * margin / xp.where(smooth, crowd.width, 1.0)))
        hinge = xp.mean(xp.maximum(margin, 0.0), axis=1)
        weight = xp.where(smooth, soft * (1.0 - soft), xp.astype(margin > 0, margin.dtype))
        free = (raw >= crowd.low) & (raw <= crowd.high)
        gradient = xp.where(free, each.gradient.reshape(templates, count, d), 0.0) * weight[..., None]
        share = xp.mean(xp.astype(margin > 0, margin.dtype), axis=1)
        goal = xp.where(smooth[:, 0], share + 0.5 / count * hinge / (1.0 + hinge), hinge)
        lowered = xp.where(smooth[:, 0], xp.mean(soft, axis=1), xp.mean(xp.maximum(loss, 0.0), axis=1))
        return Slope(lowered, goal, xp.sum(gradient, axis=1) / count)

    return whole


def crowd_loop(problem: UniversalTemplate, loss: Loss, rule: Rule, compiled: bool) -> Loop:
    """The steps for templates of a problem's network; what goes along is a ``Crowd``."""
    if not compiled:
        return looped(crowd_slope(numpy_slope(problem.network, loss)), rule)
    slope = _traced(function(layouts(problem.network)), loss)
    return looped(slope, rule, parameters(problem.network), compiled=True)


@lru_cache(maxsize=16)
def _traced(logits: Function, loss: Loss) -> Callable[[Any, Any], Slope]:
    return crowd_slope(traced_slope(logits, loss))
