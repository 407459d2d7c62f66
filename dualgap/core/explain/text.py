"""Explanations for a terminal: Unicode mathematics, wrapped at its width."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

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


def _aligned(rows: Sequence[Line], width: int) -> list[str]:
    lefts = [formula(row.left) for row in rows]
    labels = [f"{row.label}: " if row.label else "" for row in rows]
    room = int(_SHARE * width)
    label_width = max((len(label) for label in labels if len(label) <= room // 2), default=0)
    left_width = max((len(left) for left in lefts if len(left) + label_width <= room), default=0)
    rights = [formula(row.right) for row in rows]
    noted = any(row.note for row in rows)
    right_width = max((len(right) for right in rights if len(right) <= room // 2), default=0) if noted else 0
    lines = []
    for row, label, left, right in zip(rows, labels, lefts, rights, strict=True):
        head = f"{_INDENT}{label:<{label_width}}"
        body = f"{left:>{left_width}}" if row.label and (row.relation or row.note) else left
        tail = f"{_KEPT}{row.relation}{_KEPT}{right}" if row.relation else ""
        pad = " " * max(right_width - len(right), 0) if row.note else ""
        note = f"{pad}   {row.note}" if row.note else ""
        line = f"{head}{body}{tail}{note}"
        if len(line) <= width:
            lines.append(line.rstrip())
        else:
            words = f"{left}{tail}" + (f"   {row.note}" if row.note else "")
            lines += _wrapped(f"{head}{words}", width, hanging=_INDENT + " " * (label_width + 2))
    return lines
