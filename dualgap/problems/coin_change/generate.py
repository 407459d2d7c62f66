"""Change-making instances: easy random coins, hard ones, and the euro.

Nobody publishes a library of these. The hard family follows the measurements behind dispatch: with coins in
[sqrt A, 2 sqrt A] an optimal payment needs about sqrt A / 2 coins, and greedy almost always fails. Numbers come from
NumPy's ``Generator(PCG64(seed))``: the same seed gives the same instance.
"""

from __future__ import annotations

from math import isqrt
from typing import Any, Literal

import numpy as np
from pydantic import Field

from dualgap.core.errors import UsageError
from dualgap.problems.options import GeneratorOptions, read_options

EURO_CENTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)


class CoinChangeOptions(GeneratorOptions):
    """Options of the generator.

    Attributes:
        family: "random" (coins up to amount/50, among them 1), "hard" (coins in [sqrt A, 2 sqrt A], so some amounts
            can't be paid) or "euro" (the first ``size`` of 1, 2, 5 cents ... 500 euros).
        amount: A.
    """

    family: Literal["random", "hard", "euro"] = "random"
    amount: int = Field(10_000, ge=1, le=10**15)


def generate(size: int, seed: int, **options: Any) -> dict[str, Any]:
    """The fields of a change-making problem with ``size`` coins; ``options`` are those of ``CoinChangeOptions``.

    Raises:
        UsageError: an unknown or impossible option, or more coins than the family has.
    """
    given = read_options(CoinChangeOptions, options, "coin-change", size)
    rng = np.random.Generator(np.random.PCG64(seed))
    return {"coins": np.sort(_coins(rng, given, size)), "amount": given.amount}


def _coins(rng: np.random.Generator, given: CoinChangeOptions, size: int) -> np.ndarray:
    if given.family == "euro":
        _check(size, len(EURO_CENTS), "there are {most} euro coins and notes")
        return np.array(EURO_CENTS[:size])
    root = isqrt(given.amount)
    if given.family == "hard":
        _check(size, root + 1, "an amount of {amount} has {most} coins in [sqrt A, 2 sqrt A]", given.amount)
        return _distinct(rng, size, root, 2 * root)
    largest = max(given.amount // 50, 1)
    _check(size, largest, "an amount of {amount} has {most} coins up to amount/50", given.amount)
    return np.append(_distinct(rng, size - 1, 2, largest), 1)


def _check(size: int, most: int, reason: str, amount: int = 0) -> None:
    if size > most:
        said = reason.format(most=most, amount=amount)
        raise UsageError(f"coin-change generator: {said}, not {size}; raise amount or lower the size")


def _distinct(rng: np.random.Generator, count: int, low: int, high: int) -> np.ndarray:
    """``count`` different integers of [low, high]."""
    return low + rng.choice(high - low + 1, size=count, replace=False) if count else np.zeros(0, dtype=np.int64)
