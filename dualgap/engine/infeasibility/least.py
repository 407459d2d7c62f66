"""Small whole-number relaxations shown to be least: that nothing smaller helps is itself an infeasible system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import lcm

import numpy as np

from dualgap.core.exact import nearest
from dualgap.engine.infeasibility.elastic import elastic
from dualgap.problems.systems.members import Member, System
from dualgap.problems.systems.refute import refute

_MEMBERS = 200
_LARGEST = 2**40


def shown_least(
    system: System, movable: Sequence[Member], sizes: Sequence[Fraction], total: Fraction, seconds: float
) -> bool:
    """Whether exact arithmetic shows in time that no changes have a smaller total.

    Every column and every number must be whole: then changes are, and with L the sizes' common multiple the total is a
    multiple of 1 / L, so that less means ``sum (L / s) change <= L total - 1``.
    """
    from scipy.sparse import csr_array, vstack

    form = system.form
    numbers = (form.matrix.data, *(a[np.isfinite(a)] for a in (form.row_lower, form.row_upper, form.lower, form.upper)))
    if len(movable) > _MEMBERS or not form.integer.all() or any(np.any(array != np.rint(array)) for array in numbers):
        return False
    common = lcm(*(int(size) for size in sizes))
    if common > _LARGEST:
        return False
    program = elastic(form, movable, [Fraction(1)] * len(movable))
    n, extra = len(form.cost), len(movable)
    weights = np.concatenate([np.zeros(n), [nearest(common / size) for size in sizes]])
    less = replace(
        program,
        matrix=csr_array(vstack([program.matrix, csr_array(weights[None, :])], format="csr")),
        row_lower=np.append(program.row_lower, -np.inf),
        row_upper=np.append(program.row_upper, nearest(common * total - 1)),
        integer=np.ones(n + extra, dtype=bool),
    )
    return refute(System(less), System(less).members, seconds) is not None
