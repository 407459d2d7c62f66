"""Random networks and inputs."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from pydantic import Field

from dualgap.problems.networks.network import Dense, Network
from dualgap.problems.options import GeneratorOptions, read_options

_DECIMALS = 3  # of weights and inputs: short to write


class Options(GeneratorOptions):
    """Options of the generator.

    Attributes:
        inputs: how many.
        width: of the hidden layers; twice the size by default.
        depth: how many hidden layers.
        classes: outputs.
        radius, norm: of the ball.
    """

    inputs: int = Field(3, ge=1, le=10**5)
    width: int | None = Field(None, ge=1, le=10**4)
    depth: int = Field(2, ge=0, le=20)
    classes: int = Field(3, ge=2, le=10**3)
    radius: float = Field(0.1, ge=0.0)
    norm: str = Field("inf", pattern="^(inf|2|1)$")


def generate(size: int, seed: int, **options: Any) -> dict[str, Any]:
    """Fields of a network of ``size`` inputs with Gaussian weights (He et al., 2015) that labels its own inputs.

    Raises:
        UsageError: an unknown or impossible option.
    """
    given = read_options(Options, options, "adversarial-example", size)
    rng = np.random.default_rng(seed)
    widths = [size, *[given.width or 2 * size] * given.depth, given.classes]
    layers = tuple(
        Dense(
            weight=(rng.normal(size=(after, before)) * np.sqrt(2 / before)).round(_DECIMALS),
            bias=(0.1 * rng.normal(size=after)).round(_DECIMALS),
        )
        for before, after in pairwise(widths)
    )
    network = Network(layers=layers)
    inputs = rng.uniform(size=(given.inputs, size)).round(_DECIMALS)
    labels = network.forward(inputs).argmax(axis=1)
    return {
        "network": network,
        "inputs": inputs,
        "labels": labels,
        "radius": given.radius,
        "norm": given.norm,
        "clip": (0, 1),
    }
