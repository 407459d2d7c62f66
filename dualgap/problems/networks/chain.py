"""A network put together operator by operator: what isn't a layer is folded into the layers around it."""

from __future__ import annotations

from math import prod

import numpy as np

from dualgap.problems.networks.network import Convolution, Dense, Network

Operand = np.ndarray | float


class Unfoldable(ValueError):
    """An operator that can't be folded exactly; says why."""


class Chain:
    """The layers so far, and the shape of the last result, for a batch of 1.

    ``factor x + term`` waits elementwise for the next layer where the last operator was a ReLU, or there was none yet;
    it is folded at once into a layer that has no ReLU yet.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self._layers: list[Dense | Convolution] = []
        self._open = False  # the last layer has no ReLU yet
        self._factor, self._term = np.ones(self.size), np.zeros(self.size)
        self._mean = self._std = np.zeros(0)

    @property
    def size(self) -> int:
        return prod(self.shape)

    def reshape(self, shape: tuple[int, ...]) -> None:
        """Raises:
        Unfoldable: another number of entries.
        """
        if prod(shape) != self.size:
            raise Unfoldable(f"makes {_dimensions(shape)} of {_dimensions(self.shape)}")
        self.shape = shape

    def dense(self, weight: np.ndarray, bias: np.ndarray, shape: tuple[int, ...]) -> None:
        """``weight x + bias``, (out, in) and (out,), with a result of ``shape``."""
        if self._open:
            before = self._layers.pop().operator
            weight, bias = np.asarray(weight @ before.matrix), weight @ before.bias + bias
        else:
            factor, term = self._waiting()
            weight, bias = weight * factor, weight @ term + bias
        self._layers.append(Dense(weight=weight, bias=bias))
        self._open, self.shape = True, shape

    def convolution(
        self, weight: np.ndarray, bias: np.ndarray, stride: tuple[int, int], padding: tuple[int, int, int, int]
    ) -> None:
        """(out, in, height, width) and (out,), of images of ``shape`` (1, channels, height, width).

        Raises:
            Unfoldable: something before it that no kernel can hold.
        """
        if self._open:
            raise Unfoldable("comes after another layer without a ReLU between")
        _, channels, height, width = self.shape
        factor, term = (self._by_channel(waiting, channels) for waiting in self._waiting())
        if term.any() and any(padding):
            raise Unfoldable("pads what was shifted before it")
        layer = Convolution(
            weight=weight * factor[:, None, None],
            bias=bias + np.einsum("ocij,c->o", weight, term),
            shape=(channels, height, width),
            stride=stride,
            padding=padding,
        )
        self._layers.append(layer)
        self._open, self.shape = True, (1, len(weight), *layer.image)

    def elementwise(self, factor: Operand, term: Operand) -> None:
        """``factor x + term``, broadcast to ``shape``.

        Raises:
            Unfoldable: the operands make the result larger, or differ within a convolution's channel.
        """
        factors, terms = self._spread(factor), self._spread(term)
        if not self._open:
            self._factor, self._term = factors * self._factor, factors * self._term + terms
            return
        last = self._layers.pop()
        if isinstance(last, Convolution):
            factors, terms = (self._by_channel(part, len(last.weight)) for part in (factors, terms))
        bias = factors * last.bias + terms
        weight = factors.reshape(-1, *[1] * (last.weight.ndim - 1)) * last.weight
        self._layers.append(type(last).model_validate({**last.content(), "weight": weight, "bias": bias}))

    def relu(self) -> None:
        if not self._open:
            self._identity()
        self._open = False
        self._factor, self._term = np.ones(self.size), np.zeros(self.size)

    def finish(self) -> Network:
        """The network; one that ends in a ReLU gets a last layer that changes nothing."""
        if not self._open:
            self._identity()
        return Network(layers=tuple(self._layers), mean=self._mean, std=self._std)

    def _identity(self) -> None:
        self.dense(np.eye(self.size), np.zeros(self.size), self.shape)

    def _waiting(self) -> tuple[np.ndarray, np.ndarray]:
        """What waits for the next layer; at the input it becomes the network's normalisation where it can."""
        factor, term = self._factor, self._term
        if self._layers or not (factor > 0).all() or (not term.any() and (factor == 1).all()):
            return factor, term
        self._mean, self._std = _collapsed(-term / factor), _collapsed(1.0 / factor)
        return np.ones(self.size), np.zeros(self.size)

    def _spread(self, operand: Operand) -> np.ndarray:
        try:
            return np.broadcast_to(np.asarray(operand, dtype=np.float64), self.shape).reshape(-1)
        except ValueError:
            shape = _dimensions(np.shape(operand))
            raise Unfoldable(f"combines {_dimensions(self.shape)} with {shape}") from None

    def _by_channel(self, values: np.ndarray, channels: int) -> np.ndarray:
        """(channels,) of (size,).

        Raises:
            Unfoldable: a channel has several values.
        """
        by_channel = values.reshape(channels, -1)
        if (by_channel != by_channel[:, :1]).any():
            raise Unfoldable("changes the entries of a channel one by one")
        return by_channel[:, 0]


def _collapsed(values: np.ndarray) -> np.ndarray:
    """One number where all are equal."""
    return values[:1] if (values == values[0]).all() else values


def _dimensions(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "a number"
