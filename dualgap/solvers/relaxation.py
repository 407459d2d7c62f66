"""The linear relaxation of an integer program: multipliers that bound it, or a ray that shows there is no optimum.

Branch and bound keeps its proof to itself; the relaxation's witness is what a verifier can check. One row has a closed
form (Dantzig 1957: the break item's ratio); more rows are a linear program for HiGHS.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.solver import Context
from dualgap.core.witness import FarkasRay, Multipliers, Ray, Witness
from dualgap.solvers.conflicts import linear_conflict
from dualgap.solvers.highs_model import load
from dualgap.solvers.rays import farkas_ray, ray

_FITTING: dict[Stop, type[Witness]] = {Stop.INFEASIBLE: FarkasRay, Stop.UNBOUNDED: Ray}
_NOISE = 1e-12  # relative to the cost: reduced costs below it are rounding
_SHARE = 0.2  # of the time left; the rest belongs to the solver that needs the witness


@dataclass(frozen=True)
class Relaxed:
    """How the relaxation ended (``Stop.FINISHED`` at an optimum) and its witness, None where there is none in time.

    ``conflict`` are the rows and bounds of an infeasible one that can't hold together, in words.
    """

    stop: Stop
    witness: Witness | None = None
    conflict: tuple[str, ...] = ()

    def supports(self, stop: Stop) -> Witness | None:
        """The witness, where it goes with a program that ended like this."""
        fitting = _FITTING.get(stop, Multipliers)
        return self.witness if isinstance(self.witness, fitting) else None


def relax(form: MixedIntegerProgram, ctx: Context) -> Relaxed:
    """Solves the linear relaxation within a share of the time left, and streams its witness."""
    multiplier = one_row_multiplier(form) if form.size[1] == 1 else None
    if multiplier is not None:
        relaxed = Relaxed(Stop.FINISHED, Multipliers(rows=np.array([multiplier])))
    else:
        options = {"time_limit": _SHARE * ctx.time_left(), "threads": ctx.budget.threads}
        highs = load(form, options, relaxed=True)
        highs.run()
        relaxed = linear_end(highs, form, ctx)
    if relaxed.witness is not None:
        ctx.report(witness=relaxed.witness)
    return relaxed


def linear_end(highs: Any, form: MixedIntegerProgram, ctx: Context) -> Relaxed:
    """How a linear run ended: duals at an optimum, else a ray. An end that HiGHS leaves open is settled by simplex."""
    import highspy

    statuses = highspy.HighsModelStatus
    if highs.getModelStatus() == statuses.kUnboundedOrInfeasible:
        highs.setOptionValue("presolve", "off")
        highs.run()
    status = highs.getModelStatus()
    if status == statuses.kOptimal:
        solution = highs.getSolution()
        return Relaxed(Stop.FINISHED, Multipliers(rows=np.array(solution.row_dual)) if solution.dual_valid else None)
    if status == statuses.kInfeasible:
        found = farkas_ray(highs, form)
        return Relaxed(Stop.INFEASIBLE, found, linear_conflict(highs, form, found, _SHARE * ctx.time_left()))
    if status == statuses.kUnbounded:
        return Relaxed(Stop.UNBOUNDED, ray(highs, form))
    return Relaxed(Stop.TIME)


def without_columns(form: MixedIntegerProgram) -> Claim:
    """The whole answer to a program without columns, which backends treat as an error or as empty."""
    unmet = np.flatnonzero((np.asarray(form.row_lower) > 0) | (np.asarray(form.row_upper) < 0))
    if unmet.size:
        ray = np.zeros(form.size[1])
        ray[unmet[0]] = 1.0 if form.row_lower[unmet[0]] > 0 else -1.0
        return Claim(stop=Stop.INFEASIBLE, witness=FarkasRay(rows=ray))
    return Claim(point=np.zeros(0), feasible=True, value=form.offset, bound=form.offset)


def one_row_multiplier(form: MixedIntegerProgram) -> float | None:
    """The optimal multiplier of a program with one row, by sorting; None where the closed form doesn't apply.

    The dual function is concave and piecewise linear with breakpoints ``cost_j / a_j``; its slope at y is the side of
    the row that y prices, less the activity of the columns at their cheaper ends, which only grows with y.
    """
    if not form.matrix.has_canonical_format or not np.all(form.matrix.data):
        return None
    cost, lower, upper = (np.asarray(array, dtype=np.float64) for array in (form.cost, form.lower, form.upper))
    columns = form.matrix.indices
    absent = np.ones(len(cost), dtype=bool)
    absent[columns] = False
    if np.any(absent & ((cost > 0) & np.isneginf(lower) | (cost < 0) & np.isposinf(upper))):
        return None
    weights = np.asarray(form.matrix.data, dtype=np.float64)
    lower, upper = lower[columns], upper[columns]
    least = float(np.where(weights > 0, weights * lower, weights * upper).sum())
    if not np.isfinite(least):
        return None
    breakpoints = cost[columns] / weights
    order = np.argsort(breakpoints)
    activity = least + np.cumsum((np.abs(weights) * (upper - lower))[order])

    def price(side: float) -> float:
        """Where the activity reaches ``side``: minus infinity below its range, infinity above."""
        if side < least or np.isinf(side):
            return np.inf if side > least else -np.inf
        passed = int(np.searchsorted(activity, side))
        return float(breakpoints[order[passed]]) if passed < len(order) else np.inf

    best = max(min(0.0, price(float(form.row_upper[0]))), price(float(form.row_lower[0])))
    if not np.isfinite(best):
        return None
    reduced, noise = cost[columns] - best * weights, _NOISE * np.abs(cost[columns])
    if np.any((reduced < -noise) & np.isposinf(upper) | (reduced > noise) & np.isneginf(lower)):
        return None  # no multiplier that the row's sides allow bounds it: it is unbounded, unless it has no point
    return best
