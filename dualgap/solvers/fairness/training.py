"""Two players under JAX: Adam on parameters, by proxies; a controller on multipliers, by measured excesses.

Compiled once for each program's functions and each controller; data, multipliers and settings are arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import numpy as np

from dualgap.core.proxies import ProxyProgram

Update = Literal["ascent", "augmented", "nupi"]

SLICE = 20
"""Steps of one call: between calls a run may report and stop."""


class State(NamedTuple):
    """Where the players are: parameters and Adam's memory; multipliers, and the excesses that nuPI remembers."""

    parameters: Any
    memory: Any
    multipliers: Any
    smoothed: Any
    count: Any


class Settings(NamedTuple):
    """Numbers that steer the players without a new compilation.

    Attributes:
        step: Adam's; ``decay`` divides it: step / (1 + decay count).
        integral, proportional, damping: the controller's gains.
        ridge: half of it times the squared distance from ``anchor`` is added to the objective.
    """

    step: np.float32
    decay: np.float32
    integral: np.float32
    proportional: np.float32
    damping: np.float32
    ridge: np.float32


@dataclass(frozen=True)
class Players:
    """Compiled functions.

    Attributes:
        begin: ``(parameters, multipliers, data) -> State``.
        play: ``(state, anchor, data, settings, limit) -> (state, parameters of each step stacked)``: both players move,
            for at most ``limit`` steps and a slice.
        respond: the same, but multipliers stay, and the objective is what they price.
    """

    begin: Callable[[Any, Any, Any], State]
    play: Callable[[State, Any, Any, Settings, Any], tuple[State, Any]]
    respond: Callable[[State, Any, Any, Settings, Any], tuple[State, Any]]


def players(form: ProxyProgram, update: Update) -> Players:
    """The players of a program; the same objects come back for the same functions, with what JAX has compiled."""
    return _compiled(form.proxies, form.measured, form.priced, update)


@lru_cache(maxsize=64)
def _compiled(proxies: Any, measured: Any, priced: Any, update: Update) -> Players:
    import jax
    import jax.numpy as jnp
    import optax

    adam = optax.scale_by_adam()

    def distance(parameters: Any, anchor: Any) -> Any:
        return sum(jnp.sum((a - b) ** 2) for a, b in zip(jax.tree.leaves(parameters), jax.tree.leaves(anchor)))

    def lagrangian(parameters: Any, weights: Any, data: Any) -> Any:
        value, excesses = proxies(parameters, data)
        return value + weights @ excesses

    def descend(state: State, slope: Any, settings: Settings) -> tuple[Any, Any]:
        direction, memory = adam.update(slope, state.memory)
        step = settings.step / (1.0 + settings.decay * state.count)
        return jax.tree.map(lambda x, d: (x - step * d).astype(x.dtype), state.parameters, direction), memory

    def gradient(objective: Any, state: State, weights: Any, anchor: Any, data: Any, settings: Settings) -> Any:
        def whole(parameters: Any) -> Any:
            return objective(parameters, weights, data) + 0.5 * settings.ridge * distance(parameters, anchor)

        return jax.grad(whole)(state.parameters)

    def begin(parameters: Any, multipliers: Any, data: Any) -> State:
        _, excesses = measured(parameters, data)
        return State(parameters, adam.init(parameters), multipliers, excesses, jnp.zeros((), jnp.int32))

    def controlled(state: State, excesses: Any, settings: Settings) -> tuple[Any, Any]:
        """(multipliers, smoothed excesses) after a step of the controller."""
        smoothed = settings.damping * state.smoothed + (1.0 - settings.damping) * excesses
        change = settings.integral * excesses
        if update == "nupi":
            change = change + settings.proportional * (smoothed - state.smoothed)
        return jnp.maximum(0.0, state.multipliers + change), smoothed

    def sliced(one: Callable[[State], State], state: State, limit: Any) -> tuple[State, Any]:
        def perhaps(now: State, active: Any) -> tuple[State, Any]:
            after = jax.lax.cond(active, one, lambda same: same, now)
            return after, after.parameters

        result: tuple[State, Any] = jax.lax.scan(perhaps, state, jnp.arange(SLICE) < limit)
        return result

    def play(state: State, anchor: Any, data: Any, settings: Settings, limit: Any) -> tuple[State, Any]:
        def one(now: State) -> State:
            _, excesses = measured(now.parameters, data)
            multipliers, smoothed = controlled(now, excesses, settings)
            pushed = multipliers + settings.proportional * excesses if update == "augmented" else multipliers
            slope = gradient(lagrangian, now, jnp.maximum(0.0, pushed), anchor, data, settings)
            parameters, memory = descend(now, slope, settings)
            return State(parameters, memory, multipliers, smoothed, now.count + 1)

        return sliced(one, state, limit)

    def respond(state: State, anchor: Any, data: Any, settings: Settings, limit: Any) -> tuple[State, Any]:
        def one(now: State) -> State:
            slope = gradient(priced or lagrangian, now, now.multipliers, anchor, data, settings)
            parameters, memory = descend(now, slope, settings)
            return now._replace(parameters=parameters, memory=memory, count=now.count + 1)

        return sliced(one, state, limit)

    return Players(jax.jit(begin), jax.jit(play), jax.jit(respond))
