"""Many knapsacks of one shape: their linear relaxations in one vmapped PDHG, rounded to packings that fit.

Item by item in the order of the relaxed solution (ties by value for weight), what still fits is packed. The row's dual
is the price from which dualgap computes each instance's bound.
"""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Any

import numpy as np

from dualgap import BatchClaim
from dualgap_mpax.pdhg import Algorithm, method, x64


def relaxed(batch: Any, algorithm: Algorithm, tolerance: float, iterations: int) -> BatchClaim:
    """``batch`` has values and weights (B, n) and capacity (B,)."""
    began = time.process_time()
    arrays = [np.asarray(part, dtype=np.float64) for part in (batch.values, batch.weights, batch.capacity)]
    with x64():
        run = _compiled(algorithm, tolerance, iterations, *arrays[0].shape)
        compiled = time.process_time() - began
        points, prices = (np.array(part) for part in run(*arrays))
    prices = np.where(np.isfinite(prices), np.maximum(prices, 0.0), 0.0)  # any price >= 0 proves something
    return BatchClaim(_packed(batch, np.nan_to_num(points)), prices[:, None], compiled)


@lru_cache(maxsize=16)
def _compiled(algorithm: Algorithm, tolerance: float, iterations: int, count: int, items: int) -> Any:
    import jax

    shapes = [jax.ShapeDtypeStruct(shape, np.float64) for shape in ((count, items), (count, items), (count,))]
    solver = method(algorithm, tolerance, iterations, False)
    solver.warm_start = False

    def one(values: Any, weights: Any, capacity: Any) -> tuple[Any, Any]:
        """min -values'x, -weights'x / most >= -capacity / most, 0 <= x <= 1; an item that never fits is fixed at 0."""
        import jax.numpy as jnp
        from mpax import create_lp

        worth, most = jnp.maximum(jnp.max(jnp.abs(values)), 1.0), jnp.maximum(jnp.max(weights), 1.0)
        lp = create_lp(
            -values / worth,
            jnp.zeros((0, items)),
            jnp.zeros(0),
            -weights[None, :] / most,
            -capacity[None] / most,
            jnp.zeros(items),
            jnp.where(weights <= capacity, 1.0, 0.0),
            use_sparse_matrix=False,
        )
        found = solver.optimize(lp)
        return found.primal_solution, found.dual_solution[0] * worth / most

    return jax.jit(jax.vmap(one)).lower(*shapes).compile()


def _packed(batch: Any, points: np.ndarray) -> np.ndarray:
    """(B, n) 0/1 packings."""
    rate = batch.values / np.maximum(batch.weights, 1e-9)
    order = np.lexsort((-rate, -np.round(points, 6)), axis=1)
    each = np.arange(len(points))
    room, chosen = np.array(batch.capacity), np.zeros(points.shape, dtype=np.int64)
    for items in order.T:
        weights = batch.weights[each, items]
        fits = (weights <= room) & (batch.values[each, items] > 0)
        chosen[each, items] = fits
        room = room - np.where(fits, weights, 0)
    return chosen
