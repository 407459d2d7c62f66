"""Reading specs: TOML or JSON text with a ``kind``, ``--set`` overrides, closing and validation."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic_core import PydanticCustomError

from dualgap.core.arrays import fault_at, shown
from dualgap.core.errors import Fault, SpecError, UsageError
from dualgap.core.problem import Problem, parsed
from dualgap.core.resolve import Resolver

MAX_SPEC_BYTES = 64 * 2**20
MAX_GENERATED = 10**7
_BARE_POINT = re.compile(r"[+-]?(\d+\.|\.\d+)([eE][+-]?\d+)?", re.ASCII)  # a number to people, not to TOML

Spec = dict[str, Any]


def parse_spec(text: str, source: str) -> Spec:
    """TOML or JSON text as plain data; decimals stay exact (``Decimal``).

    Raises:
        SpecError: it is neither, or no table; with the line where the parser stopped.
    """
    _check_size(len(text), source)
    text = text.removeprefix("\ufeff")
    stripped = text.lstrip()
    try:
        if stripped.startswith(("{", "[")) and not _looks_like_toml(stripped):
            spec = json.loads(text, parse_float=Decimal, object_pairs_hook=_unique)
        else:
            spec = tomllib.loads(text, parse_float=_decimal)
    except RecursionError:
        raise _unreadable("brackets nested too deep", source) from None
    except ValueError as error:
        raise _unreadable(str(error), source) from None
    if not isinstance(spec, dict):
        raise SpecError([Fault("(top)", "a spec is a table of fields", 'write kind = "..."')], source)
    return spec


def _check_size(size: int, source: str) -> None:
    if size > MAX_SPEC_BYTES:
        fault = Fault("(top)", f"{size // 2**20} MB of text", 'put the arrays in a file and write data = "file.npz"')
        raise SpecError([fault], source)


def _unreadable(reason: str, source: str) -> SpecError:
    return SpecError([Fault("(top)", f"not a spec: {reason}", "write TOML or JSON; is the file whole?")], source)


def _unique(pairs: list[tuple[str, Any]]) -> Spec:
    """JSON's objects, without keys that come twice (TOML forbids them anyway)."""
    table = dict(pairs)
    if len(table) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"the field {shown(twice)} comes twice")
    return table


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
    try:
        if not path.is_file():
            what = "this is a folder" if path.is_dir() else "no such file"
            remedy = "check the path; dualgap problems example KIND prints one"
            raise SpecError([Fault("(top)", what, remedy)], str(path))
        _check_size(path.stat().st_size, str(path))
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        reason = f"not text: {error.reason} at byte {error.start}"
        raise SpecError([Fault("(top)", reason, "specs are UTF-8 TOML or JSON")], str(path)) from None
    except OSError as error:
        reason = f"can't be read: {error.strerror or error}"
        raise SpecError([Fault("(top)", reason, "check the path and its permissions")], shown(str(path))) from None
    return parse_spec(text, str(path))


def override(spec: Spec, settings: Mapping[str, str]) -> Spec:
    """The spec with ``FIELD=VALUE`` settings applied; dots go into tables, values are TOML, or else text.

    Raises:
        SpecError: a field that isn't a table is given a part, or a field has no name.
    """
    changed = dict(spec)
    for field, text in settings.items():
        parts = field.split(".")
        if not all(part.strip() for part in parts):
            raise SpecError([Fault(field or '""', "a field without a name", "write FIELD=VALUE")], "--set")
        *parents, last = parts
        table = changed
        for depth, parent in enumerate(parents, start=1):
            inner = table.get(parent, {})
            if not isinstance(inner, Mapping):
                where = ".".join(parts[:depth])
                raise SpecError([Fault(field, f"{where} is not a table", f"set {where} as a whole")], "--set")
            table[parent] = dict(inner)
            table = table[parent]
        table[last] = parse_value(text)
    return changed


def parse_value(text: str) -> Any:
    """A TOML value, a number that begins or ends with its point (``.4``), or the text itself where it is neither."""
    if _BARE_POINT.fullmatch(text):
        return Decimal(text)
    try:
        values = tomllib.loads(f"value = {text}", parse_float=_decimal)
    except (ValueError, RecursionError):
        return text
    return values["value"] if len(values) == 1 else text


def close(
    raw: Mapping[str, Any], kinds: Mapping[str, type[Problem]], resolver: Resolver, source: str = "spec"
) -> Problem:
    """The validated, closed problem of a raw spec.

    ``generate = {size = 100, seed = 1, ...}`` stands for the fields of a generated instance, in every kind that has
    a generator; fields that are given besides it take the place of generated ones.

    Raises:
        SpecError: lists every fault with its path and remedy.
    """
    spec = dict(raw)
    problem = _problem_class(spec.pop("kind", None), kinds, source)
    try:
        if "generate" in spec and "generate" not in problem.model_fields:
            spec = {**_generated(problem, spec.pop("generate"), resolver.seed), **spec}
        closed = problem.resolve(spec, resolver)
    except PydanticCustomError as error:
        raise SpecError([fault_at("data", error)], source) from None
    except SpecError as error:
        raise SpecError(_named_faults(error), source) from None
    result: Problem = parsed(problem, closed, source)
    return result


def _named_faults(error: SpecError) -> list[Fault]:
    """The faults, with the file that they stand in where it isn't the spec itself."""
    if error.source == "spec":
        return list(error.faults)
    return [replace(fault, path=f"{error.source}, {fault.path}") for fault in error.faults]


def _problem_class(kind: Any, kinds: Mapping[str, type[Problem]], source: str) -> type[Problem]:
    known = ", ".join(sorted(kinds))
    if not isinstance(kind, str):
        message = "missing" if kind is None else f"{shown(kind)} is not a text"
        raise SpecError([Fault("kind", message, f"one of: {known}")], source)
    if kind not in kinds:
        near = difflib.get_close_matches(kind, kinds, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"one of: {known}"
        raise SpecError([Fault("kind", f"unknown kind {shown(kind)}", hint)], source)
    return kinds[kind]


def _generated(problem: type[Problem], options: Any, seed: int) -> dict[str, Any]:
    """The fields of the instance that ``generate`` describes."""
    if not isinstance(options, Mapping):
        raise SpecError([Fault("generate", "not a table", "write generate = {size = 100, seed = 1}")])
    given: dict[str, Any] = {
        name: float(value) if isinstance(value, Decimal) else value for name, value in options.items()
    }
    size, seed = given.pop("size", None), given.pop("seed", seed)
    for name, number in (("size", size), ("seed", seed)):
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            what = "missing" if number is None else f"{shown(number)} is not a whole number >= 0"
            raise SpecError([Fault(f"generate.{name}", what, f"write {name} = 100")])
    if size > MAX_GENERATED:
        raise SpecError([Fault("generate.size", f"{shown(size)} is too large", f"at most {MAX_GENERATED}")])
    try:
        return problem.generate(size, seed, **given).content()
    except NotImplementedError as error:
        raise SpecError([Fault("generate", str(error), "write the data itself")]) from None
    except UsageError as error:
        raise SpecError([Fault("generate", str(error))]) from None
