"""Random instances: normal classes, some of whose training rows are to be forgotten."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import Field

from dualgap.core.resolve import Resolver
from dualgap.problems.options import GeneratorOptions, read_options
from dualgap.problems.unlearning.data import closed


class UnlearningOptions(GeneratorOptions):
    """Options of the generator.

    Attributes:
        features: d. classes: how many. spread: of the classes' centres, in standard deviations of a row.
        forget: the share of training rows to forget; ``hardest``: those of the smallest margins, else drawn.
        validation: the share of rows that aren't for testing to choose methods by.
        flipped: the share of rows whose label is another's.
        model: "logistic" or "mlp" with ``hidden`` units, trained by ``steps`` at a first ``rate``.
        l2: as in the spec. models: retrained ones. sigma: the noise of certified removal.
    """

    features: int = Field(4, ge=1)
    classes: int = Field(2, ge=2)
    spread: float = Field(1.0, ge=0)
    forget: float = Field(0.1, gt=0, lt=1)
    hardest: bool = False
    validation: float = Field(0.0, ge=0, lt=1)
    flipped: float = Field(0.0, ge=0, lt=1)
    model: Literal["logistic", "mlp"] = "logistic"
    hidden: int = Field(8, ge=1)
    steps: int = Field(100, ge=1)
    rate: float = Field(1e-3, gt=0)
    l2: float = Field(1e-2, ge=0)
    models: int = Field(1, ge=0)
    sigma: float = Field(0.0, ge=0)


def generate(size: int, seed: int, **options: Any) -> dict[str, Any]:
    """The fields of an instance with ``size`` rows of each class, a fifth of them for testing.

    Raises:
        UsageError: an unknown or impossible option.
    """
    given = read_options(UnlearningOptions, options, "unlearning", size)
    rng = np.random.Generator(np.random.PCG64(seed))
    label = np.tile(np.arange(given.classes), size)
    centres = given.spread * rng.normal(size=(given.classes, given.features))
    x = np.round(centres[label] + rng.normal(size=(len(label), given.features)), 4)
    other = (label + rng.integers(1, given.classes, len(label))) % given.classes
    label = np.where(rng.random(len(label)) < given.flipped, other, label)
    label[: given.classes] = np.arange(given.classes)  # all occur
    model: dict[str, Any] = {"type": given.model, "l2": given.l2}
    if given.model == "mlp":
        model |= {"hidden": [given.hidden], "steps": given.steps, "rate": given.rate, "batch": 32}
    spec = {
        "features": x,
        "label": label,
        "forget": {"margin": given.forget} if given.hardest else {"fraction": given.forget, "seed": seed},
        "model": model,
        "models": given.models,
        "noise": given.sigma,
    }
    if given.validation:
        spec["validation"] = {"fraction": given.validation, "seed": seed}
    return closed(spec, Resolver(seed=seed))
