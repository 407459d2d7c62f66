"""Dual cones: floats moved into them, and whether a box of floats lies in them for certain.

The zero cone's dual is the whole space, the exponential cone's is
``{(u, v, w): u < 0, -u exp(v / u) <= e w}`` with the face ``u = 0, v >= 0, w >= 0``; the others are their own.
"""

from __future__ import annotations

from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, localcontext

import numpy as np

from dualgap.core.cones import Block, Kind, blocks, matrix_of, triangle_of
from dualgap.core.forms import Cones
from dualgap.problems.conic.rounding import UNIT, norm_above

_DECIMAL = Context(prec=50, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
_OFF = Decimal("1e-40")  # relative: more than fifty digits lose
_FAR = 1e30


def moved_in(z: np.ndarray, cones: Cones) -> np.ndarray:
    """A point of the dual cone near z: tails stay, heads and diagonals are raised as far as it takes.

    NaN marks a cone from which z is too far away.
    """
    moved = np.array(z, dtype=np.float64)
    for block in blocks(cones):
        moved[block.rows] = _moved(moved[block.rows], block)
    return moved


def _moved(part: np.ndarray, block: Block) -> np.ndarray:
    if block.kind is Kind.NONNEGATIVE:
        return np.asarray(np.maximum(part, 0.0))
    if block.kind is Kind.SECOND_ORDER:
        return np.append(max(part[0], _enough(part[1:])), part[1:])
    if block.kind is Kind.SEMIDEFINITE:
        matrix = matrix_of(part, block.order)
        short = 16 * (block.order + 4) * UNIT * float(np.abs(matrix).sum()) - float(np.linalg.eigvalsh(matrix)[0])
        return triangle_of(matrix + max(0.0, short) * np.eye(block.order))
    if block.kind is Kind.EXPONENTIAL:
        u, v, w = part.tolist()
        if u >= 0.0:
            return np.array([0.0, max(v, 0.0), max(w, 0.0)])
        with np.errstate(over="ignore"):
            least = -u * float(np.exp(v / u - 1.0)) * (1.0 + 1e-13) + 1e-300  # exp may underflow
        return np.array([u, v, max(w, least) if least < _FAR else np.nan])
    return part


def _enough(tail: np.ndarray) -> float:
    """A head that is surely at least the tail's norm."""
    return norm_above(tail) * (1.0 + 4 * UNIT) if tail.any() else 0.0


def interior(cones: Cones) -> np.ndarray:
    """(rows,) a point well inside the dual cone; 0 in the rows of the zero cone, which have no inside."""
    point = np.zeros(cones.rows)
    for block in blocks(cones):
        if block.kind is Kind.NONNEGATIVE:
            point[block.rows] = 1.0
        elif block.kind is Kind.SECOND_ORDER:
            point[block.rows.start] = 1.0
        elif block.kind is Kind.EXPONENTIAL:
            point[block.rows] = (-1.0, 0.0, 1.0)
        elif block.kind is Kind.SEMIDEFINITE:
            point[block.rows] = triangle_of(np.eye(block.order))
    return point


def surely_inside(z: np.ndarray, radius: np.ndarray, cones: Cones) -> bool:
    """Whether every point within ``radius`` of z, entry by entry, is in the dual cone: proved, rounding included."""
    if not (np.isfinite(z).all() and np.isfinite(radius).all()):
        return False
    return all(_inside(z[block.rows], radius[block.rows], block) for block in blocks(cones))


def _inside(part: np.ndarray, radius: np.ndarray, block: Block) -> bool:
    if block.kind is Kind.ZERO:
        return True
    if block.kind is Kind.NONNEGATIVE:
        return bool((part >= radius).all())
    if block.kind is Kind.SECOND_ORDER:
        head = np.nextafter(part[0] - radius[0], -np.inf) if radius[0] else part[0]
        tail = np.abs(part[1:]) + radius[1:]
        return bool(head >= (norm_above(tail) * (1.0 + 4 * UNIT) if tail.any() else 0.0))
    if block.kind is Kind.SEMIDEFINITE:
        return _positive(matrix_of(part, block.order), norm_above(radius) + 4 * UNIT * norm_above(part))
    return _inside_exponential(part, radius)


def surely_semidefinite(matrix: np.ndarray) -> bool:
    """Whether a symmetric matrix of floats is positive semidefinite, proved."""
    return _positive(matrix, 0.0)


def _positive(matrix: np.ndarray, radius: float) -> bool:
    """Whether all symmetric matrices within ``radius`` (Frobenius) are positive semidefinite.

    A floating-point Cholesky factorisation that runs to its end proves the least eigenvalue to be at least minus
    ``gamma_{n+1} / (1 - gamma_{n+1})`` times the trace (Rump, Verification of positive definiteness, 2006).
    """
    if not matrix.any() and radius == 0.0:
        return True
    order, trace = len(matrix), float(np.trace(matrix))
    shift = radius + 4 * (order + 4) * UNIT * abs(trace) + 1e-300
    diagonal = np.diag(matrix) - shift
    lowered = matrix - np.diag(np.diag(matrix)) + np.diag(diagonal - 2 * UNIT * (np.abs(diagonal) + shift))
    if not np.isfinite(lowered).all():
        return False
    try:
        np.linalg.cholesky(lowered)
    except np.linalg.LinAlgError:
        return False
    return True


def _inside_exponential(part: np.ndarray, radius: np.ndarray) -> bool:
    """``a exp(-v / a - 1) <= w`` for a = -u, in decimals of fifty digits.

    The left side falls in v and is convex in a: the two ends of a's interval decide.
    """
    with localcontext(_DECIMAL):  # unary minus, too, rounds to the context
        u, v, w = (+Decimal(value) for value in part.tolist())
        du, dv, dw = (+Decimal(value) for value in radius.tolist())
        if u == 0 and du == 0:
            return v >= dv and w >= dw
        return -u > du and all(_grown(a, v - dv) <= w - dw for a in (-u - du, -u + du))


def _grown(a: Decimal, v: Decimal) -> Decimal:
    """At least ``a exp(-v / a - 1)``."""
    power = -v / a - 1
    return a * power.exp() * (1 + _OFF * (1 + abs(power)))


def scaled(z: np.ndarray, columns: np.ndarray, cones: Cones, large: float) -> np.ndarray:
    """(rows, k) ``S' columns``, S a factor of the inverse Hessian of the dual cone's barrier at z (inside it).

    A step ``S v`` with ``||v|| < 1`` stays in the cone (Dikin's ellipsoid). Rows of the zero cone, which may go
    anywhere, have S = ``large``.
    """
    return _mapped(z, columns, cones, large, transposed=True)


def unscaled(z: np.ndarray, steps: np.ndarray, cones: Cones, large: float) -> np.ndarray:
    """(rows,) ``S steps``."""
    return _mapped(z, steps[:, None], cones, large, transposed=False)[:, 0]


def _mapped(z: np.ndarray, columns: np.ndarray, cones: Cones, large: float, transposed: bool) -> np.ndarray:
    mapped = np.zeros_like(columns)
    for block in blocks(cones):
        mapped[block.rows] = _factor(z[block.rows], columns[block.rows], block, large, transposed)
    return mapped


def _factor(part: np.ndarray, columns: np.ndarray, block: Block, large: float, transposed: bool) -> np.ndarray:
    if block.kind is Kind.ZERO:
        return large * columns
    if block.kind is Kind.NONNEGATIVE:
        return np.asarray(part[:, None] * columns)
    if block.kind is Kind.SECOND_ORDER:
        return _arrow(part, columns)
    if block.kind is Kind.EXPONENTIAL:
        root = _root(part)
        return np.asarray(np.linalg.solve(root.T if transposed else root, columns))
    root = np.linalg.cholesky(matrix_of(part, block.order))
    left = root.T if transposed else root
    each = (triangle_of(left @ matrix_of(column, block.order) @ left.T) for column in columns.T)
    return np.column_stack(list(each)) if columns.shape[1] else columns


def _arrow(part: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """The quadratic representation of the Jordan square root: ``2 s (s'x) - det(s) J x`` (Faraut and Koranyi 1994)."""
    tail = float(np.linalg.norm(part[1:]))
    low, high = (np.sqrt(max(part[0] + sign * tail, 0.0)) for sign in (-1.0, 1.0))
    root = np.append(0.5 * (high + low), 0.5 * (high - low) * part[1:] / max(tail, 1e-300))
    mirrored = np.concatenate([columns[:1], -columns[1:]])
    return np.asarray((2.0 * np.outer(root, root @ columns) - low * high * mirrored) / np.sqrt(2.0))


def _root(part: np.ndarray) -> np.ndarray:
    """(3, 3) R with R'R the Hessian of the barrier ``-log psi - log w - log(-u)``, psi = v - u - u log(w / -u).

    Its terms differ by many orders of magnitude beside the boundary: the largest come first into the QR factorisation.
    """
    u, v, w = part.tolist()
    ratio = float(np.log(w / -u)) if u < 0.0 < w else np.inf
    psi = v - u - u * ratio
    if not psi > 0.0 or ratio == np.inf:
        raise np.linalg.LinAlgError("not inside the cone")
    slope, bend = np.array([-ratio, 1.0, -u / w]), np.array([1.0, 0.0, -u / w])
    terms = np.array([slope / psi, bend / np.sqrt(-u * psi), [1.0 / u, 0.0, 0.0], [0.0, 0.0, 1.0 / w]])
    ordered = terms[np.argsort(-np.abs(terms).max(axis=1))]
    return np.asarray(np.linalg.qr(ordered, mode="r"))


def room(z: np.ndarray, cones: Cones, large: float) -> np.ndarray:
    """(rows,) how far each entry may move alone, roughly; ``large`` in the rows of the zero cone."""
    found = np.full(len(z), large)
    for block in blocks(cones):
        part = z[block.rows]
        if block.kind is Kind.NONNEGATIVE:
            found[block.rows] = part
        elif block.kind is Kind.SECOND_ORDER:
            found[block.rows] = part[0] - np.linalg.norm(part[1:])
        elif block.kind is Kind.SEMIDEFINITE:
            found[block.rows] = np.linalg.eigvalsh(matrix_of(part, block.order))[0]
        elif block.kind is Kind.EXPONENTIAL:
            u, _, w = part.tolist()
            found[block.rows] = min(1.0 / float(np.abs(_root(part)).max()), -u, w)
    return np.asarray(np.maximum(found, 0.0))
