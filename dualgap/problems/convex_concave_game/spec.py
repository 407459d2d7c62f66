"""The ``convex-concave-game`` kind: its closed spec, evaluation and names.

Mathematics: parallel channels i with gain beta_i and receiver noise sigma_i; one player spreads the power P to send as
much as possible, the other the noise N to keep it small:

    min over n >= 0, 1'n = N   max over p >= 0, 1'p = P   sum_i log(1 + beta_i p_i / (sigma_i + n_i)),

convex in n and concave in p (Boyd, EE364b, Stanford; Boyd and Vandenberghe, Convex Optimization, 2004, exercise 10.13).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import field_validator, model_validator

from dualgap.core.arrays import Number, Vector, as_array
from dualgap.core.certificate import Bound, Evaluation, Sense, Violation
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.figures import Figure, strategy
from dualgap.core.problem import Answer, Problem
from dualgap.core.statement import format_value
from dualgap.core.views import View
from dualgap.core.witness import Strategies, Witness
from dualgap.problems.convex_concave_game.proofs import prove
from dualgap.problems.convex_concave_game.responses import best_noise, most, water_filling
from dualgap.problems.counts import Names, check_names, fault
from dualgap.problems.options import GeneratorOptions, read_options


class Allocations(Answer):
    """Who puts how much where, in the order of the channels.

    Attributes:
        noise: (n,) of the minimiser, who is certified.
        power: (n,) of the maximiser; empty where nothing is said of it.
    """

    noise: Vector
    power: Vector = as_array(())


class ConvexConcaveGame(Problem):
    """Power against noise over parallel channels, from the side of the noise.

    Attributes:
        beta: (n,) gains of the channels, positive.
        sigma: (n,) noise that is there anyway, positive.
        power: P, the maximiser's budget, positive.
        noise: N, the minimiser's budget, positive.
        names: of the channels; 1, 2 ... by default.
    """

    kind: ClassVar[str] = "convex-concave-game"
    summary: ClassVar[str] = "power against noise over parallel channels, a budget for each player"
    answer_type: ClassVar[type[Answer]] = Allocations
    column_fields: ClassVar[tuple[str, ...]] = ("beta", "sigma", "names")

    beta: Vector
    sigma: Vector
    power: Number
    noise: Number
    names: Names = ()

    @field_validator("beta", "sigma")
    @classmethod
    def _positive(cls, values: np.ndarray) -> np.ndarray:
        if not values.size:
            raise fault("no channels", "give at least one")
        if (values <= 0).any():
            raise fault(f"{values[values <= 0][0]} is not positive", "gains and noise must be > 0")
        return values

    @field_validator("power", "noise")
    @classmethod
    def _budget(cls, budget: int | float) -> int | float:
        if budget <= 0:
            raise fault(f"a budget of {budget}", "budgets must be > 0")
        return budget

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.sigma) != len(self.beta):
            raise fault(f"sigma has {len(self.sigma)} entries, beta {len(self.beta)}", "one entry a channel")
        check_names("names", self.names, len(self.beta))
        return self

    @property
    def sense(self) -> Sense:
        return Sense.MINIMIZE

    @property
    def quantity(self) -> str:
        return "rate conceded"

    @property
    def unit(self) -> str:
        return "nats"

    @property
    def size(self) -> int:
        """The number of channels."""
        return len(self.beta)

    @cached_property
    def channel_names(self) -> tuple[str, ...]:
        return self.names or tuple(str(i) for i in range(1, self.size + 1))

    # What the verifier asks.
    def evaluate(self, answer: Any) -> Evaluation:
        """The most that power can send against the noise: an upper bound by the price of power, tight to rounding."""
        violations = self._violations("noise", answer.noise, float(self.noise))
        if len(answer.power):
            violations |= self._violations("power", answer.power, float(self.power))
        if len(answer.noise) != self.size:
            return Evaluation(float("inf"), violations)
        value, error = most(self._gains(np.maximum(answer.noise, 0.0)), float(self.power))
        return Evaluation(value + error, violations, scale=abs(value))

    def bound(self, witness: Witness, seconds: float = 10.0) -> Bound:
        """The least that noise can leave of the power's allocation, by the rate's tangent at its best response."""
        if not isinstance(witness, Strategies):
            raise InvalidWitnessError(f"a convex-concave game takes strategies, not {witness.type}")
        return prove(self, np.asarray(witness.y, dtype=np.float64), seconds)

    def implied(self, answer: Any) -> Witness | None:
        """The sender's allocation, where the answer has one."""
        told = len(answer.power) == self.size and bool((answer.power > 0).any())
        return Strategies(x=answer.noise, y=answer.power) if told else None

    def trivial(self) -> Allocations:
        return self._allocations(np.ones(self.size), np.ones(self.size))

    def _gains(self, noise: np.ndarray) -> np.ndarray:
        gains: np.ndarray = self.beta / (self.sigma + noise)
        return gains

    def _violations(self, player: str, amounts: np.ndarray, budget: float) -> dict[str, Violation]:
        if len(amounts) != self.size:
            return {player: Violation(abs(len(amounts) - self.size))}
        found = {f"{player} budget": Violation(abs(float(amounts.sum()) - budget), max(1.0, budget))}
        short = np.flatnonzero(amounts < 0).tolist()
        found |= {f"{player} {self.channel_names[i]}": Violation(float(-amounts[i]), max(1.0, budget)) for i in short}
        rounding = self.size * float(np.finfo(np.float64).eps) * budget  # of a sum that is right
        return {name: violation for name, violation in found.items() if violation.amount > rounding}

    def _allocations(self, noise: np.ndarray, power: np.ndarray) -> Allocations:
        """Both scaled to their budgets."""
        shares = (np.maximum(amounts, 0.0) for amounts in (noise, power))
        budgets = float(self.noise), float(self.power)
        scaled = [amounts * (budget / amounts.sum()) for amounts, budget in zip(shares, budgets)]
        return Allocations(noise=scaled[0], power=scaled[1])

    # How people see it.
    def render(self, answer: Any) -> list[tuple[str, ...]]:
        """A row for each channel, with the power that answers the noise best where none is given."""
        if len(answer.noise) != self.size:
            return super().render(answer)
        gains = self._gains(answer.noise)
        power = answer.power if len(answer.power) == self.size else water_filling(gains, float(self.power))[0]
        rows: list[tuple[str, ...]] = [("channel", "noise", "power", "rate")]
        for name, noise, sent, gain in zip(self.channel_names, answer.noise, power, gains):
            rows.append((name, *(format_value(round(float(x), 6)) for x in (noise, sent, np.log1p(gain * sent)))))
        return rows

    def figures(self, answer: Any) -> tuple[Figure, ...]:
        """Where each budget goes."""
        players = ("noise", answer.noise), ("power", answer.power)
        return tuple(strategy(name, self.channel_names, spent) for name, spent in players if len(spent) == self.size)

    def sensitivity(self, answer: Any, witness: Witness | None, optimal: bool) -> Mapping[str, Mapping[str, Any]]:
        """What a unit more of either budget is worth at this pair."""
        power, price = water_filling(self._gains(np.maximum(answer.noise, 0.0)), float(self.power))
        _, relief = best_noise(self.beta * power, self.sigma, float(self.noise))
        return {"a unit more of": {"power": price, "noise": -relief}} if optimal else {}

    def views(self) -> tuple[View, ...]:
        from dualgap.problems.convex_concave_game.views import views

        return views(self)

    @classmethod
    def generate(cls, size: int, seed: int, **options: Any) -> ConvexConcaveGame:
        """Gains and noise in [0.5, 2], in steps of 0.01; a budget of one a channel for each player."""
        read_options(GeneratorOptions, options, cls.kind, size)
        rng = np.random.Generator(np.random.PCG64(seed))
        beta, sigma = (rng.integers(50, 201, size) / 100 for _ in range(2))
        return cls(beta=beta, sigma=sigma, power=size, noise=size)
