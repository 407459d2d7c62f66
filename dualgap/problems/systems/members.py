"""The members of a mixed-integer program's constraint system, by name: sides of rows, bounds, integrality.

In words, as solvers write them into ``Claim.conflict`` and runs keep them: ``row labour <=`` (a side of a row),
``bound chairs >=`` (a bound), ``integer chairs``. Without a side, both sides are meant.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.exact import fraction, simplest
from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.statement import format_value

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_TERMS = 6  # of a row that are shown


class Kind(StrEnum):
    ROW = "row"
    BOUND = "bound"
    INTEGER = "integer"


class Side(StrEnum):
    """Which side of a row or a column: ``>=`` is its lower side."""

    LOWER = ">="
    UPPER = "<="
    NONE = ""

    @property
    def open_end(self) -> float:
        """The number that a side has where there is none."""
        return -np.inf if self is Side.LOWER else np.inf


@dataclass(frozen=True, slots=True)
class Member:
    """One thing that a point has to meet: a side of row or column ``index``, or that column's integrality."""

    kind: Kind
    index: int
    side: Side = Side.NONE


@dataclass(frozen=True)
class Inequality:
    """``sum_k coefficients[k] x[columns[k]] >= side``, exactly."""

    columns: tuple[int, ...]
    coefficients: tuple[Fraction, ...]
    side: Fraction

    def slack(self, point: Sequence[Fraction]) -> Fraction:
        """By how much a point meets it; negative where it doesn't."""
        return sum((a * point[j] for j, a in zip(self.columns, self.coefficients)), Fraction(0)) - self.side


@dataclass(frozen=True)
class Part:
    """Some members of a system as a form of its own, without names: its rows and columns are the system's by index."""

    form: MixedIntegerProgram
    rows: np.ndarray
    columns: np.ndarray

    def whole(self, member: Member) -> Member:
        """A member of the part as one of the system."""
        places = self.rows if member.kind is Kind.ROW else self.columns
        return replace(member, index=int(places[member.index]))


class System:
    """A form's members; floats of the form stand for their shortest decimals."""

    def __init__(self, form: MixedIntegerProgram) -> None:
        from scipy.sparse import csr_array

        self.form = replace(form, matrix=csr_array(form.matrix))
        columns, rows = form.size
        self.columns = form.columns or tuple(f"x{j + 1}" for j in range(columns))
        self.rows = form.rows or tuple(f"r{i + 1}" for i in range(rows))

    @cached_property
    def members(self) -> tuple[Member, ...]:
        """Every member: integrality first, then rows, then bounds."""
        form = self.form
        integers = [Member(Kind.INTEGER, int(j)) for j in np.flatnonzero(form.integer)]
        rows = _sides(Kind.ROW, form.row_lower, form.row_upper)
        return (*integers, *rows, *_sides(Kind.BOUND, form.lower, form.upper))

    @cached_property
    def _known(self) -> frozenset[Member]:
        return frozenset(self.members)

    def __contains__(self, member: object) -> bool:
        return member in self._known

    @cached_property
    def _places(self) -> dict[Kind, dict[str, int]]:
        columns = {name: j for j, name in enumerate(self.columns)}
        return {Kind.ROW: {name: i for i, name in enumerate(self.rows)}, Kind.BOUND: columns, Kind.INTEGER: columns}

    def word(self, member: Member) -> str:
        """The member in words."""
        return f"{member.kind} {self.name(member)} {member.side}".strip()

    def name(self, member: Member) -> str:
        """Of its row or column."""
        return (self.rows if member.kind is Kind.ROW else self.columns)[member.index]

    def read(self, words: Iterable[str]) -> list[Member]:
        """Members from words; one without a side stands for both.

        Raises:
            ValueError: it names nothing here.
        """
        return [member for word in words for member in self._read(word)]

    def _read(self, word: str) -> list[Member]:
        kind, _, rest = word.partition(" ")
        name, _, side = rest.rpartition(" ")
        if kind not in tuple(Kind):
            raise ValueError(f"{word!r} names neither a row nor a bound; write 'row NAME <=', 'bound NAME >='")
        places = self._places[Kind(kind)]
        sides = [Side.NONE] if kind == Kind.INTEGER else [Side.LOWER, Side.UPPER]
        if side in (Side.LOWER, Side.UPPER) and kind != Kind.INTEGER and name in places:
            sides = [Side(side)]
        elif rest in places:
            name = rest
        else:
            raise ValueError(f"{word!r} names nothing in this problem")
        found = [member for s in sides if (member := Member(Kind(kind), places[name], s)) in self]
        if not found:
            raise ValueError(f"{word!r} names a side that is infinite, or a column that is continuous")
        return found

    def terms(self, row: int) -> Iterator[tuple[int, Fraction]]:
        """(column, coefficient) of a row, zeros left out."""
        matrix: csr_array = self.form.matrix
        part = slice(int(matrix.indptr[row]), int(matrix.indptr[row + 1]))
        totals: dict[int, Fraction] = {}
        for j, a in zip(matrix.indices[part].tolist(), matrix.data[part].tolist()):
            totals[j] = totals.get(j, Fraction(0)) + fraction(a)
        return ((j, a) for j, a in totals.items() if a)

    def side(self, member: Member) -> Fraction:
        """The number on the member's side."""
        form = self.form
        lower, upper = (form.row_lower, form.row_upper) if member.kind is Kind.ROW else (form.lower, form.upper)
        return fraction((lower if member.side is Side.LOWER else upper)[member.index].item())

    def inequality(self, member: Member) -> Inequality:
        """A row's side or a bound as ``a'x >= b``."""
        sign = 1 if member.side is Side.LOWER else -1
        terms = list(self.terms(member.index)) if member.kind is Kind.ROW else [(member.index, Fraction(1))]
        return Inequality(tuple(j for j, _ in terms), tuple(sign * a for _, a in terms), sign * self.side(member))

    def fails(self, member: Member, point: Sequence[Fraction]) -> bool:
        """Whether a point doesn't meet the member, exactly."""
        if member.kind is Kind.INTEGER:
            return point[member.index].denominator != 1
        return self.inequality(member).slack(point) < 0

    def part(self, members: Collection[Member]) -> Part:
        """The form without costs, with these members alone."""
        form = self.form
        kept = set(members)
        rows = np.array(sorted({member.index for member in kept if member.kind is Kind.ROW}), dtype=np.int64)
        used = np.zeros(len(form.cost), dtype=bool)
        used[form.matrix[rows].indices] = True
        used[[member.index for member in kept if member.kind is not Kind.ROW]] = True
        columns = np.flatnonzero(used)
        integer = np.zeros(len(form.cost), dtype=bool)
        integer[[member.index for member in kept if member.kind is Kind.INTEGER]] = True
        program = MixedIntegerProgram(
            cost=np.zeros(len(columns), dtype=np.int64),
            matrix=form.matrix[rows][:, columns],
            row_lower=_only(form.row_lower, kept, Kind.ROW, Side.LOWER)[rows],
            row_upper=_only(form.row_upper, kept, Kind.ROW, Side.UPPER)[rows],
            lower=_only(form.lower, kept, Kind.BOUND, Side.LOWER)[columns],
            upper=_only(form.upper, kept, Kind.BOUND, Side.UPPER)[columns],
            integer=integer[columns],
        )
        return Part(program, rows, columns)

    def text(self, members: Collection[Member]) -> list[tuple[str, str]]:
        """(name, statement) for people, the sides of a row or a column joined: ("labour", "10 chairs <= 450")."""
        shown: dict[tuple[Kind, int], list[Member]] = {}
        for member in sorted(members, key=lambda member: list(Kind).index(member.kind)):
            shown.setdefault((member.kind, member.index), []).append(member)
        return [(self.name(group[0]), self._text(group)) for group in shown.values()]

    def _text(self, group: Sequence[Member]) -> str:
        first = group[0]
        if first.kind is Kind.INTEGER:
            return f"{self.name(first)} whole"
        body = self.name(first) if first.kind is Kind.BOUND else self._sum(first.index)
        sides = {member.side: format_value(simplest(self.side(member))) for member in group}
        low, high = sides.get(Side.LOWER), sides.get(Side.UPPER)
        if low is not None and high is not None:
            return f"{body} = {low}" if low == high else f"{low} <= {body} <= {high}"
        return f"{body} {first.side} {low if low is not None else high}"

    def _sum(self, row: int) -> str:
        """``10 chairs + 15 tables``, shortened where it is long."""
        terms = list(self.terms(row))
        parts: list[str] = []
        for j, a in terms[:_TERMS]:
            size = "" if abs(a) == 1 else f"{format_value(simplest(abs(a)))} "
            sign = ("- " if a < 0 else "+ ") if parts else ("-" if a < 0 else "")
            parts.append(f"{sign}{size}{self.columns[j]}")
        if len(terms) > _TERMS:
            parts.append(f"+ ({len(terms) - _TERMS:,} more)")
        return " ".join(parts) or "0"


def _sides(kind: Kind, lower: np.ndarray, upper: np.ndarray) -> list[Member]:
    low, high = np.isfinite(lower), np.isfinite(upper)
    return [
        Member(kind, int(i), side)
        for i in np.flatnonzero(low | high)
        for side, given in ((Side.LOWER, low[i]), (Side.UPPER, high[i]))
        if given
    ]


def _only(sides: np.ndarray, kept: Collection[Member], kind: Kind, side: Side) -> np.ndarray:
    """The sides of members, infinite where there is none."""
    result = np.full(len(sides), side.open_end)
    at = [member.index for member in kept if member.kind is kind and member.side is side]
    result[at] = np.asarray(sides, dtype=np.float64)[at]
    return result
