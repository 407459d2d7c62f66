"""Multipliers made exactly feasible where a column has no end and floats leave its reduced cost a hair's breadth off.

Project and shift (Steffy and Wolter, Valid linear programming bounds for exact mixed-integer programming, 2013): a
point well inside the dual feasible set pulls the multipliers inwards, by as little as it takes; columns whose reduced
cost has to be 0 exactly (free ones, and pairs of opposite columns) get it by solving their equations in rationals.

Rows take part as columns: with ``s = Ax`` and ``row_lower <= s <= row_upper`` the reduced cost of s_i is y_i, and a row
with one side is a column without an end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.errors import InvalidWitnessError
from dualgap.core.exact import Exact, combine
from dualgap.problems.integer_program.rationals import (
    MOST_EQUATIONS,
    block,
    independent,
    over_one_denominator,
    solve_exactly,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from dualgap.problems.integer_program.spec import IntegerProgram

_INSIDE = 1e-9  # of its cap: less room than this is none
_NARROW = 1e-7  # of the largest cost: a reduced cost below it may be 0, or wrong
_PULLS = (2.0, 20.0, 200.0, 2e4)  # times the pull that floats suggest


@dataclass(frozen=True)
class Dual:
    """What multipliers must satisfy for a finite bound: the reduced costs of columns without an end have a sign.

    Attributes:
        problem: the rows.
        cost: (n,) of the minimisation, exact.
        rising, falling: (n + m,) bool: columns, then rows, without an upper end (reduced cost >= 0), without a lower
            end (<= 0).
        seconds: for the linear program that finds the inner point.
    """

    problem: IntegerProgram
    cost: Exact
    rising: np.ndarray
    falling: np.ndarray
    seconds: float

    def reduced(self, multipliers: Exact) -> Exact:
        """(n,) exact ``cost - A'y`` of the columns."""
        return combine([(1, self.cost), (-1, self.problem.matrix.transposed_times(multipliers))])

    def off(self, multipliers: Exact) -> np.ndarray:
        """(n + m,) bool: the columns and rows along which the bound is minus infinity."""
        numerators = np.concatenate([self.reduced(multipliers).numerators, multipliers.numerators])
        down, up = np.asarray(numerators < 0, dtype=bool), np.asarray(numerators > 0, dtype=bool)
        off: np.ndarray = (self.rising & down) | (self.falling & up)
        return off

    def repaired(self, multipliers: np.ndarray, exactly: Callable[[np.ndarray], Exact]) -> Exact:
        """Multipliers near the given ones that leave nothing off; ``exactly`` makes floats exact.

        Raises:
            InvalidWitnessError: there is no room, or too many equations; says where.
        """
        off = self.off(exactly(multipliers))
        cap = max(1.0, float(np.abs(self._costs).max(initial=0.0)), float(np.abs(multipliers).max(initial=0.0)))
        reduced = self._costs - self._normals @ multipliers
        short = np.where(self.rising, -reduced, reduced)
        needy = (self.rising | self.falling) & (off | (short > -_NARROW * cap))
        inner, room = self._inner(needy, cap)
        tied, pulled = (needy & (room <= _INSIDE * cap), needy & (room > _INSIDE * cap))
        solving = float(np.abs(reduced[tied]).max(initial=0.0))  # by about as much, solving the ties moves the others
        lacking = np.maximum(short[pulled], 0.0) + solving + 1e-15 * (1.0 + np.abs(self._costs[pulled]))
        pull = float(np.max(lacking / (lacking + room[pulled]), initial=0.0))
        for factor in _PULLS:
            share = min(1.0, pull * factor)
            moved = (1.0 - share) * multipliers + share * inner
            candidate = self._tied(exactly(moved), tied, moved)
            if candidate is not None and not self.off(candidate).any():
                return candidate
        where = self._name(int(np.flatnonzero(off)[0]))
        raise InvalidWitnessError(
            f"{where} has no end, and no multipliers nearby keep its reduced cost on the right side"
        )

    @cached_property
    def _costs(self) -> np.ndarray:
        """(n + m,) of columns and rows, as floats."""
        return np.append(self.cost.floats(), np.zeros(self.problem.matrix.shape[0]))

    @cached_property
    def _normals(self) -> csr_array:
        """(n + m, m) what multipliers take off each cost: A', then minus the identity for the rows."""
        from scipy.sparse import diags_array, vstack

        matrix = self.problem.matrix.csr().astype(np.float64)
        normals: Any = vstack([matrix.T, diags_array(-np.ones(matrix.shape[0]))], format="csr")
        return normals  # type: ignore[no-any-return]

    def _name(self, index: int) -> str:
        return (*self.problem.columns, *self.problem.rows)[index]

    def _inner(self, needy: np.ndarray, cap: float) -> tuple[np.ndarray, np.ndarray]:
        """(m,) multipliers with as much room as possible for the ``needy`` (up to ``cap`` each), (n + m,) that room.

        max sum_j r_j with reduced_j >= r_j for the rising, reduced_j <= -r_j for the falling, 0 for the free ones.
        """
        from scipy import optimize
        from scipy.sparse import csr_array, diags_array, hstack

        solve: Any = optimize.linprog
        free = np.flatnonzero(self.rising & self.falling)
        sided = np.flatnonzero(self.rising ^ self.falling)
        sign = np.where(self.rising[sided], 1.0, -1.0)
        m, k = self.problem.matrix.shape[0], len(sided)
        most = np.append(np.full(m, np.inf), np.where(needy[sided], cap, 0.0))
        found = solve(
            np.append(np.zeros(m), -np.ones(k)),
            A_ub=hstack([diags_array(sign) @ self._normals[sided], diags_array(np.ones(k))], format="csr")
            if k
            else None,
            b_ub=sign * self._costs[sided] if k else None,
            A_eq=hstack([self._normals[free], csr_array((len(free), k))], format="csr") if free.size else None,
            b_eq=self._costs[free] if free.size else None,
            bounds=np.column_stack([np.append(np.full(m, -np.inf), np.zeros(k)), most]),
            method="highs",
            options={"time_limit": self.seconds},
        )
        if found.x is None:
            raise InvalidWitnessError("no multipliers give every column a bound: the relaxation has none either")
        room = np.zeros(len(self.rising))
        room[sided] = found.x[m:]
        return found.x[:m], room

    def _tied(self, multipliers: Exact, tied: np.ndarray, near: np.ndarray) -> Exact | None:
        """The multipliers with reduced costs of exactly 0 in the ``tied``; None where that can't be had.

        Large multipliers, and those of rows with two sides, are moved first: their signs hold.
        """
        at = np.flatnonzero(tied)
        if not at.size:
            return multipliers
        if at.size > MOST_EQUATIONS:
            raise InvalidWitnessError(
                f"{at.size} reduced costs would have to be exactly 0, which is too many equations"
            )
        n = self.problem.size
        one_sided = self.rising[n:] | self.falling[n:]
        freedom = np.where(one_sided, np.clip(np.abs(near), 1e-6, 1.0), 1.0)
        equations, rows = independent(self._normals[at].toarray(), freedom)
        kept = at[equations]
        reduced = self.reduced(multipliers)
        sides = [reduced.item(int(j)) if j < n else multipliers.item(int(j) - n) for j in kept]
        step = solve_exactly(self._equations(kept, rows), sides)
        return None if step is None else _added(multipliers, rows, step)

    def _equations(self, kept: np.ndarray, rows: np.ndarray) -> list[list[Fraction]]:
        """The exact entries of the normals in the kept columns and rows."""
        n = self.problem.size
        columns = kept[kept < n]
        by_column = [list(entries) for entries in zip(*block(self.problem.matrix, rows, columns), strict=True)]
        units = [[Fraction(-int(row == j - n)) for row in rows.tolist()] for j in kept[kept >= n].tolist()]
        return [*by_column, *units]


def _added(multipliers: Exact, rows: np.ndarray, step: list[Fraction]) -> Exact:
    """The multipliers plus the step in the given rows."""
    moves = [Fraction(0)] * len(multipliers.numerators)
    for row, part in zip(rows.tolist(), step, strict=True):
        moves[row] = part
    return combine([(1, multipliers), (1, over_one_denominator(moves))])
