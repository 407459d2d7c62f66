"""Prices of batches of knapsacks in JAX: one instance's iteration under ``vmap``, instances sharded over the devices.

The prices are witnesses only, so that floats do; the packings come from ``dualgap.solvers.knapsack.batch``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from dualgap.core.batch import BatchClaim
from dualgap.problems.knapsack.batch import KnapsackBatch
from dualgap.solvers.jax_scope import x64
from dualgap.solvers.knapsack.batch import solve

_GRAIN = 64  # rows a device gets a multiple of: a last, shorter part then has the shape of the others
_HALVINGS = 52
_STEPS, _CUTS = 60, 40


def ascend(batch: KnapsackBatch) -> BatchClaim:
    """Supergradient ascent in the one multiplier with steps that halve: it stays within a step of the maximiser."""
    return _solved(batch, _ascended)


def descend(batch: KnapsackBatch) -> BatchClaim:
    """Projected gradient steps on the linear relaxation; the projection's own multiplier is the price."""
    return _solved(batch, _descended)


def _solved(batch: KnapsackBatch, price: Callable[..., Any]) -> BatchClaim:
    began = time.process_time()  # JAX's import counts as compiling
    import jax
    from jax.sharding import Mesh, NamedSharding, PartitionSpec

    devices = tuple(jax.devices())
    grain = _GRAIN * len(devices)
    rows = -(-batch.count // grain) * grain
    arrays = [_padded(array, rows) for array in (batch.values, batch.weights, batch.capacity)]
    with x64():
        run, fresh = _compiled(price, rows, batch.values.shape[1], devices), time.process_time()
        sharding = NamedSharding(Mesh(np.array(devices), ("instances",)), PartitionSpec("instances"))
        found = np.asarray(run(*jax.device_put(arrays, sharding)))[: batch.count]
    return solve(batch, found, fresh - began)


def _padded(array: np.ndarray, rows: int) -> np.ndarray:
    """Float64 with rows of zeros behind, so that every device gets as many."""
    padded = np.zeros((rows, *array.shape[1:]))
    padded[: len(array)] = array
    return padded


@cache
def _compiled(price: Callable[..., Any], rows: int, items: int, devices: tuple[Any, ...]) -> Any:
    import jax
    from jax.sharding import Mesh, NamedSharding, PartitionSpec

    sharding = NamedSharding(Mesh(np.array(devices), ("instances",)), PartitionSpec("instances"))
    shapes = [jax.ShapeDtypeStruct(shape, np.float64) for shape in ((rows, items), (rows, items), (rows,))]
    return jax.jit(jax.vmap(price), in_shardings=sharding, out_shardings=sharding).lower(*shapes).compile()


def _ascended(values: Any, weights: Any, capacity: Any) -> Any:
    import jax
    import jax.numpy as jnp

    values = jnp.where(weights <= capacity, values, 0.0)
    top = jnp.max(jnp.where(weights > 0, values, 0.0) / jnp.maximum(weights, 1.0))

    def step(_: int, state: Any) -> Any:
        at, size = state
        load = jnp.sum(jnp.where(values > at * weights, weights, 0.0))
        return jnp.maximum(at + jnp.where(load > capacity, size, -size), 0.0), size / 2

    return jax.lax.fori_loop(0, _HALVINGS, step, (top / 2, top / 4))[0]


def _descended(values: Any, weights: Any, capacity: Any) -> Any:
    import jax
    import jax.numpy as jnp

    most = jnp.maximum(jnp.max(weights), 1.0)
    worth = jnp.maximum(jnp.max(values), 1.0)
    ceiling = jnp.where(weights <= capacity, 1.0, 0.0)
    slope, row, room = values / worth, weights / most, capacity / most

    def projected(x: Any) -> tuple[Any, Any]:
        """Onto the box and the row: the multiplier by bisection."""

        def cut(_: int, ends: Any) -> Any:
            low, high = ends
            middle = (low + high) / 2
            over = jnp.sum(row * jnp.clip(x - middle * row, 0.0, ceiling)) > room
            return jnp.where(over, middle, low), jnp.where(over, high, middle)

        far = jnp.max(jnp.where(row > 0, jnp.maximum(x, 0.0) / jnp.maximum(row, 1e-300), 0.0))
        low, high = jax.lax.fori_loop(0, _CUTS, cut, (0.0 * far, far))
        return jnp.clip(x - high * row, 0.0, ceiling), jnp.where(low > 0, high, 0.0)

    def step(_: int, state: Any) -> Any:
        x, _ = state
        return projected(x + slope)

    return jax.lax.fori_loop(0, _STEPS, step, (jnp.zeros_like(values), 0.0 * room))[1] * worth / most
