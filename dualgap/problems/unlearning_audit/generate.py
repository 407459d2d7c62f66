"""Random audits: normal confidences, shifted for the models that were unlearned badly."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import Field

from dualgap.problems.options import GeneratorOptions, read_options


class AuditOptions(GeneratorOptions):
    """Options of the generator.

    Attributes:
        models: on either side. shift: of unlearned models' confidences, in standard deviations.
        spread: of unlearned models' confidences, relative to retrained ones'. unseen: rows that no model has seen.
    """

    models: int = Field(16, ge=4)
    shift: float = 0.0
    spread: float = Field(1.0, gt=0)
    unseen: int = Field(0, ge=0)


def generate(size: int, seed: int, **options: Any) -> dict[str, Any]:
    """The fields of an instance with ``size`` forgotten rows.

    Raises:
        UsageError: an unknown or impossible option.
    """
    given = read_options(AuditOptions, options, "unlearning-audit", size)
    rng = np.random.Generator(np.random.PCG64(seed))
    centre = rng.normal(size=size)
    retrained = np.round(centre + rng.normal(size=(given.models, size)), 6)
    unlearned = np.round(centre + given.shift + given.spread * rng.normal(size=(given.models, size)), 6)
    fields: dict[str, Any] = {"unlearned": unlearned, "retrained": retrained}
    if given.unseen:
        for name in ("unseen_unlearned", "unseen_retrained"):
            fields[name] = np.round(rng.normal(size=(given.models, given.unseen)), 6)
    return fields
