"""A tiny transformer that answers yes or no after a prompt and a person's words, and its low-rank changes.

The same arithmetic runs on NumPy (float64, for what is certified) and on JAX (float32, for what is trained): ``xp`` is
either module.

Source: LoRA (Hu et al. 2021, section 4): query and value matrices change by a product of rank r.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

_TINY = 1e-6
_CHANGED = ("query", "value")


@dataclass(frozen=True)
class Shape:
    """The sizes of a network.

    Attributes:
        words, length: of prompts: how many words there are, and how many a prompt has.
        values, attributes: how many words describe people, and how many a person has.
        width, layers, heads: of the transformer; hidden layers are twice as wide.
    """

    words: int
    length: int
    values: int
    attributes: int
    width: int
    layers: int
    heads: int

    @cached_property
    def parts(self) -> dict[str, tuple[int, ...]]:
        """The network's arrays by name, in the order in which they are laid out."""
        d = self.width
        layer = {
            "before attention": (d,),
            **dict.fromkeys(("query", "key", "value", "output"), (d, d)),
            "before hidden": (d,),
            "hidden": (d, 2 * d),
            "back": (2 * d, d),
        }
        return {
            "words": (self.words, d),
            "values": (self.values + 1, d),  # the last one asks for the answer
            "places": (self.length + self.attributes + 1, d),
            **{f"{name} {k}": part for k in range(self.layers) for name, part in layer.items()},
            "before answer": (d,),
            "answer": (d,),
        }

    def changes(self, rank: int) -> dict[str, tuple[int, ...]]:
        """The arrays of a change of rank ``rank``: of query and value, in every layer, two factors."""
        d = self.width
        return {
            f"{name} {k} {side}": part
            for k in range(self.layers)
            for name in _CHANGED
            for side, part in (("down", (d, rank)), ("up", (rank, d)))
        }

    @property
    def prompts(self) -> int:
        """How many prompts there are."""
        return int(self.words**self.length)


def size(parts: Mapping[str, tuple[int, ...]]) -> int:
    """How many numbers the arrays have."""
    return sum(prod(part) for part in parts.values())


def unpacked(flat: np.ndarray, parts: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """The arrays that a flat vector holds, by name."""
    ends = np.cumsum([prod(part) for part in parts.values()])[:-1]
    return {name: piece.reshape(part) for (name, part), piece in zip(parts.items(), np.split(flat, ends))}


def packed(arrays: Mapping[str, Any], parts: Mapping[str, tuple[int, ...]]) -> np.ndarray:
    """The inverse of ``unpacked``, in float64."""
    return np.concatenate([np.asarray(arrays[name], dtype=np.float64).ravel() for name in parts])


def initial(parts: Mapping[str, tuple[int, ...]], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Random arrays to train from: vectors are 1, matrices normal by their rows, a change's second factor 0."""
    made = {}
    for name, part in parts.items():
        if name.endswith("up"):
            array = np.zeros(part)
        elif len(part) == 1 and name != "answer":
            array = np.ones(part)
        else:
            table = name in ("words", "values", "places")
            array = rng.standard_normal(part) / (2.0 if table else np.sqrt(part[0]))
        made[name] = array.astype(np.float32)
    return made


def merged(network: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """The network with a low-rank change added to its query and value matrices."""
    added = {
        name.removesuffix(" down"): down @ change[f"{name.removesuffix(' down')} up"]
        for name, down in change.items()
        if name.endswith(" down")
    }
    return {name: array + added[name] if name in added else array for name, array in network.items()}


def logits(xp: Any, shape: Shape, network: Mapping[str, Any], prompts: Any, rows: Any) -> Any:
    """(P, N) the log odds of "yes" after each prompt and person.

    Args:
        xp: ``numpy`` or ``jax.numpy``.
        prompts: (P, L, d) the prompts' words as vectors: rows of ``network["words"]``, or mixtures of them.
        rows: (N, m) the people's words, by number.
    """
    count, length = prompts.shape[:2]
    asked = np.full((len(rows), 1), shape.values)
    people = network["values"][xp.concatenate([rows, asked], axis=1)] + network["places"][length:]
    told = prompts + network["places"][:length]
    read = xp.broadcast_to(people, (count, *people.shape))
    for k in range(shape.layers):
        last = k == shape.layers - 1
        told, read = _layer(xp, shape, network, k, told, read, last)
    final = _scaled(xp, read[:, :, -1], network["before answer"])
    return final @ network["answer"]


def _layer(xp: Any, shape: Shape, network: Mapping[str, Any], k: int, told: Any, read: Any, last: bool) -> Any:
    """One block on the prompts' places (P, L, d) and the people's (P, N, T, d), which see all before them.

    The last block is needed where the answer stands only.
    """
    part = {name: network[f"{name} {k}"] for name in ("query", "key", "value", "output", "hidden", "back")}
    before, after = (
        _scaled(xp, told, network[f"before attention {k}"]),
        _scaled(xp, read, network[f"before attention {k}"]),
    )
    heads = shape.heads

    def split(array: Any) -> Any:
        """(..., T, d) as (..., heads, T, d / heads)."""
        return xp.swapaxes(array.reshape(*array.shape[:-1], heads, -1), -2, -3)

    keys, values = (split(before @ part[name]) for name in ("key", "value"))  # (P, H, L, e)
    own_keys, own_values = (split(after @ part[name]) for name in ("key", "value"))  # (P, N, H, T, e)
    if last:
        after, read = after[:, :, -1:], read[:, :, -1:]
    asks = split(after @ part["query"])  # (P, N, H, T or 1, e)
    scale = 1.0 / float(np.sqrt(shape.width // heads))
    to_prompt = xp.einsum("pnhte,phle->pnhtl", asks, keys, optimize=True) * scale
    to_people = asks @ xp.swapaxes(own_keys, -1, -2) * scale
    places = own_keys.shape[-2]
    seen = np.tril(np.ones((places, places), dtype=bool))[-asks.shape[-2] :]
    weights = _softmax(xp, xp.concatenate([to_prompt, xp.where(seen, to_people, -1e9)], axis=-1))
    length = told.shape[1]
    mixed = xp.einsum("pnhtl,phle->pnhte", weights[..., :length], values, optimize=True)
    mixed = mixed + weights[..., length:] @ own_values
    read = _fed(xp, network, k, read + _joined(xp, mixed) @ part["output"])
    if not last:
        asks = split(before @ part["query"])
        seen = np.tril(np.ones((length, length), dtype=bool))
        weights = _softmax(xp, xp.where(seen, asks @ xp.swapaxes(keys, -1, -2) * scale, -1e9))
        told = _fed(xp, network, k, told + _joined(xp, weights @ values) @ part["output"])
    return told, read


def _joined(xp: Any, array: Any) -> Any:
    """(..., heads, T, e) as (..., T, heads e)."""
    array = xp.swapaxes(array, -2, -3)
    return array.reshape(*array.shape[:-2], -1)


def _fed(xp: Any, network: Mapping[str, Any], k: int, x: Any) -> Any:
    """The second half of a block: a hidden layer with a smooth rectifier, ``x sigmoid(x)``."""
    hidden = _scaled(xp, x, network[f"before hidden {k}"]) @ network[f"hidden {k}"]
    return x + (hidden * sigmoid(xp, hidden)) @ network[f"back {k}"]


def _scaled(xp: Any, x: Any, gain: Any) -> Any:
    """To a root mean square of 1 (Zhang and Sennrich 2019), times a gain."""
    return x / xp.sqrt(xp.mean(x * x, axis=-1, keepdims=True) + _TINY) * gain


def _softmax(xp: Any, x: Any) -> Any:
    powers = xp.exp(x - xp.max(x, axis=-1, keepdims=True))
    return powers / xp.sum(powers, axis=-1, keepdims=True)


def sigmoid(xp: Any, x: Any) -> Any:
    """``1 / (1 + exp(-x))``, without overflow."""
    return 0.5 * (1.0 + xp.tanh(0.5 * x))
