"""LP files in CPLEX's format, also gzipped, read strictly: what isn't understood is a fault with its line.

``min``/``max``, ``subject to``, ``bounds``, ``general``, ``binary``, ``end``. Expressions may stand on both sides of a
row, and a row may have numbers on both sides (``-2 <= x - y <= 8``); an operator is written between two terms.
Numbers become the nearest float64, sums of them are taken in floats.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from dualgap.core.arrays import shown
from dualgap.problems.integer_program.draft import INFINITY, Draft, Value, limit, number, read_lines

_SECTION = re.compile(
    r"\s*(?P<word>minimi[sz]e|minimum|min|maximi[sz]e|maximum|max|subject\s+to|such\s+that|s\.t\.|st\.|st|bounds?|"
    r"generals?|gen|integers?|int|binar(?:y|ies)|bin|end|semi-continuous|semis?|sos[12]?|pwlobj|general\s+constraints?)"
    r"(?=\s|$)",
    re.IGNORECASE,
)
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\d.]))"
    r"|(?P<relation><=|=<|>=|=>|<|>|=)"
    r"|(?P<sign>[+-])|(?P<colon>:)"
    r"|(?P<name>[A-Za-z_!\"#$%&(),;?@'`{}~/][^\s+\-*^<>=:\\]*))"
)
_RELATIONS = {"<=": "<=", "=<": "<=", "<": "<=", ">=": ">=", "=>": ">=", ">": ">=", "=": "="}
_TURNED = {"<=": ">=", ">=": "<=", "=": "="}
_SECTIONS = (
    (("min",), "minimize"),
    (("max",), "maximize"),
    (("subject", "such", "st", "s.t"), "rows"),
    (("bound",), "bounds"),
    (("bin",), "binary"),
    (("end",), "end"),
    (("general c",), "general constraints"),
    (("gen", "int"), "integer"),
)
_INFINITE = ("inf", "infinity")


class _Token(NamedTuple):
    kind: str
    text: str
    line: int


class _Terms(NamedTuple):
    """A linear expression: coefficients by column, and a constant."""

    coefficients: dict[str, Value]
    constant: Value


def read_lp(path: Path) -> dict[str, Any]:
    """The raw spec of an LP file.

    Raises:
        SpecError: the first fault, with its line and the remedy.
    """
    return _Reader(path).read()


def _named_section(word: str) -> str:
    """The section that a keyword starts; the keyword itself for those that aren't linear."""
    for starts, section in _SECTIONS:
        if word.startswith(starts):
            return section
    return word


class _Reader:
    def __init__(self, path: Path) -> None:
        self.draft = Draft(source=str(path))
        self.tokens: list[_Token] = []
        self.next = 0
        self.lines = read_lines(path)

    def read(self) -> dict[str, Any]:
        objective = False
        for section, line, tokens in self._sections():
            self.tokens, self.next = tokens, 0
            if section in ("minimize", "maximize"):
                if objective:
                    raise self.draft.fault(line, "a second objective", "keep one")
                objective = True
                self._objective(section)
            elif not objective:
                raise self.draft.fault(line, "no objective", "begin with min or max")
            else:
                self._read_section(section)
        if not objective:
            raise self.draft.fault(1, "no objective", "begin with min or max")
        return self._finished()

    def _finished(self) -> dict[str, Any]:
        for index, (lower, upper) in enumerate(zip(self.draft.lower, self.draft.upper, strict=True)):
            if lower is None and upper is not None and upper < 0:
                self.draft.lower[index] = -INFINITY
        return self.draft.spec()

    def _read_section(self, section: str) -> None:
        readers: dict[str, Callable[[], object]] = {
            "rows": self._row,
            "bounds": self._bound,
            "integer": self._whole,
            "binary": self._binary,
        }
        while self.next < len(self.tokens):
            if section not in readers:
                line = self._peek().line
                raise self.draft.fault(line, f"section {section!r} is not linear", "leave it out, or take another tool")
            readers[section]()

    def _sections(self) -> list[tuple[str, int, list[_Token]]]:
        """(section, its line, its tokens), in the order of the file."""
        found: list[tuple[str, int, list[_Token]]] = []
        for line, text in enumerate(self.lines, start=1):
            rest = text.partition("\\")[0]
            start = _SECTION.match(rest)
            if start and not rest[start.end() :].lstrip().startswith((":", "<", ">", "=")):
                section = _named_section(start["word"].lower())
                if section == "end":
                    return found
                found.append((section, line, []))
                rest = rest[start.end() :]
            tokens = self._tokens(rest, line)
            if tokens and not found:
                raise self.draft.fault(line, f"{shown(tokens[0].text)} before the objective", "begin with min or max")
            if tokens:
                found[-1][2].extend(tokens)
        raise self.draft.fault(max(len(self.lines), 1), "the file ends without end", "is the file whole?")

    def _tokens(self, text: str, line: int) -> list[_Token]:
        tokens, at, text = [], 0, text.rstrip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                remedy = "quadratic terms can't be stated" if text[at:].lstrip()[0] in "[*^" else "linear terms only"
                raise self.draft.fault(line, f"can't read {shown(text[at:].strip())}", remedy)
            tokens.append(_Token(str(match.lastgroup), match[match.lastgroup or 0], line))
            at = match.end()
        return tokens

    def _peek(self, ahead: int = 0) -> _Token:
        """The token to come; of kind "end" at the end of the section."""
        at = self.next + ahead
        return self.tokens[at] if at < len(self.tokens) else _Token("end", "the end of the section", self._line())

    def _line(self) -> int:
        return self.tokens[-1].line if self.tokens else 1

    def _take(self) -> _Token:
        token = self._peek()
        self.next += 1
        return token

    def _label(self) -> str:
        """The name before a colon, taken; empty where there is none."""
        if self._peek(1).kind != "colon":
            return ""
        name = self._take().text
        self.next += 1
        return name

    def _column(self, name: str) -> int:
        known = self.draft.columns.get(name)
        return self.draft.add_column(name) if known is None else known

    def _terms(self, right: bool = False) -> _Terms:
        """An expression: signs, numbers and names up to a relation, a label or the end of the section.

        On the ``right`` of a relation a number ends the row with its line: the sign below belongs to the next row.
        """
        coefficients: dict[str, Value] = {}
        constant: Value = 0
        first = True
        while self._peek().kind in ("sign", "number", "name") and (first or self._peek().kind == "sign"):
            sign = 1
            while self._peek().kind == "sign":
                sign *= -1 if self._take().text == "-" else 1
            token = self._take()
            factor: Value = 1
            if token.kind == "number":
                factor = self.draft.number(token.text, token.line)
            infinite = token.kind == "name" and token.text.lower() in _INFINITE
            if infinite:
                constant += sign * INFINITY
            elif token.kind == "number" and (self._peek().kind != "name" or self._peek(1).kind == "colon"):
                constant += sign * factor
                if right and self._peek().line > token.line:
                    break
            elif token.kind in ("number", "name"):
                name = self._take().text if token.kind == "number" else token.text
                coefficients[name] = coefficients.get(name, 0) + sign * factor
            else:
                raise self.draft.fault(token.line, f"expected a term, got {shown(token.text)}", "write 3 x + 2 y")
            first = False
        return _Terms(coefficients, constant)

    def _objective(self, sense: str) -> None:
        self.draft.objective = sense
        self._label()
        terms = self._terms()
        if self.next < len(self.tokens):
            token = self._peek()
            raise self.draft.fault(token.line, f"unexpected {shown(token.text)}", "an operator between two terms")
        for name, value in terms.coefficients.items():
            self.draft.cost[self._column(name)] = value
        self.draft.offset = terms.constant

    def _row(self) -> None:
        line = self._peek().line
        name = self._label() or f"r{len(self.draft.rows) + 1}"
        if name in self.draft.rows:
            raise self.draft.fault(line, f"row {shown(name)} comes twice", "names must differ")
        parts, relations = [self._terms()], [self._relation()]
        parts.append(self._terms(right=True))
        if self._peek().kind == "relation":
            relations.append(self._relation())
            parts.append(self._terms(right=True))
        middle = parts[1] if len(parts) == 3 else self._difference(parts)
        lower, upper = -INFINITY, INFINITY
        if len(parts) == 3:
            if parts[0].coefficients or parts[2].coefficients or middle.constant:
                raise self.draft.fault(line, "a row with two sides has numbers outside, columns inside", "-2 <= x <= 8")
            sides = [(_TURNED[relations[0]], parts[0].constant), (relations[1], parts[2].constant)]
        else:
            sides = [(relations[0], -middle.constant)]
        for relation, side in sides:
            if relation in ("<=", "="):
                upper = min(upper, limit(side))
            if relation in (">=", "="):
                lower = max(lower, limit(side))
        row = self.draft.add_row(name, lower, upper)
        for column, value in middle.coefficients.items():
            self.draft.entries[row, self._column(column)] = value

    def _difference(self, parts: list[_Terms]) -> _Terms:
        """Left less right: the columns' terms on one side, and the constant."""
        coefficients = dict(parts[0].coefficients)
        for name, value in parts[1].coefficients.items():
            coefficients[name] = coefficients.get(name, 0) - value
        return _Terms(coefficients, parts[0].constant - parts[1].constant)

    def _relation(self) -> str:
        token = self._take()
        if token.kind != "relation":
            remedy = "write x + y <= 10; an operator between two terms"
            raise self.draft.fault(token.line, f"expected <=, >= or =, got {shown(token.text)}", remedy)
        return _RELATIONS[token.text]

    def _bound(self) -> None:
        """``l <= x <= u``, ``x <= u``, ``x = v``, ``x free``."""
        line = self._peek().line
        left = self._side()
        if isinstance(left, str) and self._peek().text.lower() == "free":
            self._take()
            self._set(left, ">=", -INFINITY, line)
            self._set(left, "<=", INFINITY, line)
            return
        relation, right = self._relation(), self._side()
        if isinstance(left, str) and not isinstance(right, str):
            self._set(left, relation, right, line)
            return
        if isinstance(left, str) or not isinstance(right, str):
            raise self.draft.fault(line, "a bound has one column and one or two numbers", "write 0 <= x <= 4")
        self._set(right, _TURNED[relation], left, line)
        if self._peek().kind == "relation":
            again, last = self._relation(), self._side()
            if isinstance(last, str):
                raise self.draft.fault(line, f"{shown(last)} is not a number", "write 0 <= x <= 4")
            self._set(right, again, last, line)

    def _side(self) -> str | Value:
        """A column's name or a number, which may be infinite."""
        sign = 1
        while self._peek().kind == "sign":
            sign *= -1 if self._take().text == "-" else 1
        token = self._take()
        value = number(token.text)
        if token.kind == "name" and value is None:
            return token.text
        if value is None:
            raise self.draft.fault(token.line, f"unexpected {shown(token.text)}", "write 0 <= x <= 4")
        return limit(sign * value)

    def _set(self, name: str, relation: str, value: Value, line: int) -> None:
        index = self._known(name, line)
        if relation in (">=", "="):
            self.draft.lower[index] = value
        if relation in ("<=", "="):
            self.draft.upper[index] = value

    def _whole(self) -> int:
        """A column of the section for whole ones; its index."""
        token = self._take()
        index = self._known(token.text, token.line)
        self.draft.integer[index] = 1
        return index

    def _binary(self) -> None:
        index = self._whole()
        self.draft.lower[index], self.draft.upper[index] = 0, 1

    def _known(self, name: str, line: int) -> int:
        index = self.draft.columns.get(name)
        if index is None:
            raise self.draft.fault(line, f"no column {shown(name)}", "use it in a row or in the objective")
        return index
