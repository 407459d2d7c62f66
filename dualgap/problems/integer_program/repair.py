"""Multipliers made exactly feasible where a column has no end and floats leave its reduced cost a hair's breadth off.

Project and shift (Steffy and Wolter, Valid linear programming bounds for exact mixed-integer programming, 2013): a
point well inside the dual feasible set pulls the multipliers inwards, by as little as it takes; columns whose reduced
cost has to be 0 exactly (free ones, and pairs of opposite columns) get it by solving their equations in rationals.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.errors import InvalidWitnessError
from dualgap.core.exact import Exact, combine
from dualgap.problems.integer_program.rationals import independent, solve_exactly

if TYPE_CHECKING:
    from dualgap.problems.integer_program.spec import IntegerProgram

_INSIDE = 1e-9  # of its cap: less room than this is none
_MOST_EQUATIONS = 200
_NARROW = 1e-7  # of the largest cost: a reduced cost below it may be 0, or wrong
_PULLS = (2.0, 20.0, 200.0, 2e4)  # times the pull that floats suggest


@dataclass(frozen=True)
class Dual:
    """What multipliers must satisfy so that the bound is finite: ``reduced = cost - A'y`` has a sign in open columns.

    Attributes:
        problem: the rows.
        cost: (n,) of the minimisation, exact.
        rising, falling: (n,) bool: columns without an upper end (reduced cost >= 0), without a lower end (<= 0).
        least, most: (m,) signs of the multipliers: 0 or infinite.
        seconds: for the linear program that finds the inner point.
    """

    problem: IntegerProgram
    cost: Exact
    rising: np.ndarray
    falling: np.ndarray
    least: np.ndarray
    most: np.ndarray
    seconds: float

    def reduced(self, multipliers: Exact) -> Exact:
        """(n,) exact ``cost - A'y``."""
        return combine([(1, self.cost), (-1, self.problem.matrix.transposed_times(multipliers))])

    def off(self, reduced: Exact) -> np.ndarray:
        """(n,) bool: the columns along which the bound is minus infinity."""
        down: np.ndarray = np.asarray(reduced.numerators < 0, dtype=bool)
        up: np.ndarray = np.asarray(reduced.numerators > 0, dtype=bool)
        off: np.ndarray = (self.rising & down) | (self.falling & up)
        return off

    def repaired(self, multipliers: np.ndarray, exactly: Callable[[np.ndarray], Exact]) -> Exact:
        """Multipliers near the given ones that leave no column off; ``exactly`` makes floats exact.

        Raises:
            InvalidWitnessError: there is no room, or too many equations; says where.
        """
        costs = self.cost.floats()
        cap = max(1.0, float(np.abs(costs).max(initial=0.0)))
        off = self.off(self.reduced(exactly(multipliers)))
        reduced = costs - self.problem.matrix.csr().T @ multipliers
        short = np.where(self.rising, -reduced, reduced)
        needy = (self.rising | self.falling) & (off | (short > -_NARROW * cap))
        inner, room = self._inner(needy, cap)
        tied = needy & (room <= _INSIDE * cap)
        pulled = off & ~tied
        lacking = np.maximum(short[pulled], 0.0) + 1e-15 * (1.0 + np.abs(costs[pulled]))
        pull = float(np.max(lacking / (lacking + room[pulled]), initial=1e-15))
        for factor in _PULLS:
            share = min(1.0, pull * factor)
            moved = np.clip((1.0 - share) * multipliers + share * inner, self.least, self.most)
            candidate = self._tied(exactly(moved), tied, moved)
            if candidate is not None and not self.off(self.reduced(candidate)).any():
                return candidate
        name = self.problem.columns[int(np.flatnonzero(off)[0])]
        raise InvalidWitnessError(
            f"{name} has no end, and no multipliers nearby keep its reduced cost on the right side"
        )

    def _inner(self, needy: np.ndarray, cap: float) -> tuple[np.ndarray, np.ndarray]:
        """(m,) multipliers with as much room as possible in the ``needy`` columns (up to ``cap`` each), (n,) that room.

        max sum_j s_j with A_j'y + s_j <= c_j for rising columns, its mirror for falling ones, equality for free ones.
        """
        from scipy import optimize
        from scipy.sparse import csr_array, diags_array, hstack

        solve: Any = optimize.linprog
        matrix = self.problem.matrix.csr().astype(np.float64)
        costs, m = self.cost.floats(), matrix.shape[0]
        free = np.flatnonzero(self.rising & self.falling)
        sided = np.flatnonzero(self.rising ^ self.falling)
        sign = np.where(self.rising[sided], 1.0, -1.0)
        roomy = np.where(needy[sided], cap, 0.0)
        k = len(sided)
        found = solve(
            np.concatenate([np.zeros(m), -np.ones(k)]),
            A_ub=hstack([diags_array(sign) @ matrix.T[sided], diags_array(np.ones(k))], format="csr") if k else None,
            b_ub=sign * costs[sided] if k else None,
            A_eq=hstack([matrix.T[free], csr_array((len(free), k))], format="csr") if free.size else None,
            b_eq=costs[free] if free.size else None,
            bounds=np.column_stack([np.append(self.least, np.zeros(k)), np.append(self.most, roomy)]),
            method="highs",
            options={"time_limit": self.seconds},
        )
        if found.x is None:
            raise InvalidWitnessError("no multipliers give every column a bound: the relaxation has none either")
        room = np.zeros(self.problem.size)
        room[sided] = found.x[m:]
        return found.x[:m], room

    def _tied(self, multipliers: Exact, tied: np.ndarray, near: np.ndarray) -> Exact | None:
        """The multipliers with reduced costs of exactly 0 in the ``tied`` columns; None where that can't be had.

        Rows of both signs, and large multipliers, are moved first: their signs don't change.
        """
        columns = np.flatnonzero(tied)
        if not columns.size:
            return multipliers
        if columns.size > _MOST_EQUATIONS:
            raise InvalidWitnessError(f"{columns.size} columns without an end need exact equations, which is too many")
        dense = self.problem.matrix.csr().T[columns].toarray().astype(np.float64)
        freedom = np.where(np.isinf(self.least) & np.isinf(self.most), 1.0, np.minimum(1.0, np.abs(near)))
        equations, rows = independent(dense, freedom)
        reduced = self.reduced(multipliers)
        kept = columns[equations]
        step = solve_exactly(self._block(kept, rows), [reduced.item(int(j)) for j in kept])
        if step is None:
            return None
        moved = _added(multipliers, rows, step)
        signs = np.sign(moved.numerators.astype(object)).astype(float)
        wrong = ((signs < 0) & (self.least == 0)) | ((signs > 0) & (self.most == 0))
        return None if wrong.any() else moved

    def _block(self, columns: np.ndarray, rows: np.ndarray) -> list[list[Fraction]]:
        """The exact entries ``A[rows, columns]'``."""
        matrix = self.problem.matrix
        place = {int(row): index for index, row in enumerate(rows)}
        at = {int(column): index for index, column in enumerate(columns)}
        block = [[Fraction(0)] * len(rows) for _ in columns]
        for entry in np.flatnonzero(np.isin(matrix.indices, columns) & np.isin(matrix.row_of, rows)).tolist():
            block[at[int(matrix.indices[entry])]][place[int(matrix.row_of[entry])]] = matrix.exact_data.item(entry)
        return block


def _added(multipliers: Exact, rows: np.ndarray, step: list[Fraction]) -> Exact:
    """The multipliers plus the step in the given rows, over one denominator."""
    common = lcm(multipliers.denominator, *(part.denominator for part in step))
    numerators = multipliers.numerators.astype(object) * (common // multipliers.denominator)
    for row, part in zip(rows.tolist(), step, strict=True):
        numerators[row] += part.numerator * (common // part.denominator)
    return Exact(numerators, common)
