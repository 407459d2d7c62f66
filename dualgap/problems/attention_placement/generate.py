"""Random instances: causal blocks on equal, uniform or unrelated devices.

Work of causal blocks is 2 i + 1 half tiles: a block of queries sees all tiles before it, and half of its own.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import Field

from dualgap.problems.options import GeneratorOptions, read_options


class PlacementOptions(GeneratorOptions):
    """Options of the generator.

    Attributes:
        devices: how many. copies: blocks of each type. family: of devices; "uniform" speeds are drawn from 1 to 4,
            "unrelated" times are the larger of two random rooflines.
    """

    devices: int = Field(4, ge=1)
    copies: int = Field(2, ge=1)
    family: Literal["equal", "uniform", "unrelated"] = "uniform"


def generate(size: int, seed: int, **options: Any) -> dict[str, Any]:
    """The fields of an instance with ``size`` types.

    Raises:
        UsageError: an unknown or impossible option.
    """
    given = read_options(PlacementOptions, options, "attention-placement", size)
    rng = np.random.Generator(np.random.PCG64(seed))
    work = 2 * np.arange(size) + 1
    fields: dict[str, Any] = {"work": work, "count": np.full(size, given.copies)}
    if given.family == "equal":
        return fields | {"speed": np.ones(given.devices)}
    if given.family == "uniform":
        return fields | {"speed": np.round(rng.uniform(1.0, 4.0, given.devices), 2)}
    peak, band = rng.uniform(1.0, 4.0, given.devices), rng.uniform(1.0, 4.0, given.devices)
    traffic = 0.3 * work + rng.uniform(1.0, 3.0, size)
    return fields | {"seconds": np.round(np.maximum(work / peak[:, None], traffic / band[:, None]), 4)}
