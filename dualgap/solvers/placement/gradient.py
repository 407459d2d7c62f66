"""Projected gradient on the shares of each type, in JAX, rounded by type."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.solver import Context, Solver, Trait
from dualgap.problems.attention_placement import AttentionPlacement, Placement
from dualgap.problems.attention_placement.proofs import Capacity, DeviceWeights
from dualgap.solvers.jax_scope import x64
from dualgap.solvers.placement.search import improved, longest_first


@dataclass(frozen=True)
class GradientPlacement(Solver):
    """Each type's blocks in fractions over devices: the log-sum-exp of loads descends by projection onto simplexes, its
    temperature falling; shares are rounded down by type, the rest goes longest first, then moves and exchanges.

    On unrelated devices weights prove a bound: the softmax of the loads, and the devices' speeds, are polished by
    exponentiated supergradients. Rounding block by block would be useless: blocks that are alike have the same shares.

    Attributes:
        iterations: of the descent.
        hot, cold: the temperature at its start and end, as shares of an even load.
    """

    name: ClassVar[str] = "gradient-placement"
    summary: ClassVar[str] = "projected gradient on shares of types in JAX, rounded by type, then local search"
    accepts: ClassVar[tuple[type, ...]] = (AttentionPlacement,)
    requires: ClassVar[tuple[str, ...]] = ("jax", "optax")
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS})

    iterations: int = 2000
    hot: float = 0.1
    cold: float = 1e-3

    def solve(self, form: Any, ctx: Context) -> Claim:
        assert isinstance(form, AttentionPlacement)
        scaled = form.times * form.count
        if not scaled.any():
            return Claim(form.trivial(), feasible=True, stop=Stop.FINISHED)
        scaled = scaled / (scaled.min(axis=0).sum() / len(scaled))  # an even load is about 1
        temperatures = np.geomspace(self.hot, self.cold, self.iterations)
        with x64():
            with ctx.phase("compile"):
                descend = _descent()
                descend.lower(scaled, temperatures).compile()
            shares, weights = (np.asarray(part) for part in descend(scaled, temperatures))
        start = np.minimum(np.floor(shares * form.count + 1e-9).astype(np.int64), form.count)
        left = np.asarray(form.count - start.sum(axis=0))
        counts = improved(form.times, longest_first(form.times, left, start), ctx.should_stop)
        witness = Capacity() if form.uniform else DeviceWeights(weights=polished(scaled, weights))
        return Claim(Placement(counts=counts), feasible=True, stop=Stop.FINISHED, witness=witness)


def polished(seconds: np.ndarray, weights: np.ndarray, rounds: int = 400) -> np.ndarray:
    """(m,) weights that prove more: the dual is the sum over types of the least weighted seconds; its supergradient are
    the loads where each type goes to where that is.

    Source: Kivinen and Warmuth, Exponentiated gradient versus gradient descent for linear predictors (1997).
    """
    used = seconds[:, seconds.max(axis=0) > 0]
    best, found = -np.inf, weights
    for start in (weights, 1 / used.sum(axis=1)):
        now = np.maximum(start, 1e-12 * start.max())
        for turn in range(rounds):
            now = now / now.sum()
            weighted = now[:, None] * used
            value = float(weighted.min(axis=0).sum())
            if value > best:
                best, found = value, now
            near = weighted <= weighted.min(axis=0) * (1 + 1e-9)  # ties share a type
            loads = (used * near / near.sum(axis=0)).sum(axis=1)
            now = now * np.exp(0.3 / (1 + turn) ** 0.75 * (loads / max(value, 1e-300) - 1).clip(-2, 2))
    return found


@cache
def _descent() -> Any:
    """(m, K) seconds of all of a type, (n,) temperatures -> (m, K) shares, (m,) weights of the devices."""
    import jax
    import jax.numpy as jnp
    from optax import projections

    project = jax.vmap(projections.projection_simplex, in_axes=1, out_axes=1)

    def loads(shares: Any, seconds: Any) -> Any:
        return (shares * seconds).sum(axis=1)

    def descend(seconds: Any, temperatures: Any) -> Any:
        steepest = (seconds**2).sum(axis=1).max()

        def step(state: Any, temperature: Any) -> Any:
            shares, before = state
            ahead = shares + 0.9 * (shares - before)
            weights = jax.nn.softmax(loads(ahead, seconds) / temperature)
            now = project(ahead - temperature / steepest * weights[:, None] * seconds)
            return (now, shares), weights

        even = jnp.full(seconds.shape, 1.0 / len(seconds))
        (shares, _), weights = jax.lax.scan(step, (even, even), temperatures)
        return shares, weights[len(temperatures) // 2 :].mean(axis=0)  # one softmax is too sharp

    return jax.jit(descend)
