"""Layers out of named arrays, as PyTorch and JAX name and lay them out.

PyTorch keeps dense weights as (out, in) and kernels as (out, in, height, width); Flax and Keras as (in, out) and
(height, width, in, out), and they flatten images as (height, width, channels) before a dense layer: its columns are
put in the order (channels, height, width) here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import numpy as np

from dualgap.core.errors import Fault, SpecError
from dualgap.core.problem import parsed
from dualgap.core.record import Record
from dualgap.problems.networks.network import Convolution, Dense, Network
from dualgap.problems.networks.padding import same_padding

Arrays = Mapping[str, np.ndarray]

_PAIR = '{weight = "W1", bias = "b1"}'
_ENDS = {"torch": ("weight", "bias"), "jax": ("kernel", "bias")}
_LISTED = 12  # names of arrays in a message


class LayerNames(Record):
    """One layer: ``name`` (``fc1`` stands for ``fc1.weight`` and ``fc1.bias``) or its arrays' own names."""

    name: str = ""
    weight: str = ""
    bias: str | None = None
    stride: int | tuple[int, int] = 1
    padding: int | tuple[int, int] | tuple[int, int, int, int] | Literal["same"] = 0


class Layout(Record):
    """How the arrays of a file make layers.

    Attributes:
        layout: "torch", or "jax", "flax", "keras", which are one.
        layers: in order, a ReLU between each; by the numbers in their names where those differ in nothing else.
        shape: (channels, height, width) of the images that a first convolution takes.
    """

    layout: Literal["torch", "jax", "flax", "keras"] = "torch"
    layers: tuple[str | LayerNames, ...] = ()
    shape: tuple[int, int, int] | None = None

    @property
    def ends(self) -> tuple[str, str]:
        """What names of weights and biases end in."""
        return _ENDS["torch" if self.layout == "torch" else "jax"]


def read_layers(arrays: Arrays, options: Mapping[str, Any], where: str) -> Network:
    """A network of named arrays.

    Args:
        arrays: by name; each must be used.
        options: the fields of ``Layout``.
        where: the network's path in the spec.

    Raises:
        SpecError: arrays that are missing or left over, or sizes that don't fit.
    """
    layout: Layout = parsed(Layout, options, where)
    given = [LayerNames(name=layer) if isinstance(layer, str) else layer for layer in layout.layers]
    layers = given or [LayerNames(name=name) for name in _numbered(arrays, layout, where)]
    named = [_named(layer, arrays, layout, f"{where}.layers[{k}]") for k, layer in enumerate(layers)]
    used = {name for layer in named for name in (layer.weight, layer.bias)}
    left = [name for name in arrays if name not in used]
    if left:  # without them it would silently be another network
        remedy = "name every layer in layers; fold batch normalisation first, or export to ONNX"
        raise SpecError([Fault(f"{where}.layers", f"the file also holds {_listed(left)}", remedy)])
    network: Network = parsed(Network, {"layers": tuple(_built(named, arrays, layout, where))}, where)
    return network


def _numbered(arrays: Arrays, layout: Layout, where: str) -> list[str]:
    """The layers' names in the order of their numbers.

    Raises:
        SpecError: the names differ in more than numbers, so that the order would be guessed.
    """
    ending = re.compile(rf"[./_]{layout.ends[0]}$")
    found = [ending.sub("", name) for name in arrays if ending.search(name)]
    order = {name: [int(part) for part in re.findall(r"\d+", name)] for name in found}
    alike = len({re.sub(r"\d+", "", name) for name in found}) == 1
    if not alike or len(set(map(tuple, order.values()))) < len(found):
        message = f"the layers' order can't be told from the names: {_listed(list(arrays))}"
        raise SpecError([Fault(f"{where}.layers", message, _by_name(arrays, layout))])
    return sorted(found, key=lambda name: order[name])


def _by_name(arrays: Arrays, layout: Layout) -> str:
    """What to write where the order of the layers can't be told."""
    foreign = next(name for name, ends in _ENDS.items() if ends != layout.ends)
    weight = _ENDS[foreign][0]
    if any(name.endswith(weight) for name in arrays):
        return f'layout = "{foreign}" reads weights that are called {weight}'
    return f'name them in order: layers = ["fc1", "fc2"], or [{_PAIR}, ...]'


def _named(layer: LayerNames, arrays: Arrays, layout: Layout, where: str) -> LayerNames:
    """The layer with the names of its arrays; ``bias`` None where the file has none for it."""
    weight, bias = (_found(layer.name, end, arrays) for end in layout.ends)
    weight, bias = layer.weight or weight or f"{layer.name}.{layout.ends[0]}", layer.bias or bias
    missing = [name for name in (weight, bias) if name is not None and name not in arrays]
    if missing:
        remedy = f"name both: {_PAIR}; arrays: {_listed(list(arrays))}"
        raise SpecError([Fault(where, f"no array {missing[0]!r}", remedy)])
    return layer.model_copy(update={"weight": weight, "bias": bias})


def _found(name: str, end: str, arrays: Arrays) -> str | None:
    return next((name + mark + end for mark in "./_" if name and name + mark + end in arrays), None)


def _built(named: list[LayerNames], arrays: Arrays, layout: Layout, where: str) -> Iterator[Dense | Convolution]:
    """The layers as records; images' shapes are followed from one convolution to the next."""
    image, torch = layout.shape, layout.layout == "torch"
    for place, layer in ((f"{where}.layers[{k}]", layer) for k, layer in enumerate(named)):
        weight = arrays[layer.weight]
        if weight.ndim == 2:
            weight = weight if torch else _in_order(weight.T, image)
            image = None
            bias = _bias(layer, arrays, len(weight))
            if torch and bias.shape == weight.shape[1:] != weight.shape[:1]:
                message = f"{layer.weight} has {len(weight)} rows, {layer.bias} {len(bias)} entries"
                remedy = 'one row an output; layout = "flax" takes one column an output'
                raise SpecError([Fault(place, message, remedy)])
            yield parsed(Dense, {"weight": weight, "bias": bias}, place)
        elif weight.ndim == 4 and image is not None:
            weight = weight if torch else weight.transpose(3, 2, 0, 1)
            stride = (layer.stride, layer.stride) if isinstance(layer.stride, int) else layer.stride
            padding = _padding(layer, (image[1], image[2]), (weight.shape[2], weight.shape[3]), stride)
            fields = {"shape": image, "stride": stride, "padding": padding}
            convolution: Convolution = parsed(
                Convolution, {"weight": weight, "bias": _bias(layer, arrays, len(weight)), **fields}, place
            )
            image = (len(weight), *convolution.image)
            yield convolution
        elif weight.ndim == 4:
            remedy = "write shape = [1, 28, 28] (channels, height, width) beside layers"
            raise SpecError([Fault(place, "a convolution of images whose shape isn't known", remedy)])
        else:
            message = f"{layer.weight} has {weight.ndim} dimensions"
            raise SpecError([Fault(place, message, "2 make a dense layer, 4 a convolution")])


def _bias(layer: LayerNames, arrays: Arrays, outputs: int) -> np.ndarray:
    return np.zeros(outputs) if layer.bias is None else arrays[layer.bias]


def _in_order(weight: np.ndarray, image: tuple[int, int, int] | None) -> np.ndarray:
    """Columns from (height, width, channels), as JAX flattens an image, to (channels, height, width)."""
    if image is None or weight.shape[1] != np.prod(image):
        return weight
    channels, height, width = image
    return weight.reshape(-1, height, width, channels).transpose(0, 3, 1, 2).reshape(len(weight), -1)


def _padding(
    layer: LayerNames, image: tuple[int, int], kernel: tuple[int, int], stride: tuple[int, int]
) -> tuple[int, ...]:
    """(top, left, bottom, right)."""
    given = layer.padding
    if given == "same":
        return same_padding(image, kernel, stride)
    if isinstance(given, int):
        return (given,) * 4
    return (*given, *given) if len(given) == 2 else tuple(given)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more if names else "none"
