"""Random instances: two spaces at random, their bases with two decimals."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import Field

from dualgap.core.errors import UsageError
from dualgap.problems.options import GeneratorOptions, read_options


class ReconstructionOptions(GeneratorOptions):
    """Options of the generator.

    Attributes:
        samples: q; by default half of n, rounded up.
        columns: p; by default as many as samples.
        near: how alike the two spaces are: 0 for independent ones.
        criterion: as in the spec.
        consistent: as in the spec; needs as many columns as samples at least.
    """

    samples: int | None = Field(None, ge=1)
    columns: int | None = Field(None, ge=1)
    near: float = Field(1.0, ge=0)
    criterion: Literal["regret", "error"] = "regret"
    consistent: bool = False


def generate(size: int, seed: int, **options: Any) -> dict[str, Any]:
    """The fields of an instance with signals of length ``size``; ``options`` are those of ``ReconstructionOptions``.

    Raises:
        UsageError: an unknown or impossible option.
    """
    given = read_options(ReconstructionOptions, options, "minimax-reconstruction", size)
    samples = given.samples or (size + 1) // 2
    columns = given.columns or samples
    if max(samples, columns) > size:
        raise UsageError(
            f"minimax-reconstruction generator: {max(samples, columns)} columns of length {size}; lower them"
        )
    rng = np.random.Generator(np.random.PCG64(seed))
    first, second = rng.normal(size=(size, columns)), rng.normal(size=(size, samples))
    shared = min(samples, columns)
    second[:, :shared] += given.near * first[:, :shared]
    fields = {"W": np.round(first, 2), "S": np.round(second, 2)}
    return {**fields, "criterion": given.criterion, "consistent": given.consistent}
