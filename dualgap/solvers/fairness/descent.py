"""Lagrangian training under JAX: gradients from soft rates, multipliers from true ones.

For scores s(x) the soft prediction is ``sigmoid(s)``, the true one ``s > 0``. Each step is one of optax's Adam on

    cross-entropy - sum_r y_r (a_r(soft) - b_r),

y >= 0 for lower sides of rows, <= 0 for upper ones (``dualgap.core.forms``); then the multipliers move with the
violations of the true rates (Cotter, Jiang and Sridharan, Two-player games for efficient non-convex constrained
optimization, 2019). ``augmented`` adds the violation times a penalty to the multipliers that the gradient sees
(Bertsekas); ``nupi`` adds a proportional term on the smoothed violation (Sohrabi et al., On PI controllers for updating
Lagrange multipliers in constrained optimization, 2024).
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal, NamedTuple

import numpy as np

Update = Literal["ascent", "augmented", "nupi"]


class Data(NamedTuple):
    """What training reads: arguments of the compiled function.

    Attributes:
        x: (n, k) float32 columns, scaled, the last one 1.
        labels: (n,) 0 and 1. shares: (n,) of the weight. codes: (n,) ``2 group + label``.
        positive: (r, 2 G), auxiliary: (r, k), lower and upper: (r,) the rows, of masses as shares of all.
    """

    x: Any
    labels: Any
    shares: Any
    codes: Any
    positive: Any
    auxiliary: Any
    lower: Any
    upper: Any


class State(NamedTuple):
    """Where training is: parameters, the rates' auxiliary numbers, multipliers of both sides, Adam's memory."""

    params: Any
    helpers: Any
    lower: Any
    upper: Any
    smooth_lower: Any
    smooth_upper: Any
    memory: Any


class Pace(NamedTuple):
    """Numbers that steer training without a new compilation: Adam's step, the multipliers', and the penalty."""

    step: Any
    dual_step: Any
    penalty: Any


def score(params: Any, x: Any) -> Any:
    """(n,) of a list of layers, (weights, biases) each, ReLU between them; a linear model has one layer."""
    import jax.numpy as jnp

    values = x
    for weights, biases in params[:-1]:
        values = jnp.maximum(values @ weights + biases, 0.0)
    weights, biases = params[-1]
    return (values @ weights + biases)[:, 0]


@lru_cache(maxsize=16)
def compiled(update: Update, steps: int, every: int) -> tuple[Any, Any]:
    """(begin, advance): ``begin(params, helpers, rows, pace)`` and ``advance(state, data, pace)``.

    ``advance`` takes ``steps`` steps and gives (state, the parameters after every ``every`` of them, stacked).
    """
    import jax
    import jax.numpy as jnp
    import optax

    def rates(data: Data, chance: Any) -> Any:
        return jnp.zeros(data.positive.shape[1], chance.dtype).at[data.codes].add(data.shares * chance)

    def violations(data: Data, masses: Any, helpers: Any) -> tuple[Any, Any]:
        activity = data.positive @ masses + data.auxiliary @ helpers
        none = -jnp.ones_like(activity)
        below = jnp.where(jnp.isfinite(data.lower), data.lower - activity, none)
        above = jnp.where(jnp.isfinite(data.upper), activity - data.upper, none)
        return below, above

    def lagrangian(primal: Any, data: Data, low: Any, up: Any) -> Any:
        params, helpers = primal
        scores = score(params, data.x)
        loss = data.shares @ (jnp.logaddexp(0.0, scores) - data.labels * scores)
        below, above = violations(data, rates(data, jax.nn.sigmoid(scores)), helpers)
        finite = jnp.where(jnp.isfinite(data.lower), low * below, 0.0) + jnp.where(
            jnp.isfinite(data.upper), up * above, 0.0
        )
        return loss + finite.sum(), scores

    rule = optax.scale_by_adam()

    def begin(params: Any, helpers: Any, rows: int) -> State:
        zero = jnp.zeros(rows, helpers.dtype)
        return State(params, helpers, zero, zero, zero, zero, rule.init((params, helpers)))

    def one(state: State, data: Data, pace: Pace) -> State:
        low, up = state.lower, state.upper
        if update == "augmented":
            masses = rates(data, (score(state.params, data.x) > 0).astype(data.x.dtype))
            below, above = violations(data, masses, state.helpers)
            low = jnp.maximum(0.0, low + pace.penalty * below)
            up = jnp.maximum(0.0, up + pace.penalty * above)
        primal = (state.params, state.helpers)
        (_, scores), gradient = jax.value_and_grad(lagrangian, has_aux=True)(primal, data, low, up)
        change, memory = rule.update(gradient, state.memory, primal)
        params, helpers = jax.tree.map(lambda value, move: value - pace.step * move, primal, change)
        helpers = jnp.clip(helpers, 0.0, 1.0)
        below, above = violations(data, rates(data, (scores > 0).astype(data.x.dtype)), state.helpers)
        ahead_low, ahead_up = below, above
        smooth_low = 0.9 * state.smooth_lower + 0.1 * below
        smooth_up = 0.9 * state.smooth_upper + 0.1 * above
        if update == "nupi":
            ahead_low = below + pace.penalty * (smooth_low - state.smooth_lower) / pace.dual_step
            ahead_up = above + pace.penalty * (smooth_up - state.smooth_upper) / pace.dual_step
        return State(
            params,
            helpers,
            jnp.maximum(0.0, state.lower + pace.dual_step * ahead_low),
            jnp.maximum(0.0, state.upper + pace.dual_step * ahead_up),
            smooth_low,
            smooth_up,
            memory,
        )

    def advance(state: State, data: Data, pace: Pace) -> tuple[State, Any]:
        def block(now: State, _: Any) -> tuple[State, Any]:
            now = jax.lax.fori_loop(0, every, lambda _, inner: one(inner, data, pace), now)
            return now, now.params

        return jax.lax.scan(block, state, None, length=steps // every)

    return jax.jit(begin, static_argnums=2), jax.jit(advance)


def layers(sizes: tuple[int, ...], seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Random layers of these sizes (He et al., 2015), biases 0."""
    rng = np.random.Generator(np.random.PCG64(seed))
    made = []
    for inputs, outputs in pairwise(sizes):
        weights = rng.normal(scale=np.sqrt(2.0 / inputs), size=(inputs, outputs)).astype(np.float32)
        made.append((weights, np.zeros(outputs, dtype=np.float32)))
    return made
