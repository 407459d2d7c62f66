"""Random instances: classes whose spurious feature goes with them in training, and not in tests."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import Field

from dualgap.core.errors import UsageError
from dualgap.problems.discriminant.splits import SPLITS, TRAIN
from dualgap.problems.options import GeneratorOptions, read_options


class DiscriminantOptions(GeneratorOptions):
    """Options of the generator.

    Attributes:
        style: "groups" of normal features, or coloured "digits" (see ``dualgap.problems.discriminant.digits``), which
            take no other options than scatter and gamma.
        features: p; by default a tenth of the examples, at least three.
        classes: how many; there are as many values of the spurious variable.
        agree: the share of training examples whose spurious value is their class's own.
        shift: how far a spurious value moves the features, in standard deviations; classes are one apart.
        scatter: as in the spec; interventional ones come with their counterfactuals.
        gamma: as in the spec, a single one.
    """

    style: Literal["groups", "digits"] = "groups"
    features: int | None = Field(None, ge=2)
    classes: int = Field(3, ge=2)
    agree: float = Field(0.9, ge=0, le=1)
    shift: float = Field(2.0, ge=0)
    scatter: Literal["observed", "interventional", "projection"] = "observed"
    gamma: float = Field(1.0, ge=0)


def generate(size: int, seed: int, **options: Any) -> dict[str, Any]:
    """The fields of an instance with ``size`` training examples, half as many for validation and tests each.

    Raises:
        UsageError: an unknown or impossible option.
    """
    given = read_options(DiscriminantOptions, options, "discriminant", size)
    if size < 2:
        raise UsageError("discriminant generator: two classes need two examples at least, got 1")
    if given.style == "digits":
        return _digits(size, seed, given)
    classes, width = min(given.classes, size), given.features or max(3, size // 10)
    rng = np.random.Generator(np.random.PCG64(seed))
    split = [name for name, count in zip(SPLITS, (size, (size + 1) // 2, (size + 1) // 2)) for _ in range(count)]
    trained = np.array(split) == TRAIN
    label = np.arange(len(split)) % classes
    drawn = rng.integers(0, classes, len(split))
    value = np.where(trained & (rng.random(len(split)) < given.agree), label, drawn)
    value[:classes] = (label[:classes] + 1) % classes  # in training, some example of each class has another's
    centres, moves = rng.normal(size=(2, classes, width))
    own = centres[label] + rng.normal(size=(len(split), width))
    versions = np.round(own[None] + given.shift * moves[:, None], 3)
    fields: dict[str, Any] = {
        "features": versions[value, np.arange(len(split))],
        "label": [f"class {k}" for k in label],
        "spurious": [f"value {k}" for k in value],
        "scatter": given.scatter,
        "gamma": given.gamma,
        "split": split,
    }
    return {**fields, "counterfactuals": versions} if given.scatter == "interventional" else fields


def _digits(size: int, seed: int, given: DiscriminantOptions) -> dict[str, Any]:
    from dualgap.problems.discriminant.digits import fields

    set_for_groups = sorted(given.model_fields_set - {"style", "scatter", "gamma"})
    if set_for_groups:
        raise UsageError(f"discriminant generator: digits take no {', '.join(set_for_groups)}")
    try:
        return {**fields(size, seed), "scatter": given.scatter, "gamma": given.gamma}
    except ValueError as error:
        raise UsageError(f"discriminant generator: {error}") from None
