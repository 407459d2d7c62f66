"""Solvers of ``prompt-attack``: every adversary by its name, the exact one with its witness."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np

from dualgap import Claim, Context, Exhaustion, Solver, Stop, Trait
from dualgap_prompts.adversaries import ADVERSARIES, Search
from dualgap_prompts.attack import Prompt, PromptAttack
from dualgap_prompts.language import odds
from dualgap_prompts.measures import twins, unfairness
from dualgap_prompts.network import unpacked

_REFINED = 32  # prompts of the largest unfairness in float32 that are looked at in float64


@dataclass(frozen=True)
class _Attack(Solver):
    """What the adversaries share: they are run on the network, and their best prompt is told in words."""

    accepts: ClassVar[tuple[type, ...]] = (PromptAttack,)
    requires: ClassVar[tuple[str, ...]] = ("jax", "optax")
    adversary: ClassVar[str] = ""

    def __post_init__(self) -> None:
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        wrong = [name for name, value in given.items() if not 0 < value < 1e9]
        if wrong:
            raise ValueError(f"{wrong[0]} must be above 0 (and below 1e9), got {given[wrong[0]]:g}")

    def solve(self, form: PromptAttack, ctx: Context) -> Claim:
        parts = unpacked(form.network, form.shape.parts)
        network = {name: array.astype(np.float32) for name, array in parts.items()}
        rng = np.random.default_rng(ctx.seed)
        found = ADVERSARIES[self.adversary](form, network, rng, self._search(), ctx.should_stop)
        unfair = unfairness(np, twins(form), odds(form, form.network, found.prompts))
        prompt = Prompt(words=form.said(found.prompts[int(unfair.argmax())]))
        early = self.adversary == "exact" and not found.complete
        return Claim(
            point=prompt,
            feasible=True,
            stop=Stop.TIME if early else Stop.FINISHED,
            value=float(unfair.max()),
            witness=Exhaustion() if found.complete else None,
            statistics={"evaluations": found.evaluations},
        )

    def _search(self) -> Search:
        given: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        return Search(**given)


@dataclass(frozen=True)
class Enumeration(_Attack):
    """Every prompt, in chunks of 32,768 texts; on a GPU where JAX has one."""

    name: ClassVar[str] = "enumeration@prompts"
    summary: ClassVar[str] = "goes through every prompt"
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.EXACT, Trait.BOUNDS})
    adversary: ClassVar[str] = "exact"

    def _search(self) -> Search:
        return Search(starts=_REFINED)


@dataclass(frozen=True)
class Gumbel(_Attack):
    """Gradient ascent through drawn prompts (Gumbel softmax, straight through); the best prompt drawn counts.

    Attributes:
        steps: of Adam, from each start.
        starts: how many at once.
        rate: of Adam.
        temperature: of the softmax.
    """

    name: ClassVar[str] = "gumbel@prompts"
    summary: ClassVar[str] = "gradient ascent on a distribution of prompts, straight through its draws"
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.RANDOMISED})
    adversary: ClassVar[str] = "gumbel"

    steps: int = 200
    starts: int = 8
    rate: float = 0.1
    temperature: float = 1.0


@dataclass(frozen=True)
class GumbelSoft(Gumbel):
    """The same on mixtures of words, without rounding to words until the end."""

    name: ClassVar[str] = "gumbel-soft@prompts"
    summary: ClassVar[str] = "gradient ascent on mixtures of words"
    adversary: ClassVar[str] = "gumbel-soft"


@dataclass(frozen=True)
class Coordinate(_Attack):
    """The best word at one place after another.

    Attributes:
        starts: random prompts to begin with.
    """

    name: ClassVar[str] = "coordinate@prompts"
    summary: ClassVar[str] = "the best word at one place after another"
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.RANDOMISED})
    adversary: ClassVar[str] = "coordinate"

    starts: int = 1


@dataclass(frozen=True)
class Random(_Attack):
    """The worst of random prompts.

    Attributes:
        draws: how many.
    """

    name: ClassVar[str] = "random@prompts"
    summary: ClassVar[str] = "the worst of random prompts"
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.RANDOMISED})
    adversary: ClassVar[str] = "random"

    draws: int = 200
