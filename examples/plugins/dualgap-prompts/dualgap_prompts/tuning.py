"""Solvers of ``prompt-minmax``: low-rank training with or without an adversary, at a fixed or an ascending price.

Source: LoRA (Hu et al. 2021); averaging of weights (Izmailov et al. 2018); the price by dual ascent (Uzawa 1958).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from dualgap import Claim, Context, Multipliers, Solver, Stop, Trait
from dualgap_prompts.adversaries import ADVERSARIES, Search, scores
from dualgap_prompts.dual import best_price
from dualgap_prompts.language import LARGEST
from dualgap_prompts.measures import twins, unfairness
from dualgap_prompts.minmax import ROW, Adapter, PromptMinmax
from dualgap_prompts.network import Shape, initial, logits, merged, packed, unpacked

_WORST, _KEPT = 4, 2  # prompts of an adversary that are trained on, from so many of its last turns
_CHEAPEST, _DEAREST = 1e-3, 1e4


@dataclass(frozen=True)
class _Tuned(Solver):
    """What both share: Adam on a low-rank change, log loss after random prompts plus a price of unfairness."""

    accepts: ClassVar[tuple[type, ...]] = (PromptMinmax,)
    requires: ClassVar[tuple[str, ...]] = ("jax", "optax")
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.RANDOMISED, Trait.BOUNDS})

    adversary: str = "gumbel"
    iterations: int = 500
    every: int = 25
    rate: float = 1e-2
    prompts: int = 16
    average: bool = False

    def __post_init__(self) -> None:
        if self.adversary not in self._adversaries():
            raise ValueError(f"adversary is one of {', '.join(self._adversaries())}; got {self.adversary!r}")
        counts = (self.iterations, self.every, self.prompts, self.rate)
        if min(counts) <= 0 or max(counts) >= 1e9:
            raise ValueError("iterations, every, prompts and rate must be above 0, and below 1e9")

    def _adversaries(self) -> tuple[str, ...]:
        return tuple(ADVERSARIES)

    def _first(self, form: PromptMinmax) -> float:
        """The price to begin with."""
        raise NotImplementedError

    def _next(self, price: float, ratio: float) -> float:
        """The price after the adversary has found an unfairness, as a multiple of the level."""
        return price

    def solve(self, form: PromptMinmax, ctx: Context) -> Claim:
        shape, rng = form.shape, np.random.default_rng(ctx.seed)
        parts = unpacked(form.network, shape.parts)
        base = {name: array.astype(np.float32) for name, array in parts.items()}
        changes = shape.changes(form.rank)
        begin, run, merge = _training(shape, self.rate, self.iterations)
        crowd = form.rows, form.shares.astype(np.float32), twins(form).astype(np.float32)
        change = initial(changes, rng)
        state, price, stop, done = begin(change), self._first(form), Stop.FINISHED, 0
        kept: deque[np.ndarray] = deque(maxlen=_KEPT)
        total, averaged = np.zeros(len(packed(change, changes))), 0
        while done < self.iterations:
            if ctx.should_stop():
                stop = Stop.TIME
                break
            if self.adversary != "none":
                network = merge(base, change)
                found = ADVERSARIES[self.adversary](form, network, rng, _SEARCH, ctx.should_stop)
                kept.append(_filled(found.prompts))
                unfair = float(scores(form, network, found.prompts[:1])[0])
                price = self._next(price, unfair / float(form.level))
            worst = np.concatenate(kept) if kept else np.zeros((0, shape.length), dtype=np.int64)
            worst = np.resize(worst, (_WORST * _KEPT, shape.length))
            rounds = min(self.every, self.iterations - done)
            asked = rng.integers(0, shape.words, (rounds, self.prompts, shape.length))
            paid = np.float32(price if kept else 0.0)
            change, state = run(change, state, base, asked, worst, paid, crowd)
            done += rounds
            flat = packed(change, changes)
            if not (np.abs(flat) <= LARGEST).all():
                return Claim(stop=Stop.DIVERGED, statistics={"iterations": done})
            if 2 * done > self.iterations:
                total, averaged = total + flat, averaged + 1
        flat = total / averaged if self.average and averaged else packed(change, changes)
        return self._claimed(form, Adapter(parameters=flat), price, done, stop)

    def _claimed(self, form: PromptMinmax, answer: Adapter, price: float, done: int, stop: Stop) -> Claim:
        seen = form.evaluate(answer)
        left = seen.violations.get(ROW)
        return Claim(
            point=answer,
            feasible=left is None,
            stop=stop,
            value=seen.objective,
            witness=Multipliers(rows=np.array([best_price(form.shares, float(form.level))])),
            statistics={"iterations": done, "price": price},
            message="" if left is None else f"unfairness is {left.amount:.3g} above its level: raise weight, or level",
        )


@dataclass(frozen=True)
class Lora(_Tuned):
    """Adam on a low-rank change: log loss after random prompts, plus a price of unfairness after the adversary's.

    Every ``every`` steps the adversary sees the changed network anew.

    Attributes:
        adversary: ``exact``, ``gumbel``, ``gumbel-soft``, ``coordinate``, ``random``, or ``none``.
        iterations, rate: of Adam; the rate falls to 0 by a cosine.
        every: steps between the adversary's turns.
        prompts: random ones in a step.
        average: whether the answer is the mean of the changes over the second half.
        weight: the price.
    """

    name: ClassVar[str] = "lora@prompts"
    summary: ClassVar[str] = "low-rank training against an adversary, at a price of unfairness"

    weight: float = 5.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.weight <= _DEAREST:
            raise ValueError(f"weight must be from 0 to {_DEAREST:g}, got {self.weight:g}")

    def _adversaries(self) -> tuple[str, ...]:
        return (*ADVERSARIES, "none")

    def _first(self, form: PromptMinmax) -> float:
        return self.weight


@dataclass(frozen=True)
class LoraDual(_Tuned):
    """The same with unfairness as a constraint, by mirror ascent on its price; the first one is the best for any model.

    Attributes:
        adversary, iterations, rate, every, prompts, average: as ``lora@prompts`` has them; there must be an adversary.
        step: of the price's logarithm, where unfairness is e times what is aimed at.
        margin: the share of the level that is aimed at.
    """

    name: ClassVar[str] = "lora-dual@prompts"
    summary: ClassVar[str] = "low-rank training against an adversary, the price by dual ascent"

    step: float = 0.3
    margin: float = 0.7

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (0 <= self.step <= 10 and 0 < self.margin <= 1):
            raise ValueError("step must be from 0 to 10, margin above 0 and at most 1")

    def _first(self, form: PromptMinmax) -> float:
        return max(best_price(form.shares, float(form.level)), _CHEAPEST)

    def _next(self, price: float, ratio: float) -> float:
        over = np.clip(np.log(max(ratio, 1e-9) / self.margin), -1.0, 1.0)
        return float(np.clip(price * np.exp(self.step * over), _CHEAPEST, _DEAREST))


_SEARCH = Search(steps=60, starts=_WORST, draws=100)


def _filled(found: np.ndarray) -> np.ndarray:
    """(_WORST, L) the first of some prompts, repeated where they are fewer."""
    return np.resize(found[:_WORST], (_WORST, found.shape[1]))


@lru_cache(maxsize=16)
def _training(shape: Shape, rate: float, iterations: int) -> Any:
    """(Adam's first state, training between two turns of the adversary, the network with a change), compiled."""
    import jax
    import jax.numpy as jnp
    import optax

    adam = optax.adam(optax.cosine_decay_schedule(rate, iterations))

    def loss(change: Any, base: Any, asked: Any, worst: Any, price: Any, crowd: Any) -> Any:
        network, (rows, shares, weights) = merged(base, change), crowd
        found = logits(jnp, shape, network, network["words"][jnp.concatenate([asked, worst])], rows)
        told = found[: len(asked)]
        wrong = jax.nn.softplus(told) @ jnp.sum(shares, axis=1) - told @ shares[:, 1]
        return jnp.mean(wrong) + price * jnp.max(unfairness(jnp, weights, found[len(asked) :]))

    def run(change: Any, state: Any, base: Any, asked: Any, worst: Any, price: Any, crowd: Any) -> Any:
        def step(carried: Any, drawn: Any) -> Any:
            change, state = carried
            move, state = adam.update(jax.grad(loss)(change, base, drawn, worst, price, crowd), state)
            return (optax.apply_updates(change, move), state), None

        return jax.lax.scan(step, (change, state), asked)[0]

    return adam.init, jax.jit(run), jax.jit(merged)
