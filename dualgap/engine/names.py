"""Solver names as people write them: ``label=engine@interface[parameter=value,...]``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dualgap.core.errors import UsageError
from dualgap.core.specs import parse_value

_PATTERN = re.compile(r"^(?:(?P<label>[^\[\]=]+)=)?(?P<name>[^\[\]=]+)(?:\[(?P<parameters>.*)\])?$")


@dataclass(frozen=True)
class SolverName:
    """A parsed name."""

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""


def parse_solver(text: str) -> SolverName:
    """``"fast=highs[presolve=off]"`` in its parts.

    Raises:
        UsageError: it isn't of that form.
    """
    match = _PATTERN.match(text.strip())
    if match is None:
        raise UsageError(f"can't read the solver {text!r}; write NAME, NAME[parameter=value] or LABEL=NAME[...]")
    parameters = parse_parameters(split_names(match["parameters"], ",")) if match["parameters"] else {}
    label = match["label"] or (text.strip() if parameters else "")
    return SolverName(match["name"].strip(), parameters, label)


def split_names(text: str, separator: str) -> list[str]:
    """The parts between separators, those inside brackets not counted: parameters may be solvers with parameters."""
    parts, depth = [""], 0
    for character in text:
        depth += {"[": 1, "]": -1}.get(character, 0)
        if character == separator and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def parse_parameters(pairs: list[str]) -> dict[str, Any]:
    """``["presolve=off", "tol=1e-6"]`` as values: TOML values, on/off as booleans, else text.

    Raises:
        UsageError: a pair without "=".
    """
    parameters: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"can't read the parameter {pair!r}; write name=value")
        parameters[name.strip()] = _value(value.strip())
    return parameters


def _value(text: str) -> Any:
    if text in ("on", "off"):
        return text == "on"
    value = parse_value(text)
    return float(value) if type(value).__name__ == "Decimal" else value
