"""Steps of a pair (x, y), in slices: plain NumPy with a payoff matrix, else compiled by JAX.

Steps needn't be given: each method tests how fast F changes between the two points that its step compares, shortens
the step until that is slow enough for its theory, and lengthens it slowly otherwise. The code of a step is the same
for both kinds of array; JAX compiles it once for each method and objective, with data and sets as arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from dualgap.core.forms import SaddleProgram
from dualgap.core.traced import namespace, until
from dualgap.solvers.jax_scope import traceable
from dualgap.solvers.saddle.field import Field, Pair, Shape, Side, differentiated

_GROWTH, _SHRINK, _LEAST = 1.1, 0.6, 0.1
_TINY = 1e-300


class State(NamedTuple):
    """Where a method is.

    Attributes:
        z: the pair.
        memory: what the method remembers, such as F at earlier pairs.
        step: the length to try next.
        residual: ``||z+ - z|| / step`` of the last step: how far it was from standing still.
        strain: how fast F changed along the last step, times the step; theory wants it below the method's limit.
        count: steps so far.
        sums, weight: of the points that averages count, with the steps as weights.
    """

    z: Pair
    memory: Any
    step: Any
    residual: Any
    strain: Any
    count: Any
    sums: Pair
    weight: Any

    def average(self) -> Pair:
        return self.sums[0] / self.weight, self.sums[1] / self.weight

    def forgotten(self) -> State:
        """With averages begun anew."""
        return self._replace(sums=(0.0 * self.sums[0], 0.0 * self.sums[1]), weight=0.0 * self.weight)


class Pace(NamedTuple):
    """Numbers that steer the steps without a new compilation.

    Attributes:
        limit: of the strain; infinite for a step that is kept.
        growth: factor of the step after each one that moved.
        floor: no step is shorter than this over the root of the count of steps.
    """

    limit: np.float64
    growth: np.float64
    floor: np.float64


Advance = Callable[[Field, State, Pace], State]
Walk = Callable[[State, Pace, int], State]


def paced(limit: float, floor: float) -> Pace:
    """For steps that are found as they go."""
    return Pace(np.float64(limit), np.float64(_GROWTH), np.float64(floor))


KEPT = Pace(np.float64(np.inf), np.float64(1.0), np.float64(0.0))
"""For a step that somebody gives."""


def standing(z: Pair, memory: Any, step: float) -> State:
    """The state before the first step."""
    none = np.float64(0.0)
    sums = np.zeros_like(z[0]), np.zeros_like(z[1])
    return State(z, memory, np.float64(step), np.float64(np.inf), none, np.int64(0), sums, none)


def searched(state: State, pace: Pace, attempt: Callable[[Any], tuple[Any, Any]]) -> tuple[Any, Any, Any]:
    """(step, strain, found) of the first ``attempt(step) -> (strain, found)`` within the limit, ever shorter."""
    xp = namespace(state.z[0])
    floor = pace.floor / xp.sqrt(state.count + 1.0)

    def done(now: Any) -> Any:
        step, strain, _ = now
        return (strain <= pace.limit) | (step <= floor) | ~xp.isfinite(strain)

    def shorter(now: Any) -> Any:
        step, strain, _ = now
        less = xp.maximum(step * xp.maximum(_SHRINK * pace.limit / strain, _LEAST), floor)
        return (less, *attempt(less))

    first = xp.maximum(state.step, floor)
    result: tuple[Any, Any, Any] = until(xp, done, shorter, (first, *attempt(first)))
    return result


def strained(field: Field, step: Any, ends: tuple[Pair, Pair], forces: tuple[Pair, Pair]) -> Any:
    """How fast F changes between two points, times the step; 0 where they are one."""
    far = field.distance(*ends)
    xp = namespace(ends[0][0])
    return xp.where(far > 0.0, step * field.change(*forces) / xp.maximum(far, _TINY), 0.0)


def stepped(
    state: State, pace: Pace, z: Pair, counted: Pair, *, step: Any, strain: Any, far: Any, memory: Any = ()
) -> State:
    """After a step to z; averages count ``counted``, ``far`` is how far it led."""
    xp = namespace(z[0])
    return State(
        z=z,
        memory=memory,
        step=step * xp.where(far > 0.0, pace.growth, 1.0),
        residual=far / step,
        strain=strain,
        count=state.count + 1,
        sums=(state.sums[0] + step * counted[0], state.sums[1] + step * counted[1]),
        weight=state.weight + step,
    )


def eager(advance: Advance, field: Field) -> Walk:
    """Step by step in Python."""

    def walk(state: State, pace: Pace, steps: int) -> State:
        for _ in range(steps):
            state = advance(field, state, pace)
        return state

    return walk


def compiled(advance: Advance, field: Field, form: SaddleProgram, state: State) -> Walk:
    """Slices compiled by JAX; in Python with compiled gradients where a set's projection can't be traced."""
    import jax

    sides = field.x, field.y
    slices = _slices(advance, form.objective, field.x.shape, field.y.shape)
    try:
        sets = tuple(jax.tree.map(jax.numpy.asarray, traceable(side.domain)) for side in sides)
        rest = sets, tuple(np.float64(side.unit) for side in sides), jax.tree.map(jax.numpy.asarray, form.data)
        slices(state, KEPT, np.int64(0), *rest).count.block_until_ready()
    except TypeError:  # the objective alone was traced before
        return eager(advance, field)
    return lambda state, pace, steps: slices(state, pace, np.int64(steps), *rest)


@lru_cache(maxsize=64)
def _slices(advance: Advance, objective: Callable[[Any, Any, Any], Any], x: Shape, y: Shape) -> Any:
    """The same object for the same arguments, with what JAX has compiled."""
    import jax

    def walk(state: State, pace: Pace, steps: Any, sets: Any, units: Any, data: Any) -> State:
        sides = [Side(domain, shape, unit) for domain, shape, unit in zip(sets, (x, y), units, strict=True)]
        field = Field(sides[0], sides[1], differentiated(objective, x, y, data))
        ahead: State = jax.lax.fori_loop(0, steps, lambda _, now: advance(field, now, pace), state)
        return ahead

    return jax.jit(walk)
