"""A mixed-integer program in its names: the model, its linear relaxation, and the dual of that.

Everything is stated in the problem's own sense. One rule gives the signs of the dual: a multiplier is the change of the
optimum per unit of the side that it belongs to. So where we maximise, sides of "at most" have multipliers >= 0 and
sides of "at least" <= 0; where we minimise it is the other way round.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.certificate import Sense
from dualgap.core.exact import Exact, exact, fraction, lattice_step
from dualgap.core.explain.blocks import (
    Block,
    Line,
    Lines,
    Maths,
    Paragraph,
    Part,
    Variable,
    Words,
    linear,
    more,
    number,
)
from dualgap.core.forms import MixedIntegerProgram

if TYPE_CHECKING:
    from scipy.sparse import csc_array, csr_array

TERMS = 6  # of a sum that are shown
_LETTERED = set("0123456789.-+")


@dataclass(frozen=True)
class Program:
    """A form in the problem's sense, with its names.

    Attributes:
        form: minimises; an exact statement of the problem.
        sense: the problem's.
    """

    form: MixedIntegerProgram
    sense: Sense

    @property
    def sign(self) -> int:
        """What turns the form's objective into the problem's."""
        return -1 if self.sense is Sense.MAXIMIZE else 1

    @cached_property
    def columns(self) -> tuple[Variable, ...]:
        """Columns as variables; names that look like numbers become indices of x."""
        names = self.form.columns
        if not names:
            return tuple(Variable(str(j), "x") for j in range(self.form.size[0]))
        letter = "x" if any(not name or name[0] in _LETTERED for name in names) else ""
        return tuple(Variable(name, letter) for name in names)

    @cached_property
    def rows(self) -> tuple[str, ...]:
        return self.form.rows or tuple(f"row {i}" for i in range(self.form.size[1]))

    @cached_property
    def cost(self) -> Exact:
        """(n,) in the problem's sense."""
        return exact(self.form.cost).scaled(self.sign)

    @cached_property
    def offset(self) -> Fraction:
        return self.sign * fraction(self.form.offset)

    @cached_property
    def by_row(self) -> csr_array:
        from scipy.sparse import csr_array

        return csr_array(self.form.matrix)

    @cached_property
    def by_column(self) -> csc_array:
        from scipy.sparse import csc_array

        return csc_array(self.form.matrix)

    @cached_property
    def entries(self) -> Exact:
        """The matrix's entries, in the order of ``by_column``."""
        return exact(self.by_column.data)

    def row(self, i: int) -> tuple[np.ndarray, Exact]:
        """Columns and coefficients of a row."""
        part = slice(int(self.by_row.indptr[i]), int(self.by_row.indptr[i + 1]))
        return self.by_row.indices[part], exact(self.by_row.data[part])

    def column(self, j: int) -> Iterator[tuple[int, Fraction]]:
        """(row, coefficient) of a column."""
        part = slice(int(self.by_column.indptr[j]), int(self.by_column.indptr[j + 1]))
        for row, value in zip(self.by_column.indices[part].tolist(), self.by_column.data[part].tolist()):
            yield row, fraction(value)

    @cached_property
    def step(self) -> Fraction:
        """The objective without its offset is a multiple of this at every feasible point; 0 where nothing is known."""
        if (self.cost.numerators[~self.form.integer] != 0).any():
            return Fraction(0)
        return lattice_step(self.cost)

    def rounded(self, bound: Fraction) -> Fraction:
        """The bound moved to the values that the objective can take."""
        if not self.step:
            return bound
        steps = (bound - self.offset) / self.step
        whole = steps.__floor__() if self.sense is Sense.MAXIMIZE else steps.__ceil__()
        return whole * self.step + self.offset


def model(program: Program, shown: int) -> tuple[Block, ...]:
    """The program: objective, rows, bounds and domains; the first ``shown`` of each."""
    m = program.form.size[1]
    goal = "maximise" if program.sense is Sense.MAXIMIZE else "minimise"
    objective = linear(_some(program.cost, program.columns), TERMS, _others(program.cost))
    blocks: list[Block] = [Paragraph(goal), Lines((Line(_with(objective, program.offset)),))]
    if m:
        rows = [line for i in range(min(m, shown)) for line in _row(program, i)]
        blocks += [Paragraph("subject to"), Lines(tuple(rows), more(m - shown, "row"))]
    groups = _domains(program)
    lines = tuple(line for line, _ in groups[:shown])
    left = sum(count for _, count in groups[shown:])
    return (*blocks, Paragraph("with"), Lines(lines, more(left, "column")))


def dual(program: Program, shown: int) -> tuple[Block, ...]:
    """The dual of the linear relaxation, a multiplier for every finite side; the first ``shown`` rows of it."""
    n = program.form.size[0]
    goal = "minimise" if program.sense is Sense.MAXIMIZE else "maximise"
    sides = list(_sides(program))
    counted = [side for side in sides if side.value]
    first = [(fraction(side.value), side.variable) for side in counted[:TERMS]]
    objective = linear(first, TERMS, len(counted) - len(first))
    at_row: dict[int, list[_Side]] = {}
    at_column: dict[int, list[_Side]] = {}
    for side in sides:
        (at_column if side.is_bound else at_row).setdefault(side.index, []).append(side)
    lines = []
    for j in range(min(n, shown)):
        terms = [(a, side.variable) for i, a in program.column(j) for side in at_row.get(i, ())]
        terms += [(Fraction(1), side.variable) for side in at_column.get(j, ())]
        relation = _dual_relation(program, j)
        lines.append(Line(linear(terms, TERMS), relation, (program.cost.item(j),), label=program.columns[j].name))
    signs = [_together([s.variable for s in sides if s.relation == sign], sign) for sign in ("≥", "≤")]
    free = [side for side in sides if not side.relation]
    blocks: list[Block] = [Paragraph(goal), Lines((Line(_with(objective, program.offset)),))]
    blocks += [Paragraph("subject to"), Lines(tuple(lines), more(n - shown, "column"))]
    with_signs = tuple(line for line in signs if line is not None)
    blocks += [Paragraph("with"), Lines(with_signs)] if with_signs else []
    if free:
        names = ", ".join(f"y[{side.variable.name}]" for side in free[:TERMS])
        rest = f" and {len(free) - TERMS:,} more" if len(free) > TERMS else ""
        blocks.append(Paragraph(f"Of either sign, as their rows are equations: {names}{rest}."))
    return tuple(blocks)


def _together(variables: Sequence[Variable], sign: str) -> Line | None:
    """``y[wood], y[labour] ≥ 0``."""
    return Line(_list(variables), sign, (0,)) if variables else None


def _list(variables: Sequence[Variable]) -> Maths:
    """The first few, and how many more."""
    parts: list[Part] = []
    for variable in variables[:TERMS]:
        parts += [",", variable] if parts else [variable]
    return (*parts, Words(f"and {len(variables) - TERMS:,} more")) if len(variables) > TERMS else tuple(parts)


@dataclass(frozen=True)
class _Side:
    """A finite side of a row, or of a column's bounds, with its multiplier; ``relation`` is to 0, empty where free."""

    index: int
    is_bound: bool
    value: float
    variable: Variable
    relation: str


def _sides(program: Program) -> Iterator[_Side]:
    form, maximise = program.form, program.sense is Sense.MAXIMIZE
    at_least, at_most = ("≤", "≥") if maximise else ("≥", "≤")
    for i, (low, high) in enumerate(zip(form.row_lower.tolist(), form.row_upper.tolist())):
        name = program.rows[i]
        if low == high:
            yield _Side(i, False, low, Variable(name, "y"), "")
            continue
        both = np.isfinite(low) and np.isfinite(high)
        if np.isfinite(low):
            yield _Side(i, False, low, Variable(f"{name} ≥" if both else name, "y"), at_least)
        if np.isfinite(high):
            yield _Side(i, False, high, Variable(f"{name} ≤" if both else name, "y"), at_most)
    for j, (low, high) in enumerate(zip(form.lower.tolist(), form.upper.tolist())):
        name = program.columns[j].name
        if np.isfinite(low) and low != 0:
            yield _Side(j, True, low, Variable(f"{name} ≥", "z"), at_least)
        if np.isfinite(high) and (high != 0 or low == 0):
            yield _Side(j, True, high, Variable(f"{name} ≤", "z"), at_most)


def _dual_relation(program: Program, j: int) -> str:
    """A bound of 0 takes no multiplier: it makes the column's equation an inequality."""
    low, high = program.form.lower[j], program.form.upper[j]
    if low == 0:
        return "≥" if program.sense is Sense.MAXIMIZE else "≤"
    if high == 0:
        return "≤" if program.sense is Sense.MAXIMIZE else "≥"
    return "="


def _some(factors: Exact, variables: Sequence[Variable]) -> Iterator[tuple[Fraction, Variable]]:
    """The first nonzero terms; more than are shown are never needed."""
    for j in np.flatnonzero(factors.numerators)[:TERMS].tolist():
        yield factors.item(j), variables[j]


def _others(factors: Exact) -> int:
    return max(int(np.count_nonzero(factors.numerators)) - TERMS, 0)


def _with(objective: Maths, offset: Fraction) -> Maths:
    if not offset:
        return objective
    return (*objective, "+" if offset > 0 else "−", abs(offset))


def _row(program: Program, i: int) -> Iterator[Line]:
    """One line, two where a row has two sides (so that each can be met by its own multiplier)."""
    low, high = program.form.row_lower[i].item(), program.form.row_upper[i].item()
    columns, factors = program.row(i)
    first = [(factors.item(k), program.columns[j]) for k, j in enumerate(columns[:TERMS].tolist())]
    left = linear(first, TERMS, max(len(columns) - TERMS, 0))
    name = program.rows[i]
    if low == high:
        yield Line(left, "=", (fraction(low),), label=name)
    elif not np.isfinite(low) and not np.isfinite(high):
        yield Line(left, label=name, note="any value")
    else:
        if np.isfinite(low):
            yield Line(left, "≥", (fraction(low),), label=name)
        if np.isfinite(high):
            yield Line(left, "≤", (fraction(high),), label=name)


def _domains(program: Program) -> list[tuple[Line, int]]:
    """Columns of the same bounds and kind together, with how many they are, in order of their first."""
    form = program.form
    groups: dict[tuple[float, float, bool], list[int]] = {}
    for j, key in enumerate(zip(form.lower.tolist(), form.upper.tolist(), form.integer.tolist())):
        groups.setdefault(key, []).append(j)
    return [(_domain(program, key, members), len(members)) for key, members in groups.items()]


def _domain(program: Program, key: tuple[float, float, bool], members: Sequence[int]) -> Line:
    low, high, whole = key
    relation, right = _range(low, high, whole)
    return Line(
        _list([program.columns[j] for j in members]), relation, right, note="whole" if whole and relation != "∈" else ""
    )


def _range(low: float, high: float, whole: bool) -> tuple[str, Maths]:
    """Where a column lies: relation and right side."""
    if low == high:
        return "=", (fraction(low),)
    if np.isfinite(low) and np.isfinite(high):
        ends = f"{number(fraction(low))}, {number(fraction(high))}"
        if not whole:
            return "∈", (Words(f"[{ends}]"),)
        return "∈", (Words(f"{{{ends}}}" if high - low <= 1 else f"{{{ends.replace(', ', ', …, ')}}}"),)
    if np.isfinite(low):
        return "≥", (fraction(low),)
    if np.isfinite(high):
        return "≤", (fraction(high),)
    return "∈", ("ℤ" if whole else "ℝ",)
