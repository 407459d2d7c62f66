"""Closing a raw spec: the network is read, inputs of the target class are dropped, some are held out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from pydantic_core import PydanticCustomError

from dualgap.core.arrays import as_array, as_number, shown
from dualgap.core.errors import Fault, SpecError
from dualgap.core.resolve import Resolver
from dualgap.problems.networks.readers import resolve_network

_REMEDY = "write {test = 0.3, seed = 0}"


def resolve(spec: Mapping[str, Any], columns: Iterable[str], resolver: Resolver) -> dict[str, Any]:
    """The fields of the closed problem.

    Raises:
        SpecError: files, columns or the split are at fault.
    """
    closed = resolver.columns(spec, columns)
    split, normalize = closed.pop("split", None), closed.pop("normalize", None)
    if "network" in closed:
        closed["network"] = resolve_network(closed["network"], normalize, resolver)
    test = None if split is None else _split(split, resolver.seed)
    if split is not None and "held_out" in closed:
        raise SpecError([Fault("split", "inputs are held out already", "give one of split and held_out")])
    inputs, labels, target = _arrays(closed)
    if inputs is None or labels is None:
        return closed  # validation says what is wrong
    others = np.flatnonzero(labels != target)
    closed["inputs"], closed["labels"] = inputs[others], labels[others]
    if test is not None:
        share, seed = test
        order = np.random.default_rng(seed).permutation(len(others))
        count = round(share * len(others))
        apart, rest = np.sort(order[:count]), np.sort(order[count:])
        closed |= {"inputs": inputs[others[rest]], "labels": labels[others[rest]]}
        closed |= {"held_out": inputs[others[apart]], "held_out_labels": labels[others[apart]]}
        resolver.record("held_out", others[apart])
    return closed


def _arrays(closed: Mapping[str, Any]) -> tuple[np.ndarray | None, np.ndarray | None, Any]:
    """Inputs, labels and the target, where they are arrays that fit each other; else None."""
    target = closed.get("target")
    try:
        inputs, labels = as_array(closed.get("inputs")), as_array(closed.get("labels"))
    except PydanticCustomError:
        return None, None, target
    fits = inputs.ndim == 2 and labels.ndim == 1 and len(inputs) == len(labels) and isinstance(target, int)
    return (inputs, labels, target) if fits else (None, None, target)


def _split(given: Any, seed: int) -> tuple[float, int]:
    """(Share held out, seed).

    Raises:
        SpecError: it is no such table.
    """
    if not isinstance(given, Mapping) or not set(given) <= {"test", "seed"}:
        raise SpecError([Fault("split", f"{shown(given)} isn't that", _REMEDY)])
    try:
        share, start = float(as_number(given.get("test", 0.3))), as_number(given.get("seed", seed))
    except PydanticCustomError as error:
        raise SpecError([Fault("split", error.message(), _REMEDY)]) from None
    if not 0.0 <= share < 1.0 or not isinstance(start, int) or start < 0:
        raise SpecError([Fault("split", "test is a share of [0, 1), seed a whole number >= 0", _REMEDY)])
    return share, start
