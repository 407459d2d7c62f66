"""Lower bounds on conic programs from multipliers, rounded outward.

For multipliers z in the dual cone and any w, a program ``min 1/2 x'Px + c'x`` with ``b - Ax`` in K is at least

    q(z, w) = -b'z - 1/2 w'Pw + sum_j min over x_j of r_j x_j,      r = c + A'z + Pw,

because ``z'(b - Ax) >= 0`` and ``1/2 x'Px >= w'Px - 1/2 w'Pw``. Columns that the cones bound pay ``r_j`` times the end
of their box. A column without an end needs ``r_j = 0`` exactly, which float multipliers never meet: they are moved well
into the dual cone, the residual is solved away within Dikin's ellipsoid, and a square system of rows with room is
shown to have an exact solution so near that the multipliers stay in the cone (Jansson, Chaykin and Keil, Rigorous error
bounds for the optimal value in semidefinite programming, 2007). The form's numbers are taken as the floats they are.
"""

from __future__ import annotations

import time as clock
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dualgap.core.certificate import INFINITY, Bound, Evidence
from dualgap.core.cones import outside
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.forms import ConicProgram
from dualgap.problems.conic.duals import moved_in, surely_inside
from dualgap.problems.conic.exactly import solved
from dualgap.problems.conic.implied import box
from dualgap.problems.conic.quadratic import Quadratic, quadratic_of
from dualgap.problems.conic.rounding import UNIT, dot, product, upper

_LOSS = 1e-9  # of the bound: a column that costs more of it is solved to zero
_NARROW = 1e-6  # of the costs: a reduced cost that may be 0
_TINY = 1e-7  # of a ray: how far it may be off, in floats


@dataclass(frozen=True)
class Dual:
    """Multipliers z and a point w: exact ones lie within the radii, with residuals of exactly 0 in the tied columns."""

    z: np.ndarray
    w: np.ndarray
    tied: np.ndarray
    z_radius: np.ndarray
    w_radius: np.ndarray


def conic_bound(
    form: ConicProgram,
    multipliers: np.ndarray,
    lower: np.ndarray | None = None,
    upper: np.ndarray | None = None,
    seconds: float = 10.0,
) -> Bound:
    """The bound on the form's minimum that multipliers prove.

    Args:
        form: the program.
        multipliers: (rows,) near the dual cone, in the order of ``form.cones``.
        lower, upper: (n,) bounds on the columns that hold besides, where somebody knows them.
        seconds: no further repair is tried after these.

    Raises:
        InvalidWitnessError: they prove nothing; says why.
    """
    quadratic = quadratic_of(form)
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows proves nothing
        total, how = _best(form, quadratic, _checked(form, multipliers), box(form, lower, upper), seconds)
    offset = float(form.offset)
    value = float(np.nextafter(total + offset, -INFINITY)) if offset else total
    count = int(np.count_nonzero(multipliers))
    evidence = Evidence.PROVED if quadratic.proved else Evidence.NUMERICAL
    said = "" if quadratic.proved else ", the quadratic term semidefinite to rounding"
    return Bound(value, evidence, f"multipliers on {count:,} row{'s' * (count != 1)}{how}{said}")


def conic_infeasible(form: ConicProgram, ray: np.ndarray, seconds: float = 10.0) -> str:
    """How a ray shows that no point meets the cones: ``z'(b - Ax) >= 0`` for all feasible x, and it is below 0.

    Raises:
        InvalidWitnessError: it doesn't.
    """
    z = _checked(form, ray)
    largest = float(np.abs(z).max(initial=0.0))
    if largest == 0.0:
        raise InvalidWitnessError("the ray is zero")
    plain = replace(form, cost=np.zeros(form.size[0]), quadratic=None)
    with np.errstate(over="ignore", invalid="ignore"):
        total, how = _best(plain, quadratic_of(plain), z / largest, box(form, None, None), seconds)
    if total <= 0.0:
        raise InvalidWitnessError("the combination of rows can be met")
    return f"a combination of {np.count_nonzero(z):,} rows can't be met{how}"


def conic_unbounded(form: ConicProgram, direction: np.ndarray, point: np.ndarray) -> Evidence:
    """``numerical`` for a direction that keeps the cones to 1e-7 of it and improves, from a point feasible to 1e-6."""
    n, _ = form.size
    largest = float(np.abs(direction).max(initial=0.0))
    if direction.shape != (n,) or point.shape != (n,) or not (0.0 < largest < INFINITY) or not np.isfinite(point).all():
        return Evidence.NONE
    d = direction / largest
    along, size = -(form.matrix @ d), 1.0 + float(abs(form.matrix).max() if form.matrix.nnz else 0.0)
    flat = form.quadratic is None or float(np.abs(form.quadratic @ d).max(initial=0.0)) <= _TINY
    gain = float(form.cost @ d) < -_TINY * float(np.abs(form.cost).max(initial=0.0))
    scale = 1.0 + float(np.abs(form.right_side).max(initial=0.0)) + float((abs(form.matrix) @ np.abs(point)).max())
    kept = outside(along, form.cones) <= _TINY * size
    there = outside(form.right_side - form.matrix @ point, form.cones) <= 1e-6 * scale
    return Evidence.NUMERICAL if flat and gain and kept and there else Evidence.NONE


def _checked(form: ConicProgram, multipliers: np.ndarray) -> np.ndarray:
    rows = form.size[1]
    if multipliers.shape != (rows,) or not np.isfinite(multipliers).all():
        raise InvalidWitnessError(f"expected {rows} finite multipliers, one a row")
    z = moved_in(multipliers.astype(np.float64), form.cones)
    if not np.isfinite(z).all():
        raise InvalidWitnessError("the multipliers are far outside the dual cone")
    return z


def _best(
    form: ConicProgram, quadratic: Quadratic, z: np.ndarray, ends: tuple[np.ndarray, np.ndarray], seconds: float
) -> tuple[float, str]:
    """The best q found, and how the multipliers were mended, for people."""
    deadline = clock.monotonic() + seconds
    w = quadratic.matched(form.cost + form.matrix.T @ z)
    plain = _untied(form, z, w)
    fits = surely_inside(plain.z, plain.z_radius, form.cones)
    parts = _parts(form, quadratic, plain, ends)
    total = _total(form, quadratic, plain, parts) if fits else -INFINITY
    loss = _LOSS * (1.0 + abs(float(form.right_side @ z)))
    needy = parts < -loss / max(1, len(parts))
    open_ended = ~(np.isfinite(ends[0]) & np.isfinite(ends[1]))
    reduced = np.abs(form.cost + form.matrix.T @ z + quadratic.matrix @ w)
    near = reduced <= _NARROW * (1.0 + np.abs(form.cost).max(initial=0.0))  # repairing the others may turn its sign
    if np.isfinite(total) and not needy.any():
        return total, ""
    reason = "the multipliers are outside the dual cone"
    for repaired in _repaired(form, quadratic, plain, needy | (open_ended & near)):
        if isinstance(repaired, str):
            reason = repaired
        else:
            found = _total(form, quadratic, repaired, _parts(form, quadratic, repaired, ends))
            if found > total or (np.isfinite(found) and not np.isfinite(total)):
                return found, ", repaired"
        if clock.monotonic() > deadline:
            reason = "their repair takes too long"
            break
    if not np.isfinite(total):
        endless = int(np.count_nonzero(needy))
        many = f"{endless:,} columns have" if endless != 1 else "a column has"
        raise InvalidWitnessError(f"{many} no end, and {reason}")
    return total, ", bounds implied by the rows"


def _untied(form: ConicProgram, z: np.ndarray, w: np.ndarray) -> Dual:
    n, m = form.size
    return Dual(z, w, np.zeros(n, dtype=bool), np.zeros(m), np.zeros(n))


def _repaired(form: ConicProgram, quadratic: Quadratic, dual: Dual, tied: np.ndarray) -> Iterator[Dual | str]:
    """Multipliers with no residual in the tied columns, the least moved first; reasons where that fails."""
    for found in solved(form, quadratic.matrix, dual.z, dual.w, tied):
        if isinstance(found, str):
            yield found
            continue
        z, w, radius = found
        m = len(dual.z)
        candidate = Dual(z, w, tied, radius[:m], radius[m:])
        inside = surely_inside(z, candidate.z_radius, form.cones)
        yield candidate if inside else "no multipliers nearby meet their equations in the dual cone"


def _parts(form: ConicProgram, quadratic: Quadratic, dual: Dual, ends: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """(n,) below ``min r_j x_j`` over the box; 0 in the tied columns."""
    transposed: Any = form.matrix.T.tocsr()
    priced, priced_error = product(transposed, dual.z)
    curved, curved_error = product(quadratic.matrix, dual.w)
    r = form.cost + priced + curved
    error = priced_error + curved_error
    error = error + upper(abs(transposed), dual.z_radius) + upper(abs(quadratic.matrix), dual.w_radius)
    terms = np.abs(form.cost) + np.abs(priced) + np.abs(curved)
    summed = (priced != 0) | (curved != 0)  # a cost alone is exact
    error = error + np.where(summed, 4 * UNIT * terms, 0.0)
    low, high = r - error, r + error
    least = np.full(len(r), INFINITY)
    for side in (low, high):
        for end in ends:
            with np.errstate(invalid="ignore"):
                corner = side * end
            least = np.minimum(least, np.where(side == 0.0, 0.0, corner))
    least = np.where(least < 0.0, least * (1.0 + 4 * UNIT), least * (1.0 - 4 * UNIT))
    return np.where(dual.tied, 0.0, least)


def _total(form: ConicProgram, quadratic: Quadratic, dual: Dual, parts: np.ndarray) -> float:
    """q rounded down; minus infinity where a column has no end."""
    if (parts == -INFINITY).any():
        return -INFINITY
    right = form.right_side.astype(np.float64)
    paid, paid_error = dot(right, dual.z)
    moved, moved_error = dot(np.abs(right), dual.z_radius)
    boxed, boxed_error = dot(np.ones(len(parts)), parts)
    curved = quadratic.half_above(dual.w, dual.w_radius)
    total = -paid - curved + boxed
    error = paid_error + moved + moved_error + boxed_error
    return total - error - 8 * UNIT * (abs(paid) + curved + abs(boxed) + error)
