"""The ``coin-change`` kind: its closed spec, evaluation and names.

Mathematics: min sum_j k_j x_j subject to sum_j a_j x_j = amount, 0 <= x_j <= copies_j, x integer
(the change-making problem, Martello and Toth, Knapsack Problems, 1990, chapter 5).
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import field_validator, model_validator

from dualgap.core.arrays import Number, Vector, as_array
from dualgap.core.certificate import Bound, Evaluation, Sense, Violation
from dualgap.core.exact import Exact, combine, exact, float_noise, fraction, lattice_step, nearest, simplest
from dualgap.core.explain.blocks import SHOWN, Block
from dualgap.core.problem import Answer, Problem
from dualgap.core.views import View
from dualgap.core.witness import Witness
from dualgap.problems.counts import (
    UNBOUNDED,
    Copies,
    CountsAnswer,
    Names,
    check_names,
    count_violations,
    countable,
    fault,
    format_decimal,
    read_counts,
    write_counts,
)


class CoinChangeAnswer(CountsAnswer):
    """How many of each coin, in the spec's order."""


class CoinChange(Problem):
    """Pay the amount exactly, with the fewest (or cheapest) coins.

    Attributes:
        coins: (n,) positive denominations, integer or decimal.
        amount: what the coins must sum to.
        copies: how many of each coin there are: "unbounded", a number, or one number a coin.
        costs: what each coin costs: a number or one number a coin, at least 0; 1 counts coins.
        names: the coins' names; their denominations by default.
    """

    kind: ClassVar[str] = "coin-change"
    summary: ClassVar[str] = "pay an amount exactly with the fewest or cheapest coins"
    answer_type: ClassVar[type[Answer]] = CoinChangeAnswer
    column_fields: ClassVar[tuple[str, ...]] = ("coins", "copies", "costs", "names")

    coins: Vector
    amount: Number
    copies: Copies = UNBOUNDED
    costs: Number | Vector = 1
    names: Names = ()

    @field_validator("coins")
    @classmethod
    def _positive(cls, coins: np.ndarray) -> np.ndarray:
        if (coins <= 0).any():
            raise fault(f"coin {coins[coins <= 0][0]} is not positive", "coins must be > 0")
        if not coins.size:
            raise fault("no coins", "name at least one")
        return coins

    @field_validator("amount")
    @classmethod
    def _reachable_side(cls, amount: int | float) -> int | float:
        if amount < 0:
            raise fault(f"negative amount {amount}", "amounts must be >= 0")
        return amount

    @field_validator("costs", mode="before")
    @classmethod
    def _costs(cls, value: Any) -> Any:
        costs = as_array(value)
        if (costs < 0).any():
            raise fault("negative cost", "costs must be >= 0")
        return costs.item() if costs.ndim == 0 else costs

    @model_validator(mode="after")
    def _fits(self) -> Self:
        n = len(self.coins)
        for field in ("copies", "costs"):
            given = getattr(self, field)
            if isinstance(given, np.ndarray) and len(given) != n:
                raise fault(f"{field} has {len(given)} entries, coins {n}", "one entry a coin")
        check_names("names", self.names, n)
        _ = self.limits  # refuses counts beyond 64 bits
        return self

    @property
    def sense(self) -> Sense:
        return Sense.MINIMIZE

    @property
    def quantity(self) -> str:
        return "coins" if isinstance(self.costs, int) and self.costs == 1 else "total cost"

    @property
    def size(self) -> int:
        """The number of denominations."""
        return len(self.coins)

    @cached_property
    def coin_names(self) -> tuple[str, ...]:
        """The given names, or the denominations; a denomination that comes twice is numbered."""
        if self.names:
            return self.names
        shown = [format_decimal(self.exact_coins.item(j)).replace(",", "") for j in range(self.size)]
        seen: Counter[str] = Counter()
        totals = Counter(shown)
        named = []
        for name in shown:
            seen[name] += 1
            named.append(name if totals[name] == 1 else f"{name}#{seen[name]}")
        return tuple(named)

    # Exact data.
    @cached_property
    def exact_coins(self) -> Exact:
        return exact(self.coins)

    @cached_property
    def exact_costs(self) -> Exact:
        costs = np.broadcast_to(np.asarray(self.costs), (self.size,))
        return exact(np.array(costs))

    @cached_property
    def exact_amount(self) -> Fraction:
        return fraction(self.amount)

    @cached_property
    def whole(self) -> tuple[np.ndarray, int]:
        """(coins, amount) as integers on a common scale; int64 where they fit."""
        scale = lcm(self.exact_coins.denominator, self.exact_amount.denominator)
        coins = combine([(scale, self.exact_coins)])
        return coins.numerators // coins.denominator, int(self.exact_amount * scale)

    @cached_property
    def limits(self) -> np.ndarray:
        """(n,) int64: the most copies of each coin that the amount and ``copies`` allow."""
        coins, amount = self.whole
        fits = np.array([amount // int(coin) for coin in coins], dtype=object)
        if not isinstance(self.copies, str):
            fits = np.minimum(fits, np.broadcast_to(np.asarray(self.copies), fits.shape))
        return countable(fits)

    @cached_property
    def step(self) -> Fraction:
        """Every objective value is a multiple of this (0 where coins cost nothing)."""
        return lattice_step(self.exact_costs)

    def round_bound(self, bound: Fraction) -> int | Fraction:
        """The bound moved up to the objective's lattice."""
        lattice = bound if self.step == 0 else -((-bound) // self.step) * self.step
        return simplest(lattice)  # type: ignore[return-value]

    # What the verifier asks.
    def evaluate(self, answer: Any) -> Evaluation:
        counts = Exact(answer.counts)
        if counts.shape != (self.size,):
            return Evaluation(0, {"counts": Violation(abs(len(answer.counts) - self.size))}, exact=True)
        paid = self.exact_coins.dot(counts)
        violations: dict[str, Violation] = {}
        if paid != self.exact_amount:
            violations["amount"] = Violation(simplest(abs(paid - self.exact_amount)), max(1.0, nearest(paid)))
        violations |= count_violations(answer.counts, self.copies, self.coin_names)
        metrics = {"all": {"paid": simplest(paid), "coins": simplest(counts.total())}}
        return Evaluation(simplest(self.exact_costs.dot(counts)), violations, metrics, exact=True)

    def bound(self, witness: Witness, seconds: float = 10.0) -> Bound:
        from dualgap.problems.coin_change.proofs import prove

        return prove(self, witness, seconds)

    def trivial(self) -> CoinChangeAnswer | None:
        return CoinChangeAnswer(counts=np.zeros(self.size, dtype=np.int64)) if self.amount == 0 else None

    def tighten(self, bound: float) -> float:
        if self.step == 0:
            return bound
        return nearest(self.round_bound(Fraction(bound) - float_noise(bound)))

    def explain_infeasible(self) -> str:
        from dualgap.problems.coin_change.explain import explain

        return explain(self)

    def explain(
        self, answer: Any = None, witness: Witness | None = None, *, via: str | None = None, shown: int = SHOWN
    ) -> tuple[Block, ...]:
        from dualgap.problems.coin_change.argument import explain

        return explain(self, answer, witness, via, shown)

    # Names in answers.
    def read_answer(self, data: Any) -> Any:
        """From ``{"coins": {"5": 2, "1": 1}}`` or ``{"counts": [...]}``."""
        return CoinChangeAnswer(counts=read_counts(data, "coins", self.coin_names))

    def write_answer(self, answer: Any) -> dict[str, Any]:
        return write_counts(answer.counts, "coins", self.coin_names)

    def render(self, answer: Any) -> list[tuple[str, ...]]:
        if len(answer.counts) != self.size:
            return super().render(answer)
        rows: list[tuple[str, ...]] = [("coin", "count", "sum", "cost")]
        for j in np.flatnonzero(answer.counts).tolist():
            count = int(answer.counts[j])
            paid, cost = (format_decimal(data.item(j) * count) for data in (self.exact_coins, self.exact_costs))
            rows.append((self.coin_names[j], str(count), paid, cost))
        return rows

    def views(self) -> tuple[View, ...]:
        from dualgap.problems.coin_change.views import views

        return views(self)

    @classmethod
    def generate(cls, size: int, seed: int, **options: Any) -> CoinChange:
        """Random coins; see ``dualgap.problems.coin_change.generate``."""
        from dualgap.problems.coin_change.generate import generate

        return cls(**generate(size, seed, **options))
