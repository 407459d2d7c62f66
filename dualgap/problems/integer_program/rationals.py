"""Vectors and small dense systems of equations in rational numbers."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm

import numpy as np

from dualgap.core.exact import Exact, narrow
from dualgap.problems.integer_program.sparse import Sparse

MOST_EQUATIONS = 200  # the elimination is cubic, and its numbers grow
_RANK = 1e-9  # relative: smaller pivots count as dependence


def over_one_denominator(values: Sequence[Fraction]) -> Exact:
    """(n,) fractions as integers over their least common denominator."""
    common = lcm(*(value.denominator for value in values))
    return Exact(narrow([value.numerator * (common // value.denominator) for value in values], (len(values),)), common)


def block(matrix: Sparse, rows: np.ndarray, columns: np.ndarray) -> list[list[Fraction]]:
    """The exact entries of a matrix in some rows and columns."""
    row_at, column_at = ({int(index): k for k, index in enumerate(some)} for some in (rows, columns))
    found = [[Fraction(0)] * len(columns) for _ in rows]
    for entry in np.flatnonzero(np.isin(matrix.row_of, rows) & np.isin(matrix.indices, columns)).tolist():
        row, column = int(matrix.row_of[entry]), int(matrix.indices[entry])
        found[row_at[row]][column_at[column]] = matrix.exact_data.item(entry)
    return found


def independent(matrix: np.ndarray, preference: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(equations, unknowns): as many independent rows and columns of a matrix as it has, large ``preference`` first.

    QR factorisation with column pivoting (Businger and Golub 1965), in floats; ``solve_exactly`` has the last word.
    """
    from scipy.linalg import qr

    unknowns = _pivots(qr(matrix * preference, mode="r", pivoting=True))
    equations = _pivots(qr(matrix[:, unknowns].T, mode="r", pivoting=True))
    return np.sort(equations), np.sort(unknowns[: len(equations)])


def _pivots(factors: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    triangle, order = factors[-2], factors[-1]
    diagonal = np.abs(np.diagonal(triangle))
    rank = int(np.count_nonzero(diagonal > _RANK * diagonal.max(initial=0.0)))
    return np.asarray(order[:rank])


def solve_exactly(matrix: list[list[Fraction]], right_side: list[Fraction]) -> list[Fraction] | None:
    """The solution of a square system by Gaussian elimination; None where the matrix is singular."""
    rows = [[*row, side] for row, side in zip(matrix, right_side, strict=True)]
    size = len(rows)
    for column in range(size):
        pivot = next((i for i in range(column, size) if rows[i][column]), None)
        if pivot is None:
            return None
        rows[column], rows[pivot] = rows[pivot], rows[column]
        top = rows[column]
        for row in rows[column + 1 :]:
            if row[column]:
                factor = row[column] / top[column]
                for k in range(column, size + 1):
                    if top[k]:
                        row[k] -= factor * top[k]
    solution = [Fraction(0)] * size
    for column in reversed(range(size)):
        known = sum((rows[column][k] * solution[k] for k in range(column + 1, size) if rows[column][k]), Fraction(0))
        solution[column] = (rows[column][size] - known) / rows[column][column]
    return solution
