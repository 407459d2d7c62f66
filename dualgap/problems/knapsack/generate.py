"""Knapsack instances of the classes that the field measures itself on.

Sources: for all families but the last Pisinger, Where are the hard knapsack problems? (Computers and Operations
Research 32, 2005), sections 3 and 4; for the last Chu and Beasley, A genetic algorithm for the multidimensional
knapsack problem (Journal of Heuristics 4, 1998). Numbers come from NumPy's ``Generator(PCG64(seed))``: the same seed
gives the same instance.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from pydantic import Field

from dualgap.problems.options import GeneratorOptions, read_options

Values = Callable[[np.random.Generator, np.ndarray, int], np.ndarray]

SIMILAR = (100_000, 100_100)
SPANNERS, MULTIPLES = 2, 10
CEILING = 3
DIVISOR = 6

Family = Literal[
    "uncorrelated",
    "weak",
    "strong",
    "inverse-strong",
    "almost-strong",
    "subset-sum",
    "similar-weights",
    "spanner-uncorrelated",
    "spanner-weak",
    "spanner-strong",
    "multiple-strong",
    "profit-ceiling",
    "circle",
    "chu-beasley",
]


class KnapsackOptions(GeneratorOptions):
    """Options of the generator.

    Attributes:
        family: the class, see ``VALUES``.
        range: R, the data range: weights (values in inverse classes) are at most R.
        capacity_ratio: capacity over the sum of the weights, of every dimension.
        h, series: the h-th instance of a series of H has capacity ``h/(H+1)`` of the sum; ``h`` overrides the ratio.
        dimensions: rows of weights, drawn independently; values follow from an item's mean weight.
        copies: of each item, or "unbounded".
    """

    family: Family = "uncorrelated"
    range: int = Field(1000, ge=10, le=2**31)
    capacity_ratio: float = Field(0.5, ge=0.0, le=1.0)
    h: int | None = Field(None, ge=1)
    series: int = Field(100, ge=1)
    dimensions: int = Field(1, ge=1, le=1000)
    copies: int | Literal["unbounded"] = 1


def generate(size: int, seed: int, **options: Any) -> dict[str, Any]:
    """The fields of a knapsack of ``size`` items; ``options`` are those of ``KnapsackOptions``.

    Raises:
        UsageError: an unknown or impossible option; names the known ones.
    """
    given = read_options(KnapsackOptions, options, "knapsack", size)
    rng = np.random.Generator(np.random.PCG64(seed))
    values, weights = _items(rng, given, size)
    copies = given.copies if isinstance(given.copies, int) else 1
    total = weights.sum(axis=1) * copies
    ratio = given.capacity_ratio if given.h is None else given.h / (given.series + 1)
    capacity = np.floor(total * ratio).astype(np.int64)
    return {"values": values, "weights": weights, "capacity": capacity, "copies": given.copies}


def _items(rng: np.random.Generator, given: KnapsackOptions, size: int) -> tuple[np.ndarray, np.ndarray]:
    family, spread = given.family, given.range
    if family.startswith("spanner-"):
        return _spanner(rng, family.removeprefix("spanner-"), spread, given.dimensions, size)
    weights = _weights(rng, family, spread, (given.dimensions, size))
    return VALUES[family](rng, weights, spread), weights


def _weights(rng: np.random.Generator, family: str, spread: int, shape: tuple[int, int]) -> np.ndarray:
    low, high = 1, spread
    if family == "inverse-strong":
        low, high = 1 + spread // 10, spread + spread // 10
    elif family == "similar-weights":
        low, high = SIMILAR
    return rng.integers(low, high, size=shape, endpoint=True)


def _spanner(
    rng: np.random.Generator, family: str, spread: int, dimensions: int, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """span(v, m): v items of a family, scaled by 2/m and rounded up; every item is one of them times a in [1, m]."""
    weights = _weights(rng, family, spread, (dimensions, SPANNERS))
    values = VALUES[family](rng, weights, spread)
    weights, values = (-(-2 * data // MULTIPLES) for data in (weights, values))
    chosen = rng.integers(0, SPANNERS, size=size)
    factor = rng.integers(1, MULTIPLES, size=size, endpoint=True)
    return values[chosen] * factor, weights[:, chosen] * factor


def _mean(weights: np.ndarray) -> np.ndarray:
    """(n,) an item's weight: its mean over the dimensions, rounded."""
    return np.asarray(weights[0] if len(weights) == 1 else np.rint(weights.mean(axis=0)), dtype=np.int64)


def uncorrelated(rng: np.random.Generator, weights: np.ndarray, spread: int) -> np.ndarray:
    """p uniform on [1, R], whatever the weight."""
    return np.asarray(rng.integers(1, spread, size=weights.shape[1], endpoint=True))


def weak(rng: np.random.Generator, weights: np.ndarray, spread: int) -> np.ndarray:
    """p uniform on [w - R/10, w + R/10], at least 1."""
    w = _mean(weights)
    return np.asarray(rng.integers(np.maximum(1, w - spread // 10), w + spread // 10, endpoint=True))


def strong(rng: np.random.Generator, weights: np.ndarray, spread: int) -> np.ndarray:
    """p = w + R/10."""
    return _mean(weights) + spread // 10


def inverse_strong(rng: np.random.Generator, weights: np.ndarray, spread: int) -> np.ndarray:
    """w = p + R/10, p uniform on [1, R] (the weights are drawn from [1 + R/10, R + R/10])."""
    return _mean(weights) - spread // 10


def almost_strong(rng: np.random.Generator, weights: np.ndarray, spread: int) -> np.ndarray:
    """p uniform on [w + R/10 - R/500, w + R/10 + R/500]."""
    middle = _mean(weights) + spread // 10
    return rng.integers(middle - spread // 500, middle + spread // 500, endpoint=True)


def subset_sum(rng: np.random.Generator, weights: np.ndarray, spread: int) -> np.ndarray:
    """p = w."""
    return _mean(weights).copy()


def multiple_strong(rng: np.random.Generator, weights: np.ndarray, spread: int) -> np.ndarray:
    """mstr(3R/10, 2R/10, 6): p = w + 3R/10 where 6 divides w, else w + 2R/10."""
    w = _mean(weights)
    return w + np.where(w % DIVISOR == 0, 3 * spread // 10, 2 * spread // 10)


def profit_ceiling(rng: np.random.Generator, weights: np.ndarray, spread: int) -> np.ndarray:
    """pceil(3): p = 3 ceil(w / 3)."""
    return CEILING * -(-_mean(weights) // CEILING)


def circle(rng: np.random.Generator, weights: np.ndarray, spread: int) -> np.ndarray:
    """circle(2/3): p = 2/3 sqrt(4 R^2 - (w - 2R)^2), rounded down."""
    w = _mean(weights).astype(np.float64)
    return np.asarray(np.floor(2 / 3 * np.sqrt(4.0 * spread**2 - (w - 2.0 * spread) ** 2)), dtype=np.int64)


def chu_beasley(rng: np.random.Generator, weights: np.ndarray, spread: int) -> np.ndarray:
    """p = mean weight over the dimensions + (R/2) q, q uniform on (0, 1]."""
    surplus = np.ceil(spread / 2 * (1.0 - rng.random(weights.shape[1])))
    return np.asarray(_mean(weights) + surplus, dtype=np.int64)


VALUES: dict[str, Values] = {
    "uncorrelated": uncorrelated,
    "weak": weak,
    "strong": strong,
    "inverse-strong": inverse_strong,
    "almost-strong": almost_strong,
    "subset-sum": subset_sum,
    "similar-weights": uncorrelated,
    "multiple-strong": multiple_strong,
    "profit-ceiling": profit_ceiling,
    "circle": circle,
    "chu-beasley": chu_beasley,
}
