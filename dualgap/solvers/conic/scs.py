"""SCS, a first-order method for conic programs of any size, to a tolerance.

Source: O'Donoghue, Operator splitting for a homogeneous embedding of the linear complementarity problem (2021).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim, Start, Stop, Use
from dualgap.core.cones import Kind, blocks
from dualgap.core.errors import UsageError
from dualgap.core.forms import Cones, ConicProgram, Form
from dualgap.core.solver import Context, Options, Solver, Trait
from dualgap.core.witness import ConicMultipliers
from dualgap.solvers.conic.claims import Result, arrays, claimed

_STOPS = {1: Stop.FINISHED, 2: Stop.ITERATIONS, -1: Stop.UNBOUNDED, -2: Stop.INFEASIBLE, -5: Stop.INTERRUPTED}
_REFUTED = {-6: Stop.UNBOUNDED, -7: Stop.INFEASIBLE}
_TIMED_OUT = "time_limit_secs"  # in the words of SCS's status


@dataclass(frozen=True)
class Scs(Solver):
    """Operator splitting on conic programs.

    Attributes:
        tolerance: of residuals and of the gap, absolute and relative.
        iterations: at most.
        options: further settings of SCS (``acceleration_lookback``, ``linear_solver``).
    """

    name: ClassVar[str] = "scs"
    summary: ClassVar[str] = "SCS: first-order splitting for large conic programs, to a tolerance"
    accepts: ClassVar[tuple[type, ...]] = (ConicProgram,)
    requires: ClassVar[tuple[str, ...]] = ("scs",)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS, Trait.WARM})

    tolerance: float = 1e-7
    iterations: int = 100_000
    options: Options = field(default_factory=dict)

    def refuses(self, form: Any) -> str | None:
        assert isinstance(form, ConicProgram)
        return None if form.size[1] else "SCS wants at least one row; take clarabel"

    def solve(self, form: Form, ctx: Context) -> Claim:
        assert isinstance(form, ConicProgram)
        start, said = _start(form, ctx)
        claim = claimed(form, self._run(form, ctx, start), ctx, lambda other: self._run(other, ctx, {}))
        return replace(claim, start=said)

    def _run(self, form: ConicProgram, ctx: Context, start: dict[str, np.ndarray]) -> Result:
        import scs

        quadratic, cost, matrix, right = arrays(form)
        order = _order(form.cones)
        data = {
            "A": matrix[order],
            "b": right[order],
            "c": cost,
            **({} if form.quadratic is None else {"P": quadratic}),
        }
        settings = {
            "verbose": ctx.verbose,
            "eps_abs": self.tolerance,
            "eps_rel": self.tolerance,
            "max_iters": self.iterations,
            "time_limit_secs": max(ctx.time_left(), 1e-3),
            **self.options,
        }
        try:
            solver = scs.SCS(data, _cones(form.cones), **settings)
        except (TypeError, ValueError) as error:
            if not self.options:
                raise
            given = ", ".join(f"{name} = {value!r}" for name, value in self.options.items())
            raise UsageError(f"SCS doesn't take {given}: {error}") from error
        begun = {name: part if name == "x" else part[order] for name, part in start.items()}
        found = solver.solve(warm_start=bool(begun), **begun)
        multipliers = np.empty(len(right))
        multipliers[order] = found["y"]
        info = found["info"]
        status, words = int(info["status_val"]), str(info["status"])
        stop = _STOPS.get(status, Stop.ITERATIONS if status in _REFUTED else Stop.ERROR)
        if stop is Stop.ITERATIONS and _TIMED_OUT in words:
            stop = Stop.TIME
        return Result(
            stop=stop,
            x=np.array(found["x"], dtype=np.float64),
            z=multipliers,
            dual_value=float(info["dobj"]),
            statistics={"status": words, "iterations": int(info["iter"])},
            refuted=_REFUTED.get(status),
            message="" if stop not in (Stop.ITERATIONS, Stop.ERROR) else f"SCS: {words}",
        )


def _order(cones: Cones) -> np.ndarray:
    """(rows,) the permutation to SCS's order, which has semidefinite cones before exponential ones."""
    last = [np.arange(block.rows.start, block.rows.stop) for block in blocks(cones) if block.kind is Kind.EXPONENTIAL]
    exponential = np.concatenate(last) if last else np.zeros(0, dtype=np.int64)
    return np.append(np.setdiff1d(np.arange(cones.rows), exponential), exponential)


def _cones(cones: Cones) -> dict[str, Any]:
    named = {
        "z": cones.zero,
        "l": cones.nonnegative,
        "q": list(cones.second_order),
        "s": list(cones.semidefinite),
        "ep": cones.exponential,
    }
    return {name: size for name, size in named.items() if size}


def _start(form: ConicProgram, ctx: Context) -> tuple[dict[str, np.ndarray], Start | None]:
    """SCS's first iterate: point, slack and multipliers, whatever of them is given; nothing is repaired."""
    if ctx.start is None and ctx.start_witness is None:
        return {}, None
    columns, rows = form.size
    witness = ctx.start_witness
    point = None if ctx.start is None else np.nan_to_num(np.asarray(ctx.start, dtype=np.float64))
    fits = isinstance(witness, ConicMultipliers) and len(witness.rows) == rows
    if (point is None or point.shape != (columns,)) and not fits:
        return {}, Start(Use.IGNORED, "it has neither a point nor multipliers of this program")
    x = np.zeros(columns) if point is None else point
    y = np.array(witness.rows, dtype=np.float64) if fits and isinstance(witness, ConicMultipliers) else np.zeros(rows)
    said = Start(Use.USED, "SCS's first iterate is what was given, zero where nothing was")
    return {"x": x, "y": y, "s": np.asarray(form.right_side - form.matrix @ x, dtype=np.float64)}, said
