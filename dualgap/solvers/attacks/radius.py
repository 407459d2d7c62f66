"""Least radii: attacks in smaller and smaller balls, from each input's nearest point so far."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from dualgap.core.solver import Context
from dualgap.solvers.attacks.losses import Sides
from dualgap.solvers.attacks.search import Loop, Pace, Targets, search

WON = -1e-9  # a margin that is surely not above 0, however its sums are ordered

_FIRST, _LAST = 0.5, 3e-4  # by how much a radius is cut down at first, and at least
_ROUNDS = 60
_HALVINGS = 40

Margins = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""((m, d) points, (m,) the inputs that they belong to) to (m,) margins."""


def least(
    loop: Loop,
    targets: Targets,
    known: np.ndarray,
    margins: Margins,
    pace: Pace,
    ctx: Context,
    rng: np.random.Generator,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Cuts down the ball around each input below its nearest point, by half as much after every attack that fails.

    An attack that fails proves nothing: only the points found count. They are drawn towards their inputs as far as they
    stay won.

    Args:
        loop: the steps.
        targets: with the largest radii that make sense.
        known: (n, d) points that may be won already: the inputs, or a start.
        margins: in NumPy.
        pace: of every attack.
        ctx: of the run.
        rng: for starts.

    Yields:
        (n, d) points, and (n,) whether they are won.
    """
    n, repeats = targets.sides.upper.shape[:2]
    everything = np.arange(n)
    most, cut = targets.radius, np.full(n, _FIRST)
    points, high, guess = targets.inputs.copy(), np.full(n, np.inf), _linear(loop, targets)
    for given in (np.clip(known, targets.lower, targets.upper), targets.inputs):
        won = margins(given, everything) <= WON
        points[won] = _drawn(targets.inputs[won], given[won], everything[won], margins)
        high[won] = np.linalg.norm(points[won] - targets.inputs[won], ord=targets.order, axis=1)
    yield points, high < np.inf
    for _ in range(_ROUNDS):
        found = high < np.inf
        sought = np.where(found, (high > 0) & (cut > _LAST), guess < 2.0 * most)
        if not sought.any() or ctx.should_stop():
            return
        # Compiled steps keep their shape.
        which = everything if loop.compiles else np.flatnonzero(sought)
        radius = np.where(found, (1.0 - cut) * np.where(found, high, 0.0), np.minimum(guess, most))
        part = replace(targets.take(which), radius=radius[which])
        starts = part.random(repeats, rng)
        starts[:, 0] = points[which]
        tried = points[which]
        for places, best, _ in search(loop, part, starts, replace(pace, enough=WON), ctx):
            tried[places] = best
        won = margins(tried, which) <= WON
        nearer = _drawn(targets.inputs[which[won]], tried[won], which[won], margins)
        size = np.linalg.norm(nearer - targets.inputs[which[won]], ord=targets.order, axis=1)
        better = size < high[which[won]]
        changed = which[won][better]
        points[changed], high[changed] = nearer[better], size[better]
        lost = which[~won]
        cut[lost] *= 0.5
        guess = np.where(np.isin(everything, lost) & ~found, 2.0 * guess, guess)
        yield points, high < np.inf


def _linear(loop: Loop, targets: Targets) -> np.ndarray:
    """(n,) radii to begin with: half as far again as where margins would reach 0 if they went on as they begin."""
    first = Sides(*(side[:, 0] for side in targets.sides))
    state = loop.begin(targets.inputs, (loop.given, first), np.float64(0.0), np.float64(1.0))
    dual = {np.inf: 1, 2: 2, 1: np.inf}[targets.order]
    steepness = np.linalg.norm(np.asarray(state.gradient), ord=dual, axis=1)
    return np.asarray(1.5 * np.maximum(np.asarray(state.least), 1e-6) / np.maximum(steepness, 1e-9))


def _drawn(inputs: np.ndarray, points: np.ndarray, which: np.ndarray, margins: Margins) -> np.ndarray:
    """The points on the segments to their inputs that are nearest and still won, by bisection."""
    near, far = np.zeros((len(points), 1)), np.ones((len(points), 1))
    for _ in range(_HALVINGS if len(points) else 0):
        middle = 0.5 * (near + far)
        won = (margins(inputs + middle * (points - inputs), which) <= WON)[:, None]
        near, far = np.where(won, near, middle), np.where(won, middle, far)
    found: np.ndarray = inputs + far * (points - inputs)
    return found
