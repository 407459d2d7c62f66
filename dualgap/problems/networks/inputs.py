"""The inputs of networks in raw specs: read, selected, flattened."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from pydantic_core import PydanticCustomError

from dualgap.core.arrays import as_array, fault_at, shown
from dualgap.core.errors import Fault, SpecError
from dualgap.core.resolve import Resolver
from dualgap.problems.networks.network import Convolution, Network
from dualgap.problems.networks.readers import resolve_network

RAW_FIELDS: Mapping[str, str] = {
    "normalize": "inputs are normalised as (x - mean) / std before the network: {mean = 0.13, std = 0.31}, numbers or "
    "arrays with one number an input, or one a channel",
    "count": "how many inputs are taken, from the first on; all by default",
    "select": "the inputs that are taken, by number from 0",
}
RAW_SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "network": {
        "anyOf": [
            {"$ref": "#/$defs/Network"},
            {
                "type": "object",
                "properties": {
                    "file": {"type": "string"},
                    "layout": {"enum": ["torch", "jax", "flax", "keras"], "default": "torch"},
                    "layers": {"type": "array", "items": {"type": ["string", "object"]}},
                    "shape": {"type": "array", "items": {"type": "integer"}, "minItems": 3, "maxItems": 3},
                },
                "required": ["file"],
                "additionalProperties": False,
            },
        ]
    },
    "normalize": {
        "type": "object",
        "properties": {
            name: {"anyOf": [{"type": "number"}, {"type": "array", "items": {"type": "number"}}]}
            for name in ("mean", "std")
        },
        "additionalProperties": False,
    },
    "count": {"type": "integer", "minimum": 1},
    "select": {"type": "array", "items": {"type": "integer", "minimum": 0}},
}


def resolve_inputs(
    spec: Mapping[str, Any], resolver: Resolver, columns: Collection[str], *, each: Collection[str] = ("labels",)
) -> dict[str, Any]:
    """A raw spec with its network and data read, inputs (n, ...) flattened to (n, d), and ``select`` or ``count`` done.

    Args:
        spec: with ``network`` and ``inputs``.
        resolver: reads what it refers to.
        columns: the fields in which a text names a column of ``data``.
        each: the fields besides ``inputs`` that have an entry for each input.

    Raises:
        SpecError: with the place and the remedy.
    """
    raw = dict(spec)
    normalize, count, select = (raw.pop(name, None) for name in ("normalize", "count", "select"))
    named = isinstance(raw.get("inputs"), list) and all(isinstance(name, str) for name in raw["inputs"])
    closed = resolver.columns(raw, columns)
    if "network" in closed:
        closed["network"] = resolve_network(closed["network"], normalize, resolver)
    inputs = closed.get("inputs")
    if inputs is None or isinstance(inputs, str):
        return closed
    rows = _array(inputs)
    rows = rows.T if named and rows.ndim == 2 else rows
    chosen = _chosen(count, select, len(rows) if rows.ndim else 0)
    closed["inputs"] = _flat(rows, closed.get("network"))
    if chosen is None:
        return closed
    closed["inputs"] = closed["inputs"][chosen]
    for field in each:
        entries = closed.get(field)
        if isinstance(entries, list | tuple | np.ndarray) and len(entries) == len(rows):
            closed[field] = [entries[k] for k in chosen]
    return closed


def _array(inputs: Any) -> np.ndarray:
    try:
        return as_array(inputs)
    except PydanticCustomError as error:
        raise SpecError([fault_at("inputs", error)]) from None


def _chosen(count: Any, select: Any, rows: int) -> list[int] | None:
    """The rows that are taken; None for all.

    Raises:
        SpecError: rows that aren't there.
    """
    if count is not None and select is not None:
        raise SpecError([Fault("select", "beside count", "give one of them")])
    if select is not None:
        whole = isinstance(select, list) and all(type(row) is int and 0 <= row < rows for row in select)
        if not whole or not select:
            raise SpecError(
                [Fault("select", f"{shown(select)} isn't a list of inputs", f"numbers from 0 to {rows - 1}")]
            )
        return list(select)
    if count is not None and (type(count) is not int or not 1 <= count <= rows):
        raise SpecError([Fault("count", f"{shown(count)} of {rows} inputs", f"a number from 1 to {rows}")])
    return None if count is None else list(range(count))


def _flat(rows: np.ndarray, network: Any) -> np.ndarray:
    """(n, d) of (n, ...); images must have the shape that the network's first convolution takes.

    Raises:
        SpecError: another shape, such as (height, width, channels).
    """
    if rows.ndim <= 2:
        return rows
    first = network.layers[0] if isinstance(network, Network) else None
    image = tuple(size for size in rows.shape[1:] if size > 1)
    if isinstance(first, Convolution) and image != tuple(size for size in first.shape if size > 1):
        found = " x ".join(map(str, rows.shape[1:]))
        wanted = " x ".join(map(str, first.shape))
        raise SpecError([Fault("inputs", f"images of {found}, the network takes {wanted}", "channels come first")])
    return rows.reshape(len(rows), -1)
