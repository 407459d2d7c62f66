"""What is left of an integer program once columns are fixed: fewer columns and rows, and the way back."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dualgap.core.exact import Exact, exact
from dualgap.core.forms import MixedIntegerProgram
from dualgap.solvers.tightening import Box, activities


@dataclass(frozen=True)
class Remainder:
    """The program over the columns that are still free, and the values of the fixed ones.

    Attributes:
        form: the smaller program; its objective is the whole one's.
        free: (n,) bool, its columns among the original ones.
        rows: (m,) bool, its rows among the original ones; the others hold anyhow.
        values: (n,) the values of the fixed columns, zero elsewhere.
    """

    form: MixedIntegerProgram
    free: np.ndarray
    rows: np.ndarray
    values: np.ndarray

    def whole(self, point: np.ndarray) -> np.ndarray:
        """A point of the original program."""
        full = self.values.copy()
        full[self.free] = point
        return full

    def part(self, point: np.ndarray | None) -> np.ndarray | None:
        """The free values of an original point; None where it is none."""
        return None if point is None else np.asarray(point, dtype=np.float64)[self.free]


def remainder(form: MixedIntegerProgram, box: Box) -> Remainder:
    """The program over a box, without columns of one value and rows that every point of the box meets."""
    free = ~box.fixed
    values = np.where(free, 0.0, box.lower)
    least, most, error = activities(form, box)
    rows = (least - error < form.row_lower) | (most + error > form.row_upper)
    low, high, offset = _moved(form, values)
    smaller = replace(
        form,
        cost=form.cost[free],
        matrix=form.matrix[rows][:, free].tocsr(),
        row_lower=low[rows],
        row_upper=high[rows],
        lower=box.lower[free],
        upper=box.upper[free],
        integer=form.integer[free],
        offset=offset,
        columns=tuple(name for name, kept in zip(form.columns, free.tolist(), strict=False) if kept),
        rows=tuple(name for name, kept in zip(form.rows, rows.tolist(), strict=False) if kept),
    )
    return Remainder(smaller, free, rows, values)


def _moved(form: MixedIntegerProgram, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Sides of the rows and offset once the fixed values are in: decimals stay decimals, where int64 can say so.

    A side of .30000000000000004 instead of .3 would cost a backend in whole numbers its exactness.
    """
    low, high = np.asarray(form.row_lower, dtype=np.float64), np.asarray(form.row_upper, dtype=np.float64)
    sides = np.concatenate([low, high])
    finite = np.isfinite(sides)
    data = exact(np.concatenate([form.matrix.data.astype(np.float64), sides[finite]]))
    cost = exact(np.append(form.cost.astype(np.float64), form.offset))
    size = float(np.abs(values).sum()) + 1.0
    if not _fits(data, size) or not _fits(cost, size) or not np.array_equal(values, np.rint(values)):
        used = form.matrix @ values
        return low - used, high - used, float(form.cost @ values) + form.offset
    entries, whole = len(form.matrix.data), values.astype(np.int64)
    from scipy.sparse import csr_array

    numerators = csr_array((data.numerators[:entries], form.matrix.indices, form.matrix.indptr), form.matrix.shape)
    used = numerators @ whole
    scaled = np.zeros(len(sides), dtype=np.int64)
    scaled[finite] = data.numerators[entries:]
    moved = np.where(finite, (scaled - np.concatenate([used, used])) / data.denominator, sides)
    offset = int(cost.numerators[:-1] @ whole) + int(cost.numerators[-1])
    return moved[: len(low)], moved[len(low) :], offset / cost.denominator


def _fits(array: Exact, size: float) -> bool:
    return array.numerators.dtype == np.int64 and array.largest * size < 2.0**53
