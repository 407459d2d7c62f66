"""Random conic programs: nearest points, entropies, eigenvalues.

Numbers come from NumPy's ``Generator(PCG64(seed))``: the same seed gives the same instance.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from dualgap.problems.integer_program.sparse import Sparse
from dualgap.problems.options import GeneratorOptions, read_options

_DECIMALS = 3


class ConicOptions(GeneratorOptions):
    """Options of the generator.

    Attributes:
        family: "norm" (the point nearest to a target, with ``size`` halfspaces around it), "entropy" (the distribution
            of the greatest entropy with a given mean) or "eigenvalue" (the least t that makes ``tI - B`` semidefinite).
    """

    family: Literal["norm", "entropy", "eigenvalue"] = "norm"


def generate(size: int, seed: int, **options: Any) -> dict[str, Any]:
    """The fields of a conic program of about ``size`` columns; ``options`` are those of ``ConicOptions``.

    Raises:
        UsageError: an unknown or impossible option; names the known ones.
    """
    given = read_options(ConicOptions, options, "conic-program", size)
    rng = np.random.Generator(np.random.PCG64(seed))
    return {"norm": _norm, "entropy": _entropy, "eigenvalue": _eigenvalue}[given.family](size, rng)


def _norm(size: int, rng: np.random.Generator) -> dict[str, Any]:
    """``min t`` with ``||x - target|| <= t`` and ``Gx <= h``, which 0 meets and the target doesn't."""
    target = _rounded(rng.normal(size=size))
    walls = _rounded(rng.normal(size=(size, size)))
    walls = walls * np.sign(walls @ target + 1e-9)[:, None]
    limits = _rounded(0.1 + 0.5 * rng.random(size) * np.abs(walls @ target))
    head = np.append(np.zeros(size), -1.0)
    tail = np.column_stack([-np.eye(size), np.zeros(size)])
    return {
        "cost": np.append(np.zeros(size), 1.0),
        "matrix": Sparse.of(np.vstack([np.column_stack([walls, np.zeros(size)]), head, tail])),
        "right_side": np.concatenate([limits, [0.0], -target]),
        "cones": {"nonnegative": size, "second_order": [size + 1]},
        "columns": (*(f"x{j}" for j in range(1, size + 1)), "t"),
    }


def _entropy(size: int, rng: np.random.Generator) -> dict[str, Any]:
    """``max sum s`` with ``s_i <= -p_i log p_i``, ``1'p = 1``, ``a'p = mean``: (s_i, p_i, 1) is in the cone."""
    values = _rounded(rng.normal(size=size))
    mean = float(np.round(0.5 * (values.max() + values.mean()), _DECIMALS))
    rows = np.zeros((2 + 3 * size, 2 * size))
    rows[0, :size], rows[1, :size] = 1.0, values
    for i in range(size):
        rows[2 + 3 * i, size + i] = rows[3 + 3 * i, i] = -1.0
    return {
        "objective": "maximize",
        "cost": np.append(np.zeros(size), np.ones(size)),
        "matrix": Sparse.of(rows),
        "right_side": np.concatenate([[1.0, mean], np.tile([0.0, 0.0, 1.0], size)]),
        "cones": {"zero": 2, "exponential": size},
        "columns": (*(f"p{i}" for i in range(1, size + 1)), *(f"s{i}" for i in range(1, size + 1))),
    }


def _eigenvalue(size: int, rng: np.random.Generator) -> dict[str, Any]:
    from dualgap.core.cones import triangle_of

    half = _rounded(rng.normal(size=(size, size)))
    return {
        "cost": np.ones(1),
        "matrix": Sparse.of(-triangle_of(np.eye(size))[:, None]),
        "right_side": -triangle_of(half + half.T),
        "cones": {"semidefinite": [size]},
        "columns": ("t",),
    }


def _rounded(array: np.ndarray) -> np.ndarray:
    return np.round(array, _DECIMALS)
