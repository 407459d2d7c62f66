"""Small programs with known optima, and a context that records what a solver reports."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from dualgap.core.exact import fraction
from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.solver import Budget, Solver
from dualgap.core.witness import FarkasRay, Multipliers

INF = np.inf


@dataclass
class Recorder:
    """A context outside any engine: it keeps reports and can be told to stop."""

    budget: Budget = field(default_factory=Budget)
    seed: int = 0
    start: Any = None
    start_witness: Any = None
    verbose: bool = False
    stop_after: int | None = None
    points: list[Any] = field(default_factory=list)
    bounds: list[Any] = field(default_factory=list)
    witnesses: list[Any] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def report(self, point: Any = None, bound: Any = None, witness: Any = None, iterations: Any = None) -> None:
        for value, kept in ((point, self.points), (bound, self.bounds), (witness, self.witnesses)):
            if value is not None:
                kept.append(value)

    def news(self) -> Any:
        return None

    def should_stop(self) -> bool:
        enough = self.stop_after is not None and len(self.points) >= self.stop_after
        return enough or self.time_left() <= 0

    def time_left(self) -> float:
        return max(0.0, self.began + self.budget.seconds - time.monotonic())

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        yield

    def subsolve(self, form: Any, solver: Solver | str, **given: Any) -> Any:
        raise NotImplementedError


def program(
    cost: Any,
    rows: Any = (),
    row_lower: Any = (),
    row_upper: Any = (),
    lower: Any = 0,
    upper: Any = INF,
    integer: Any = True,
    offset: float = 0.0,
) -> MixedIntegerProgram:
    """A form from plain lists; scalars are spread over the columns."""
    c = np.asarray(cost)
    n = len(c)
    return MixedIntegerProgram(
        cost=c,
        matrix=csr_array(np.asarray(rows).reshape(np.size(row_lower), n)),
        row_lower=np.asarray(row_lower, dtype=np.float64),
        row_upper=np.asarray(row_upper, dtype=np.float64),
        lower=np.broadcast_to(np.asarray(lower, dtype=np.float64), (n,)).copy(),
        upper=np.broadcast_to(np.asarray(upper, dtype=np.float64), (n,)).copy(),
        integer=np.broadcast_to(np.asarray(integer, dtype=bool), (n,)).copy(),
        offset=offset,
    )


def random_program(seed: int, *, decimals: int = 0, most: int = 5) -> MixedIntegerProgram:
    """A boxed integer program with 1 to ``most`` columns and 0 to 3 rows; about a fifth are infeasible."""
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(1, most + 1)), int(rng.integers(0, 4))
    unit = 10**decimals

    def draw(*shape: int) -> np.ndarray:
        whole = rng.integers(-9 * unit, 9 * unit + 1, size=shape)
        return whole / unit if decimals else whole

    matrix = draw(m, n)
    lower = rng.integers(-3, 2, size=n)
    upper = lower + rng.integers(0, 5, size=n)
    middle = matrix @ rng.integers(lower, upper + 1)
    middle = np.round(middle + rng.integers(-3, 4, size=m), decimals)
    kind = rng.integers(0, 4, size=m)
    row_lower = np.where(kind == 0, -INF, middle)
    row_upper = np.where(kind == 1, INF, np.where(kind == 2, middle + 5, middle))
    return program(draw(n), matrix, row_lower, row_upper, lower, upper, offset=float(rng.integers(-5, 6)))


def best_by_hand(form: MixedIntegerProgram) -> Fraction | None:
    """The optimum of a boxed integer program in rational arithmetic, point by point; None where it is infeasible."""
    matrix = [[fraction(a) for a in row] for row in form.matrix.toarray().tolist()]
    cost = [fraction(c) for c in form.cost.tolist()]
    sides = list(zip(form.row_lower.tolist(), form.row_upper.tolist(), strict=True))
    ranges = [range(int(low), int(high) + 1) for low, high in zip(form.lower, form.upper, strict=True)]
    best: Fraction | None = None
    for point in itertools.product(*ranges):
        activities = (sum((a * x for a, x in zip(row, point, strict=True)), Fraction(0)) for row in matrix)
        if all(
            (low == -INF or fraction(low) <= a) and (high == INF or a <= fraction(high))
            for a, (low, high) in zip(activities, sides, strict=True)
        ):
            value = sum((c * x for c, x in zip(cost, point, strict=True)), fraction(form.offset))
            best = value if best is None else min(best, value)
    return best


def hard_program(columns: int = 60, rows: int = 8, seed: int = 0) -> MixedIntegerProgram:
    """A market-split instance (Cornuejols and Dawande 1999) with slack to pay for: points are easy, proofs are not."""
    rng = np.random.default_rng(seed)
    weights = rng.integers(0, 100, size=(rows, columns))
    slack = np.hstack([np.eye(rows), -np.eye(rows)])
    sides = weights.sum(axis=1) // 2
    return program(
        np.concatenate([np.zeros(columns), np.ones(2 * rows)]),
        np.hstack([weights, slack]),
        sides,
        sides,
        upper=np.concatenate([np.ones(columns), np.full(2 * rows, 10_000)]),
    )


def lagrangian_bound(form: MixedIntegerProgram, witness: Multipliers) -> float:
    """min over the box of c'x + offset - sum_i y_i (a_i'x - b_i), the side b_i picked by the sign of y_i."""
    y = witness.rows
    reduced = form.cost - form.matrix.T @ y
    reduced = np.where(np.abs(reduced) < 1e-9, 0.0, reduced)
    with np.errstate(invalid="ignore"):
        columns = np.where(reduced == 0, 0.0, reduced * np.where(reduced > 0, form.lower, form.upper)).sum()
        sides = np.where(y == 0, 0.0, y * np.where(y > 0, form.row_lower, form.row_upper)).sum()
    return float(columns + sides + form.offset)


def farkas_gap(form: MixedIntegerProgram, witness: FarkasRay) -> float:
    """By how much the aggregated row's side exceeds what the box allows; positive proves infeasibility."""
    y = np.where(np.abs(witness.rows) < 1e-12, 0.0, witness.rows)
    row = form.matrix.T @ y
    with np.errstate(invalid="ignore"):
        most = np.where(row == 0, 0.0, row * np.where(row > 0, form.upper, form.lower)).sum()
        side = np.where(y == 0, 0.0, y * np.where(y > 0, form.row_lower, form.row_upper)).sum()
    return float(side - most)
