"""Small models on few devices, with a batch that the grid divides."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import Field

from dualgap.problems.options import GeneratorOptions, read_options
from dualgap.problems.parallel_strategy.raw import DEFAULT
from dualgap.problems.transformers.devices import LATENCY, NETWORK, PRESETS, SUSTAINED, Cluster
from dualgap.problems.transformers.model import gpt


class StrategyOptions(GeneratorOptions):
    """Options of the generator.

    Attributes:
        devices: a power of two. memory: of a device, as a share of what the parameters take on all of them.
    """

    devices: int = Field(8, ge=1, le=4096)
    memory: float = Field(2.0, gt=0)


def generate(size: int, seed: int, **options: Any) -> dict[str, Any]:
    """The fields of an instance.

    Raises:
        UsageError: an unknown or impossible option.
    """
    given = read_options(StrategyOptions, options, "parallel-strategy", size)
    rng = np.random.Generator(np.random.PCG64(seed))
    heads = int(2 ** rng.integers(3, 6))
    model = gpt(size, 64 * heads, heads)
    device = PRESETS["a100-80gb"]
    share = 18.0 * model.parameters / given.devices
    cluster = Cluster(
        devices=given.devices,
        node=8,
        memory=round(given.memory * share),
        flops=device.flops,
        bandwidth=device.bandwidth,
        link=SUSTAINED * device.link,
        network=NETWORK,
        latency=LATENCY,
    )
    sizes = np.array([n for n in (1, 2, 4, 8) if n <= given.devices])
    return {
        "model": model,
        "cluster": cluster,
        "calibration": DEFAULT,
        "global_batch": 16 * given.devices,
        "sequence": int(2 ** rng.integers(9, 12)),
        "tensor": sizes,
        "pipeline": sizes,
        "microbatch": np.array([1, 2]),
        "zero": np.array([0, 1]),
    }
