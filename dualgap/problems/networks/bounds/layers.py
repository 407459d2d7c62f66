"""A network's affine maps, with the sizes of their entries for bounds on rounding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dualgap.problems.networks.bounds.rounding import TINY, share
from dualgap.problems.networks.network import Network


@dataclass(frozen=True, eq=False)
class Layer:
    """An affine map and what its rounding needs.

    Attributes:
        matrix: (out, in), dense or CSR.
        bias: (out,).
        matrix_size, bias_size: sizes of the entries, or of what they were computed from.
    """

    matrix: Any
    bias: np.ndarray
    matrix_size: Any
    bias_size: np.ndarray

    @property
    def outputs(self) -> int:
        return len(self.bias)

    @property
    def share(self) -> float:
        """Of sizes: it covers sums over inputs or outputs, and the normalisation folded into the entries."""
        return share(sum(self.matrix.shape))

    def backward(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(K, in) ``rows matrix`` for rows (K, out), and a bound on each entry's error."""
        return rows @ self.matrix, self.share * (np.abs(rows) @ self.matrix_size) + TINY

    def constant(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(K,) ``rows bias``, and a bound on its error."""
        return rows @ self.bias, self.share * (np.abs(rows) @ self.bias_size) + TINY

    def images(self, lower: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Intervals (K, out) that hold the images of boxes (K, in)."""
        middle, radius = 0.5 * (lower + upper), 0.5 * (upper - lower)
        centre = (self.matrix @ middle.T).T + self.bias
        reach = (self.matrix_size @ radius.T).T
        size = (self.matrix_size @ (np.abs(middle) + radius).T).T + self.bias_size
        slack = self.share * size + TINY
        return centre - reach - slack, centre + reach + slack


def layers_of(network: Network) -> tuple[Layer, ...]:
    """The network's layers, first to last."""
    found = []
    for place, operator in enumerate(network.operators):
        size, bias_size = abs(operator.matrix), np.abs(operator.bias)
        if place == 0 and len(network.mean):  # bias - matrix mean may have cancelled
            bias_size = bias_size + 2.0 * (size @ np.broadcast_to(np.abs(network.mean), (network.inputs,)))
        found.append(Layer(operator.matrix, operator.bias, size, bias_size))
    return tuple(found)
