"""The kernel of tables over amounts and weights: merge a table with itself, shifted."""

from __future__ import annotations

import numpy as np

BLOCK = 1 << 15  # entries: a block, its shifted copy and a scratch buffer stay in the second-level cache


def merge_shifted(table: np.ndarray, first: int, last: int, shift: int, gain: int, pick: np.ufunc) -> None:
    """``table[i] = pick(table[i], table[i - shift] + gain)`` for first <= i <= last, in place, from the old entries.

    Blocks go from the top, so that nothing is read that was written before; a temporary as long as the table would
    cost more in page faults than the arithmetic.

    Args:
        table: one-dimensional integers that hold every sum.
        first: at least ``shift`` (> 0).
        pick: ``np.minimum`` or ``np.maximum``.
    """
    through = np.empty(BLOCK, dtype=table.dtype)
    step = table.dtype.type(gain)
    for end in range(last + 1, first, -BLOCK):
        begin = max(first, end - BLOCK)
        part = through[: end - begin]
        np.add(table[begin - shift : end - shift], step, out=part)
        pick(table[begin:end], part, out=table[begin:end])
