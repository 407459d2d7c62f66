"""Multipliers near given ones whose residuals are exactly 0 in some columns: floats, and how far the exact ones are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from dualgap.core.forms import ConicProgram
from dualgap.problems.conic.duals import interior, room, scaled, unscaled
from dualgap.problems.conic.rounding import UNIT, product

_SHARES = (
    0.0,
    1e-13,
    1e-11,
    1e-9,
    1e-7,
    1e-5,
    1e-4,
    1e-3,
)  # of the largest multiplier: how far they are moved into the cone
_LARGE = 1e3  # of the largest multiplier: rows that may go anywhere
_MOST = 2000  # equations, which are solved densely
_REFINED = 3
_RANK = 1e-11

Found = tuple[np.ndarray, np.ndarray, np.ndarray]


def solved(form: ConicProgram, quadratic: Any, z: np.ndarray, w: np.ndarray, tied: np.ndarray) -> Iterator[Found | str]:
    """(z, w, (m + n,) radius): exact multipliers lie within the radius; whether in the cone is the caller's to check.

    With every share of a move into the cone comes one, or the reason why there is none.
    """
    from scipy.sparse import csr_array, vstack

    at = np.flatnonzero(tied)
    if len(at) > _MOST:
        yield f"{len(at):,} residuals would have to be exactly 0, which is too many equations"
        return
    m = len(z)
    stacked: Any = csr_array(vstack([form.matrix.astype(np.float64), quadratic], format="csr")[:, at])
    normals: Any = stacked.T.tocsr()
    size = max(1.0, float(np.abs(z).max(initial=0.0)), float(np.abs(w).max(initial=0.0)))
    inner = interior(form.cones)
    for share in _SHARES:
        moved = np.append(z + share * size * inner, w)
        try:
            yield _enclosed(form, stacked.toarray(), normals, moved, m, at, _LARGE * size)
        except np.linalg.LinAlgError:
            yield "their equations are dependent"


def _enclosed(
    form: ConicProgram, dense: np.ndarray, normals: Any, moved: np.ndarray, m: int, at: np.ndarray, large: float
) -> Found:
    """A step within the cone's metric, and a radius in which an exact solution lies.

    Raises:
        LinAlgError: the equations are dependent, or nearly so.
    """
    from scipy.linalg import qr

    metric = np.vstack([scaled(moved[:m], dense[:m], form.cones, large), large * dense[m:]])
    cost = form.cost[at].astype(np.float64)
    point = moved
    for _ in range(_REFINED):
        residual = cost + normals @ point
        if not (np.isfinite(metric).all() and np.isfinite(residual).all()):
            raise np.linalg.LinAlgError("overflow")
        steps = np.linalg.lstsq(metric.T, -residual, rcond=_RANK)[0]
        point = point + np.append(unscaled(moved[:m], steps[:m], form.cones, large), large * steps[m:])
    slack = np.append(room(moved[:m], form.cones, large), np.full(len(point) - m, large))
    pivots = qr((dense * slack[:, None]).T, mode="r", pivoting=True)[1]
    rows = np.sort(pivots[: len(at)])
    priced, error = product(normals, point)
    residual = np.abs(cost + priced) + error + 4 * UNIT * (np.abs(cost) + np.abs(priced))
    radius = np.zeros(len(point))
    radius[rows] = reach(dense[rows].T, residual)
    return point[:m], point[m:], radius


def reach(system: np.ndarray, residual: np.ndarray) -> float:
    """At least the largest entry of the solution of a square system, for any right side within ``residual``.

    With R near the inverse and ``||I - R system|| <= q < 1`` the solution is at most ``||R residual|| / (1 - q)``, in
    the maximum norm. The system's entries may be off by rounding.

    Raises:
        LinAlgError: it is singular, or nearly so.
    """
    order = len(system)
    inverse = np.linalg.inv(system)
    off = np.abs(np.eye(order) - inverse @ system)
    off += (order + 4) * 2 * UNIT * (np.abs(inverse) @ np.abs(system) + np.eye(order))
    share = float(off.sum(axis=1).max(initial=0.0)) * (1 + 1e-9)
    if not share < 0.5:
        raise np.linalg.LinAlgError("nearly dependent")
    return float((np.abs(inverse) @ residual).max(initial=0.0)) * (1 + 1e-9) / (1.0 - share)
