"""From what people write (names, terms, bounds) to the closed fields of an ``integer-program``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from pydantic_core import PydanticCustomError

from dualgap.core.arrays import as_array, as_number, fault_at, shown
from dualgap.core.errors import Fault, SpecError

Fields = dict[str, Any]

RAW_FIELDS = {
    "minimize": "the objective by column name, as in {x = 1, y = 2}, or an array",
    "maximize": "the same, to be maximised",
    "matrix": "the rows' coefficients as an array of arrays, or compressed: {shape, indptr, indices, data}",
    "rows": "each row by name: {wood = {terms = {x = 5, y = 2}, le = 400}}, with le, ge or both, or eq; or names alone",
    "bounds": 'least and greatest value by column name: {x = [0, 40], y = ["-inf", "inf"]}; [0, "inf"] by default',
    "integer": 'which columns must be whole: "all", names, or 1 and 0 for each; none by default',
    "file": "an MPS or LP file instead of the data (.mps, .lp, also .gz)",
}

_VALUE = {"type": ["number", "string"]}
_BY_NAME = {"type": "object", "additionalProperties": {"type": "number"}}
_NUMBERS = {"type": "array", "items": {"type": "number"}}
_NAMES = {"type": "array", "items": {"type": ["string", "number"]}}
RAW_SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "minimize": {"anyOf": [_BY_NAME, _NUMBERS]},
    "maximize": {"anyOf": [_BY_NAME, _NUMBERS]},
    "matrix": {"anyOf": [{"$ref": "#/$defs/Sparse"}, {"type": "array", "items": _NUMBERS}]},
    "rows": {
        "anyOf": [
            _NAMES,
            {
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "properties": {"terms": _BY_NAME, "le": _VALUE, "ge": _VALUE, "eq": _VALUE},
                    "required": ["terms"],
                    "additionalProperties": False,
                },
            },
        ]
    },
    "bounds": {
        "type": "object",
        "additionalProperties": {"type": "array", "items": _VALUE, "minItems": 2, "maxItems": 2},
    },
    "integer": {"anyOf": [{"const": "all"}, _NAMES]},
}

_SIDES = ("le", "ge", "eq")
_INFINITY = float("inf")
_ROW = "write {terms = {x = 1, y = 2}, le = 10}"


def closed_fields(raw: Mapping[str, Any]) -> Fields:
    """The closed fields that a raw spec stands for; fields that are closed already stay as they are.

    Raises:
        SpecError: lists every fault with its path.
    """
    fields = dict(raw)
    faults: list[Fault] = []
    objective = _objective(fields, faults)
    if isinstance(objective, Mapping) or isinstance(fields.get("rows"), Mapping):
        _named(fields, objective, faults)
    elif objective is not None:
        fields["cost"] = objective
    _defaults(fields, faults)
    if faults:
        raise SpecError(faults)
    return fields


def _objective(fields: Fields, faults: list[Fault]) -> Any:
    """Takes ``minimize`` or ``maximize`` out of the fields and sets ``objective``."""
    given = [sense for sense in ("minimize", "maximize") if sense in fields]
    if len(given) > 1 or (given and "cost" in fields):
        faults.append(Fault(given[-1], "a second objective", "write minimize or maximize, once"))
    objective = None
    for sense in given:
        objective, fields["objective"] = fields.pop(sense), sense
    return objective


def _named(fields: Fields, objective: Any, faults: list[Fault]) -> None:
    """Rows and costs by name become arrays."""
    rows = fields.get("rows", {})
    if not isinstance(rows, Mapping) or not isinstance(objective if objective is not None else {}, Mapping):
        where = "rows" if not isinstance(rows, Mapping) else fields["objective"]
        faults.append(Fault(where, "names here, arrays there", "name the columns in the objective and in the rows"))
        return
    cost = _numbers(objective or {}, str(fields.setdefault("objective", "minimize")), faults)
    read = {str(name): _row(row, f"rows.{name}", faults) for name, row in rows.items()}
    terms = [part[0] for part in read.values()]
    columns = _columns(fields.get("columns"), [cost, *terms], faults)
    index = {name: j for j, name in enumerate(columns)}
    fields["columns"], fields["rows"] = tuple(columns), tuple(read)
    fields["cost"] = as_array([cost.get(name, 0) for name in columns])
    fields["matrix"] = _matrix(terms, index)
    fields["row_lower"] = as_array([lower for _, lower, _ in read.values()], infinite=True)
    fields["row_upper"] = as_array([upper for _, _, upper in read.values()], infinite=True)


def _columns(given: Any, used: Iterable[Mapping[str, Any]], faults: list[Fault]) -> list[str]:
    """The columns' names in the order in which they come; unknown ones are faults where ``columns`` lists them."""
    found = dict.fromkeys(name for terms in used for name in terms)
    if given is None or len(given) == 0:
        return list(found)
    listed = dict.fromkeys(map(str, given))
    faults += [
        Fault("columns", f"{shown(name)} is used, but not listed", "add it") for name in found if name not in listed
    ]
    return list(listed | found)


def _row(row: Any, path: str, faults: list[Fault]) -> tuple[dict[str, int | float], Any, Any]:
    """(terms, lower, upper) of one row."""
    empty: tuple[dict[str, int | float], Any, Any] = ({}, -_INFINITY, _INFINITY)
    if not isinstance(row, Mapping):
        faults.append(Fault(path, f"expected a row, got {shown(row)}", _ROW))
        return empty
    faults += [
        Fault(f"{path}.{key}", "unknown field", "known fields: terms, le, ge, eq")
        for key in row
        if key not in ("terms", *_SIDES)
    ]
    sides = [side for side in _SIDES if side in row]
    if not sides or ("eq" in sides and len(sides) > 1):
        faults.append(Fault(path, "needs a right-hand side: le, ge or both, or eq", _ROW))
        return empty
    if not isinstance(row.get("terms"), Mapping):
        faults.append(Fault(f"{path}.terms", "expected numbers by name", _ROW))
        return empty
    right = _numbers({side: row[side] for side in sides}, path, faults, infinite=True)
    lower, upper = right.get("ge", -_INFINITY), right.get("le", _INFINITY)
    if "eq" in right:
        lower = upper = right["eq"]
    return _numbers(row["terms"], f"{path}.terms", faults), lower, upper


def _numbers(
    given: Mapping[str, Any], path: str, faults: list[Fault], infinite: bool = False
) -> dict[str, int | float]:
    numbers: dict[str, int | float] = {}
    for name, value in given.items():
        try:
            numbers[str(name)] = as_number(value, infinite=infinite)
        except PydanticCustomError as error:
            faults.append(fault_at(f"{path}.{name}", error))
    return numbers


def _matrix(rows: list[dict[str, int | float]], index: Mapping[str, int]) -> Fields:
    """Terms by name as the parts of a ``Sparse``."""
    sorted_rows = [sorted((index[name], value) for name, value in terms.items() if value != 0) for terms in rows]
    entries = [entry for row in sorted_rows for entry in row]
    return {
        "shape": (len(rows), len(index)),
        "indptr": np.cumsum([0, *map(len, sorted_rows)]),
        "indices": np.array([column for column, _ in entries], dtype=np.int64),
        "data": as_array([value for _, value in entries]),
    }


def _defaults(fields: Fields, faults: list[Fault]) -> None:
    """Bounds, integrality and open sides for whatever the spec leaves out."""
    try:
        n = len(fields["cost"])
        m = _row_count(fields)
    except (KeyError, TypeError, IndexError):
        return  # the fields' own validation says what is missing
    names = list(fields.get("columns") or (f"x{j + 1}" for j in range(n)))
    fields["columns"] = tuple(names)
    fields["rows"] = tuple(fields.get("rows") or (f"r{i + 1}" for i in range(m)))
    for name, default, length in (
        ("row_lower", -_INFINITY, m),
        ("row_upper", _INFINITY, m),
        ("lower", 0.0, n),
        ("upper", _INFINITY, n),
    ):
        fields.setdefault(name, np.full(length, default))
    bounds = fields.pop("bounds", None)
    if bounds is not None:
        fields["lower"], fields["upper"] = _bounded(fields, names, bounds, faults)
    fields["integer"] = _integer(fields.get("integer"), names, faults)


def _row_count(fields: Fields) -> int:
    matrix = fields["matrix"]
    shape = matrix["shape"] if isinstance(matrix, Mapping) else getattr(matrix, "shape", None)
    return int(shape[0]) if shape is not None else len(matrix)


def _bounded(fields: Fields, names: list[str], bounds: Any, faults: list[Fault]) -> tuple[Any, Any]:
    """(lower, upper) with the ``bounds`` by name set."""
    lower, upper = list(fields["lower"]), list(fields["upper"])
    index = {name: j for j, name in enumerate(names)}
    if not isinstance(bounds, Mapping):
        faults.append(Fault("bounds", "expected bounds by name", "write bounds = {x = [0, 40]}"))
        return fields["lower"], fields["upper"]
    for name, pair in bounds.items():
        path = f"bounds.{name}"
        if name not in index:
            faults.append(Fault(path, "no such column", "use it in a row or in the objective"))
        elif not isinstance(pair, list | tuple) or len(pair) != 2:
            faults.append(
                Fault(path, f"expected a pair, got {shown(pair)}", 'write [0, 40]; "inf" and "-inf" are open')
            )
        else:
            sides = _numbers({"0": pair[0], "1": pair[1]}, path, faults, infinite=True)
            lower[index[name]], upper[index[name]] = sides.get("0", 0.0), sides.get("1", _INFINITY)
    return as_array(lower, infinite=True), as_array(upper, infinite=True)


def _integer(given: Any, names: list[str], faults: list[Fault]) -> Any:
    """(n,) 0 or 1, from "all", names, or the array itself."""
    if given is None:
        return np.zeros(len(names), dtype=np.int64)
    if isinstance(given, str):
        if given != "all":
            faults.append(Fault("integer", f"unknown word {shown(given)}", 'write "all", or a list of names'))
        return np.ones(len(names), dtype=np.int64)
    if isinstance(given, list | tuple) and any(isinstance(part, str) for part in given):
        known, wanted = set(names), set(map(str, given))
        faults += [Fault("integer", f"no column {shown(name)}", "") for name in sorted(wanted - known)]
        return np.array([int(name in wanted) for name in names], dtype=np.int64)
    return given
