"""Starts of mixed-integer programs: checked, completed and repaired before a backend gets them.

Backends differ in what they do with a point that is incomplete or violates a row, and most say nothing when they drop
it. So they get feasible points only, and each is asked for a sign that it took the point.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dualgap.core.claim import Claim, Start, Use
from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.solver import Context
from dualgap.solvers.floats import holds
from dualgap.solvers.highs_model import has_long_rows, load

_SHARE = 0.1  # of the time left, for one repair
_GAP = 0.05  # relative: a repair needn't be the best one
_WHOLE = 1e-6
_NAMED = 3


@dataclass(frozen=True)
class Beginning:
    """A feasible point to hand over, and what it is to the start that was given; both None where none was."""

    point: np.ndarray | None = None
    said: Start | None = None

    def confirmed(self, backend: str, took: bool, claim: Claim) -> Claim:
        """The claim with what became of the start, given whether the backend showed that it took the point."""
        if self.point is not None and not took and not _same(self.point, claim.point):
            return replace(claim, start=Start(Use.IGNORED, f"{backend} ended before it looked at it"))
        return replace(claim, start=self.said)


def beginning(form: MixedIntegerProgram, ctx: Context) -> Beginning:
    """The start of this run as a feasible point; NaN stands for a value that it leaves open.

    What is open or in the way is solved for by HiGHS, the rest of the integer values fixed; else it looks for a point
    nearby (the proximity search of Fischetti and Monaci 2014, as a repair).
    """
    if ctx.start is None:
        return Beginning()
    if not form.integer.any():
        return Beginning(said=Start(Use.IGNORED, "simplex starts from a basis, not from a point"))
    start = np.array(ctx.start, dtype=np.float64)
    missing = np.isnan(start)
    point = np.clip(start, form.lower, form.upper)
    point[form.integer] = np.rint(point[form.integer])
    if not missing.any() and np.abs(point - start).max(initial=0.0) <= _WHOLE and holds(form, point):
        return Beginning(point, Start(Use.USED, f"a feasible point of value {form.objective(point):.10g}"))
    for program, reason in _repairs(form, point, missing):
        repaired = _solved(program, ctx)
        if repaired is not None and holds(form, repaired):
            return Beginning(repaired, Start(Use.REPAIRED, reason))
    return Beginning(said=Start(Use.IGNORED, "it is not feasible, and HiGHS found no feasible point near it in time"))


def _same(point: np.ndarray, other: Any) -> bool:
    return other is not None and np.array_equal(point, other)


def _repairs(
    form: MixedIntegerProgram, point: np.ndarray, missing: np.ndarray
) -> Iterator[tuple[MixedIntegerProgram, str]]:
    """Programs whose points are repaired starts, with what is said of them; those that keep the most first."""
    given = form.integer & ~missing
    if missing.any():
        what = f"{int(missing.sum())} of {len(point)} values were missing"
        if given.any():
            yield _fixed(form, point, given), f"{what}; HiGHS solved for them, the integer ones given fixed"
    else:
        rows = _violated(form, point)
        names = ", ".join(form.rows[row] if form.rows else f"row {row}" for row in rows[:_NAMED])
        what = f"it violates {names}" if len(rows) else "it was not whole or not within its bounds"
        if not form.integer.all():
            yield _fixed(form, point, given), f"{what}; HiGHS solved for the continuous values, the integer ones fixed"
        kept = given.copy()
        kept[form.matrix[rows].indices] = False
        if kept.any():
            count = f"{int(kept.sum())} of {len(point)} values kept"
            yield _fixed(form, point, kept), f"{what}; HiGHS solved for the columns of these rows, {count}"
    binary = given & (form.lower == 0) & (form.upper == 1)
    if binary.any():
        distance = replace(form, cost=np.where(binary, np.where(point > 0, -1.0, 1.0), 0.0))
        yield distance, f"{what}; moved to a point that HiGHS found nearby, measured in its 0/1 columns"


def _fixed(form: MixedIntegerProgram, point: np.ndarray, columns: np.ndarray) -> MixedIntegerProgram:
    return replace(form, lower=np.where(columns, point, form.lower), upper=np.where(columns, point, form.upper))


def _violated(form: MixedIntegerProgram, point: np.ndarray) -> np.ndarray:
    activity = form.matrix @ point
    slack = _WHOLE * np.maximum(1.0, abs(form.matrix) @ np.abs(point))
    return np.flatnonzero((activity < form.row_lower - slack) | (activity > form.row_upper + slack))


def _solved(form: MixedIntegerProgram, ctx: Context) -> np.ndarray | None:
    """A good point of the program, or None where none was found in time."""
    import highspy

    options = {
        "time_limit": _SHARE * ctx.time_left(),
        "threads": ctx.budget.threads,
        "mip_rel_gap": _GAP,
        "presolve": not has_long_rows(form),
    }
    highs = load(form, options)
    highs.run()
    if highs.getInfo().primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return None
    found = np.array(highs.getSolution().col_value)
    found[form.integer] = np.rint(found[form.integer])
    return found
