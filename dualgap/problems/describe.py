"""A kind's spec for people (a commented TOML text of a generated instance) and for editors (a JSON schema)."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from dualgap.core.docstrings import attributes_of, summary_of
from dualgap.core.errors import SpecError
from dualgap.core.problem import Problem, parsed

_WIDTH = 100
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_DATA = (
    "a file of columns (.csv, .csv.gz, .npz or .parquet), relative to the spec; names of its columns stand for the data"
)
_GENERATE = "a generated instance instead of the data"


def new_spec(problem: type[Problem], size: int, seed: int, **options: Any) -> str:
    """A TOML spec of a generated instance: every field with its meaning, those at their defaults commented out.

    Raises:
        UsageError: the generator takes no such option.
    """
    instance = problem.generate(size, seed, **options)
    meanings, extras = _meanings(problem), raw_fields(problem)
    tables: list[str] = []
    lines = [*_comment(f"{problem.summary[:1].upper()}{problem.summary[1:]}."), f'kind = "{problem.kind}"']
    written = instance.written()
    if written.keys() <= problem.model_fields.keys():
        lines += _in_fields(problem, _short(problem, instance), meanings)
    else:
        plain, tables = _in_names(written, {**meanings, **extras})
        lines += plain
        extras = {name: meaning for name, meaning in {**meanings, **extras}.items() if name not in written}
    if extras:
        lines += ["", "# Besides, a spec may say:"]
    for name, meaning in extras.items():
        lines += _comment(f"- {name}: {meaning}")
    return "\n".join([*lines, *tables]) + "\n"


def _meanings(problem: type[Problem]) -> dict[str, str]:
    """What the closed fields mean, by name."""
    found = attributes_of(problem)
    return {name: found.get(name, "") for name in problem.model_fields}


def _in_fields(problem: type[Problem], content: Mapping[str, Any], meanings: Mapping[str, str]) -> list[str]:
    """Every field with its meaning, those at their defaults commented out."""
    lines: list[str] = []
    for name, field in problem.model_fields.items():
        lines += ["", *_comment(_sentence(meanings.get(name, "")))]
        if field.is_required() or not _same(content[name], field.get_default(call_default_factory=True)):
            lines.append(_assignment(name, content[name]))
        else:
            lines.append(f"# {_key(name)} = {_toml(content[name])}  # default")
    return lines


def _in_names(written: Mapping[str, Any], meanings: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """(lines, tables) of a spec by names; what is too long for a line becomes a table, one line an entry."""
    lines: list[str] = []
    tables: list[str] = []
    for name, value in written.items():
        meaning = ["", *_comment(_sentence(meanings.get(name, "")))]
        if isinstance(value, Mapping) and len(_assignment(name, value)) > _WIDTH:
            tables += [
                *meaning,
                f"[{_key(name)}]",
                *(f"{_key(str(key))} = {_toml(item)}" for key, item in value.items()),
            ]
        else:
            lines += [*meaning, _assignment(name, value)]
    return lines, tables


def raw_fields(problem: type[Problem]) -> dict[str, str]:
    """What a raw spec of this kind may say besides the problem's own fields, with its meaning."""
    data = {"data": _DATA} if problem.column_fields else {}
    makes = {"generate": f"{_GENERATE}, such as {{size = 100, seed = 1}}"} if _generates(problem) else {}
    return {**data, **problem.raw_fields, **makes}


def schema(problem: type[Problem]) -> dict[str, Any]:
    """A JSON schema of raw specs of this kind, with meanings and defaults, for editors.

    It is a little wider than what loads: lengths that must agree, say, are only checked there.
    """
    described = problem.model_json_schema()
    meanings, extras = attributes_of(problem), raw_fields(problem)
    properties: dict[str, Any] = {"kind": {"const": problem.kind, "description": problem.summary}}
    for name, given in described["properties"].items():
        about = {key: value for key, value in given.items() if key != "title"}
        if name in problem.column_fields:
            about = _or_column(about)
        if name in problem.raw_schemas:
            about = {**{key: value for key, value in about.items() if key != "$ref"}, **problem.raw_schemas[name]}
        properties[name] = {"description": _sentence(meanings.get(name, "")), **about}
    for name, meaning in extras.items():
        kind: Mapping[str, Any] = {"type": {"generate": "object", "instance": "integer"}.get(name, "string")}
        properties[name] = {"description": meaning, **problem.raw_schemas.get(name, kind)}
    whole = [{"required": list(described.get("required", ()))}, *({"required": [name]} for name in problem.raw_wholes)]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": problem.kind,
        "description": summary_of(problem),
        "type": "object",
        "properties": properties,
        "required": ["kind"],
        "anyOf": whole + [{"required": [name]} for name in ("file", "generate") if name in extras],
        "additionalProperties": False,
        **({"$defs": described["$defs"]} if "$defs" in described else {}),
    }


def _or_column(about: Mapping[str, Any]) -> dict[str, Any]:
    """A field that may also name a column of ``data``, several, or a file of its own."""
    default = {"default": about["default"]} if "default" in about else {}
    typed = {key: value for key, value in about.items() if key != "default"}
    column = {"type": "string"}
    columns = {"type": "array", "items": column}
    file = {"type": "object", "properties": {"file": column}, "required": ["file"], "additionalProperties": False}
    return {**default, "anyOf": [typed, column, columns, file]}


def _generates(problem: type[Problem]) -> bool:
    return problem.generate.__func__ is not Problem.generate.__func__  # type: ignore[attr-defined]


def _short(problem: type[Problem], instance: Problem) -> dict[str, Any]:
    """The instance's content; rows that stand alone lose their outer brackets where the spec reads the same."""
    content = instance.content()
    for name, value in content.items():
        if isinstance(value, np.ndarray) and value.ndim and len(value) == 1:
            shorter = {**content, name: value[0] if value.ndim > 1 else value[0].item()}
            try:
                same = parsed(problem, shorter, "spec") == instance
            except SpecError:
                same = False
            if same:
                content = shorter
    return content


def _same(value: Any, default: Any) -> bool:
    return bool(np.array_equal(value, default)) if isinstance(value, np.ndarray) else bool(value == default)


def _sentence(text: str) -> str:
    return (text[:1].upper() + text[1:]).replace("``", "")


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(text, _WIDTH - 2, break_long_words=False, break_on_hyphens=False)]


def _assignment(name: str, value: Any) -> str:
    """``name = value`` in TOML; long arrays are broken over lines."""
    line = f"{_key(name)} = {_toml(value)}"
    if len(line) <= _WIDTH or not isinstance(value, np.ndarray | list | tuple):
        return line
    if isinstance(value, np.ndarray) and value.ndim > 1:
        rows = ",\n".join(_row(row) for row in value)
        return f"{_key(name)} = [\n{rows},\n]"
    return f"{_key(name)} = {_wrapped(value, '').lstrip()}"


def _row(values: Any) -> str:
    """A row of a matrix, on one line where it fits."""
    line = f"  {_toml(values)}"
    return line if len(line) < _WIDTH else _wrapped(values, "  ")


def _wrapped(values: Any, indent: str) -> str:
    """An array over several lines, as many entries on each as fit."""
    lines = [""]
    for entry in map(_toml, values):
        if lines[-1] and len(indent) + len(lines[-1]) + len(entry) + 4 > _WIDTH:
            lines.append("")
        lines[-1] += f" {entry}," if lines[-1] else f"{entry},"
    body = "\n".join(f"{indent}  {line}" for line in lines)
    return f"{indent}[\n{body}\n{indent}]"


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _text(name)


def _text(text: str) -> str:
    """A TOML basic string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(f"\\u{ord(c):04X}" if ord(c) < 32 or ord(c) == 127 else c for c in escaped) + '"'


def _toml(value: Any) -> str:
    """A value in TOML, on one line."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(str(name))} = {_toml(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, str):
        return _text(value)
    return repr(float(value)) if isinstance(value, float | Fraction) else str(value)
