"""What conic solvers have in common: the form in float64, and their statuses as honest claims."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dualgap.core.claim import Claim, Scalar, Stop
from dualgap.core.cones import outside
from dualgap.core.errors import UsageError
from dualgap.core.forms import ConicProgram
from dualgap.core.solver import Context
from dualgap.core.witness import ConicMultipliers, FarkasRay, Ray, Witness

_SLACK = 1e-6  # of a row's terms: what an interior-point or splitting method leaves of a violation


@dataclass(frozen=True)
class Result:
    """What a backend returned, in the form's order of rows.

    Attributes:
        stop: its status; ``ITERATIONS`` for one that it calls inaccurate.
        x: the point; of an unbounded program the direction; NaN where there is none.
        z: the multipliers; of an infeasible program the ray; empty where there are none.
        dual_value: the dual objective, without the form's offset.
        refuted: whether x or z are rays, though the status is inaccurate.
        message: for people, where the status needs words.
    """

    stop: Stop
    x: np.ndarray
    z: np.ndarray
    dual_value: float
    statistics: Mapping[str, Scalar]
    refuted: Stop | None = None
    message: str = ""


def arrays(form: ConicProgram) -> tuple[Any, np.ndarray, Any, np.ndarray]:
    """(P, cost, matrix, right side) in float64, matrices in compressed columns; P is empty where there is none."""
    from scipy.sparse import csc_array

    n = form.size[0]
    quadratic = csc_array((n, n)) if form.quadratic is None else csc_array(form.quadratic, dtype=np.float64)
    cost, right = (np.array(part, dtype=np.float64) for part in (form.cost, form.right_side))
    return quadratic, cost, csc_array(form.matrix, dtype=np.float64), right


def set_options(settings: Any, options: Mapping[str, Any], engine: str) -> None:
    """Sets a backend's attributes by name.

    Raises:
        UsageError: it has no such setting, or doesn't take the value.
    """
    for name, value in options.items():
        if name.startswith("_") or not hasattr(settings, name):
            known = ", ".join(sorted(known for known in dir(settings) if not known.startswith("_")))
            raise UsageError(f"{engine} has no setting {name!r}; it has: {known}")
        try:
            setattr(settings, name, value)
        except (TypeError, ValueError, OverflowError) as error:
            raise UsageError(f"{engine} doesn't take {name} = {value!r}: {error}") from error


def holds(form: ConicProgram, point: np.ndarray) -> bool:
    """Whether a point meets every cone to 1e-6 of the terms of its rows."""
    if not np.isfinite(point).all():
        return False
    scale = 1.0 + np.abs(form.right_side).max(initial=0.0) + (abs(form.matrix) @ np.abs(point)).max(initial=0.0)
    return outside(form.right_side - form.matrix @ point, form.cones) <= _SLACK * float(scale)


def claimed(form: ConicProgram, result: Result, ctx: Context, run: Callable[[ConicProgram], Result]) -> Claim:
    """The claim that a result amounts to; ``run`` settles whether an unbounded program has a point at all."""
    if result.stop is Stop.UNBOUNDED:
        return _unbounded(form, result, run)
    refuted = Stop.INFEASIBLE in (result.stop, result.refuted)
    witness: Witness | None = None
    if np.isfinite(result.z).all() and len(result.z):
        witness = FarkasRay(rows=result.z) if refuted else ConicMultipliers(rows=result.z)
    there = not refuted and result.refuted is None and bool(np.isfinite(result.x).all())
    found = there and holds(form, result.x)
    ended = result.stop is Stop.FINISHED
    return Claim(
        point=result.x if there else None,
        feasible=found,
        stop=Stop.TIME if result.stop is Stop.ITERATIONS and ctx.should_stop() else result.stop,
        # Repaired, or cut short while an epigraph's row is slack, it is worth something else.
        value=form.objective(result.x) if found and ended else None,
        bound=float(result.dual_value) + form.offset if ended and np.isfinite(result.dual_value) else None,
        witness=witness,
        statistics=result.statistics,
        message=result.message,
    )


def _unbounded(form: ConicProgram, result: Result, run: Callable[[ConicProgram], Result]) -> Claim:
    """A ray of improvement proves it only with a point to start from: a solve without objective finds one, if any."""
    settled = run(replace(form, cost=np.zeros(form.size[0]), quadratic=None))
    if settled.stop is Stop.INFEASIBLE:
        farkas = FarkasRay(rows=settled.z) if len(settled.z) else None
        return Claim(stop=Stop.INFEASIBLE, witness=farkas, statistics=result.statistics)
    found = holds(form, settled.x)
    witness = Ray(direction=result.x, point=settled.x) if found and np.isfinite(result.x).all() else None
    message = "" if found else "a direction of endless improvement, but no feasible point to start from"
    return Claim(
        point=settled.x if found else None,
        feasible=found,
        stop=Stop.UNBOUNDED if found else Stop.ERROR,
        witness=witness,
        statistics=result.statistics,
        message=message,
    )
