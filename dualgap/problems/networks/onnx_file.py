"""Networks in ``.onnx`` files of any opset: dense layers, convolutions and ReLUs; the rest is folded or refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from dualgap.core.arrays import shown
from dualgap.core.errors import Fault, SpecError
from dualgap.problems.networks.chain import Chain, Unfoldable
from dualgap.problems.networks.constants import fold
from dualgap.problems.networks.network import LARGEST, Network
from dualgap.problems.networks.operators import RULES, Node

_WHERE = "network.file"
_KNOWN = f"dualgap reads {', '.join(RULES)}"
_REMEDIES = {
    "Softmax": "export the logits, without the softmax",
    "LogSoftmax": "export the logits, without the softmax",
    "MaxPool": "a maximum isn't a ReLU layer; take strides instead of pooling",
    "Transpose": "export for images in the order (channels, height, width)",
}
_ONNX_DOMAINS = ("", "ai.onnx")


def read_onnx(path: Path) -> Network:
    """The network in a file.

    Raises:
        SpecError: it can't be read; or an operator, named with its place, isn't one that a chain of ReLU layers has.
    """
    graph = _graph(path)
    constants = dict(_initialisers(graph))
    entry = _entry(graph, constants)
    chain, now = Chain(_shape(entry)), entry.name
    shapes = {now: chain.shape}
    for number, node in enumerate(graph.node):
        where = f"operator {number} ({node.op_type}{f' {node.name!r}' if node.name else ''})"
        try:
            folded = _folded(node, constants, shapes)
            if folded is None:
                _apply(chain, node, constants, now)
        except (Unfoldable, ValidationError, ValueError, TypeError, IndexError, KeyError) as error:
            reason = str(error) if isinstance(error, Unfoldable) else f"is malformed: {_reason(error)}"
            raise SpecError([Fault(_WHERE, f"{where} {reason}", _REMEDIES.get(node.op_type, _KNOWN))]) from error
        if folded is not None:
            constants[node.output[0]] = folded
        else:
            now = node.output[0]
            shapes[now] = chain.shape
    outputs = [output.name for output in graph.output]
    if outputs != [now]:
        raise SpecError([Fault(_WHERE, f"its outputs are {shown(outputs)}, the last result is {now!r}", "export one")])
    return chain.finish()


def _graph(path: Path) -> Any:
    try:
        import onnx
        from google.protobuf.message import DecodeError
    except ImportError:
        raise SpecError([Fault(_WHERE, "onnx isn't installed", "pip install 'dualgap[networks]'")]) from None
    try:
        model = onnx.load(path, load_external_data=False)
    except (DecodeError, OSError, ValueError, MemoryError) as error:
        message = f"can't read {shown(path.name)}: {error}"
        raise SpecError([Fault(_WHERE, message, "is the file whole?")]) from error
    if not model.graph.node or not model.opset_import:  # a file may be cut off between two fields
        raise SpecError([Fault(_WHERE, f"{shown(path.name)} holds no network", "is it an ONNX file, and whole?")])
    return model.graph


def _initialisers(graph: Any) -> Iterator[tuple[str, np.ndarray]]:
    if graph.sparse_initializer:
        raise SpecError([Fault(_WHERE, "it holds sparse weights", "export them dense")])
    for tensor in graph.initializer:
        try:
            yield tensor.name, _array(tensor)
        except (ValueError, TypeError, MemoryError) as error:
            message = f"can't read the weights {shown(tensor.name)}: {error}"
            raise SpecError([Fault(_WHERE, message, "is the file whole?")]) from error


def _array(tensor: Any) -> np.ndarray:
    """Raises:
    ValueError: weights in another file, or of no plain type.
    """
    from onnx import TensorProto, numpy_helper

    if tensor.data_location == TensorProto.EXTERNAL:
        raise ValueError("they are in another file; export with the weights inside")
    array = np.asarray(numpy_helper.to_array(tensor))
    if array.dtype.kind not in "fiub":
        raise ValueError(f"numbers of type {array.dtype}")
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def _entry(graph: Any, constants: dict[str, np.ndarray]) -> Any:
    entries = [entry for entry in graph.input if entry.name not in constants]
    if len(entries) != 1:
        names = ", ".join(entry.name for entry in entries) or "none"
        raise SpecError([Fault(_WHERE, f"it takes {len(entries)} inputs: {names}", "one is what an adversary moves")])
    return entries[0]


def _shape(entry: Any) -> tuple[int, ...]:
    """The input's shape with a batch of 1.

    Raises:
        SpecError: dimensions that the file leaves open, beyond the first; or too many entries.
    """
    sizes = [dimension.dim_value for dimension in entry.type.tensor_type.shape.dim]
    shape = (1, *sizes[1:]) if len(sizes) > 1 and sizes[0] <= 0 else tuple(sizes)
    total = 1
    for size in shape:
        total *= size
    if not shape or min(shape) <= 0 or total > LARGEST:
        message = f"its input is {' x '.join(map(str, sizes)) or 'of no shape'}"
        raise SpecError([Fault(_WHERE, message, f"fix every dimension but the batch; at most {LARGEST:,} entries")])
    return shape


def _folded(node: Any, constants: dict[str, np.ndarray], shapes: dict[str, tuple[int, ...]]) -> np.ndarray | None:
    """The result of an operator on constants; None where it isn't one."""
    if node.op_type == "Shape" and node.input[0] in shapes:
        return np.array(shapes[node.input[0]], dtype=np.int64)
    if not all(name in constants for name in node.input):
        return None
    result = fold(node.op_type, [constants[name] for name in node.input], _attributes(node))
    if result is None:
        raise Unfoldable("isn't done on constants")
    return result


def _apply(chain: Chain, node: Any, constants: dict[str, np.ndarray], now: str) -> None:
    """Raises:
    Unfoldable: an operator that the chain can't take.
    """
    rule = RULES.get(node.op_type)
    if rule is None or node.domain not in _ONNX_DOMAINS:
        raise Unfoldable("can't be stated by ReLU layers")
    others = [name for name in node.input if name and name not in constants]
    if others != [now]:
        raise Unfoldable(f"takes {shown(', '.join(others))}, not the last result alone: branches aren't read")
    if sum(bool(name) for name in node.output[1:]):
        raise Unfoldable("has several results")
    inputs = tuple(constants.get(name) for name in node.input)
    rule(chain, Node(_attributes(node), inputs, list(node.input).index(now)))


def _attributes(node: Any) -> dict[str, Any]:
    from onnx import TensorProto
    from onnx.helper import get_attribute_value

    read = {item.name: get_attribute_value(item) for item in node.attribute}
    return {name: _array(value) if isinstance(value, TensorProto) else value for name, value in read.items()}


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(item["msg"] for item in error.errors())
    return str(error)
