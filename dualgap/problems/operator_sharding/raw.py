"""From raw specs to closed ones: operators with named strategies, and edges between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic_core import PydanticCustomError

from dualgap.core.arrays import as_array, as_number, fault_at, shown
from dualgap.core.errors import Fault, SpecError
from dualgap.core.resolve import Resolver

RAW_FIELDS: Mapping[str, str] = {
    "operator": "the operators of a layer, each {name, strategies = {NAME = {seconds, memory}, ...}}",
    "edge": "{from, to, seconds}: a row for each strategy of the first, a column for each of the second; next = true: "
    "from the last layer's output",
}
_TABLES = {"type": "array", "items": {"type": "object"}}
RAW_SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "operator": _TABLES,
    "edge": _TABLES,
    "output": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
}
_OPERATOR = '[[operator]] name = "up", strategies = {whole = {seconds = 1.0, memory = 2.0}}'
_EDGE = '[[edge]] from = "up", to = "down", seconds = [[0, 1], [1, 0]]'


def closed(spec: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
    """The closed spec's fields.

    Raises:
        SpecError: lists what can't be read, each with a remedy.
    """
    raw = dict(spec)
    if "operator" not in raw:
        if "edge" in raw:
            raise SpecError([Fault("operator", "missing, and edges are given", _OPERATOR)])
        return resolver.columns(raw, ())
    faults: list[Fault] = []
    names, strategies = _operators(raw.pop("operator"), faults)
    edges, output = raw.pop("edge", []), raw.pop("output", None)
    if faults:
        raise SpecError(faults)
    place = {name: k for k, name in enumerate(names)}
    last = place.get(output, -1) if isinstance(output, str) else len(names) - 1 if output is None else output
    if last == -1:
        raise SpecError([Fault("output", f"unknown operator {shown(output)}", f"one of {', '.join(names)}")])
    sizes = [len(one) for one in strategies]
    inner, heads = _edges(edges, place, sizes, last, faults)
    if faults:
        raise SpecError(faults)
    tables = [table.ravel() for _, table in (*inner, *heads)]
    return {
        **raw,
        "strategies": np.array(sizes),
        "seconds": as_array([seconds for one in strategies for _, seconds, _ in one]),
        "memory": as_array([memory for one in strategies for _, _, memory in one]),
        "names": tuple(name for one in strategies for name, _, _ in one),
        "operators": tuple(names),
        "pairs": np.array([pair for pair, _ in inner], dtype=np.int64).reshape(-1, 2) if inner else as_array(()),
        "output": last,
        "heads": np.array([head for (_, head), _ in heads], dtype=np.int64) if heads else as_array(()),
        "resharding": np.concatenate(tables) if tables else as_array(()),
    }


Strategy = tuple[str, float, float]


def _operators(said: Any, faults: list[Fault]) -> tuple[list[str], list[list[Strategy]]]:
    """Names, and (name, seconds, memory) of each strategy."""
    names, found = [], []
    if not isinstance(said, list) or not said:
        faults.append(Fault("operator", "expected a table for each operator", _OPERATOR))
        return [], []
    for place, one in enumerate(said):
        where = f"operator[{place}]"
        known = isinstance(one, Mapping) and set(one) == {"name", "strategies"} and isinstance(one["name"], str)
        if not known or not isinstance(one["strategies"], Mapping) or not one["strategies"]:
            faults.append(Fault(where, "expected a name and strategies", _OPERATOR))
            continue
        if one["name"] in names:
            faults.append(Fault(f"{where}.name", f"{one['name']!r} occurs twice", "names differ"))
        names.append(one["name"])
        found.append([_strategy(name, told, f"{where}.strategies", faults) for name, told in one["strategies"].items()])
    return names, found


def _strategy(name: str, told: Any, where: str, faults: list[Fault]) -> Strategy:
    path = f"{where}.{name}"
    if not isinstance(told, Mapping) or set(told) != {"seconds", "memory"}:
        faults.append(Fault(path, "expected seconds and memory", _OPERATOR))
        return name, 0.0, 0.0
    values = []
    for field in ("seconds", "memory"):
        try:
            values.append(as_number(told[field]))
        except PydanticCustomError as error:
            faults.append(fault_at(f"{path}.{field}", error))
            values.append(0)
    return name, values[0], values[1]


Edges = list[tuple[tuple[int, int], np.ndarray]]


def _edges(
    said: Any, place: Mapping[str, int], sizes: list[int], output: int, faults: list[Fault]
) -> tuple[Edges, Edges]:
    """Within a layer, and from the output to the next one."""
    inner: Edges = []
    later: Edges = []
    for number, one in enumerate(said if isinstance(said, list) else [said]):
        where = f"edge[{number}]"
        if not isinstance(one, Mapping) or not {"from", "to", "seconds"} <= set(one) <= {
            "from",
            "to",
            "seconds",
            "next",
        }:
            faults.append(Fault(where, "expected from, to and seconds", _EDGE))
            continue
        unknown = [field for field in ("from", "to") if not isinstance(one[field], str) or one[field] not in place]
        if unknown:
            named = f"unknown operator {shown(one[unknown[0]])}"
            faults.append(Fault(f"{where}.{unknown[0]}", named, f"one of {', '.join(place)}"))
            continue
        i, j = place[one["from"]], place[one["to"]]
        try:
            table = as_array(one["seconds"])
        except PydanticCustomError as error:
            faults.append(fault_at(f"{where}.seconds", error))
            continue
        if table.shape != (sizes[i], sizes[j]):
            faults.append(Fault(f"{where}.seconds", f"shape {table.shape}", f"({sizes[i]}, {sizes[j]}), by strategies"))
        if one.get("next", False) not in (True, False) or (one.get("next", False) and i != output):
            faults.append(
                Fault(f"{where}.next", "true, and only from the layer's output", "set output, or leave it out")
            )
        (later if one.get("next", False) else inner).append(((i, j), table))
    return inner, later
