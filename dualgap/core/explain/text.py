"""Explanations for a terminal: Unicode mathematics, wrapped at its width."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from unicodedata import combining, east_asian_width

from dualgap.core.exact import Real
from dualgap.core.explain.blocks import Block, Heading, Line, Lines, Maths, Paragraph, Part, Variable, Words, number

_INDENT = "    "
_KEPT = "\u00a0"  # a space at which no line is broken; printed as a plain one
_SHARE = 0.6  # of the width: longer left sides don't push the others to the right


def as_text(blocks: Iterable[Block], width: int = 80) -> str:
    """The explanation, each line at most ``width`` wide where its words allow."""
    parts: list[str] = []
    before: Block | None = None
    for block in blocks:
        if parts and not (isinstance(block, Lines) and isinstance(before, Paragraph)):
            parts.append("")
        parts += ["".join(letter if letter.isprintable() else " " for letter in line) for line in _lines(block, width)]
        before = block
    return "\n".join(parts) + "\n"


def formula(maths: Maths) -> str:
    """A formula on one line; no line may be broken within a name, or between it and its factor."""
    text = ""
    before: Part = ""
    for part in maths:
        factor = isinstance(part, Variable) and not isinstance(before, str | Words | Variable)
        gap = "" if not text or part == "," or text == "−" else _KEPT if factor else " "
        text += gap + _part(part)
        before = part
    return text


def _part(part: Part) -> str:
    match part:
        case Variable(name, letter):
            return (f"{letter}[{name}]" if letter else name).replace(" ", _KEPT)
        case Words(text) | str(text):
            return text
    value: Real = part
    return number(value)


def _lines(block: Block, width: int) -> list[str]:
    match block:
        case Heading(text):
            return [text, "─" * len(text)]
        case Paragraph(text):
            return _wrapped(text, width)
        case Lines(rows, more):
            left_out = _wrapped(f"… {more}", width, _INDENT) if more else []
            return [*_aligned(rows, width), *left_out]


def _wrapped(text: str, width: int, indent: str = "", hanging: str | None = None) -> list[str]:
    later = indent if hanging is None else hanging
    return textwrap.wrap(
        text,
        max(width, len(later) + 20),
        initial_indent=indent,
        subsequent_indent=later,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [""]


def _cells(text: str) -> int:
    """How many columns of a terminal a text takes: wide letters take two."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text if not combining(letter))


def _padded(text: str, width: int, right: bool = False) -> str:
    pad = " " * max(width - _cells(text), 0)
    return pad + text if right else text + pad


def _aligned(rows: Sequence[Line], width: int) -> list[str]:
    lefts = [formula(row.left) for row in rows]
    labels = [f"{row.label}: " if row.label else "" for row in rows]
    rights = [formula(row.right) for row in rows]
    room = int(_SHARE * width)
    label_width = max((_cells(label) for label in labels if _cells(label) <= room // 2), default=0)
    left_width = max((_cells(left) for left in lefts if _cells(left) + label_width <= room), default=0)
    right_width = max((_cells(right) for right in rights if _cells(right) <= room // 2), default=0)
    lines = []
    for row, label, left, right in zip(rows, labels, lefts, rights, strict=True):
        head = _INDENT + _padded(label, label_width)
        body = _padded(left, left_width, right=True) if row.label and (row.relation or row.note) else left
        tail = f"{_KEPT}{row.relation}{_KEPT}{right}" if row.relation else ""
        pad = " " * max(right_width - _cells(right), 0)
        line = f"{head}{body}{tail}{pad}   {row.note}" if row.note else f"{head}{body}{tail}"
        if _cells(line) <= width:
            lines.append(line.rstrip())
        else:
            words = f"{left}{tail}   {row.note}" if row.note else f"{left}{tail}"
            lines += _wrapped(f"{head}{words}", width, hanging=_INDENT + " " * (label_width + 2))
    return lines
