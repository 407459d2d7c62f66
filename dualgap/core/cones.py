"""Products of cones, row by row: where each cone's rows are, distances from it, and its dual.

The order of rows and the vectorisation of matrices are those of ``dualgap.core.forms.Cones``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from dualgap.core.forms import Cones

SQRT2 = float(np.sqrt(2.0))


class Kind(StrEnum):
    ZERO = "zero"
    NONNEGATIVE = "nonnegative"
    SECOND_ORDER = "second-order"
    EXPONENTIAL = "exponential"
    SEMIDEFINITE = "semidefinite"


@dataclass(frozen=True)
class Block:
    """One cone of a product and its rows; ``order`` is a matrix's, else the number of rows."""

    kind: Kind
    rows: slice
    order: int


def blocks(cones: Cones) -> Iterator[Block]:
    """The cones that have rows, in order."""
    at = 0
    orders = [
        (Kind.ZERO, cones.zero),
        (Kind.NONNEGATIVE, cones.nonnegative),
        *((Kind.SECOND_ORDER, order) for order in cones.second_order),
        *((Kind.EXPONENTIAL, 3) for _ in range(cones.exponential)),
        *((Kind.SEMIDEFINITE, order) for order in cones.semidefinite),
    ]
    for kind, order in orders:
        length = order * (order + 1) // 2 if kind is Kind.SEMIDEFINITE else order
        if length:
            yield Block(kind, slice(at, at + length), order)
        at += length


def matrix_of(triangle: np.ndarray, order: int) -> np.ndarray:
    """The symmetric matrix whose scaled lower triangle this is."""
    columns, rows = np.triu_indices(order)  # the lower triangle by columns is the upper one by rows
    matrix = np.zeros((order, order))
    matrix[rows, columns] = np.where(rows == columns, triangle, triangle / SQRT2)
    return matrix + np.tril(matrix, -1).T


def triangle_of(matrix: np.ndarray) -> np.ndarray:
    """The scaled lower triangle of a symmetric matrix, column by column."""
    columns, rows = np.triu_indices(len(matrix))
    triangle: np.ndarray = np.where(rows == columns, 1.0, SQRT2) * matrix[rows, columns]
    return triangle


def upper_order(cones: Cones) -> np.ndarray:
    """(rows,) the permutation to upper triangles column by column: ``theirs = ours[upper_order(cones)]``."""
    order = np.arange(cones.rows)
    for block in blocks(cones):
        if block.kind is Kind.SEMIDEFINITE:
            columns, rows = np.triu_indices(block.order)
            order[block.rows] = block.rows.start + np.lexsort((columns, rows))
    return order


def outside(slack: np.ndarray, cones: Cones) -> float:
    """By how much a slack fails to be in the cones: the worst cone's measure, 0 inside.

    The measure of a second-order cone is ``||u|| - t``, of a semidefinite one minus the least eigenvalue, of an
    exponential one by how much z has to rise or x to fall, whichever is less.
    """
    return max((outside_of(slack[block.rows], block) for block in blocks(cones)), default=0.0)


def outside_of(part: np.ndarray, block: Block) -> float:
    """The measure of one cone."""
    if block.kind is Kind.ZERO:
        return float(np.abs(part).max())
    if block.kind is Kind.NONNEGATIVE:
        return float(max(0.0, -part.min()))
    if block.kind is Kind.SECOND_ORDER:
        return float(max(0.0, np.linalg.norm(part[1:]) - part[0]))
    if block.kind is Kind.SEMIDEFINITE:
        return float(max(0.0, -np.linalg.eigvalsh(matrix_of(part, block.order))[0]))
    return _outside_exponential(*map(float, part))


def _outside_exponential(x: float, y: float, z: float) -> float:
    if y <= 0.0:  # the closure's face: x <= 0, y = 0, z >= 0
        return max(0.0, x, -y, -z)
    with np.errstate(over="ignore"):
        rise = float(y * np.exp(x / y) - z)
    fall = float(x - y * np.log(z / y)) if z > 0.0 else np.inf
    return max(0.0, min(rise, fall))
