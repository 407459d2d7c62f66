"""Bounds on the columns of a conic program that follow from linear rows which its cones imply."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dualgap.core.cones import SQRT2, Block, Kind, blocks
from dualgap.core.forms import ConicProgram
from dualgap.problems.integer_program import IntegerProgram, Sparse
from dualgap.problems.integer_program.implied import implied_box

_LOW = SQRT2 * (1.0 - 1e-15)  # surely below the square root of 2
_LARGEST_ORDER = 40  # pairs of larger matrices are too many rows

_ROUNDING = 1e-15  # relative: sums of up to three sides

_Row = dict[int, float]


def box(form: ConicProgram, lower: np.ndarray | None, upper: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """(n,) least and (n,) greatest values of all feasible points, rounded outward; infinite where nothing is implied.

    ``lower`` and ``upper`` are bounds that hold besides.
    """
    from scipy.sparse import csr_array

    columns, rows = form.size
    combinations = [row for block in blocks(form.cones) for row in _implied(block)]
    if not combinations:
        return _given(lower, columns, -np.inf), _given(upper, columns, np.inf)
    entries = [(k, i, weight) for k, row in enumerate(combinations) for i, weight in row.items()]
    places = np.array([(k, i) for k, i, _ in entries], dtype=np.int64)
    weights = np.array([weight for _, _, weight in entries])
    chosen = csr_array((weights, (places[:, 0], places[:, 1])), shape=(len(combinations), rows))
    right = form.right_side.astype(np.float64)
    error = _ROUNDING * (abs(chosen) @ np.abs(right))
    equal = np.arange(len(combinations)) < form.cones.zero
    program = IntegerProgram(
        cost=np.zeros(columns),
        matrix=Sparse.of(chosen @ form.matrix.astype(np.float64)),
        row_lower=np.where(equal, chosen @ right - error, -np.inf),
        row_upper=chosen @ right + error,
        lower=_given(lower, columns, -np.inf),
        upper=_given(upper, columns, np.inf),
    )
    return implied_box(program)


def _given(side: np.ndarray | None, columns: int, missing: float) -> np.ndarray:
    return np.full(columns, missing) if side is None else np.asarray(side, dtype=np.float64)


def _implied(block: Block) -> Iterator[_Row]:
    """Combinations of a block's slacks that are at least 0 (exactly 0 for the zero cone)."""
    rows = range(block.rows.start, block.rows.stop)
    if block.kind in (Kind.ZERO, Kind.NONNEGATIVE):
        yield from ({i: 1.0} for i in rows)
    elif block.kind is Kind.SECOND_ORDER:
        yield {rows[0]: 1.0}
        for i in rows[1:]:
            yield {rows[0]: 1.0, i: 1.0}
            yield {rows[0]: 1.0, i: -1.0}
    elif block.kind is Kind.EXPONENTIAL:
        yield {rows[1]: 1.0}
        yield {rows[2]: 1.0}
        yield {rows[0]: -1.0, rows[1]: -1.0, rows[2]: 1.0}  # z >= y exp(x / y) >= x + y
    else:
        yield from _minors(block)


def _minors(block: Block) -> Iterator[_Row]:
    """Diagonals are nonnegative, and ``2 |X_ij| <= X_ii + X_jj``."""
    columns, rows = np.triu_indices(block.order)
    place = {(int(i), int(j)): block.rows.start + k for k, (i, j) in enumerate(zip(rows, columns, strict=True))}
    for (i, j), at in place.items():
        if i == j:
            yield {at: 1.0}
        elif block.order <= _LARGEST_ORDER:
            for sign in (1.0, -1.0):
                yield {place[i, i]: 1.0, place[j, j]: 1.0, at: sign * _LOW}
