"""What each operator of ONNX does to a chain of layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from dualgap.problems.networks.chain import Chain, Unfoldable
from dualgap.problems.networks.constants import axes_of, reshaped, squeezed, unsqueezed
from dualgap.problems.networks.padding import same_padding

_EPSILON = 1e-5  # of batch normalisation, where the file doesn't say
_FLOATS = (1, 11)  # TensorProto's float32 and float64
_MAX_KERNEL = 10**8


@dataclass(frozen=True)
class Node:
    """An operator on the last result.

    Attributes:
        attributes: by name.
        inputs: the constant ones; None where an input is the last result, or isn't given.
        place: which input the last result is.
    """

    attributes: Mapping[str, Any]
    inputs: tuple[np.ndarray | None, ...]
    place: int = 0

    def known(self, index: int) -> np.ndarray:
        value = self.optional(index)
        if value is None:
            raise Unfoldable(f"has no constant as its input {index}")
        return value

    def optional(self, index: int) -> np.ndarray | None:
        return self.inputs[index] if index < len(self.inputs) else None

    def first(self) -> None:
        """Raises:
        Unfoldable: the last result isn't the first input.
        """
        if self.place != 0:
            raise Unfoldable("takes the last result elsewhere than as its first input")


def _gemm(chain: Chain, node: Node) -> None:
    node.first()
    said = node.attributes
    if said.get("transA", 0):
        raise Unfoldable("transposes the last result")
    matrix = node.known(1) if said.get("transB", 0) else node.known(1).T
    term = node.optional(2)
    bias = np.zeros(len(matrix)) if term is None else said.get("beta", 1.0) * np.broadcast_to(term, (1, len(matrix)))[0]
    _fits(matrix, chain.size)
    chain.dense(said.get("alpha", 1.0) * matrix, bias, (1, len(matrix)))


def _matmul(chain: Chain, node: Node) -> None:
    matrix = node.known(1 - node.place)
    if matrix.ndim != 2:
        raise Unfoldable(f"multiplies with an array of {matrix.ndim} dimensions")
    if node.place == 0:
        _fits(matrix.T, chain.shape[-1])
        shape = (*chain.shape[:-1], matrix.shape[1])
        matrix = matrix.T
    else:
        column = chain.shape if len(chain.shape) > 1 else (*chain.shape, 1)
        _fits(matrix, column[-2])
        shape = (*column[:-2], len(matrix), column[-1])
    _fits(matrix, chain.size)
    chain.dense(matrix, np.zeros(len(matrix)), shape)


def _fits(matrix: np.ndarray, size: int) -> None:
    if matrix.ndim != 2 or matrix.shape[1] != size:
        raise Unfoldable(f"takes {matrix.shape[-1]} entries of {size}")


def _convolution(chain: Chain, node: Node) -> None:
    node.first()
    said, kernel = node.attributes, node.known(1).astype(np.float64)
    if kernel.ndim != 4 or len(chain.shape) != 4 or chain.shape[0] != 1:
        raise Unfoldable("isn't over images (batch, channels, height, width)")
    kernel = _dilated(_ungrouped(kernel, chain.shape[1], said.get("group", 1)), said.get("dilations", (1, 1)))
    bias = node.optional(2)
    stride = tuple(said.get("strides", (1, 1)))
    automatic = bytes(said.get("auto_pad", b"NOTSET")).decode("ascii", "replace")
    padding = tuple(said.get("pads", (0, 0, 0, 0)))
    if automatic in ("SAME_UPPER", "SAME_LOWER"):
        sizes = (chain.shape[2], chain.shape[3]), (kernel.shape[2], kernel.shape[3])
        padding = same_padding(*sizes, stride, upper=automatic == "SAME_UPPER")
    chain.convolution(kernel, np.zeros(len(kernel)) if bias is None else bias, stride, padding)


def _ungrouped(kernel: np.ndarray, channels: int, groups: int) -> np.ndarray:
    """The kernel over all channels, with zeros between groups."""
    if groups == 1:
        return kernel
    filters, within = kernel.shape[:2]
    if groups < 1 or within * groups != channels or filters % groups or kernel.size * groups > _MAX_KERNEL:
        raise Unfoldable(f"has {groups} groups over {channels} channels")
    whole = np.zeros((filters, channels, *kernel.shape[2:]))
    for group in range(groups):
        rows = slice(group * filters // groups, (group + 1) * filters // groups)
        whole[rows, group * within : (group + 1) * within] = kernel[rows]
    return whole


def _dilated(kernel: np.ndarray, dilations: Any) -> np.ndarray:
    """The kernel with zeros between its entries."""
    down, across = dilations
    if (down, across) == (1, 1):
        return kernel
    tall, wide = ((size - 1) * step + 1 for size, step in zip(kernel.shape[2:], (down, across)))
    if min(down, across) < 1 or len(kernel) * kernel.shape[1] * tall * wide > _MAX_KERNEL:
        raise Unfoldable(f"has dilations {down} and {across}")
    spread = np.zeros((*kernel.shape[:2], tall, wide))
    spread[:, :, ::down, ::across] = kernel
    return spread


def _batch_normalisation(chain: Chain, node: Node) -> None:
    node.first()
    if node.attributes.get("training_mode", 0) or not node.attributes.get("spatial", 1):
        raise Unfoldable("is in training mode")
    scale, shift, mean, variance = (node.known(k).astype(np.float64) for k in (1, 2, 3, 4))
    factor = scale / np.sqrt(variance + node.attributes.get("epsilon", _EPSILON))
    by_channel = (-1, *[1] * (len(chain.shape) - 2))
    chain.elementwise(factor.reshape(by_channel), (shift - mean * factor).reshape(by_channel))


def _add(chain: Chain, node: Node) -> None:
    chain.elementwise(1.0, node.known(1 - node.place))


def _subtract(chain: Chain, node: Node) -> None:
    other = node.known(1 - node.place).astype(np.float64)
    chain.elementwise(*((1.0, -other) if node.place == 0 else (-1.0, other)))


def _multiply(chain: Chain, node: Node) -> None:
    chain.elementwise(node.known(1 - node.place), 0.0)


def _divide(chain: Chain, node: Node) -> None:
    node.first()
    divisor = node.known(1).astype(np.float64)
    if not divisor.all():
        raise Unfoldable("divides by zero")
    chain.elementwise(1.0 / divisor, 0.0)


def _keep(chain: Chain, node: Node) -> None:
    if node.attributes.get("to", _FLOATS[0]) not in _FLOATS:
        raise Unfoldable("casts the last result to another type than float32 or float64")
    training = node.optional(2)
    if training is not None and training.any():
        raise Unfoldable("is in training mode")


def _flatten(chain: Chain, node: Node) -> None:
    axis = node.attributes.get("axis", 1)
    chain.reshape((prod(chain.shape[:axis]), prod(chain.shape[axis:])))


def _reshape(chain: Chain, node: Node) -> None:
    said = node.attributes.get("shape")
    target = node.known(1).reshape(-1).tolist() if said is None else list(said)
    chain.reshape(reshaped(chain.shape, target))


def _squeeze(chain: Chain, node: Node) -> None:
    chain.reshape(
        squeezed(chain.shape, axes_of(node.attributes, [part for part in node.inputs[1:] if part is not None]))
    )


def _unsqueeze(chain: Chain, node: Node) -> None:
    axes = axes_of(node.attributes, [part for part in node.inputs[1:] if part is not None])
    chain.reshape(unsqueezed(chain.shape, axes or ()))


def _transpose(chain: Chain, node: Node) -> None:
    moved = np.arange(chain.size).reshape(chain.shape).transpose(node.attributes.get("perm"))
    if (np.diff(moved.reshape(-1)) != 1).any():
        raise Unfoldable("moves entries")
    chain.reshape(moved.shape)


RULES: Mapping[str, Callable[[Chain, Node], None]] = {
    "Gemm": _gemm,
    "MatMul": _matmul,
    "Conv": _convolution,
    "Relu": lambda chain, _: chain.relu(),
    "BatchNormalization": _batch_normalisation,
    "Add": _add,
    "Sub": _subtract,
    "Mul": _multiply,
    "Div": _divide,
    "Identity": _keep,
    "Dropout": _keep,
    "Cast": _keep,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Transpose": _transpose,
}
