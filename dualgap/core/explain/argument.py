"""Arguments as lines that a reader can redo: an answer's worth, the bound that prices give, why nothing is feasible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np

from dualgap.core.certificate import Sense
from dualgap.core.exact import Exact, exact, fraction, narrow
from dualgap.core.explain.blocks import Block, Line, Lines, Maths, Paragraph, Part, Words, linear, more, number
from dualgap.core.explain.prices import Priced
from dualgap.core.explain.program import TERMS, Program

_DIGITS = 9  # of an answer's values: floats have more, but no reader multiplies those
_SIMPLE = 1000  # greatest denominator of a simple fraction
_ROUNDING = Fraction(1, 10**9)  # relative: how far a float may be from the fraction that it stands for
_FRACTIONS = 200  # more of them have no common denominator worth computing with
_SENTENCES = 3  # prices that are said in words


def worth(program: Program, point: np.ndarray, shown: int) -> tuple[Block, ...]:
    """The point's objective and rows, recomputed; long decimals are rounded first, so that a reader can redo it."""
    short = _short(point) if point.dtype.kind == "f" else exact(point)
    rounded = (short.floats() != point).any()
    said = (Paragraph(f"Its values, in simple fractions or rounded to {_DIGITS} digits:"),) if rounded else ()
    return (*said, _worth(program, short, shown))


def _short(point: np.ndarray) -> Exact:
    """Values of a vertex are simple fractions; others lose digits."""
    fractional = np.flatnonzero(point != np.rint(point))
    simple = len(fractional) <= _FRACTIONS
    values = [_shortened(value, simple) for value in point.tolist()]
    common = lcm(*(value.denominator for value in values))
    whole = [value.numerator * (common // value.denominator) for value in values]
    return Exact(narrow(whole, point.shape), common)


def _shortened(value: float, simple: bool) -> Fraction:
    near = Fraction(value).limit_denominator(_SIMPLE) if simple else Fraction(round(value))
    close = abs(near - Fraction(value)) <= _ROUNDING * max(Fraction(1), abs(near))
    return near if close else Fraction(f"{value:.{_DIGITS}g}")


def _worth(program: Program, values: Exact, shown: int) -> Lines:
    objective = _inner(program.cost, values)
    total = program.cost.dot(values) + program.offset
    offset = signed(program.offset, objective != (0,)) if program.offset else ()
    left = (*(objective if objective != (0,) or not offset else ()), *offset)
    lines = [Line(left, "=", (total,), label="objective")]
    for i in range(min(program.form.size[1], shown)):
        columns, factors = program.row(i)
        chosen = values[columns]
        line = Line(_inner(factors, chosen), "=", (factors.dot(chosen),), label=program.rows[i], note=_side(program, i))
        lines.append(line)
    return Lines(tuple(lines), more(program.form.size[1] - shown, "row"))


def _inner(factors: Exact, values: Exact) -> Maths:
    """``60 · 2 + 100 · 1``: an inner product, the first terms and what the others come to."""
    used = np.flatnonzero((factors.numerators != 0) & (values.numerators != 0))
    first = [(factors.item(k), values.item(k)) for k in used[:TERMS].tolist()]
    rest = factors.dot(values) - sum((a * x for a, x in first), Fraction(0))
    return products(first, TERMS, (rest, len(used) - len(first)))


def _side(program: Program, i: int) -> str:
    """What a row's activity has to meet."""
    low, high = program.form.row_lower[i].item(), program.form.row_upper[i].item()
    if low == high:
        return f"to be {number(fraction(low))}"
    sides = [f"{sign} {number(fraction(side))}" for sign, side in (("≥", low), ("≤", high)) if np.isfinite(side)]
    return f"to be {' and '.join(sides)}" if sides else ""


def signed(value: Fraction, inside: bool) -> tuple[Part, ...]:
    """A number in a sum, with its sign before it."""
    return ("−" if value < 0 else "+", abs(value)) if inside or value < 0 else (value,)


def products(
    terms: Sequence[tuple[Fraction, Fraction]], shown: int, others: tuple[Fraction, int] = (Fraction(0), 0)
) -> Maths:
    """``60 · 2 + 100 · 1``; beyond ``shown``, what the rest and the ``others`` (their sum and number) come to."""
    parts: list[Part] = []
    for left, right in terms[:shown]:
        negative = left * right < 0
        parts += ["−"] if negative else ["+"] if parts else []
        parts += [abs(left), "·", abs(right)]
    rest = sum((left * right for left, right in terms[shown:]), others[0])
    count = max(len(terms) - shown, 0) + others[1]
    if count:
        parts += [*signed(rest, bool(parts)), Words(f"({count:,} more)")]
    return tuple(parts) or (0,)


@dataclass(frozen=True)
class Wording:
    """How a family says it.

    Attributes:
        column: what a column is.
        price: of one unit of a row; takes ``row`` and ``price``.
        each: what the lines of the columns show.
        pays: how many columns add to the bound; takes ``count``.
        idle: how many do not; takes ``count``.
        total: what the last sum is.
        conclusion: takes ``limit`` ("exceeds 240", "is below 3").
    """

    column: str = "column"
    price: str = "One unit of {row} is priced at {price}."
    each: str = "The objective of each column, less what its rows charge at these prices:"
    pays: str = "Columns that add to the bound: {count}."
    idle: str = "Columns that add nothing, as 0 is best for them: {count}."
    total: str = "What the rows are worth at their prices, and what the columns add:"
    conclusion: str = "no answer {limit}"


GENERIC = Wording()


def bounded(found: Priced, shown: int, wording: Wording = GENERIC) -> tuple[Block, ...]:
    """The bound that the prices give, line by line."""
    program = found.program
    total = addition_of(found, shown)
    rounded = found.bound != found.total
    steps = f"The objective comes in steps of {number(program.step)}, so " if rounded else "So "
    verb = "exceeds" if program.sense is Sense.MAXIMIZE else "is below"
    return (
        *_prices(found, shown, wording),
        *_columns(found, shown, wording),
        Paragraph(wording.total),
        Lines((Line(total, "=", (found.total,)),)),
        Paragraph(f"{steps}{wording.conclusion.format(limit=f'{verb} {number(found.bound)}')}."),
    )


def refuted(found: Priced, shown: int) -> tuple[Block, ...]:
    """Why no point meets the rows: their combination can't be met within the bounds (``found`` minimises 0)."""
    program, combined = found.program, found.reduced.scaled(-1)
    used = np.flatnonzero(combined.numerators).tolist()
    ends = [(combined.item(j), fraction(found.ends[j].item())) for j in used]
    most = sum((a * end for a, end in ends), Fraction(0))
    left = linear(((combined.item(j), program.columns[j]) for j in used), shown)
    factors = " and ".join(f"{program.rows[c.row]} by {number(c.price)}" for c in found.charges[:shown])
    rest = f" and {more(len(found.charges) - shown, 'row')}" if len(found.charges) > shown else ""
    sides = [(charge.price, charge.side) for charge in found.charges]
    return (
        Paragraph(f"Multiply {factors}{rest}, and add them up (a negative factor turns a row round):"),
        Lines((Line(left, "≥", (*products(sides, shown), "=", found.total + most)),)),
        *_most([pair for pair in ends if pair[1]], most, shown),
        Paragraph(f"That is less than {number(found.total + most)}. So nothing is feasible."),
    )


def _most(ends: list[tuple[Fraction, Fraction]], most: Fraction, shown: int) -> tuple[Block, ...]:
    if not ends:
        return (Paragraph("Within the bounds of the columns the left side is at most 0."),)
    said = Paragraph("Within the bounds of the columns the left side is at most:")
    return (said, Lines((Line(products(ends, shown), "=", (most,)),)))


def addition_of(found: Priced, shown: int) -> Maths:
    """``400 · 1 + 450 · 4 + 20``: sides at their prices, then what columns add."""
    terms = [(charge.side, charge.price) for charge in found.charges if charge.side]
    gains = found.gains(shown).values()
    charged = sum((charge.amount for charge in found.charges), found.program.offset)
    rest = found.total - charged - sum(gains, Fraction(0))
    others = len(found.adding) - len(gains)
    parts: list[Part] = list(products(terms, shown)) if terms else []
    for value in (*gains, *([rest] if others else []), *([found.program.offset] if found.program.offset else [])):
        parts += signed(value, bool(parts))
    if others:
        place = len(parts) - (2 if found.program.offset else 0)
        parts.insert(place, Words(f"({others:,} more)"))
    return tuple(parts) or (0,)


def _prices(found: Priced, shown: int, wording: Wording) -> tuple[Block, ...]:
    """A few in sentences, more of them in lines."""
    rows, charges = found.program.rows, found.charges
    if len(charges) <= _SENTENCES:
        said = [wording.price.format(row=rows[charge.row], price=number(charge.price)) for charge in charges]
        return (Paragraph(" ".join(said) or "No row has a price: the bounds of the columns suffice."),)
    lines = tuple(Line((charge.price,), label=rows[charge.row]) for charge in charges[:shown])
    return (Paragraph("The price of one unit of each row:"), Lines(lines, more(len(charges) - shown, "row")))


def _columns(found: Priced, shown: int, wording: Wording) -> tuple[Block, ...]:
    program = found.program
    gains = found.gains(shown)
    n = program.form.size[0]
    listed = [*gains] if gains and n > shown else range(min(n, shown))
    prices = {charge.row: charge.price for charge in found.charges}
    lines = []
    for j in listed:
        terms = [(a, prices[i]) for i, a in program.column(j) if i in prices]
        left = (*signed(program.cost.item(j), False), *_less(terms))
        note = _gain(found.ends[j].item(), gains[j]) if j in gains else ""
        lines.append(Line(left, "=", (found.reduced.item(j),), label=program.columns[j].name, note=note))
    adding = len(found.adding)
    counts = [wording.pays.format(count=f"{adding:,}")] if adding else []
    counts += [wording.idle.format(count=f"{n - adding:,}")] if n > adding else []
    return (
        Paragraph(wording.each),
        Lines(tuple(lines), more(n - len(lines), wording.column)),
        Paragraph(" ".join(counts)),
    )


def _less(terms: list[tuple[Fraction, Fraction]]) -> Maths:
    """``− 5 · 1 − 10 · 4``, the last ones added up where there are many."""
    parts: list[Part] = []
    for a, price in terms[:TERMS]:
        parts += ["+" if a * price < 0 else "−", abs(a), "·", abs(price)]
    rest = -sum((a * price for a, price in terms[TERMS:]), Fraction(0))
    return (
        (*parts, *signed(rest, True), Words(f"({len(terms) - TERMS:,} more)")) if len(terms) > TERMS else tuple(parts)
    )


def _gain(end: float, gain: Fraction) -> str:
    """What a column adds, and at which value."""
    adds = f"adds {number(gain)}"
    return adds if end == 1 else f"at {number(fraction(end))}: {adds}"
