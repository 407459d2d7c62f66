"""A small network in JAX, trained on draws: the diffusion loss with a penalty on conditional dependence."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from dualgap import Claim, Context, Solver, Stop, Trait
from dualgap_coind.problem import ROW, ConditionalIndependence
from dualgap_coind.scores import FEATURES, LARGEST, Scores, features, frame
from dualgap_coind.world import CONDITIONS, World, noise, world

_ROUND = 100  # iterations between two looks at the clock


@dataclass(frozen=True)
class Network(Solver):
    """Adam on a network with two hidden layers of hyperbolic tangents; its scores approximate, whatever the limit.

    Attributes:
        weight: of the residual; 0 is training without it.
        iterations, batch, rate: of Adam; the rate falls to 0 by a cosine.
        width: of the hidden layers.
    """

    name: ClassVar[str] = "network@coind"
    summary: ClassVar[str] = "a small network trained on draws, with a penalty on conditional dependence"
    accepts: ClassVar[tuple[type, ...]] = (ConditionalIndependence,)
    requires: ClassVar[tuple[str, ...]] = ("jax", "optax")
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.RANDOMISED, Trait.ANYTIME})

    weight: float = 300.0
    iterations: int = 3000
    batch: int = 512
    rate: float = 3e-3
    width: int = 64

    def __post_init__(self) -> None:
        if min(self.iterations, self.batch, self.width) < 1 or not (self.rate > 0 and 0 <= self.weight < np.inf):
            raise ValueError("iterations, batch, width and rate must be above 0, weight at least 0")

    def solve(self, form: ConditionalIndependence, ctx: Context) -> Claim:
        import jax

        told, rng = world(form), np.random.default_rng(ctx.seed)
        layers = _initial(self.width, rng)
        begin, _ = _training(self, form)
        state, done, stop = begin(layers), 0, Stop.FINISHED
        while done < self.iterations:
            if ctx.should_stop():
                stop = Stop.TIME
                break
            rounds = min(_ROUND, self.iterations - done)
            with ctx.phase("compile"):
                run = _compiled(self, form, rounds)
            batches = _batches(told, rng, rounds, self.batch)
            layers, state = run(layers, state, batches)
            done += rounds
            if not all((np.abs(part) <= LARGEST).all() for layer in layers for part in layer):
                return Claim(stop=Stop.DIVERGED, statistics={"iterations": done})
            ctx.report(point=_scores(layers), iterations=done)
        answer = _scores(jax.device_get(layers))
        seen = form.evaluate(answer)
        left = seen.violations.get(ROW)
        return Claim(
            point=answer,
            feasible=left is None,
            stop=stop,
            value=seen.objective,
            statistics={"iterations": done},
            message="" if left is None else f"the residual is {left.amount:.3g} above its limit: raise independence",
        )


def _initial(width: int, rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    sizes = [FEATURES, width, width, 2 * CONDITIONS]
    draw = [rng.standard_normal((m, n)).astype(np.float32) / np.float32(np.sqrt(m)) for m, n in pairwise(sizes)]
    return [(weight, np.zeros(weight.shape[1], dtype=np.float32)) for weight in draw]


def _scores(layers: Any) -> Scores:
    return Scores(
        weights=tuple(np.asarray(weight, dtype=np.float64) for weight, _ in layers),
        biases=tuple(np.asarray(bias, dtype=np.float64) for _, bias in layers),
    )


def _batches(told: World, rng: np.random.Generator, rounds: int, size: int) -> dict[str, np.ndarray]:
    """Noised draws of the data with what is asked of a network there, ``rounds`` batches of them."""
    count = rounds * size
    pairs = rng.choice(3, count, p=told.shares)
    clean = told.centres[pairs] + told.sigma * rng.standard_normal((count, 2))
    a, b = noise(rng.uniform(0.0, 1.0, count))
    eps = rng.standard_normal((count, 2))
    x = a[:, None] * clean + b[:, None] * eps
    member = (told.members > 0).astype(np.float64)
    v = told.variance(a, b)
    made = {
        "x": features(told, x, a, b),
        "target": (x - eps * (v / b)[:, None]) / a[:, None],
        "scale": a * b / v,
        "own": (told.weights / (member @ told.shares) * member[:, pairs].T),
    }
    return {name: part.reshape(rounds, size, *part.shape[1:]).astype(np.float32) for name, part in made.items()}


@lru_cache(maxsize=8)
def _compiled(solver: Network, form: ConditionalIndependence, rounds: int) -> Any:
    """The training over so many batches, compiled for their shapes."""
    begin, run = _training(solver, form)
    rng = np.random.default_rng(0)
    layers = _initial(solver.width, rng)
    return run.lower(layers, begin(layers), _batches(world(form), rng, rounds, solver.batch)).compile()


@lru_cache(maxsize=8)
def _training(solver: Network, form: ConditionalIndependence) -> Any:
    """(the optimiser's first state, the training over a round of batches)."""
    import jax
    import jax.numpy as jnp
    import optax

    told = world(form)
    middle, half = (jnp.asarray(part, dtype=jnp.float32) for part in frame(told))
    rows, shares, free = (jnp.asarray(part, dtype=jnp.float32) for part in (told.rows, told.shares, told.free))
    pinned = jnp.concatenate([jnp.asarray(told.centres, dtype=jnp.float32), jnp.zeros((CONDITIONS - 3, 2))])
    adam = optax.adam(optax.cosine_decay_schedule(solver.rate, solver.iterations))

    def loss(layers: Any, batch: Any) -> Any:
        values = batch["x"]
        for weight, bias in layers[:-1]:
            values = jnp.tanh(values @ weight + bias)
        values = values @ layers[-1][0] + layers[-1][1]
        found = middle + half * values.reshape(-1, CONDITIONS, 2)
        found = free[:, None] * found + (1 - free[:, None]) * pinned
        scale = batch["scale"][:, None, None] ** 2
        denoised = jnp.sum(batch["own"][:, :, None] * free[:, None] * scale * (found - batch["target"][:, None]) ** 2)
        left = jnp.einsum("jc,ncd->njd", rows, found)
        dependent = jnp.sum(shares[:, None] * scale * left**2)
        return (denoised + solver.weight * dependent) / len(found)

    def step(carried: Any, batch: Any) -> Any:
        layers, state = carried
        change, state = adam.update(jax.grad(loss)(layers, batch), state)
        return (optax.apply_updates(layers, change), state), None

    def run(layers: Any, state: Any, batches: Any) -> Any:
        return jax.lax.scan(step, (layers, state), batches)[0]

    return adam.init, jax.jit(run)
