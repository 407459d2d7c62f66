"""The best mixture of given points, as a linear program; its dual prices are what a further point must beat.

Source: Cotter, Jiang and Sridharan (2019), section 4: a vertex has at most one member more than there are constraints.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.solver import Context
from dualgap.core.witness import Multipliers

_ROUNDED = 2e-9  # F and G below are rounded zeros, which linear programs don't take
_SMALLEST = 1e-9  # weights below are rounded zeros


@dataclass(frozen=True, eq=False)
class Mixed:
    """A mixture of points.

    Attributes:
        weights: (k,) of the points.
        value: its mean F.
        violation: the largest of its mean G, 0 where it is feasible.
        multipliers: (m,) of the inequalities, at least 0.
        least: no point whose ``F + multipliers'G`` is at least this improves the mixture.
    """

    weights: np.ndarray
    value: float
    violation: float
    multipliers: np.ndarray
    least: float

    def of(self, places: np.ndarray) -> Mixed:
        """The same mixture, when only the points at these places are left, among them its members."""
        weights = np.zeros(int(places.max(initial=-1)) + 1)
        weights[: len(self.weights)] = self.weights[: len(weights)]
        return replace(self, weights=weights[places])


def mix(values: np.ndarray, excesses: np.ndarray, ctx: Context) -> Mixed | None:
    """The mixture with the least mean F and no mean G above 0; where there is none, that with the least violation.

    None where time was up.

    Args:
        values: (k,) F. excesses: (k, m) G.
        ctx: runs the linear program.
    """
    claim = ctx.subsolve(_program(values, excesses, elastic=False), "highs")
    if claim.point is None:
        claim = ctx.subsolve(_program(np.zeros_like(values), excesses, elastic=True), "highs")
    if claim.point is None or not isinstance(claim.witness, Multipliers):
        return None
    weights = np.asarray(claim.point, dtype=np.float64)[: len(values)]
    weights = np.where(weights > _SMALLEST, weights, 0.0)
    weights /= weights.sum()
    prices = claim.witness.rows.astype(np.float64)
    violation = float(max(0.0, (weights @ excesses).max(initial=0.0)))
    return Mixed(weights, float(weights @ values), violation, np.maximum(-prices[:-1], 0.0), float(prices[-1]))


def _program(values: np.ndarray, excesses: np.ndarray, elastic: bool) -> MixedIntegerProgram:
    """min F'w over the simplex with G'w <= 0; ``elastic``: min t, G'w <= t."""
    from scipy.sparse import csr_array

    k, m = excesses.shape
    values, excesses = (np.where(np.abs(part) > _ROUNDED, part, 0.0) for part in (values, excesses))
    one = np.append(np.ones(k), 0.0)
    matrix = np.vstack([np.column_stack([excesses.T, -np.ones(m)]), one])
    return MixedIntegerProgram(
        cost=np.append(values, 1.0),
        matrix=csr_array(matrix),
        row_lower=np.append(np.full(m, -np.inf), 1.0),
        row_upper=np.append(np.zeros(m), 1.0),
        lower=np.zeros(k + 1),
        upper=np.append(np.ones(k), np.inf if elastic else 0.0),
        integer=np.zeros(k + 1, dtype=bool),
    )
