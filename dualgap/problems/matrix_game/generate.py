"""Random zero-sum games, from NumPy's ``Generator(PCG64(seed))``: the same seed gives the same game."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import Field

from dualgap.problems.options import GeneratorOptions, read_options


class MatrixGameOptions(GeneratorOptions):
    """Options of the generator.

    Attributes:
        family: "uniform" (decimals of three places in [0, 1]), "integer" (0 to 100), "low-rank" (payoffs from three
            traits of each strategy) or "symmetric" (what one wins the other loses whoever sits where: the value is 0).
        columns: how many the column player has; as many as rows by default.
    """

    family: Literal["uniform", "integer", "low-rank", "symmetric"] = "uniform"
    columns: int | None = Field(None, ge=1)


def generate(size: int, seed: int, **options: Any) -> dict[str, Any]:
    """The fields of a game with ``size`` rows; ``options`` are those of ``MatrixGameOptions``.

    Raises:
        UsageError: an unknown or impossible option.
    """
    given = read_options(MatrixGameOptions, options, "matrix-game", size)
    rng = np.random.Generator(np.random.PCG64(seed))
    shape = (size, given.columns or size)
    if given.family == "integer":
        return {"payoff": rng.integers(0, 101, shape)}
    if given.family == "low-rank":
        traits = rng.integers(-9, 10, (shape[0], 3)), rng.integers(-9, 10, (3, shape[1]))
        return {"payoff": traits[0] @ traits[1]}
    if given.family == "symmetric":
        above = np.triu(rng.integers(-100, 101, (size, size)), 1)
        return {"payoff": above - above.T}
    return {"payoff": rng.integers(0, 1001, shape) / 1000}
