"""Random instances: documents packed into a sequence, on devices that are equal or not."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import Field

from dualgap.problems.options import GeneratorOptions, read_options
from dualgap.problems.ring_attention.raw import pairs


class RingOptions(GeneratorOptions):
    """Options of the generator.

    Attributes:
        each: stretches of a device. documents: how many are packed; 1 is one causal sequence. equal: devices.
    """

    each: int = Field(2, ge=1)
    documents: int = Field(3, ge=1)
    equal: bool = True


def generate(size: int, seed: int, **options: Any) -> dict[str, Any]:
    """The fields of an instance with ``size`` devices; a stretch has sixteen tokens.

    Raises:
        UsageError: an unknown or impossible option.
    """
    given = read_options(RingOptions, options, "ring-attention", size)
    rng = np.random.Generator(np.random.PCG64(seed))
    stretches = size * given.each
    sequence = 16 * stretches
    cuts = rng.choice(np.arange(1, sequence), min(given.documents, sequence) - 1, replace=False)
    lengths = np.diff(np.sort([0, *cuts.tolist(), sequence])).tolist()
    speed = np.ones(size) if given.equal else np.round(rng.uniform(1.0, 3.0, size), 2)
    return {"work": pairs(stretches, sequence, lengths), "speed": speed}
