"""Reading specs: TOML or JSON text with a ``kind``, ``--set`` overrides, closing and validation."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic_core import PydanticCustomError

from dualgap.core.errors import Fault, SpecError
from dualgap.core.problem import Problem, parsed
from dualgap.core.resolve import Resolver

MAX_SPEC_BYTES = 64 * 2**20

Spec = dict[str, Any]


def parse_spec(text: str, source: str) -> Spec:
    """TOML or JSON text as plain data; decimals stay exact (``Decimal``).

    Raises:
        SpecError: it is neither, or no table; with the line where the parser stopped.
    """
    if len(text) > MAX_SPEC_BYTES:
        size = len(text) // 2**20
        fault = Fault("(top)", f"{size} MB of text", 'put the arrays in a file and write data = "file.npz"')
        raise SpecError([fault], source)
    stripped = text.lstrip()
    try:
        if stripped.startswith(("{", "[")) and not _looks_like_toml(stripped):
            spec = json.loads(text, parse_float=Decimal)
        else:
            spec = tomllib.loads(text, parse_float=_decimal)
    except (ValueError, RecursionError) as error:
        raise SpecError([Fault("(top)", f"not a spec: {error}", "write TOML or JSON")], source) from None
    if not isinstance(spec, dict):
        raise SpecError([Fault("(top)", "a spec is a table of fields", 'write kind = "..."')], source)
    return spec


def _looks_like_toml(text: str) -> bool:
    """Whether text that starts with a bracket is a TOML table header rather than JSON."""
    line = text.splitlines()[0].strip()
    return line.startswith("[") and line.endswith("]") and not any(mark in line for mark in '{",:')


def _decimal(text: str) -> Decimal | float:
    return float(text) if "inf" in text or "nan" in text else Decimal(text.replace("_", ""))


def read_spec_file(path: Path) -> Spec:
    """The raw spec in a ``.toml`` or ``.json`` file.

    Raises:
        SpecError: no such file, not text, or not a spec.
    """
    if not path.is_file():
        raise SpecError(
            [Fault("(top)", "no such file", "check the path; dualgap problems example KIND prints one")], str(path)
        )
    if path.stat().st_size > MAX_SPEC_BYTES:
        size = path.stat().st_size // 2**20
        fault = Fault("(top)", f"{size} MB of text", 'put the arrays in a file and write data = "file.npz"')
        raise SpecError([fault], str(path))
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SpecError(
            [Fault("(top)", f"not text: {error.reason}", "specs are UTF-8 TOML or JSON")], str(path)
        ) from None
    return parse_spec(text, str(path))


def override(spec: Spec, settings: Mapping[str, str]) -> Spec:
    """The spec with ``FIELD=VALUE`` settings applied; dots go into tables, values are TOML, or else text."""
    changed = dict(spec)
    for field, text in settings.items():
        table = changed
        *parents, last = field.split(".")
        for parent in parents:
            inner = table.get(parent, {})
            if not isinstance(inner, Mapping):
                raise SpecError([Fault(field, f"{parent} is not a table", "name a field of the spec")], "--set")
            table[parent] = dict(inner)
            table = table[parent]
        table[last] = parse_value(text)
    return changed


def parse_value(text: str) -> Any:
    """A TOML value, or the text itself where it isn't one."""
    try:
        return tomllib.loads(f"value = {text}", parse_float=_decimal)["value"]
    except tomllib.TOMLDecodeError:
        return text


def close(
    raw: Mapping[str, Any], kinds: Mapping[str, type[Problem]], resolver: Resolver, source: str = "spec"
) -> Problem:
    """The validated, closed problem of a raw spec.

    Raises:
        SpecError: lists every fault with its path and remedy.
    """
    spec = dict(raw)
    kind = spec.pop("kind", None)
    if not isinstance(kind, str):
        known = ", ".join(sorted(kinds))
        raise SpecError([Fault("kind", "missing" if kind is None else "not a text", f"one of: {known}")], source)
    if kind not in kinds:
        near = difflib.get_close_matches(kind, kinds, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"one of: {', '.join(sorted(kinds))}"
        raise SpecError([Fault("kind", f"unknown kind {kind!r}", hint)], source)
    problem = kinds[kind]
    try:
        closed = problem.resolve(spec, resolver)
    except PydanticCustomError as error:
        context = error.context or {}
        raise SpecError([Fault("data", error.message(), str(context.get("remedy", "")))], source) from None
    except SpecError as error:
        raise SpecError(error.faults, source) from None
    result: Problem = parsed(problem, closed, source)
    return result
