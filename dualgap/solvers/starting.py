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
from dualgap.solvers.highs_model import load, may_presolve

_SHARE = 0.05  # of the time left, for one repair
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
        if self.said is not None and self.said.use is Use.USED:
            return replace(claim, start=Start(Use.USED, f"{backend} took it as its first incumbent"))
        return replace(claim, start=self.said)


def beginning(form: MixedIntegerProgram, ctx: Context) -> Beginning:
    """The start of this run as a feasible point. Values that it leaves out are 0, as in answers.

    What is open or in the way is solved for by HiGHS, the rest of the integer values fixed; else it looks for a point
    nearby (the proximity search of Fischetti and Monaci 2014, as a repair).
    """
    if ctx.start is None:
        return Beginning()
    if not form.integer.any():
        return Beginning(said=Start(Use.IGNORED, "simplex starts from a basis, not from a point"))
    start = np.nan_to_num(np.asarray(ctx.start, dtype=np.float64))
    point = np.clip(start, form.lower, form.upper)
    point[form.integer] = np.rint(point[form.integer])
    if holds(form, point):
        kept = np.abs(point - start).max(initial=0.0) <= _WHOLE
        rounded = Start(Use.REPAIRED, "rounded to whole values within their bounds")
        return Beginning(point, Start(Use.USED) if kept else rounded)
    for program, reason in _repairs(form, point):
        repaired = _solved(program, ctx)
        if repaired is not None and holds(form, repaired):
            return Beginning(repaired, Start(Use.REPAIRED, reason))
    return Beginning(said=Start(Use.IGNORED, "it is not feasible, and HiGHS found no feasible point near it in time"))


def _same(point: np.ndarray, other: Any) -> bool:
    return other is not None and np.array_equal(point, other)


def _repairs(form: MixedIntegerProgram, point: np.ndarray) -> Iterator[tuple[MixedIntegerProgram, str]]:
    """Programs whose points are repaired starts, with what is said of them; those that keep the most come first."""
    rows = _violated(form, point)
    names = ", ".join(form.rows[row] if form.rows else f"row {row}" for row in rows[:_NAMED])
    more = f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
    what = f"it violates {names}{more}" if len(rows) else "it isn't whole or not within its bounds"
    elsewhere = np.ones(len(point), dtype=bool)
    elsewhere[form.matrix[rows].indices] = False
    for freed, kept in (
        ("the continuous values", form.integer),
        ("the values that are 0 or left out", form.integer & (point != 0)),
        ("the columns of these rows", form.integer & elsewhere),
    ):
        if kept.any() and not kept.all():
            fixed = f"{int(kept.sum())} of {len(point)} kept"
            yield _fixed(form, point, kept), f"{what}; HiGHS solved for {freed}, {fixed}"
    binary = form.integer & (form.lower == 0) & (form.upper == 1)
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
        "presolve": may_presolve(form),
    }
    highs = load(form, options)
    highs.run()
    if highs.getInfo().primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return None
    found = np.array(highs.getSolution().col_value)
    found[form.integer] = np.rint(found[form.integer])
    return found
