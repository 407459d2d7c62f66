"""MPAX: restarted primal-dual hybrid gradients for linear programs, compiled by JAX for whatever device it finds.

Sources: Lu, Peng and Yang, MPAX (2024); Applegate et al., PDLP (2021), for raPDHG; Lu and Yang, restarted Halpern PDHG
(2024), for r2HPDHG. Points meet rows, and duals meet signs, only to a tolerance: the point is called feasible where
every row holds within 1e-6, and the row duals go to dualgap, which computes a bound from them that holds whatever they
are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dualgap import (
    BatchClaim,
    Budget,
    Claim,
    Context,
    FarkasRay,
    Knapsack,
    MixedIntegerProgram,
    Multipliers,
    Solver,
    Start,
    Stop,
    Trait,
    Use,
)
from dualgap_mpax.pdhg import Algorithm, Program, ending, optimizer, x64

_FEASIBLE = 1e-6


@dataclass(frozen=True)
class Mpax(Solver):
    """PDHG on linear programs, and on batches of knapsacks' linear relaxations.

    MPAX has no clock: it runs in rounds, each of which begins where the last one ended.

    Attributes:
        algorithm: ``r2hpdhg`` (reflected Halpern steps) or ``rapdhg`` (averages).
        tolerance: of residuals and of the gap, relative and absolute.
        iterations: at most so many.
        round: iterations between two looks at the clock; few of them lose what restarts have learned.
    """

    name: ClassVar[str] = "pdhg@mpax"
    summary: ClassVar[str] = "MPAX: first-order method for linear programs in JAX, batched, on a GPU where there is one"
    accepts: ClassVar[tuple[type, ...]] = (MixedIntegerProgram,)
    requires: ClassVar[tuple[str, ...]] = ("mpax", "jax")
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS, Trait.ANYTIME, Trait.WARM, Trait.BATCHED})
    batches: ClassVar[tuple[type, ...]] = (Knapsack,)

    algorithm: Algorithm = "r2hpdhg"
    tolerance: float = 1e-8
    iterations: int = 1_000_000
    round: int = 20_000

    def refuses(self, form: MixedIntegerProgram) -> str | None:
        if form.integer.any():
            return "it solves linear programs, and some variables are integer; milp solvers such as highs take them"
        if form.matrix.nnz == 0:
            return "MPAX takes no program without entries in its rows; highs does"
        return None

    def solve(self, form: MixedIntegerProgram, ctx: Context) -> Claim:
        with x64():
            program = Program.of(form)
            x, y, said = _begin(form, program, ctx)
            with ctx.phase("compile"):
                run = optimizer(program.problem, self.algorithm, self.tolerance, self.round, ctx.verbose)
            status, done = Stop.TIME, 0
            while not ctx.should_stop():
                found = run(program.problem, x, y)
                x, y = np.array(found.primal_solution), np.array(found.dual_solution)
                done += int(found.iteration_count)
                status = ending(int(found.termination_status))
                ctx.report(point=x, witness=Multipliers(rows=program.rows(y)), iterations=done)
                if status is not Stop.ITERATIONS or done >= self.iterations:
                    break
            else:
                status = Stop.TIME
        return _claim(form, program, x, y, status, done, said)

    def solve_batch(self, batch: Any, budget: Budget) -> BatchClaim:
        from dualgap_mpax.batch import relaxed

        return relaxed(batch, self.algorithm, self.tolerance, self.round)


def _begin(form: MixedIntegerProgram, program: Program, ctx: Context) -> tuple[np.ndarray, np.ndarray, Start | None]:
    """The first iterate: zeros, or what was given; PDHG begins at any point."""
    columns, rows = form.size
    witness = ctx.start_witness
    x, y = np.clip(np.zeros(columns), form.lower, form.upper), np.zeros(program.count)
    given = []
    if ctx.start is not None:
        x = np.nan_to_num(np.asarray(ctx.start, dtype=np.float64))
        given.append("the point")
    if isinstance(witness, Multipliers) and len(witness.rows) == rows:
        y = program.duals(witness.rows)
        given.append("the multipliers")
    if given:
        return x, y, Start(Use.USED, f"the first iterate is {' and '.join(given)}")
    other = ctx.start_witness is not None
    return x, y, Start(Use.IGNORED, "it has no multipliers of this program") if other else None


def _claim(
    form: MixedIntegerProgram,
    program: Program,
    x: np.ndarray,
    y: np.ndarray,
    stop: Stop,
    iterations: int,
    said: Start | None,
) -> Claim:
    statistics: dict[str, int | str] = {"iterations": iterations, "device": program.device}
    rows = program.rows(y)
    if stop is Stop.INFEASIBLE:
        ray = infeasibility(form, rows)
        return Claim(stop=stop, witness=ray, statistics=statistics, start=said)
    if stop in (Stop.UNBOUNDED, Stop.NONFINITE) or not (np.isfinite(x).all() and np.isfinite(rows).all()):
        return Claim(stop=stop, statistics=statistics, start=said)
    point = np.clip(x, form.lower, form.upper)
    feasible = form.violation(point) <= _FEASIBLE
    remedy = (
        "" if feasible else f"rows are broken by {form.violation(point):.1e}: lower the tolerance (-p tolerance=...)"
    )
    return Claim(
        point=point,
        feasible=feasible,
        stop=stop,
        value=form.objective(point),
        witness=Multipliers(rows=rows),
        statistics=statistics,
        message=remedy if stop is Stop.FINISHED else "",
        start=said,
    )


def infeasibility(form: MixedIntegerProgram, rows: np.ndarray) -> FarkasRay | None:
    """The duals as a proof that no point meets the rows, where in floats they are one; None else.

    ``min over the box of y'(b - Ax) > 0``, b the sides that the signs of y price (Farkas 1902).
    """
    y = rows / max(float(np.abs(rows).max(initial=0.0)), 1e-300)
    y[np.abs(y) < 1e-9] = 0.0
    side = np.where(y > 0, form.row_lower, np.where(y < 0, form.row_upper, 0.0))
    reduced = -(form.matrix.T @ y)
    reduced[np.abs(reduced) < 1e-9] = 0.0
    edge = np.where(reduced > 0, form.lower, np.where(reduced < 0, form.upper, 0.0))
    return FarkasRay(rows=y) if float(side @ y + reduced @ edge) > 0 else None
