"""Explanations as a LaTeX document: names escaped, formulas as arrays, nothing that a plain installation lacks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from dualgap.core.exact import Real
from dualgap.core.explain.blocks import Block, Heading, Line, Lines, Maths, Paragraph, Part, Variable, Words, number
from dualgap.core.explain.text import formula as plain

_PREAMBLE = r"""\documentclass{article}
\usepackage{iftex}
\ifPDFTeX\usepackage[T1]{fontenc}\usepackage[utf8]{inputenc}\else\usepackage{fontspec}\fi
\usepackage{amsmath,amssymb}
\usepackage[margin=2cm]{geometry}
\newcommand{\beyond}[1]{\ifPDFTeX?\else#1\fi}
\begin{document}
"""
_SYMBOLS = {
    "≤": r"\le",
    "≥": r"\ge",
    "≈": r"\approx",
    "−": "-",
    "·": r"\cdot",
    "×": r"\times",
    "∈": r"\in",
    "∞": r"\infty",
    "λ": r"\lambda",
    "φ": r"\varphi",
    "Σ": r"\textstyle\sum",
    "ℤ": r"\mathbb{Z}",
    "ℝ": r"\mathbb{R}",
    "⌊": r"\lfloor",
    "⌋": r"\rfloor",
    "{": r"\{",
    "}": r"\}",
}
_ESCAPED = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "…": r"\dots{}",
    **{sign: f"${command}$" for sign, command in _SYMBOLS.items() if not sign.isascii()},
}
_LATIN = 0x17F  # pdfTeX's letters end here, and these lack before; the other engines take all that their font has
_LACKING = frozenset("ĦħĸĿŀŉŦŧſ")
_CHUNK = 40  # characters of a sum on one line, as they are printed


def as_latex(blocks: Iterable[Block]) -> str:
    """A whole document, for any TeX engine; pdfTeX prints letters beyond the Latin ones as question marks."""
    return _PREAMBLE + "\n".join(_block(block) for block in blocks) + "\n\\end{document}\n"


def escape(text: str) -> str:
    """Words as LaTeX shows them; control characters become spaces."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return "".join(_letter(letter) for letter in plain)


def _letter(letter: str) -> str:
    known = ord(letter) <= _LATIN and letter not in _LACKING
    return _ESCAPED.get(letter) or (letter if known else f"\\beyond{{{letter}}}")


def _block(block: Block) -> str:
    match block:
        case Heading(text):
            return f"\n\\section*{{{escape(text)}}}"
        case Paragraph(text):
            return f"\n{escape(text)}\n"
        case Lines(rows, more):
            body = " \\\\\n".join(cells for row in rows for cells in _row(row))
            rest = f" \\\\\n\\multicolumn{{5}}{{@{{}}l@{{}}}}{{\\text{{\\dots{{}} {escape(more)}}}}}" if more else ""
            return f"\\[\n\\begin{{array}}{{@{{}}lrcll@{{}}}}\n{body}{rest}\n\\end{{array}}\n\\]"


def _row(row: Line) -> Iterator[str]:
    """The line as rows of an array: label, left side (over several rows where it is long), relation, right side."""
    label = f"\\text{{{escape(row.label)}:}}" if row.label else ""
    note = f"\\quad\\text{{{escape(row.note)}}}" if row.note else ""
    *above, last = list(_chunks(row.left))
    for chunk in above:
        yield f"{label} & {chunk} & & &"
        label = ""
    relation = _SYMBOLS.get(row.relation, row.relation)
    yield f"{label} & {last} & {relation} & {formula(row.right)} & {note}"


def _chunks(maths: Maths) -> Iterator[str]:
    """A sum cut before a sign where a line is full."""
    chunk: list[Part] = []
    for part in maths:
        if part in ("+", "−") and len(plain(tuple(chunk))) > _CHUNK:
            yield formula(tuple(chunk))
            chunk = []
        chunk.append(part)
    yield formula(tuple(chunk))


def formula(maths: Maths) -> str:
    """A formula for maths mode."""
    return " ".join(_part(part) for part in maths)


def _part(part: Part) -> str:
    match part:
        case Variable(name, ""):
            return f"\\,\\text{{{escape(name)}}}"
        case Variable(name, letter):
            return f"\\,{letter}_{{\\text{{{escape(name)}}}}}"
        case Words(text):
            return f"\\text{{ {escape(text)} }}"
        case str(sign):
            return _SYMBOLS.get(sign, sign)
    value: Real = part
    written = number(value).replace("−", "-").replace(",", "{,}").replace("…", r"\dots ").replace("∞", r"\infty ")
    return re.sub(r"(\d+)/(\d+)", r"\\tfrac{\1}{\2}", written)
