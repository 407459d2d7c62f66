"""Random instances: layouts of a transformer's layer, with resharding between those that differ."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import Field

from dualgap.problems.options import GeneratorOptions, read_options

OPERATORS = (
    "norm1", "query", "key", "value", "attention", "project", "residual1", "norm2", "up", "gate", "down", "residual2",
)  # fmt: skip
PAIRS = (
    (0, 1), (0, 2), (0, 3), (1, 4), (2, 4), (3, 4), (4, 5), (5, 6), (6, 7), (7, 8), (8, 9), (9, 10), (10, 11), (6, 11),
)  # fmt: skip
OUTPUT, HEADS = 11, (0, 6)


class ShardingOptions(GeneratorOptions):
    """Options of the generator.

    Attributes:
        strategies: of each operator. layouts: that outputs may have. tightness: where the limit lies between the least
            memory, 0, and that of the fastest strategies, 1.
    """

    strategies: int = Field(3, ge=1, le=64)
    layouts: int = Field(3, ge=1)
    tightness: float = Field(0.5, ge=0, le=1)


def generate(size: int, seed: int, **options: Any) -> dict[str, Any]:
    """The fields of an instance with ``size`` layers of twelve operators; faster strategies take more memory.

    Raises:
        UsageError: an unknown or impossible option.
    """
    given = read_options(ShardingOptions, options, "operator-sharding", size)
    rng = np.random.Generator(np.random.PCG64(seed))
    count, each = len(OPERATORS), given.strategies
    weight = rng.uniform(1.0, 10.0, count)[:, None]
    share = rng.uniform(0.0, 1.0, (count, each))  # of memory given up for time
    seconds = np.round(weight * (1.0 + share * rng.uniform(0.5, 1.5, (count, each))), 4)
    memory = np.round(weight * (1.5 - share) * rng.uniform(0.8, 1.2, (count, each)), 4)
    layout = rng.integers(0, given.layouts, (count, each))
    volume = rng.uniform(0.2, 2.0, count)
    between = rng.uniform(0.5, 1.5, (given.layouts, given.layouts))
    np.fill_diagonal(between, 0.0)
    joined = [*PAIRS, *((OUTPUT, head) for head in HEADS)]
    tables = [np.round(volume[i] * between[layout[i][:, None], layout[j][None, :]], 4) for i, j in joined]
    least, fastest = memory.min(axis=1).sum(), memory[np.arange(count), seconds.argmin(axis=1)].sum()
    limit = size * (least + given.tightness * max(fastest - least, 0.0))
    return {
        "layers": size,
        "strategies": np.full(count, each),
        "seconds": seconds.ravel(),
        "memory": memory.ravel(),
        "limit": float(np.ceil(limit * 1e4) / 1e4),
        "pairs": np.array(PAIRS),
        "output": OUTPUT,
        "heads": np.array(HEADS),
        "resharding": np.concatenate([table.ravel() for table in tables]),
        "operators": OPERATORS,
    }
