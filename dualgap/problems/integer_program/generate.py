"""Random integer programs with a feasible point planted in them.

Numbers come from NumPy's ``Generator(PCG64(seed))``: the same seed gives the same instance.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import Field

from dualgap.problems.integer_program.sparse import Sparse
from dualgap.problems.options import GeneratorOptions, read_options

Family = Literal["packing", "covering", "mixed"]


class IntegerProgramOptions(GeneratorOptions):
    """Options of the generator.

    Attributes:
        family: "packing" (maximise, rows <=), "covering" (minimise, rows >=), or "mixed" (rows of every type, some
            columns free).
        rows: their number; half the columns by default, at least 1.
        density: the share of coefficients that aren't 0; every row has one.
        range: coefficients are whole numbers up to this.
        integer: which columns are whole: "all", "some" (every other one) or "none".
    """

    family: Family = "packing"
    rows: int | None = Field(None, ge=1, le=10**6)
    density: float = Field(0.5, gt=0.0, le=1.0)
    range: int = Field(20, ge=1, le=10**6)
    integer: Literal["all", "some", "none"] = "all"


def generate(size: int, seed: int, **options: Any) -> dict[str, Any]:
    """The fields of an integer program of ``size`` columns; ``options`` are those of ``IntegerProgramOptions``.

    Raises:
        UsageError: an unknown or impossible option; names the known ones.
    """
    given = read_options(IntegerProgramOptions, options, "integer-program", size)
    rng = np.random.Generator(np.random.PCG64(seed))
    rows = given.rows or max(1, size // 2)
    mixed = given.family == "mixed"
    matrix = _matrix(rng, rows, size, given)
    planted = rng.integers(0, 10, size)
    activity = matrix.csr() @ planted
    room = rng.integers(0, given.range, (2, rows), endpoint=True)
    kind = rng.integers(0, 4, rows) if mixed else np.full(rows, 0 if given.family == "packing" else 1)
    equal = np.where(kind == 2, 0, 1)
    upper = (
        np.where(rng.random(size) < 0.5, np.inf, planted + rng.integers(0, 10, size)) if mixed else np.full(size, 10)
    )
    free = mixed & (rng.random(size) < 0.2)
    whole = {"all": np.ones(size), "none": np.zeros(size)}.get(given.integer, np.arange(size) % 2 == 0)
    return {
        "objective": "maximize" if given.family == "packing" else "minimize",
        "cost": rng.integers(1, given.range, size, endpoint=True),
        "matrix": matrix,
        "row_lower": np.where(kind == 0, -np.inf, activity - equal * room[0]),
        "row_upper": np.where(kind == 1, np.inf, activity + equal * room[1]),
        "lower": np.where(free, -10, 0),
        "upper": upper,
        "integer": np.asarray(whole, dtype=np.int64),
    }


def _matrix(rng: np.random.Generator, rows: int, size: int, given: IntegerProgramOptions) -> Sparse:
    """Row by row, so that sparse matrices of many columns never stand dense in memory."""
    from scipy.sparse import csr_array

    lowest = -given.range if given.family == "mixed" else 1
    lengths = np.maximum(1, rng.binomial(size, given.density, rows))
    columns = [np.sort(rng.choice(size, length, replace=False)) for length in lengths]
    values = rng.integers(lowest, given.range, int(lengths.sum()), endpoint=True)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    return Sparse.of(csr_array((values, np.concatenate(columns), starts), shape=(rows, size)))
