"""Adversaries: given a network, prompts after which it is unfair. The exact one goes through all of them.

Source: Gumbel-softmax and its straight-through estimator (Jang, Gu and Poole 2017).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from dualgap_prompts.language import Language, prompts
from dualgap_prompts.measures import twins, unfairness
from dualgap_prompts.network import Shape, logits

TEXTS_AT_ONCE = 2**15
_TINY = 1e-12


@dataclass(frozen=True)
class Found:
    """What an adversary found.

    Attributes:
        prompts: (k, L) by number, the worst first.
        evaluations: how many prompts it looked at, gradients included.
        complete: whether it looked at all.
    """

    prompts: np.ndarray
    evaluations: int
    complete: bool = False


@dataclass(frozen=True)
class Search:
    """How long the approximate adversaries search.

    Attributes:
        steps: of gradient ascent, from each of ``starts``.
        starts: how many searches run at once.
        draws: prompts that the random one tries.
        rate: of Adam.
        temperature: of the Gumbel softmax.
    """

    steps: int = 200
    starts: int = 8
    draws: int = 200
    rate: float = 0.1
    temperature: float = 1.0


Stopped = Callable[[], bool]
Adversary = Callable[[Language, Mapping[str, Any], np.random.Generator, Search, Stopped], Found]


def scores(problem: Language, network: Mapping[str, Any], asked: np.ndarray) -> np.ndarray:
    """(P,) unfairness after each of (P, L) prompts, by JAX in float32."""
    return np.concatenate(list(_scored(problem, network, asked)))


def _scored(problem: Language, network: Mapping[str, Any], asked: np.ndarray) -> Any:
    """The same by chunks, all but the last of one size: the last is filled up to a power of two."""
    run, given = _scoring(problem.shape), (problem.rows, twins(problem).astype(np.float32))
    most = max(1, TEXTS_AT_ONCE // len(problem.rows))
    for k in range(0, len(asked), most):
        part = asked[k : k + most]
        room = most if len(part) == most else min(most, 2 ** (len(part) - 1).bit_length())
        filled = np.concatenate([part, np.zeros((room - len(part), part.shape[1]), dtype=part.dtype)])
        yield np.asarray(run(network, filled, *given))[: len(part)]


def enumeration(
    problem: Language, network: Mapping[str, Any], rng: np.random.Generator, search: Search, stopped: Stopped
) -> Found:
    """All prompts, in chunks; of those that it came to in time, the worst."""
    shape, step = problem.shape, max(1, TEXTS_AT_ONCE // len(problem.rows))
    unfair = np.empty(0, dtype=np.float32)
    while len(unfair) < shape.prompts and not (len(unfair) and stopped()):
        asked = prompts(shape, np.arange(len(unfair), min(len(unfair) + step, shape.prompts)))
        unfair = np.concatenate([unfair, scores(problem, network, asked)])
    worst = np.argsort(-unfair, kind="stable")[: max(search.starts, 1)]
    return Found(prompts(shape, worst), len(unfair), len(unfair) == shape.prompts)


def drawn(
    problem: Language, network: Mapping[str, Any], rng: np.random.Generator, search: Search, stopped: Stopped
) -> Found:
    """The worst of some random prompts."""
    asked = rng.integers(0, problem.shape.words, (search.draws, problem.length))
    return Found(_ranked(problem, network, asked)[: search.starts], search.draws)


def coordinate(
    problem: Language, network: Mapping[str, Any], rng: np.random.Generator, search: Search, stopped: Stopped
) -> Found:
    """From random prompts, the best word at one place after another until none is better."""
    words, length = problem.shape.words, problem.length
    now = rng.integers(0, words, (search.starts, length))
    value, looked, kept = scores(problem, network, now), len(now), 0
    at = 0
    while kept < length and not stopped():
        place = at % length
        tried = np.repeat(now, words, axis=0)
        tried[:, place] = np.tile(np.arange(words), len(now))
        found = scores(problem, network, tried).reshape(len(now), words)
        looked, at = looked + len(tried), at + 1
        better = found.max(axis=1) > value
        now[better, place] = found.argmax(axis=1)[better]
        value = np.maximum(value, found.max(axis=1))
        kept = 0 if better.any() else kept + 1
    return Found(now[np.argsort(-value, kind="stable")], looked)


def straight_through(
    problem: Language, network: Mapping[str, Any], rng: np.random.Generator, search: Search, stopped: Stopped
) -> Found:
    """Adam on the log odds of each word at each place; prompts are drawn, gradients taken as if they were mixtures."""
    return _relaxed(problem, network, rng, search, True)


def soft(
    problem: Language, network: Mapping[str, Any], rng: np.random.Generator, search: Search, stopped: Stopped
) -> Found:
    """The same on mixtures of words; the likeliest words are read off at the end."""
    return _relaxed(problem, network, rng, search, False)


ADVERSARIES: Mapping[str, Adversary] = {
    "exact": enumeration,
    "gumbel": straight_through,
    "gumbel-soft": soft,
    "coordinate": coordinate,
    "random": drawn,
}


def _ranked(problem: Language, network: Mapping[str, Any], asked: np.ndarray) -> np.ndarray:
    """The distinct prompts among (P, L), the worst first."""
    asked = np.unique(asked, axis=0)
    return asked[np.argsort(-scores(problem, network, asked), kind="stable")]


def _relaxed(
    problem: Language, network: Mapping[str, Any], rng: np.random.Generator, search: Search, hard: bool
) -> Found:
    shape = problem.shape
    noise = rng.gumbel(size=(search.steps, search.starts, shape.length, shape.words)).astype(np.float32)
    run = _ascent(shape, search.rate, search.temperature, hard)
    given = problem.rows, twins(problem).astype(np.float32)
    likely, seen, unfair = (np.asarray(part) for part in run(network, noise, *given))
    best = seen.reshape(-1, shape.length)[np.argsort(-unfair.ravel(), kind="stable")[: search.starts if hard else 0]]
    found = _ranked(problem, network, np.concatenate([likely.argmax(axis=-1), best]))
    return Found(found[: search.starts], search.steps * search.starts + len(found))


@lru_cache(maxsize=16)
def _scoring(shape: Shape) -> Any:
    import jax
    import jax.numpy as jnp

    def scored(network: Any, asked: Any, rows: Any, weights: Any) -> Any:
        return unfairness(jnp, weights, logits(jnp, shape, network, network["words"][asked], rows))

    return jax.jit(scored)


@lru_cache(maxsize=16)
def _ascent(shape: Shape, rate: float, temperature: float, hard: bool) -> Any:
    """From a network, (steps, S, L, V) noise, texts, weights: (S, L, V) log odds, prompts seen, their unfairness."""
    import jax
    import jax.numpy as jnp
    import optax

    adam = optax.adam(rate)

    def value(likely: Any, network: Any, noise: Any, rows: Any, weights: Any) -> Any:
        share = jax.nn.softmax((likely + noise) / np.float32(temperature), axis=-1)
        seen = jnp.argmax(share, axis=-1)
        if hard:
            share = jax.nn.one_hot(seen, shape.words, dtype=share.dtype) + share - jax.lax.stop_gradient(share)
        found = unfairness(jnp, weights, logits(jnp, shape, network, share @ network["words"], rows))
        return -jnp.sum(jnp.log(found + np.float32(_TINY))), (seen, found)

    def run(network: Any, noise: Any, rows: Any, weights: Any) -> Any:
        def step(carried: Any, drawn: Any) -> Any:
            likely, state = carried
            slope, told = jax.grad(value, has_aux=True)(likely, network, drawn, rows, weights)
            change, state = adam.update(slope, state)
            return (optax.apply_updates(likely, change), state), told

        first = jnp.zeros(noise.shape[1:], dtype=jnp.float32)
        (likely, _), (seen, found) = jax.lax.scan(step, (first, adam.init(first)), noise)
        return likely, seen, found

    return jax.jit(run)
