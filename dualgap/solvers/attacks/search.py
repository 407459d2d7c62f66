"""Runs of the steps on batches: inputs times starts, in slices of time, in NumPy or compiled by JAX."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from dualgap.core.sets import BallBox
from dualgap.core.solver import Context
from dualgap.problems.networks.network import Network
from dualgap.solvers.attacks import steps
from dualgap.solvers.attacks.forward import Slope, function, layouts, numpy_slope, parameters, traced_slope
from dualgap.solvers.attacks.losses import Loss, Sides
from dualgap.solvers.attacks.steps import Rule, State
from dualgap.solvers.jax_scope import traceable

_SLICE = 0.1  # seconds between looks at the clock
_BLOCK = 2**22  # entries of a batch's points at a time


@dataclass(frozen=True)
class Loop:
    """The steps for one slope, ready to run; a slope's facts are (parameters, what goes along with a batch).

    Attributes:
        begin: ``(x, facts, step, iterations) -> State``.
        advance: ``(state, domain, facts, iterations, limit, enough) -> State``.
        given: the parameters.
        compiles: whether the first call takes its time.
    """

    begin: Callable[..., State]
    advance: Callable[..., State]
    given: Any = None
    compiles: bool = False


def looped(slope: Callable[[Any, Any], Slope], rule: Rule, given: Any = None, *, compiled: bool = False) -> Loop:
    """The steps for a slope; compiled ones are found again for the same slope and rule."""
    loop = _compiled(slope, rule) if compiled else _plain(slope, rule)
    return replace(loop, given=given)


def network_loop(network: Network, loss: Loss, rule: Rule, compiled: bool) -> Loop:
    """The steps for a network's margins; what goes along are the rows' sides."""
    if compiled:
        return looped(traced_slope(function(layouts(network)), loss), rule, parameters(network), compiled=True)
    return looped(numpy_slope(network, loss), rule)


def _plain(slope: Callable[[Any, Any], Slope], rule: Rule) -> Loop:
    def begin(x: Any, facts: Any, step: Any, iterations: Any) -> State:
        return steps.begin(slope, x, facts, step, iterations)

    def advance(state: State, domain: BallBox, facts: Any, iterations: Any, limit: Any, enough: Any) -> State:
        return steps.advance(slope, rule, state, domain, facts, iterations, limit, enough)

    return Loop(begin, advance)


@lru_cache(maxsize=32)
def _compiled(slope: Callable[[Any, Any], Slope], rule: Rule) -> Loop:
    import jax

    plain = _plain(slope, rule)
    return Loop(jax.jit(plain.begin), jax.jit(plain.advance), compiles=True)


@dataclass(frozen=True)
class Pace:
    """How to step.

    Attributes:
        iterations: of each start.
        step: the first one, as a part of the radius.
        enough: rows stop together once all margins are at most this.
    """

    iterations: int
    step: float
    enough: float = -np.inf


def run(loop: Loop, starts: np.ndarray, domain: BallBox, further: Any, pace: Pace, ctx: Context) -> Iterator[State]:
    """States of one batch (B, d), after slices of about a tenth of a second, until it ends or time is up."""
    facts, total, enough = (loop.given, further), np.float64(pace.iterations), np.float64(pace.enough)
    x = domain.project(starts)
    step = np.asarray(pace.step * domain.radius, dtype=np.float64)
    if loop.compiles:
        with ctx.phase("compile"):
            import jax

            x, domain, facts = jax.tree.map(jax.numpy.asarray, (x, traceable(domain), facts))
            state = loop.begin(x, facts, step, total)
            loop.advance(state, domain, facts, total, np.float64(0.0), enough).x.block_until_ready()
    state = loop.begin(x, facts, step, total)
    size, done = 1.0, 0.0
    while True:
        began = time.perf_counter()
        state = loop.advance(state, domain, facts, total, np.float64(size), enough)
        count = float(state.count)
        yield state
        if count >= pace.iterations or count == done or ctx.should_stop():
            return
        each = (time.perf_counter() - began) / (count - done)
        size, done = float(np.clip(np.floor(_SLICE / max(each, 1e-9)), 1, 8 * size)), count


@dataclass(frozen=True)
class Targets:
    """n inputs to attack, each from R starts.

    Attributes:
        inputs: (n, d).
        radius: (n,) of the balls around them.
        order: of their norm.
        lower, upper: (n, d) boxes, infinite where nothing is cut off.
        sides: (n, R, k) of every start.
    """

    inputs: np.ndarray
    radius: np.ndarray
    order: float
    lower: np.ndarray
    upper: np.ndarray
    sides: Sides

    def take(self, index: Any) -> Targets:
        return replace(
            self,
            inputs=self.inputs[index],
            radius=self.radius[index],
            lower=self.lower[index],
            upper=self.upper[index],
            sides=Sides(*(side[index] for side in self.sides)),
        )

    def domain(self, repeats: int) -> BallBox:
        """The sets of rows: every input so many times, one after the other."""
        centre, lower, upper = (np.repeat(part, repeats, axis=0) for part in (self.inputs, self.lower, self.upper))
        return BallBox(np.repeat(self.radius, repeats)[:, None], centre, lower, upper, self.order)

    def random(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """(n, count, d) points of the balls, uniform but for the boxes."""
        shape = (len(self.inputs), count, self.inputs.shape[1])
        found: np.ndarray = self.inputs[:, None] + self.radius[:, None, None] * unit_ball(shape, self.order, rng)
        return found


def unit_ball(shape: tuple[int, ...], order: float, rng: np.random.Generator) -> np.ndarray:
    """Random points of the unit ball over the last axis."""
    if order == np.inf:
        return rng.uniform(-1.0, 1.0, shape)
    shift = rng.normal(size=shape) if order == 2 else rng.laplace(size=shape)
    shift /= np.maximum(np.linalg.norm(shift, ord=order, axis=-1, keepdims=True), 1e-300)
    found: np.ndarray = shift * rng.uniform(size=(*shape[:-1], 1)) ** (1.0 / shape[-1])
    return found


def search(
    loop: Loop, targets: Targets, starts: np.ndarray, pace: Pace, ctx: Context
) -> Iterator[tuple[np.ndarray, np.ndarray, int]]:
    """Attacks every input from its starts (n, R, d), block by block.

    Yields:
        Inputs' places, their best points so far (m, d), and the iterations of this block.
    """
    n, repeats, d = starts.shape
    block = max(1, min(n, _BLOCK // (repeats * d)))
    for first in range(0, n, block):
        places = np.arange(first, min(first + block, n))
        rows = np.resize(places, block) if loop.compiles else places  # one shape, one compilation
        part = targets.take(rows)
        sides = Sides(*(side.reshape(-1, side.shape[-1]) for side in part.sides))
        for state in run(loop, starts[rows].reshape(-1, d), part.domain(repeats), sides, pace, ctx):
            margins = np.asarray(state.least).reshape(-1, repeats)[: len(places)]
            points = np.asarray(state.best).reshape(-1, repeats, d)[: len(places)]
            best = margins.argmin(axis=1)
            row = np.arange(len(places))
            yield places, points[row, best], int(state.count)
        if ctx.should_stop():
            return
