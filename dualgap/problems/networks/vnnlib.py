"""Properties in VNN-LIB files: a box of inputs, and linear conditions on the outputs that make it unsafe.

Read is the part whose margin is a least of linear functions: bounds on every ``X_i``, and one condition on the ``Y_j``
or a disjunction of several (Demarchi et al., Supporting standardization of neural networks verification with VNN-LIB
and CoCoNet, 2023). Everything else is refused with its line.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from dualgap.core.arrays import shown
from dualgap.core.errors import Fault, SpecError
from dualgap.core.resolve import parse_number, read_text

Linear: TypeAlias = dict[str, float]
"""Coefficients by variable; the constant is under the empty name."""

_TOKEN = re.compile(r"\s+|;[^\n]*|(?P<token>[()]|[^\s();]+)")
_VARIABLE = re.compile(r"([XY])_(\d{1,7})", re.ASCII)
_DEEPEST = 50
_ONE_BOX = "one box of inputs a file: write a file for each"
_ONE_CLAUSE = (
    "read are one condition on the outputs, or a disjunction of several: their margin is a least of linear ones"
)
_IGNORED = ("set-logic", "set-info", "set-option", "check-sat", "get-model", "exit")


@dataclass(frozen=True)
class Expression:
    """A word, or a list in brackets, with its line."""

    line: int
    word: str = ""
    parts: tuple[Expression, ...] = ()

    @property
    def head(self) -> str:
        return self.parts[0].word if self.parts else ""


@dataclass
class _Property:
    """What has been read: bounds by input, and the conditions of which each makes it unsafe, as ``linear <= 0``."""

    declared: set[str] = field(default_factory=set)
    lower: dict[int, float] = field(default_factory=dict)
    upper: dict[int, float] = field(default_factory=dict)
    unsafe: list[Linear] = field(default_factory=list)


def read_vnnlib(path: Path) -> dict[str, Any]:
    """The fields of a raw spec that a property stands for: all but the network.

    Raises:
        SpecError: it can't be read, or isn't of that part; with the line.
    """
    read = _Property()
    try:
        for expression in _expressions(read_text(path)):
            _take(read, expression)
    except (OSError, ValueError, EOFError, zlib.error) as error:
        fault = Fault("(top)", f"can't be read: {error}", "is it a VNN-LIB file, and whole?")
        raise SpecError([fault], path.name) from error
    except SpecError as error:
        raise SpecError(error.faults, path.name) from None
    return {"kind": "adversarial-example", **_fields(read, path.name)}


def _fields(read: _Property, source: str) -> dict[str, Any]:
    count, outputs = (_count(read, letter, source) for letter in "XY")
    for bounds, side in ((read.lower, "lower"), (read.upper, "upper")):
        missing = [f"X_{i}" for i in range(count) if i not in bounds]
        if missing:
            raise _fault(None, f"{missing[0]} has no {side} bound", "bound every input", source)
    if not read.unsafe:
        raise _fault(None, "nothing is said of the outputs", "assert what makes them unsafe", source)
    lower, upper = (np.array([bounds[i] for i in range(count)]) for bounds in (read.lower, read.upper))
    if (lower > upper).any():
        raise _fault(None, f"the bounds of X_{int((lower > upper).argmax())} exclude each other", "check them", source)
    middle = np.clip(lower + 0.5 * (upper - lower), lower, upper)
    rows = np.array([[condition.get(f"Y_{j}", 0.0) for j in range(outputs)] for condition in read.unsafe])
    return {
        "inputs": middle[None],
        "lower": lower[None],
        "upper": upper[None],
        "norm": "inf",
        "radius": float(np.nextafter(np.maximum(upper - middle, middle - lower).max(), np.inf)),
        "rows": rows,
        "constants": np.array([condition.get("", 0.0) for condition in read.unsafe]),
    }


def _count(read: _Property, letter: str, source: str) -> int:
    declared = {name for name in read.declared if name.startswith(letter)}
    if not declared or declared != {f"{letter}_{i}" for i in range(len(declared))}:
        raise _fault(None, f"{len(declared)} variables {letter} are declared", f"number them from {letter}_0", source)
    return len(declared)


# Syntax.
def _expressions(text: str) -> Iterator[Expression]:
    """The lists at the top, one after the other."""
    open_lists: list[tuple[int, list[Expression]]] = []
    line, place = 1, 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        assert match is not None, "every character is a space, a comment, a bracket or part of a word"
        token, place = match["token"], match.end()
        if token == "(":
            open_lists.append((line, []))
            if len(open_lists) > _DEEPEST:
                raise _fault(line, "brackets nested too deep", "check them")
        elif token == ")":
            if not open_lists:
                raise _fault(line, "a bracket closes that none opened", "check the brackets")
            began, parts = open_lists.pop()
            whole = Expression(began, parts=tuple(parts))
            if not open_lists:
                yield whole
            else:
                open_lists[-1][1].append(whole)
        elif token is not None:
            if not open_lists:
                raise _fault(line, f"{shown(token)} outside brackets", "is it a VNN-LIB file?")
            open_lists[-1][1].append(Expression(line, token))
        line += match.group().count("\n")
    if open_lists:
        raise _fault(open_lists[-1][0], "a bracket is never closed", "is the file whole?")


# Meaning.
def _take(read: _Property, expression: Expression) -> None:
    """Raises:
    SpecError: neither a declaration nor an assertion of the part that is read.
    """
    head, arguments = expression.head, expression.parts[1:]
    if head in ("declare-const", "declare-fun") and arguments:
        if not _VARIABLE.fullmatch(arguments[0].word) or arguments[-1].word != "Real":
            what = f"{shown(arguments[0].word)} of type {shown(arguments[-1].word)}"
            raise _fault(expression.line, what, "variables are X_0 ... and Y_0 ..., of type Real")
        read.declared.add(arguments[0].word)
    elif head == "assert" and len(arguments) == 1:
        for part in _conjuncts(arguments[0]):
            _assert(read, part)
    elif head not in _IGNORED:
        raise _fault(expression.line, f"{shown(head or expression.word)} isn't read", "declare-const and assert are")


def _assert(read: _Property, expression: Expression) -> None:
    clauses = [_conjuncts(part) for part in expression.parts[1:]] if expression.head == "or" else [[expression]]
    disjuncts = []
    for clause in clauses:
        if len(clause) != 1:
            raise _fault(expression.line, "a conjunction within a disjunction", f"{_ONE_CLAUSE}; {_ONE_BOX}")
        disjuncts.append(_comparison(clause[0], read))
    letters = {name[0] for linear in disjuncts for name in linear if name}
    if letters == {"X"} and len(disjuncts) == 1:
        _bound(read, disjuncts[0], expression.line)
    elif letters == {"Y"}:
        if read.unsafe:
            raise _fault(expression.line, "a second condition on the outputs", _ONE_CLAUSE)
        read.unsafe += disjuncts
    else:
        what = "inputs in a disjunction" if letters == {"X"} else "inputs and outputs in one condition"
        raise _fault(expression.line, what if letters else "a condition on nothing", _ONE_BOX)


def _conjuncts(expression: Expression) -> list[Expression]:
    """The parts of nested ``and``s."""
    if expression.head != "and":
        return [expression]
    return [part for inner in expression.parts[1:] for part in _conjuncts(inner)]


def _bound(read: _Property, linear: Linear, line: int) -> None:
    """``c x + d <= 0`` for one input."""
    variables = [name for name in linear if name and linear[name]]
    if len(variables) != 1:
        raise _fault(line, "a condition on several inputs", "inputs lie in a box")
    factor, index = linear[variables[0]], int(variables[0][2:])
    limit = -linear.get("", 0.0) / factor
    if factor > 0:
        read.upper[index] = min(limit, read.upper.get(index, limit))
    else:
        read.lower[index] = max(limit, read.lower.get(index, limit))


def _comparison(expression: Expression, read: _Property) -> Linear:
    """The linear function that is at most 0 where it holds."""
    if expression.head not in ("<=", ">=") or len(expression.parts) != 3:
        raise _fault(expression.line, f"{shown(expression.head or expression.word)} isn't read", "write <= or >=")
    left, right = (_linear(part, read) for part in expression.parts[1:])
    return _sum([(1.0, left), (-1.0, right)] if expression.head == "<=" else [(1.0, right), (-1.0, left)])


def _linear(expression: Expression, read: _Property) -> Linear:
    if expression.word:
        return _leaf(expression, read)
    parts = [_linear(part, read) for part in expression.parts[1:]]
    if expression.head == "+" and parts:
        return _sum([(1.0, part) for part in parts])
    if expression.head == "-" and parts:
        first = 1.0 if len(parts) > 1 else -1.0
        return _sum([(first, parts[0]), *((-1.0, part) for part in parts[1:])])
    if expression.head == "*" and len(parts) == 2 and any(set(part) <= {""} for part in parts):
        number, other = sorted(parts, key=lambda part: not set(part) <= {""})
        return _sum([(number.get("", 0.0), other)])
    raise _fault(expression.line, f"{shown(expression.head)} isn't linear, or isn't read", "sums and multiples are")


def _leaf(expression: Expression, read: _Property) -> Linear:
    if expression.word in read.declared:
        return {expression.word: 1.0}
    try:
        value = float(parse_number(expression.word))
    except (ValueError, OverflowError):
        value = float("nan")
    if not np.isfinite(value):
        remedy = "declare it first, if it is a variable"
        raise _fault(expression.line, f"{shown(expression.word)} is no number and no variable", remedy)
    return {"": value}


def _sum(terms: Sequence[tuple[float, Linear]]) -> Linear:
    total: Linear = {}
    for factor, linear in terms:
        for name, coefficient in linear.items():
            total[name] = total.get(name, 0.0) + factor * coefficient
    return total


def _fault(line: int | None, message: str, remedy: str, source: str = "spec") -> SpecError:
    return SpecError([Fault("(top)" if line is None else f"line {line}", message, remedy)], source)
