"""MPS files, fixed or free, also gzipped, read strictly: what isn't understood is a fault with its line, never dropped.

Conventions where files leave room (the same as in CPLEX and HiGHS): the first N row is the objective, further N rows
are left out; a right-hand side of the objective is minus its constant; a column between markers without any bound is
0 or 1; a negative UP bound alone opens the lower side. Names hold no spaces. Numbers become the nearest float64.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dualgap.core.arrays import shown
from dualgap.problems.integer_program.draft import INFINITY, Draft, Value, limit, read_lines

_SENSES = {"L": (-INFINITY, 0), "G": (0, INFINITY), "E": (0, 0)}
_OBJECTIVES = {"MIN": "minimize", "MINIMIZE": "minimize", "MAX": "maximize", "MAXIMIZE": "maximize"}
_VALUED = ("UP", "LO", "FX", "LI", "UI")
_PLAIN = ("FR", "MI", "PL", "BV")
_SECTIONS = "NAME, OBJSENSE, ROWS, COLUMNS, RHS, RANGES, BOUNDS or ENDATA"


def read_mps(path: Path) -> dict[str, Any]:
    """The raw spec of an MPS file.

    Raises:
        SpecError: the first fault, with its line and the remedy.
    """
    return _Reader(path).read()


class _Reader:
    """The state of reading one file."""

    def __init__(self, path: Path) -> None:
        self.draft = Draft(source=str(path))
        self.lines = read_lines(path)
        self.cost_row = ""
        self.free_rows: set[str] = set()
        self.senses: dict[str, str] = {}
        self.priced: set[str] = set()
        self.integer = False
        self.column = ""
        self.sets: dict[str, str] = {}
        self.given: set[tuple[str, str]] = set()
        self.line = 0
        self.sections: dict[str, Callable[[list[str]], None]] = {
            "OBJSENSE": self._objective_sense,
            "ROWS": self._row,
            "COLUMNS": self._column,
            "RHS": self._right_side,
            "RANGES": self._range,
            "BOUNDS": self._bound,
        }

    def read(self) -> dict[str, Any]:
        section = ""
        for line, text in enumerate(self.lines, start=1):
            self.line = line
            words = text.split()
            if not words or text.startswith("*"):
                continue
            if text[0].isspace():
                if section not in self.sections:
                    raise self._fault("data outside a section", f"sections: {_SECTIONS}")
                self.sections[section](words)
                continue
            section = words[0].upper()
            if section == "ENDATA":
                return self._finished()
            if section == "NAME":
                self.draft.name = " ".join(word for word in words[1:] if word != "FREE")
            elif section == "OBJSENSE" and len(words) == 2:
                self._objective_sense(words[1:])
            elif section not in self.sections:
                raise self._fault(f"unknown section {shown(words[0])}", f"linear programs have {_SECTIONS}")
        raise self._fault("the file ends without ENDATA", "is the file whole?")

    def _finished(self) -> dict[str, Any]:
        draft = self.draft
        if not self.cost_row:
            raise self._fault("no objective", "add a row of type N")
        for index, (lower, upper) in enumerate(zip(draft.lower, draft.upper, strict=True)):
            if draft.integer[index] and lower is None and upper is None:
                draft.upper[index] = 1
            elif lower is None and upper is not None and upper < 0:
                draft.lower[index] = -INFINITY
        return draft.spec()

    def _fault(self, message: str, remedy: str) -> Exception:
        return self.draft.fault(max(self.line, 1), message, remedy)

    def _objective_sense(self, words: list[str]) -> None:
        if len(words) != 1 or words[0].upper() not in _OBJECTIVES:
            raise self._fault(f"{shown(' '.join(words))} is no sense", "write MIN or MAX")
        self.draft.objective = _OBJECTIVES[words[0].upper()]

    def _row(self, words: list[str]) -> None:
        if len(words) != 2:
            raise self._fault(f"expected a type and a name, got {len(words)} words", "names hold no spaces")
        sense, name = words[0].upper(), words[1]
        if name in self.senses:
            raise self._fault(f"row {shown(name)} comes twice", "names must differ")
        self.senses[name] = sense
        if sense == "N":
            if self.cost_row:
                self.free_rows.add(name)
            self.cost_row = self.cost_row or name
        elif sense in _SENSES:
            self.draft.add_row(name, *_SENSES[sense])
        else:
            raise self._fault(f"unknown type of row {shown(words[0])}", "one of: N, L, G, E")

    def _column(self, words: list[str]) -> None:
        if len(words) == 3 and words[1].strip("'") == "MARKER":
            kind = words[2].strip("'").upper()
            if kind not in ("INTORG", "INTEND"):
                raise self._fault(f"unknown marker {shown(words[2])}", "'INTORG' or 'INTEND'")
            self.integer = kind == "INTORG"
            return
        name = words[0]
        if name != self.column:
            if name in self.draft.columns:
                raise self._fault(f"column {shown(name)} comes again", "keep a column's entries together")
            self.draft.add_column(name, self.integer)
            self.column, self.priced = name, set()
        index = self.draft.columns[name]
        for row, value in self._pairs(words[1:]):
            if row in self.priced:
                raise self._fault(f"column {shown(name)} has row {shown(row)} twice", "keep one of them")
            self.priced.add(row)
            if row == self.cost_row:
                self.draft.cost[index] = value
            elif row not in self.free_rows:
                self.draft.entries[self.draft.rows[row], index] = value

    def _right_side(self, words: list[str]) -> None:
        for row, value in self._pairs(self._in_set("RHS", words)):
            self._once("RHS", row)
            if row == self.cost_row:
                self.draft.offset = -value
            elif row not in self.free_rows:
                index, sense, side = self.draft.rows[row], self.senses[row], limit(value)
                if sense in "GE":
                    self.draft.row_lower[index] = side
                if sense in "LE":
                    self.draft.row_upper[index] = side

    def _range(self, words: list[str]) -> None:
        """L: [b - |r|, b], G: [b, b + |r|], E: [b, b + r] or [b + r, b]; comes after RHS."""
        for row, value in self._pairs(self._in_set("RANGES", words)):
            self._once("RANGES", row)
            if row == self.cost_row or row in self.free_rows:
                continue
            index, sense = self.draft.rows[row], self.senses[row]
            if sense == "L" or (sense == "E" and value < 0):
                self.draft.row_lower[index] = limit(self.draft.row_upper[index] - abs(value))
            else:
                self.draft.row_upper[index] = limit(self.draft.row_lower[index] + abs(value))

    def _bound(self, words: list[str]) -> None:
        kind, rest = words[0].upper(), words[1:]
        if kind not in _VALUED + _PLAIN:
            remedy = f"one of: {', '.join(_VALUED + _PLAIN)}; semi-continuous columns can't be stated"
            raise self._fault(f"unknown bound {shown(words[0])}", remedy)
        needed = 2 if kind in _VALUED else 1
        stranger = len(rest) > needed and rest[0] not in self.draft.columns
        if stranger or len(rest) > needed + (kind in _PLAIN):  # the set's name, which may be left out
            self._same_set("BOUNDS", rest.pop(0))
        if len(rest) < needed or rest[0] not in self.draft.columns:
            name = rest[0] if rest else ""
            raise self._fault(f"no column {shown(name)}", "columns come in COLUMNS; names hold no spaces")
        self._once(f"{kind} bound", rest[0])
        self._set_bound(kind, self.draft.columns[rest[0]], self.draft.limit(rest[1], self.line) if needed == 2 else 0)

    def _set_bound(self, kind: str, index: int, value: Value) -> None:
        draft = self.draft
        if kind in ("LO", "LI", "FX"):
            draft.lower[index] = value
        if kind in ("UP", "UI", "FX"):
            draft.upper[index] = value
        if kind in ("FR", "MI"):
            draft.lower[index] = -INFINITY
        if kind in ("FR", "PL"):
            draft.upper[index] = INFINITY
        if kind == "BV":
            draft.lower[index], draft.upper[index] = 0, 1
        if kind in ("LI", "UI", "BV"):
            draft.integer[index] = 1

    def _in_set(self, section: str, words: list[str]) -> list[str]:
        """The words without the name of the set, which may be left out."""
        if len(words) % 2:
            self._same_set(section, words[0])
            return words[1:]
        return words

    def _same_set(self, section: str, name: str) -> None:
        if self.sets.setdefault(section, name) != name:
            raise self._fault(f"a second set {shown(name)} in {section}", "a file states one program: keep one set")

    def _once(self, what: str, name: str) -> None:
        if (what, name) in self.given:
            raise self._fault(f"{what} of {shown(name)} comes twice", "keep one of them")
        self.given.add((what, name))

    def _pairs(self, words: list[str]) -> list[tuple[str, Value]]:
        """(row, number) pairs of a data line."""
        if len(words) not in (2, 4):
            raise self._fault(
                f"expected one or two pairs of row and number, got {len(words)} words", "names hold no spaces"
            )
        pairs = []
        for row, word in zip(words[::2], words[1::2], strict=True):
            if row not in self.senses:
                raise self._fault(f"no row {shown(row)}", "rows come in ROWS")
            pairs.append((row, self.draft.number(word, self.line)))
        return pairs
