"""Operators of ONNX on constants: those that exporters leave between a weight, or a shape, and its use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

Values = Sequence[np.ndarray]
Attributes = Mapping[str, Any]


def reshaped(shape: tuple[int, ...], target: Sequence[int]) -> tuple[int, ...]:
    """The shape that ``Reshape`` makes: 0 keeps a dimension, -1 is what is left.

    Raises:
        ValueError: the sizes don't match.
    """
    kept = [shape[k] if size == 0 and k < len(shape) else int(size) for k, size in enumerate(target)]
    return np.broadcast_to(np.int8(0), shape).reshape(kept).shape


def squeezed(shape: tuple[int, ...], axes: Sequence[int] | None) -> tuple[int, ...]:
    """The shape without the dimensions of 1 at ``axes``, all of them by default.

    Raises:
        ValueError: a dimension isn't 1.
    """
    return np.broadcast_to(np.int8(0), shape).squeeze(None if axes is None else tuple(axes)).shape


def unsqueezed(shape: tuple[int, ...], axes: Sequence[int]) -> tuple[int, ...]:
    """The shape with dimensions of 1 put in at ``axes``.

    Raises:
        ValueError: axes out of range.
    """
    return np.expand_dims(np.broadcast_to(np.int8(0), shape), tuple(axes)).shape


def axes_of(attributes: Attributes, values: Values) -> Sequence[int] | None:
    """``axes``: an attribute before opset 13, an input since."""
    if "axes" in attributes:
        return list(attributes["axes"])
    return values[0].reshape(-1).tolist() if values else None


def _constant(values: Values, attributes: Attributes) -> np.ndarray:
    name = next(
        (name for name in ("value", "value_float", "value_floats", "value_int", "value_ints") if name in attributes),
        None,
    )
    if name is None:
        raise ValueError("holds no numbers")
    return np.asarray(attributes[name])


def _gather(values: Values, attributes: Attributes) -> np.ndarray:
    if values[0].ndim != 1:
        raise ValueError("takes rows of a constant table")
    return values[0][values[1].astype(np.int64)]


_FOLDED: Mapping[str, Callable[[Values, Attributes], np.ndarray]] = {
    "Constant": _constant,
    "Identity": lambda values, _: values[0],
    "Cast": lambda values, _: values[0],
    "Transpose": lambda values, attributes: values[0].transpose(attributes.get("perm")),
    "Reshape": lambda values, attributes: values[0].reshape(
        reshaped(values[0].shape, attributes["shape"] if len(values) < 2 else values[1].tolist())
    ),
    "Squeeze": lambda values, attributes: values[0].reshape(squeezed(values[0].shape, axes_of(attributes, values[1:]))),
    "Unsqueeze": lambda values, attributes: values[0].reshape(
        unsqueezed(values[0].shape, axes_of(attributes, values[1:]) or ())
    ),
    "Concat": lambda values, attributes: np.concatenate(values, axis=attributes.get("axis", 1)),
    "Gather": _gather,
}


def fold(operator: str, values: Values, attributes: Attributes) -> np.ndarray | None:
    """The operator's result; None where it isn't one of those.

    Raises:
        ValueError, IndexError, KeyError: it is malformed.
    """
    rule = _FOLDED.get(operator)
    return None if rule is None else rule(values, attributes)
