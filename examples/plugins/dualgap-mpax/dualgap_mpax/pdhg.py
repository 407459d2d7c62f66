"""Linear programs as MPAX takes them, its compiled methods, and its statuses in dualgap's terms."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from dualgap import MixedIntegerProgram, Stop

Algorithm = Literal["r2hpdhg", "rapdhg"]


def x64() -> AbstractContextManager[Any]:
    """JAX in double precision, in this block and thread only."""
    import jax

    if hasattr(jax, "enable_x64"):
        scope: AbstractContextManager[Any] = jax.enable_x64(True)
        return scope
    from jax.experimental import enable_x64

    older: AbstractContextManager[Any] = enable_x64()
    return older


@dataclass(frozen=True)
class Program:
    """``min c'x``, ``A x = b``, ``G x >= h``, bounds: G holds rows with a lower side, then negated ones with an upper.

    Attributes:
        problem: MPAX's own, on the device.
        equal, above, below: the form's rows that A and the two parts of G are made of.
        size: the number of the form's rows.
        device: where JAX computes ("cpu", "gpu").
    """

    problem: Any
    equal: np.ndarray
    above: np.ndarray
    below: np.ndarray
    size: int
    device: str

    @property
    def count(self) -> int:
        """The number of MPAX's duals."""
        return len(self.equal) + len(self.above) + len(self.below)

    @staticmethod
    def of(form: MixedIntegerProgram) -> Program:
        """To be called and used inside ``x64``."""
        import jax
        from jax.experimental.sparse import BCOO
        from mpax import create_lp
        from scipy.sparse import vstack

        same = form.row_lower == form.row_upper
        equal = np.flatnonzero(same)
        above = np.flatnonzero(np.isfinite(form.row_lower) & ~same)
        below = np.flatnonzero(np.isfinite(form.row_upper) & ~same)
        matrix = form.matrix.astype(np.float64)
        problem = create_lp(
            form.cost.astype(np.float64),
            BCOO.from_scipy_sparse(matrix[equal].tocoo()),
            form.row_upper[equal].astype(np.float64),
            BCOO.from_scipy_sparse(vstack([matrix[above], -matrix[below]]).tocoo()),
            np.concatenate([form.row_lower[above], -form.row_upper[below]]).astype(np.float64),
            form.lower.astype(np.float64),
            form.upper.astype(np.float64),
        )
        return Program(problem, equal, above, below, form.size[1], jax.default_backend())

    def rows(self, duals: np.ndarray) -> np.ndarray:
        """Multipliers of the form's rows, each of its sign."""
        parts = np.split(duals, np.cumsum([len(self.equal), len(self.above)]))
        rows = np.zeros(self.size)
        rows[self.equal] = parts[0]
        rows[self.above] += np.maximum(parts[1], 0.0)
        rows[self.below] -= np.maximum(parts[2], 0.0)
        return rows

    def duals(self, rows: np.ndarray) -> np.ndarray:
        """The way back."""
        parts = rows[self.equal], np.maximum(rows[self.above], 0.0), np.maximum(-rows[self.below], 0.0)
        return np.concatenate(parts)


def optimizer(problem: Any, algorithm: Algorithm, tolerance: float, iterations: int, verbose: bool) -> Any:
    """``(problem, x, y) -> output`` for problems of this one's shape; it begins at x and y."""
    import jax

    leaves, structure = jax.tree.flatten(problem)
    shapes = tuple(jax.ShapeDtypeStruct(np.shape(leaf), jax.numpy.asarray(leaf).dtype) for leaf in leaves)
    return _compiled(algorithm, tolerance, iterations, verbose, structure, shapes)


@lru_cache(maxsize=16)
def _compiled(
    algorithm: Algorithm, tolerance: float, iterations: int, verbose: bool, structure: Any, shapes: tuple[Any, ...]
) -> Any:
    import jax

    problem = structure.unflatten(shapes)
    ends = [
        jax.ShapeDtypeStruct(vector.shape, np.float64) for vector in (problem.objective_vector, problem.right_hand_side)
    ]
    return jax.jit(method(algorithm, tolerance, iterations, verbose).optimize).lower(problem, *ends).compile()


def method(algorithm: Algorithm, tolerance: float, iterations: int, verbose: bool) -> Any:
    """MPAX's own object."""
    import mpax

    return {"r2hpdhg": mpax.r2HPDHG, "rapdhg": mpax.raPDHG}[algorithm](
        eps_abs=tolerance, eps_rel=tolerance, iteration_limit=iterations, verbose=verbose, warm_start=True
    )


def ending(status: int) -> Stop:
    """MPAX's status. DUAL_INFEASIBLE says that the program is unbounded if it is feasible at all."""
    from mpax.utils import TerminationStatus as Status

    return {
        Status.OPTIMAL: Stop.FINISHED,
        Status.PRIMAL_INFEASIBLE: Stop.INFEASIBLE,
        Status.DUAL_INFEASIBLE: Stop.UNBOUNDED,
        Status.ITERATION_LIMIT: Stop.ITERATIONS,
        Status.UNSPECIFIED: Stop.ITERATIONS,
        Status.TIME_LIMIT: Stop.TIME,
        Status.NUMERICAL_ERROR: Stop.NONFINITE,
    }.get(Status(status), Stop.ERROR)
