"""What an explanation is made of: headings, paragraphs, lines of mathematics. Renderers turn it into text or LaTeX.

A formula is a tuple of parts: exact numbers, variables, words, and symbols as they are written in Unicode ("≤", "+").
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from dualgap.core.exact import Real, fraction, nearest

SHOWN = 10
"""How many rows, columns and terms are shown of each kind unless somebody asks for more."""

_LONG = 12  # digits of a decimal: longer ones are no help to a reader
_SHOWN_DIGITS = 10  # of those that are cut


@dataclass(frozen=True)
class Variable:
    """A variable: ``name`` alone, or a letter that carries the name as its index."""

    name: str
    letter: str = ""


@dataclass(frozen=True)
class Words:
    """Plain words in a formula."""

    text: str


Part: TypeAlias = Real | Variable | Words | str
Maths: TypeAlias = tuple[Part, ...]


@dataclass(frozen=True)
class Heading:
    text: str


@dataclass(frozen=True)
class Paragraph:
    """Plain text; a renderer breaks its lines and escapes what it must."""

    text: str


@dataclass(frozen=True)
class Line:
    """``label: left relation right (note)``."""

    left: Maths
    relation: str = ""
    right: Maths = ()
    label: str = ""
    note: str = ""


@dataclass(frozen=True)
class Lines:
    """Lines under each other, aligned; ``more`` says in words what was left out."""

    rows: tuple[Line, ...]
    more: str = ""


Block: TypeAlias = Heading | Paragraph | Lines


def number(value: Real) -> str:
    """A number for a formula: whole ones grouped, decimals and short fractions exact, others cut short with "…"."""
    if isinstance(value, float) and abs(value) == float("inf"):
        return "∞" if value > 0 else "−∞"
    exact = fraction(value)
    sign, size = ("−" if exact < 0 else ""), abs(exact)
    if size.denominator == 1 and len(str(size.numerator)) <= 2 * _LONG:
        return f"{sign}{size.numerator:,}"
    decimals = _decimals(size.denominator)
    if decimals is not None and len(str(size.numerator * 10**decimals // size.denominator)) <= _LONG:
        scaled = size.numerator * 10**decimals // size.denominator
        whole, rest = divmod(scaled, 10**decimals)
        return f"{sign}{whole:,}.{rest:0{decimals}d}"
    if max(len(str(size.numerator)), len(str(size.denominator))) <= _LONG // 2:
        return f"{sign}{size.numerator}/{size.denominator}"
    return f"{sign}{_cut(size)}"


def _cut(size: Fraction) -> str:
    """The first digits of a positive number."""
    places = _SHOWN_DIGITS - (len(str(size.numerator // size.denominator)) if size >= 1 else 0)
    if places <= 0 or size < Fraction(1, 10**_LONG):
        return f"{nearest(size):.{_SHOWN_DIGITS - 1}e}…"
    places += _leading_zeros(size)
    whole, rest = divmod(size.numerator * 10**places // size.denominator, 10**places)
    return f"{whole:,}.{rest:0{places}d}…"


def _leading_zeros(size: Fraction) -> int:
    """Zeros after the point before the first other digit of a number below 1."""
    return 0 if size >= 1 else len(str(size.denominator // size.numerator)) - 1


def _decimals(denominator: int) -> int | None:
    """How many decimals a fraction with this denominator has; None where they never end, or are too many."""
    for decimals in range(_LONG + 1):
        if 10**decimals % denominator == 0:
            return decimals
    return None


def more(count: int, what: str) -> str:
    """``9,990 more rows``, or nothing."""
    return f"{count:,} more {what}{'s' if count > 1 else ''}" if count > 0 else ""


def linear(terms: Iterable[tuple[Fraction, Variable]], shown: int, others: int = 0) -> Maths:
    """``5 chairs + 20 tables``: the first ``shown`` terms, then how many are left out (``others`` besides the rest).

    A single one is shown rather than counted.
    """
    listed = [(factor, variable) for factor, variable in terms if factor]
    shown += len(listed) == shown + 1 and not others
    parts: list[Part] = []
    for factor, variable in listed[:shown]:
        parts += _signed(factor, bool(parts))
        parts += [variable] if abs(factor) == 1 else [abs(factor), variable]
    left = len(listed[shown:]) + others
    if left:
        parts += [*(["+"] if parts else []), Words(f"({left:,} more)")]
    return tuple(parts) or (0,)


def addition(numbers: Sequence[Real], shown: int) -> Maths:
    """``60 + 100 − 20``: the first ``shown`` numbers, then what the others add up to; a single one is shown."""
    shown += len(numbers) == shown + 1
    parts: list[Part] = []
    for value in numbers[:shown]:
        parts += [*_signed(fraction(value), bool(parts)), abs(fraction(value))]
    rest = [fraction(value) for value in numbers[shown:]]
    if rest:
        total = sum(rest, Fraction(0))
        parts += [*_signed(total, bool(parts)), abs(total), Words(f"({len(rest):,} more)")]
    return tuple(parts) or (0,)


def _signed(value: Fraction, inside: bool) -> list[Part]:
    if inside:
        return ["−" if value < 0 else "+"]
    return ["−"] if value < 0 else []
