"""The projected-gradient loop under JAX: compiled once for each objective and rule, data and set passed as arguments.

A step is optax's update, projected. It is taken only where the objective doesn't rise; else the rule's memory is
dropped (adaptive restart: O'Donoghue and Candes 2015), and where it was empty already the step is halved. So the last
point is the best one, and steps need no tuning.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import numpy as np

from dualgap.core.sets import Set
from dualgap.core.solver import Context
from dualgap.solvers.jax_scope import traceable

Rule = Literal["nesterov", "sgd", "adam"]
Objective = Callable[[Any, Any], Any]

_MOMENTUM = 0.9
_CHECK = 10  # iterations between tests of convergence
_SMALLEST = 1e-16  # of the first step: below it no step helps
_NOISE = 1e-15  # relative: a rise of the objective that is rounding
_LONGEST = 1e3  # of the first step
_SLICE = 0.1  # seconds between looks at the clock


class State(NamedTuple):
    """Where the loop is: a point of the set, and what the rule remembers."""

    x: Any
    value: Any
    gradient: Any
    memory: Any
    step: Any
    fresh: Any
    count: Any
    converged: Any
    stuck: Any
    finite: Any


class Pace(NamedTuple):
    """Numbers that steer the loop without a new compilation.

    Attributes:
        reference: every tenth step is a plain one of this length, and the test of convergence: it moves x by at most
            ``tolerance max(1, |x|)``.
        tolerance: of that test.
        growth: factor of the step after each success.
        longest: the step grows no further.
    """

    reference: np.float64
    tolerance: np.float64
    growth: np.float64
    longest: np.float64


@dataclass(frozen=True)
class Descent:
    """A compiled loop for one objective and one rule.

    Attributes:
        begin: ``(x, data) -> State`` at a point of the set: its value and gradient.
        advance: ``(state, domain, data, pace, limit) -> State``: up to ``limit`` iterations more.
    """

    begin: Callable[[Any, Any], State]
    advance: Callable[[State, Set, Any, Pace, Any], State]


@lru_cache(maxsize=64)
def compiled(objective: Objective, rule: Rule) -> Descent:
    """The loop for an objective; the same objects come back for the same arguments, with what JAX has compiled."""
    import jax
    import jax.numpy as jnp

    transform = _transform(rule)
    slope = jax.value_and_grad(objective)

    def begin(x: Any, data: Any) -> State:
        value, gradient = slope(x, data)
        no, one, none = jnp.zeros((), bool), jnp.ones(()), jnp.zeros((), int)
        finite = jnp.isfinite(value) & jnp.isfinite(norm(gradient))
        return State(x, value, gradient, transform.init(x), one, ~no, none, no, no, finite)

    def one_step(state: State, domain: Set, data: Any, pace: Pace) -> State:
        test = state.count % _CHECK == _CHECK - 1
        updates, memory = transform.update(state.gradient, state.memory, state.x)
        ahead = jax.tree.map(
            lambda x, u, g: jnp.where(test, x - pace.reference * g, x + state.step * u),
            state.x,
            updates,
            state.gradient,
        )
        trial = domain.project(ahead)
        distance = norm(jax.tree.map(lambda a, b: a - b, trial, state.x))
        value, gradient = slope(trial, data)
        finite = jnp.isfinite(value) & jnp.isfinite(norm(gradient))
        good = finite & (value <= state.value + _NOISE * jnp.abs(state.value))
        bad = ~good & ~test
        longer = jnp.minimum(state.step * pace.growth, jnp.maximum(pace.longest, state.step))
        shorter = jnp.where(state.fresh, 0.5 * state.step, state.step)
        return State(
            x=_where(good, trial, state.x),
            value=jnp.where(good, value, state.value),
            gradient=_where(good, gradient, state.gradient),
            memory=_where(bad, transform.init(state.x), _where(test, state.memory, memory)),
            step=jnp.where(test, state.step, jnp.where(good, longer, shorter)),
            fresh=bad | (rule == "sgd"),
            count=state.count + 1,
            converged=test & (distance <= pace.tolerance * jnp.maximum(1.0, norm(state.x))),
            stuck=state.step <= _SMALLEST * pace.reference,
            finite=finite,
        )

    def advance(state: State, domain: Set, data: Any, pace: Pace, limit: Any) -> State:
        end = state.count + limit

        def going(now: State) -> Any:
            return (now.count < end) & ~(now.converged | now.stuck)

        moved: State = jax.lax.while_loop(going, lambda now: one_step(now, domain, data, pace), state)
        return moved

    return Descent(jax.jit(begin), jax.jit(advance))


def _transform(rule: Rule) -> Any:
    """optax's rule with learning rate 1: the loop scales its updates."""
    import optax

    if rule == "adam":
        return optax.adam(1.0)
    return optax.sgd(1.0, momentum=_MOMENTUM, nesterov=True) if rule == "nesterov" else optax.sgd(1.0)


def norm(tree: Any) -> Any:
    """The Euclidean norm over all leaves, traceable."""
    import jax
    import jax.numpy as jnp

    return jnp.sqrt(sum((jnp.sum(leaf * leaf) for leaf in jax.tree.leaves(tree)), jnp.asarray(0.0)))


def _where(condition: Any, yes: Any, no: Any) -> Any:
    import jax

    return jax.tree.map(lambda a, b: jax.numpy.where(condition, a, b), yes, no)


def first_step(state: State, rule: Rule, given: float | None, lipschitz: float | None) -> float:
    """The step to begin with: as given, 1/L where L is known, else one that moves x by about its own size."""
    if given is not None:
        return given
    x, gradient = flat(state.x), flat(state.gradient)
    size, steepness = max(1.0, float(np.linalg.norm(x))), float(np.linalg.norm(gradient))
    if rule == "adam":
        return 0.1 * size / float(np.sqrt(max(x.size, 1)))
    if lipschitz:
        return 1.0 / lipschitz
    return size / steepness if steepness > 0 else 1.0


def flat(tree: Any) -> np.ndarray:
    """All leaves in one vector of NumPy's."""
    import jax

    leaves = [np.ravel(np.asarray(leaf)) for leaf in jax.tree.leaves(tree)]
    return np.concatenate(leaves) if leaves else np.zeros(0)


def as_numpy(tree: Any) -> Any:
    """The same tree with NumPy leaves."""
    import jax

    return jax.tree.map(np.asarray, tree)


def set_out(state: State, step: float, tolerance: float, lipschitz: float | None) -> tuple[State, Pace]:
    """The state with its first step, and the pace: steps stay where L is known, grow where it isn't, fast if L is 0."""
    growth = 1.0 if lipschitz else 1.2 if lipschitz is None else 2.0
    return state._replace(step=np.float64(step)), _pace(step, tolerance, growth)


def _pace(step: float, tolerance: float, growth: float) -> Pace:
    return Pace(np.float64(step), np.float64(tolerance), np.float64(growth), np.float64(_LONGEST * step))


def run(
    loop: Descent, state: State, domain: Set, data: Any, pace: Pace, iterations: int, ctx: Context
) -> Iterator[State]:
    """Advances in slices of about a tenth of a second, and yields the state after each, until it ends or time is up.

    The slices change nothing in the result, as convergence is tested inside the loop.
    """
    total = int(state.count) + iterations
    size = 1
    while True:
        began = time.perf_counter()
        done = int(state.count)
        state = loop.advance(state, domain, data, pace, np.int64(min(size, total - done)))
        count = int(state.count)
        yield state
        if state.converged or state.stuck or count >= total or ctx.should_stop():
            return
        each = (time.perf_counter() - began) / max(count - done, 1)
        size = int(np.clip(_SLICE / max(each, 1e-9), 1, 8 * size))


def prepare(
    objective: Objective, rule: Rule, initial: Any, domain: Set, data: Any, ctx: Context
) -> tuple[Descent, State, Set, Any]:
    """Compiles the loop, booked as "compile", and puts the arrays where JAX wants them: (loop, state, domain, data)."""
    with ctx.phase("compile"):
        import jax

        loop = compiled(objective, rule)
        start = domain.project(jax.tree.map(lambda leaf: np.asarray(leaf, dtype=np.float64), initial))
        there, facts, x = jax.tree.map(jax.numpy.asarray, (traceable(domain), data, start))
        state = loop.begin(x, facts)
        first = state._replace(step=np.float64(1.0))
        loop.advance(first, there, facts, _pace(1.0, 0.0, 1.0), np.int64(0)).value.block_until_ready()
    return loop, state, there, facts
