"""The models that forget: linear classifiers and small ReLU networks, as functions of one vector of parameters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np


@dataclass(frozen=True)
class Model:
    """Dense layers, ReLU between them; each layer's weights, row by row, then its biases.

    Two classes have one output, the log odds of the second; more have one each, logits of the softmax.

    Attributes:
        inputs: D, the number of features. classes: at least 2. hidden: units of each hidden layer; none: linear.
    """

    inputs: int
    classes: int
    hidden: tuple[int, ...] = ()

    @property
    def linear(self) -> bool:
        return not self.hidden

    @property
    def outputs(self) -> int:
        return 1 if self.classes == 2 else self.classes

    @property
    def layers(self) -> tuple[tuple[int, int], ...]:
        """(inputs, outputs) of each."""
        return tuple(pairwise((self.inputs, *self.hidden, self.outputs)))

    @property
    def size(self) -> int:
        """The number of parameters."""
        return sum((inputs + 1) * outputs for inputs, outputs in self.layers)

    def unpacked(self, parameters: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """((inputs, outputs) weights, (outputs,) biases) of each layer: views of the vector."""
        found, start = [], 0
        for inputs, outputs in self.layers:
            weights = parameters[start : start + inputs * outputs].reshape(inputs, outputs)
            start += inputs * outputs
            found.append((weights, parameters[start : start + outputs]))
            start += outputs
        return found

    def logits(self, parameters: np.ndarray, x: np.ndarray) -> np.ndarray:
        """(n, outputs) for rows (n, D)."""
        return self._forward(parameters, x)[-1]

    def _forward(self, parameters: np.ndarray, x: np.ndarray) -> list[np.ndarray]:
        """What enters each layer, and the logits."""
        values, layers = [x], self.unpacked(parameters)
        for k, (weights, biases) in enumerate(layers):
            out = values[-1] @ weights + biases
            values.append(np.maximum(out, 0.0) if k + 1 < len(layers) else out)
        return values

    def hidden_values(self, parameters: np.ndarray, x: np.ndarray) -> np.ndarray:
        """(n, units) what enters the last layer; the rows themselves, of a linear model."""
        return self._forward(parameters, x)[-2]

    def losses(self, parameters: np.ndarray, x: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """(n,) cross entropies, in nats."""
        return cross_entropies(self.logits(parameters, x), labels)

    def predicted(self, parameters: np.ndarray, x: np.ndarray) -> np.ndarray:
        """(n,) classes."""
        logits = self.logits(parameters, x)
        return (logits[:, 0] > 0).astype(np.int64) if self.outputs == 1 else logits.argmax(axis=1)

    def slope(self, parameters: np.ndarray, x: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """(size,) the gradient of ``sum_i weights_i cross entropy_i``.

        Args:
            targets: (n, outputs) probabilities of the classes (of the second, where there are two).
            weights: (n,).
        """
        parts: list[np.ndarray] = []
        for values, back in self._backward(parameters, x, targets):
            back = back * weights[:, None]
            parts[:0] = [(values.T @ back).ravel(), back.sum(axis=0)]
        return np.concatenate(parts)

    def squared_slopes(self, parameters: np.ndarray, x: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """(size,) the mean over rows of the squares of each row's own gradient: the empirical Fisher matrix's diagonal.

        A weight's gradient in one row is a product, so its square is one, and no row's gradient is written out.
        """
        parts: list[np.ndarray] = []
        for values, back in self._backward(parameters, x, self.targets(labels)):
            parts[:0] = [((values**2).T @ back**2).ravel(), (back**2).sum(axis=0)]
        return np.concatenate(parts) / max(1, len(x))

    def _backward(
        self, parameters: np.ndarray, x: np.ndarray, targets: np.ndarray
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Of each layer from the last to the first: (n, inputs) what enters, (n, outputs) each row's gradient there."""
        values, layers = self._forward(parameters, x), self.unpacked(parameters)
        back = chances(values[-1]) - targets
        for k in reversed(range(len(layers))):
            yield values[k], back
            if k:
                back = (back @ layers[k][0].T) * (values[k] > 0)

    def targets(self, labels: np.ndarray) -> np.ndarray:
        """(n, outputs) of certain labels."""
        if self.outputs == 1:
            return labels[:, None].astype(np.float64)
        return np.asarray(np.eye(self.classes)[labels])


def chances(logits: np.ndarray) -> np.ndarray:
    """(n, outputs) probabilities: of the second class, or of each."""
    if logits.shape[1] == 1:
        small = np.exp(-np.abs(logits))
        return np.asarray(np.where(logits >= 0, 1.0, small) / (1.0 + small))
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def cross_entropies(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(n,) of (n, outputs) logits, in nats."""
    if logits.shape[1] == 1:
        return np.asarray(np.logaddexp(0.0, np.where(labels == 1, -logits[:, 0], logits[:, 0])))
    top = logits.max(axis=1)
    spread = np.log(np.exp(logits - top[:, None]).sum(axis=1))
    return np.asarray(spread + top - logits[np.arange(len(labels)), labels])
