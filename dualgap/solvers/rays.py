"""Rays of HiGHS's linear programs: of infeasibility, and of unboundedness with the point that they start from."""

from __future__ import annotations

from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np

from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.witness import FarkasRay, Ray

_DENOMINATOR = 1_000
_LARGEST = 2**31
_CLOSE = 1e-9


def farkas_ray(highs: Any, form: MixedIntegerProgram) -> FarkasRay | None:
    """Row multipliers that show an infeasible linear program to be so.

    Where a column's bounds cross there are none, and asking HiGHS for them would lose its status.
    """
    if np.any(np.asarray(form.lower) > np.asarray(form.upper)):
        return None
    _, found, ray = highs.getDualRay()
    return FarkasRay(rows=simplified(np.array(ray))) if found else None


def ray(highs: Any, form: MixedIntegerProgram) -> Ray | None:
    """A direction along which an unbounded linear program improves for ever, from HiGHS's point if that is feasible."""
    import highspy

    _, found, direction = highs.getPrimalRay()
    given = np.array(direction) if found else _along_a_column(form)
    if given is None:
        return None
    feasible = highs.getInfo().primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    point = np.array(highs.getSolution().col_value) if feasible else np.zeros(0)
    return Ray(direction=simplified(given), point=point)


def simplified(given: np.ndarray) -> np.ndarray:
    """A ray in whole numbers where its entries are in simple proportions: without noise in exact arithmetic.

    Any positive multiple of a ray is the same ray; an integer column needs whole steps.
    """
    sizes = np.abs(given)
    sizes = sizes[sizes > _CLOSE * sizes.max(initial=0.0)]
    if not sizes.size or not np.isfinite(given).all():
        return given
    ratios = given / sizes.min()
    fractions = [Fraction(ratio).limit_denominator(_DENOMINATOR) for ratio in ratios.tolist()]
    scale = lcm(*(f.denominator for f in fractions))
    whole = [int(f * scale) for f in fractions]
    close = all(abs(float(f) - r) <= _CLOSE * max(1.0, abs(r)) for f, r in zip(fractions, ratios.tolist()))
    return np.array(whole, dtype=np.int64) if close and max(map(abs, whole)) < _LARGEST else given


def _along_a_column(form: MixedIntegerProgram) -> np.ndarray | None:
    """Where there are no rows, HiGHS names no ray: one column that pays and has no bound."""
    if form.size[1]:
        return None
    cost = np.asarray(form.cost)
    endless = np.where(cost < 0, np.isposinf(form.upper), np.isneginf(form.lower)) & (cost != 0)
    if not endless.any():
        return None
    direction = np.zeros(len(cost))
    j = int(np.argmax(endless))
    direction[j] = -np.sign(cost[j])
    return direction
