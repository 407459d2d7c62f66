"""Random instances with a feasible point planted in them.

Numbers come from NumPy's ``Generator(PCG64(seed))``: the same seed gives the same instance.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import Field

from dualgap.problems.options import GeneratorOptions, read_options

_DECIMALS = 4
_INNER = 0.9  # of the radius: how far out the planted point's rows are


class BallOptions(GeneratorOptions):
    """Options of the generator.

    Attributes:
        columns: the dimension of x; two fifths of the rows by default, at least 1.
        radius: of the ball.
        objective: "log-sum-exp" or "linear".
    """

    columns: int | None = Field(None, ge=1, le=10**5)
    radius: float = Field(1.0, gt=0.0, le=1e6)
    objective: Literal["log-sum-exp", "linear"] = "log-sum-exp"


def generate(size: int, seed: int, **options: Any) -> dict[str, Any]:
    """The fields of an instance with ``size`` rows; ``options`` are those of ``BallOptions``.

    Raises:
        UsageError: an unknown or impossible option; names the known ones.
    """
    given = read_options(BallOptions, options, "log-sum-exp-ball", size)
    rng = np.random.Generator(np.random.PCG64(seed))
    columns = given.columns or max(1, 2 * size // 5)
    matrix = np.round(rng.random((size, columns)), _DECIMALS)
    inside = _INNER * given.radius * (2 * rng.random(size) - 1)
    constants = np.round(inside - matrix @ (0.3 * rng.normal(size=columns)), _DECIMALS)
    return {"A": matrix, "b": constants, "radius": given.radius, "objective": given.objective}
