"""Random instances: groups of examples around different centres, with unequal spreads of the features."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from dualgap.core.errors import UsageError
from dualgap.problems.options import GeneratorOptions, read_options


class ErasureOptions(GeneratorOptions):
    """Options of the generator.

    Attributes:
        features: d; by default a fifth of the examples, at least two.
        groups: how many categories.
        apart: the distance of the groups' centres from each other, in standard deviations of a feature.
        rank: as in the spec.
    """

    features: int | None = Field(None, ge=1)
    groups: int = Field(3, ge=2)
    apart: float = Field(1.5, gt=0)
    rank: Annotated[int, Field(ge=1)] | Literal["full"] = "full"


def generate(size: int, seed: int, **options: Any) -> dict[str, Any]:
    """The fields of an instance with ``size`` examples; ``options`` are those of ``ErasureOptions``.

    Raises:
        UsageError: an unknown or impossible option.
    """
    given = read_options(ErasureOptions, options, "concept-erasure", size)
    groups, width = min(given.groups, size), given.features or max(2, size // 5)
    if size < 2:
        raise UsageError(f"concept-erasure generator: one group needs two examples at least, got {size}")
    if given.rank != "full" and given.rank > width:
        raise UsageError(f"concept-erasure generator: rank {given.rank} of {width} features; lower it")
    rng = np.random.Generator(np.random.PCG64(seed))
    group = np.arange(size) % groups
    centres = rng.normal(size=(groups, width)) * given.apart / np.sqrt(2.0)
    mixing = np.eye(width) + 0.3 * rng.normal(size=(width, width)) / np.sqrt(width)
    features = np.round((centres[group] + rng.normal(size=(size, width))) @ mixing, 3)
    return {"features": features, "concept": [f"group {k}" for k in group], "rank": given.rank}
