"""ReLU networks: dense layers and convolutions, as data.

A network maps x in R^d to logits in R^k: inputs are normalised, ``z_0 = (x - mean) / std``, then
``z_l = relu(W_l z_(l-1) + b_l)``, without the ReLU after the last layer. The network meant is the one of real
arithmetic whose weights are the float64 values; bounds allow for the rounding of its evaluation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
from pydantic import Discriminator, Field, Tag, model_validator

from dualgap.core.arrays import Array, Matrix, Vector, as_array
from dualgap.core.record import Record
from dualgap.problems.counts import fault

if TYPE_CHECKING:
    from scipy.sparse import csr_array

LARGEST = 10**7
"""Entries that a layer may take or give."""

_LARGEST_MATRIX = 10**9  # entries of a convolution's matrix


@dataclass(frozen=True, eq=False)
class Operator:
    """An affine map ``x -> matrix x + bias``; the matrix (out, in) is dense, or CSR for convolutions."""

    matrix: np.ndarray | csr_array
    bias: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """(n, in) -> (n, out)."""
        image: np.ndarray = (self.matrix @ x.T).T + self.bias
        return image


class Dense(Record):
    """``weight x + bias``: (out, in) and (out,)."""

    weight: Matrix
    bias: Vector

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.bias) != len(self.weight):
            raise fault(f"bias has {len(self.bias)} entries, weight {len(self.weight)} rows", "one entry an output")
        return self

    @property
    def inputs(self) -> int:
        return int(self.weight.shape[1])

    @property
    def outputs(self) -> int:
        return int(self.weight.shape[0])

    @cached_property
    def operator(self) -> Operator:
        return Operator(self.weight.astype(np.float64), self.bias.astype(np.float64))


class Convolution(Record):
    """A convolution (cross-correlation) of images in C order: channels, height, width.

    Attributes:
        weight: (out_channels, in_channels, kernel height, kernel width).
        bias: (out_channels,).
        shape: (channels, height, width) of its input.
        stride: down and across.
        padding: rows and columns of zeros at the top, left, bottom and right.
    """

    weight: Array
    bias: Vector
    shape: tuple[int, int, int]
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.weight.ndim != 4:
            raise fault(f"weight has {self.weight.ndim} dimensions", "give (out, in, height, width)")
        if len(self.bias) != len(self.weight):
            raise fault(f"bias has {len(self.bias)} entries, weight {len(self.weight)} filters", "one a filter")
        if self.weight.shape[1] != self.shape[0]:
            raise fault(f"filters have {self.weight.shape[1]} channels, inputs {self.shape[0]}", "check shape")
        if min(self.stride) < 1 or min(self.padding) < 0 or min(self.image) < 1:
            raise fault("stride, padding or kernel don't fit the image", "check stride, padding and shape")
        if max(self.inputs, self.outputs) > LARGEST or self.outputs * self.weight[0].size > _LARGEST_MATRIX:
            raise fault(f"{self.outputs:,} outputs are too many", "check stride, padding and shape")
        return self

    @property
    def inputs(self) -> int:
        channels, height, width = self.shape
        return channels * height * width

    @property
    def image(self) -> tuple[int, int]:
        """Height and width of the output."""
        _, height, width = self.shape
        top, left, bottom, right = self.padding
        down = (height + top + bottom - self.weight.shape[2]) // self.stride[0] + 1
        across = (width + left + right - self.weight.shape[3]) // self.stride[1] + 1
        return down, across

    @property
    def outputs(self) -> int:
        return len(self.weight) * self.image[0] * self.image[1]

    @cached_property
    def operator(self) -> Operator:
        """The same map as a sparse matrix."""
        from scipy.sparse import csr_array

        channels, height, width = self.shape
        down, across = self.image
        filters, _, tall, wide = self.weight.shape
        out, y, x, channel, i, j = np.indices((filters, down, across, channels, tall, wide), sparse=True)
        row = y * self.stride[0] + i - self.padding[0]
        column = x * self.stride[1] + j - self.padding[1]
        shape = (filters, down, across, channels, tall, wide)
        inside = np.broadcast_to((row >= 0) & (row < height) & (column >= 0) & (column < width), shape)
        source = np.broadcast_to((channel * height + row) * width + column, shape)[inside]
        target = np.broadcast_to((out * down + y) * across + x, shape)[inside]
        entries = np.broadcast_to(self.weight[:, None, None].astype(np.float64), shape)[inside]
        matrix = csr_array((entries, (target, source)), shape=(self.outputs, self.inputs))
        return Operator(matrix, np.repeat(self.bias.astype(np.float64), down * across))


def _kind(layer: Any) -> str:
    """The tag of a layer, in data or as a record."""
    shaped = isinstance(layer, Convolution) or (isinstance(layer, Mapping) and "shape" in layer)
    return "convolution" if shaped else "dense"


Layer = Annotated[Annotated[Dense, Tag("dense")] | Annotated[Convolution, Tag("convolution")], Discriminator(_kind)]
"""Data with ``shape`` makes a convolution; so errors are those of one kind."""


class Network(Record):
    """A ReLU network.

    Attributes:
        layers: in order; a ReLU follows every one but the last.
        mean, std: of the inputs, (d,) or one number for all; empty where inputs aren't normalised.
    """

    layers: tuple[Layer, ...]
    mean: Vector = Field(default_factory=lambda: as_array(()))
    std: Vector = Field(default_factory=lambda: as_array(()))

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if not self.layers:
            raise fault("no layers", "give at least one")
        for place, (before, after) in enumerate(zip(self.layers, self.layers[1:])):
            if before.outputs != after.inputs:
                raise fault(
                    f"layer {place} has {before.outputs} outputs, layer {place + 1} {after.inputs} inputs",
                    "check the order of the layers",
                )
        for name in ("mean", "std"):
            if len(getattr(self, name)) not in (0, 1, self.inputs):
                raise fault(f"{name} has {len(getattr(self, name))} entries", f"give one, or {self.inputs}")
        if (self.std <= 0).any():
            raise fault("std isn't positive", "leave constant inputs at 1")
        return self

    @property
    def inputs(self) -> int:
        return self.layers[0].inputs

    @property
    def outputs(self) -> int:
        return self.layers[-1].outputs

    @cached_property
    def operators(self) -> tuple[Operator, ...]:
        """The layers' affine maps, the normalisation folded into the first."""
        first, *rest = (layer.operator for layer in self.layers)
        return (self._folded(first), *rest)

    def _folded(self, first: Operator) -> Operator:
        if not (len(self.mean) or len(self.std)):
            return first
        mean = np.broadcast_to(self.mean if len(self.mean) else 0.0, self.inputs)
        std = np.broadcast_to(self.std if len(self.std) else 1.0, self.inputs)
        from scipy.sparse import csr_array

        matrix: Any = first.matrix
        matrix = matrix / std if isinstance(matrix, np.ndarray) else csr_array(matrix.multiply(1.0 / std))
        return Operator(matrix, first.bias - matrix @ mean)

    def forward(self, x: Any) -> np.ndarray:
        """(n, d) inputs to (n, k) logits in float64."""
        now = np.asarray(x, dtype=np.float64)
        for operator in self.operators[:-1]:
            now = np.maximum(operator(now), 0.0)
        return self.operators[-1](now)
