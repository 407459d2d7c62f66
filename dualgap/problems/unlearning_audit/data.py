"""Raw audits: arrays from files, on the scale of confidences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic_core import PydanticCustomError

from dualgap.core.arrays import as_array, fault_at, shown
from dualgap.core.errors import Fault, SpecError
from dualgap.core.resolve import Resolver

ARRAYS = ("unlearned", "retrained", "unseen_unlearned", "unseen_retrained")
SCALES = ("confidence", "probability", "loss")
_TINY = 1e-45  # as the competition's code adds it to probabilities of 0


def closed(spec: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
    """Files read, and probabilities or losses turned into ``log p - log(1 - p)``.

    Raises:
        SpecError: lists what can't be read, each with a remedy.
    """
    fields = dict(spec)
    scale = fields.pop("scale", "confidence")
    if scale not in SCALES:
        raise SpecError([Fault("scale", f"{shown(scale)} is no scale", ", ".join(SCALES))])
    for name in ARRAYS:
        if name not in fields:
            continue
        given = fields[name]
        array = resolver.array(given, name) if isinstance(given, str) else _array(given, name)
        fields[name] = array if scale == "confidence" else _confidence(array.astype(np.float64), scale, name)
    return fields


def _confidence(values: np.ndarray, scale: str, name: str) -> np.ndarray:
    if scale == "loss":
        if (values < 0).any():
            raise SpecError([Fault(name, "a negative loss", "cross entropies are from 0")])
        return from_losses(values)
    if (values < 0).any() or (values > 1).any():
        raise SpecError([Fault(name, "a probability outside 0 to 1", 'scale = "confidence", perhaps')])
    return np.asarray(np.log(values + _TINY) - np.log(1.0 - values + _TINY))


def from_losses(losses: np.ndarray) -> np.ndarray:
    """Confidences log p - log(1 - p) from cross entropies -log p, in nats."""
    return np.asarray(-losses - np.log(-np.expm1(-losses) + _TINY))


def _array(given: Any, name: str) -> np.ndarray:
    try:
        return as_array(given)
    except PydanticCustomError as error:
        raise SpecError([fault_at(name, error)]) from None
