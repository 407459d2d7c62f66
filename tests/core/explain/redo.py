"""Redoes an explanation as a reader with pencil and paper would: from its printed text, in exact arithmetic."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction

from dualgap.core.exact import fraction
from dualgap.core.explain.blocks import Block, Heading, Line, Lines, Paragraph, Part, Variable, Words, number

_MORE = re.compile(r"\(\d[\d,]* more\)")
_NUMBER = r"\d[\d,]*(?:\.\d+)?(?:/\d+)?"
_PRODUCT = re.compile(rf"([+−]?) ?({_NUMBER})(?: · ({_NUMBER}))?")
_ADDS = re.compile(rf"adds (−?{_NUMBER})$")
_CONCLUSION = re.compile(rf"(?:exceeds|is below) (−?{_NUMBER})\.$")


def read(text: str) -> Fraction:
    """A printed number: grouped, with decimals or as a fraction; with a sign."""
    return Fraction(text.replace(",", "").replace("−", "-"))


def added(text: str) -> Fraction:
    """A printed sum of numbers and products.

    Raises:
        ValueError: anything else stands in it.
    """
    left = _MORE.sub("", text).strip()
    total, place = Fraction(0), 0
    while place < len(left):
        match = _PRODUCT.match(left, place)
        if match is None or (place and not match[1]):
            raise ValueError(f"{text!r} is no sum of numbers")
        value = read(match[2]) * (read(match[3]) if match[3] else 1)
        total += -value if match[1] == "−" else value
        place = match.end()
        while place < len(left) and left[place] == " ":
            place += 1
    return total


def section(blocks: Iterable[Block], heading: str) -> list[Block]:
    """The blocks under the heading that starts so."""
    found: list[Block] = []
    inside = False
    for block in blocks:
        if isinstance(block, Heading):
            inside = block.text.startswith(heading)
        elif inside:
            found.append(block)
    return found


def lines(blocks: Iterable[Block]) -> Iterator[Line]:
    for block in blocks:
        if isinstance(block, Lines):
            yield from block.rows


def equations(blocks: Iterable[Block]) -> list[tuple[Line, list[Fraction]]]:
    """The lines with numbers alone, each with what its sides come to (between equality signs), nothing cut short."""
    found = []
    for line in lines(blocks):
        if line.relation == "=" and not any(isinstance(part, Variable) for part in (*line.left, *line.right)):
            sides = " ".join(map(_whole, (*line.left, "=", *line.right))).split(" = ")
            found.append((line, [added(side) for side in sides]))
    return found


def _whole(part: Part) -> str:
    """A part of a formula with all its digits."""
    match part:
        case Words(text) | str(text):
            return text
        case Variable():
            raise ValueError(f"{part} has no value")
    exact = fraction(part)
    shown = number(part)
    assert "…" in shown or read(shown) == exact, shown
    return f"{'−' if exact < 0 else ''}{abs(exact)}"


def gains(blocks: Iterable[Block]) -> list[Fraction]:
    """What the lines' notes say that columns add."""
    return [read(match[1]) for line in lines(blocks) if (match := _ADDS.search(line.note))]


def concluded(blocks: Iterable[Block]) -> list[Fraction]:
    """The limits in the paragraphs' last words, in order."""
    texts = [block.text for block in blocks if isinstance(block, Paragraph)]
    return [read(match[1]) for text in texts if (match := _CONCLUSION.search(text))]
