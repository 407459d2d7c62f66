"""Random networks and inputs for templates."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from pydantic import Field

from dualgap.problems.networks.network import Dense, Network
from dualgap.problems.options import GeneratorOptions, read_options


class _Options(GeneratorOptions):
    inputs: int = Field(4, ge=1, le=1000)
    hidden: int = Field(5, ge=1, le=1000)
    classes: int = Field(3, ge=2, le=100)
    norm: Literal["inf", "2", "1"] = "inf"
    radius: float = Field(0.6, ge=0)
    goal: Literal["success", "margin"] = "success"


def generate(size: int, seed: int, **options: Any) -> Mapping[str, Any]:
    """A network of one hidden layer with normal weights, and ``size`` inputs of [0, 1] that it takes for other classes.

    Args:
        size: number of inputs.
        seed: of the generator.
        options: ``inputs``, ``hidden``, ``classes``, ``norm``, ``radius`` and ``goal``.
    """
    given = read_options(_Options, options, "universal-template", size)
    rng = np.random.default_rng(seed)
    widths = (given.inputs, given.hidden, given.classes)
    layers = [
        Dense(
            weight=(2.0 * rng.normal(size=(after, before))).round(3),
            bias=(0.5 * rng.normal(size=after)).round(3),
        )
        for before, after in pairwise(widths)
    ]
    network = Network(layers=tuple(layers))
    points = rng.uniform(size=(20 * size, given.inputs)).round(3)
    labels = network.forward(points).argmax(axis=1)
    target = int(np.argsort(np.bincount(labels, minlength=given.classes), kind="stable")[-2])
    chosen = np.flatnonzero(labels != target)[:size]
    return {
        "network": network,
        "inputs": points[chosen],
        "labels": labels[chosen],
        "target": target,
        "norm": given.norm,
        "radius": given.radius,
        "clip": (0.0, 1.0),
        "goal": given.goal,
    }
