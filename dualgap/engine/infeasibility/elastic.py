"""The elastic program of a form: the sides that may move do, at a price.

Source: Brown and Graves, Elastic programming (1975).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from dualgap.core.exact import nearest
from dualgap.core.forms import MixedIntegerProgram
from dualgap.problems.systems.members import Kind, Member, Side


def elastic(form: MixedIntegerProgram, movable: Sequence[Member], sizes: Sequence[Fraction]) -> MixedIntegerProgram:
    """``min sum t`` with a row ``a'x + s t >= b``, ``t >= 0``, for each side that may move; the other bounds stay."""
    from scipy.sparse import csr_array, diags_array, eye_array, hstack, vstack

    n, extra = len(form.cost), len(movable)
    lower, upper = np.array(form.lower, dtype=np.float64), np.array(form.upper, dtype=np.float64)
    given = {
        (Kind.ROW, Side.LOWER): form.row_lower,
        (Kind.ROW, Side.UPPER): form.row_upper,
        (Kind.BOUND, Side.LOWER): form.lower,
        (Kind.BOUND, Side.UPPER): form.upper,
    }
    for member in movable:
        if member.kind is Kind.BOUND:
            (lower if member.side is Side.LOWER else upper)[member.index] = member.side.open_end
    signs = np.array([1.0 if member.side is Side.LOWER else -1.0 for member in movable])
    at = [member.index + (form.size[1] if member.kind is Kind.BOUND else 0) for member in movable]
    rows = diags_array(signs) @ vstack([form.matrix, eye_array(n)], format="csr")[at]
    sides = [float(given[member.kind, member.side][member.index]) for member in movable]
    return MixedIntegerProgram(
        cost=np.concatenate([np.zeros(n, dtype=np.int64), np.ones(extra, dtype=np.int64)]),
        matrix=csr_array(hstack([rows, diags_array([nearest(s) for s in sizes])], format="csr")),
        row_lower=signs * sides,
        row_upper=np.full(extra, np.inf),
        lower=np.concatenate([lower, np.zeros(extra)]),
        upper=np.concatenate([upper, np.full(extra, np.inf)]),
        integer=np.concatenate([form.integer, np.zeros(extra, dtype=bool)]),
    )
