"""The least of a linear function of a network's outputs over a node, as a linear or a mixed-integer program.

Neurons that are stable over the whole set are substituted. Of the others, a column z = relu(h) each: where
``l < 0 < u``, rows ``z >= h`` and ``z <= u (h - l) / (u - l)`` (the triangle of Ehlers, Formal verification of
piece-wise linear feed-forward neural networks, 2017); with a binary a, ``z <= h - l (1 - a)`` and ``z <= u a`` instead
of the second (Tjeng, Xiao and Tedrake, Evaluating robustness of neural networks with mixed integer programming, 2019).
Where a node makes a neuron stable, ``z = h`` or ``z = 0``, and a row ``l <= h <= u``.

All nodes of a set have the same columns and rows in their linear programs, so that a basis of one starts another.

Weights that decay leaves behind (1e-30 for a pixel that is always black) are no coefficients for a solver: HiGHS drops
what is below 1e-9. Where they can't move a neuron by 1e-8 together, a hundredth of solvers' tolerances, they are left
out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.forms import MixedIntegerProgram
from dualgap.problems.networks.bounds.layers import Layer
from dualgap.problems.networks.bounds.nodes import Neurons, Node

if TYPE_CHECKING:
    from scipy.sparse import csr_array

DUST = 1e-9
"""Coefficients up to this magnitude are dropped by HiGHS."""
_FREE = np.inf
_MOVED = 1e-8


@dataclass(frozen=True, eq=False)
class Encoded:
    """A network over one set of inputs.

    Attributes:
        numbers: (U,) the neurons that aren't stable over the set, numbered through all hidden layers.
        neurons: the same, by layer.
        before, bias: (U, V), (U,) what goes into them, as a function of the inputs and the neurons' columns.
        outputs, constant: (k, V), (k,) the network's outputs.
    """

    numbers: np.ndarray
    neurons: Neurons
    before: csr_array
    bias: np.ndarray
    outputs: np.ndarray
    constant: np.ndarray

    @property
    def inputs(self) -> int:
        return int(self.before.shape[1]) - len(self.numbers)

    def interval(self, node: Node) -> tuple[np.ndarray, np.ndarray]:
        """(U,) the neurons' intervals over a node."""
        sides = (
            [getattr(span, side)[0, columns] for span, columns in zip(node.spans, self.neurons.columns)]
            for side in ("lower", "upper")
        )
        lower, upper = (np.concatenate(parts) if parts else np.zeros(0) for parts in sides)
        return lower, upper

    def relaxation(self, node: Node, row: np.ndarray, constant: float) -> MixedIntegerProgram:
        """The linear program with triangles: rows ``z >= h``, then triangles or intervals, the halfspace, the ball."""
        from scipy.sparse import diags_array

        lower, upper = self.interval(node)
        open_, active = (lower < 0) & (upper > 0), lower >= 0
        slope = np.where(open_, upper / np.where(open_, upper - lower, 1.0), -1.0)
        second = diags_array(open_.astype(float)) @ self._own - diags_array(slope) @ self.before
        blocks = [self._own - self.before, second]
        low = [np.where(open_ | active, self.bias, -_FREE), np.where(open_, -_FREE, lower - self.bias)]
        high = [
            np.where(active, self.bias, _FREE),
            np.where(open_, slope * (self.bias - lower), upper - self.bias),
        ]
        z_low = np.where(active, -_FREE, 0.0)
        z_high = np.where(open_, upper, np.where(active, _FREE, 0.0))
        return self._form(node, row, constant, blocks, low, high, (z_low, z_high), 0)

    def exact(self, node: Node, row: np.ndarray, constant: float) -> MixedIntegerProgram:
        """The program with a binary for every neuron, big-M from the node's intervals."""
        from scipy.sparse import csr_array, diags_array, hstack

        lower, upper = self.interval(node)
        count = len(lower)
        low_m, high_m = np.minimum(lower, 0.0), np.maximum(upper, 0.0)
        blank = csr_array((count, count))
        above = self._own - self.before
        blocks = [
            hstack([above, blank]),
            hstack([above, diags_array(-low_m)]),
            hstack([self._own, diags_array(-high_m)]),
            hstack([self.before, blank]),
        ]
        free = np.full(count, -_FREE)
        low = [self.bias, free, free, lower - self.bias]
        high = [-free, self.bias - low_m, np.zeros(count), upper - self.bias]
        ends = (
            np.concatenate((np.zeros(count), (lower >= 0).astype(float))),
            np.concatenate((high_m, (upper > 0).astype(float))),
        )
        return self._form(node, row, constant, blocks, low, high, ends, count)

    def multipliers(self, node: Node, duals: np.ndarray) -> np.ndarray:
        """(U,) the neurons' multipliers, as trees have them, from the rows' in the linear program."""
        lower, upper = self.interval(node)
        first, second = np.split(duals[: 2 * len(lower)], 2)
        open_ = (lower < 0) & (upper > 0)
        slope = np.where(open_, upper / np.where(open_, upper - lower, 1.0), 0.0)
        return np.where(open_, first + slope * second, -second)

    @cached_property
    def _own(self) -> csr_array:
        from scipy.sparse import csr_array

        count, width = self.before.shape
        return csr_array(np.eye(count, width, width - count))

    def _form(
        self,
        node: Node,
        row: np.ndarray,
        constant: float,
        blocks: list[csr_array],
        low: list[np.ndarray],
        high: list[np.ndarray],
        ends: tuple[np.ndarray, np.ndarray],
        binaries: int,
    ) -> MixedIntegerProgram:
        from scipy.sparse import csr_array, hstack, vstack

        region, width = node.region, self.inputs
        columns = blocks[0].shape[1]
        cut = np.zeros((1, columns))
        if region.cut is not None and region.cap is not None:
            cut[0, :width] = region.cut[0]
        matrix = vstack([*blocks, csr_array(cut)])
        low.append(np.full(1, -_FREE))
        high.append(np.full(1, _FREE) if region.cap is None else region.cap)
        first, last = [region.lower[0], ends[0]], [region.upper[0], ends[1]]
        cost = np.zeros(columns)
        cost[: self.outputs.shape[1]] = row @ self.outputs
        integer = np.zeros(columns, dtype=bool)
        integer[columns - binaries :] = binaries > 0
        if region.centre is not None and region.radius is not None:  # |x - centre| <= t, sum t <= radius
            same, rest = csr_array(np.eye(width)), csr_array((width, columns - width))
            total = hstack([csr_array((1, columns)), csr_array(np.ones((1, width)))])
            matrix = hstack([matrix, csr_array((matrix.shape[0], width))])
            matrix = vstack([matrix, hstack([same, rest, same]), hstack([-same, rest, same]), total])
            low += [region.centre[0], -region.centre[0], np.full(1, -_FREE)]
            high += [np.full(2 * width, _FREE), region.radius]
            first.append(np.zeros(width))
            last.append(np.full(width, _FREE))
            cost, integer = np.append(cost, np.zeros(width)), np.append(integer, np.zeros(width, dtype=bool))
        return MixedIntegerProgram(
            cost=cost,
            matrix=csr_array(matrix),
            row_lower=np.concatenate(low),
            row_upper=np.concatenate(high),
            lower=np.concatenate(first),
            upper=np.concatenate(last),
            integer=integer,
            offset=float(row @ self.constant) + constant,
        )


def encode(layers: Sequence[Layer], root: Node) -> Encoded:
    """The network over a node's set, with columns for the neurons that aren't stable there."""
    from scipy.sparse import csr_array

    width = root.region.lower.shape[1]
    unstable = [np.flatnonzero(span.unstable[0]) for span in root.spans]
    offsets = np.cumsum([0, *(layer.outputs for layer in layers[:-1])])
    numbers = np.concatenate([np.zeros(0, dtype=np.int64), *(which + at for which, at in zip(unstable, offsets))])
    weights, bias = np.eye(width, width + len(numbers)), np.zeros(width)
    before, before_bias, at = [np.zeros((0, weights.shape[1]))], [np.zeros(0)], width
    for layer, span, which in zip(layers[:-1], root.spans, unstable, strict=True):
        weights, bias = layer.matrix @ weights, layer.matrix @ bias + layer.bias
        before.append(weights[which])
        before_bias.append(bias[which])
        passing = span.lower[0] >= 0
        weights[~passing], bias[~passing] = 0.0, 0.0
        weights[which, at + np.arange(len(which))] = 1.0
        at += len(which)
    last = layers[-1]
    reach = np.concatenate([root.region.reach[0], *(span.upper[0, which] for span, which in zip(root.spans, unstable))])
    return Encoded(
        numbers=numbers,
        neurons=Neurons.of(tuple(layers), numbers),
        before=csr_array(_without_dust(np.vstack(before), reach)),
        bias=np.concatenate(before_bias),
        outputs=_without_dust(last.matrix @ weights, reach),
        constant=last.matrix @ bias + last.bias,
    )


def _without_dust(weights: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """(k, V) weights of columns up to ``reach`` (V,) in magnitude, less what is too small to count."""
    dust = np.where(np.abs(weights) <= DUST, weights, 0.0)
    moved = np.abs(dust) @ reach
    return np.asarray(np.where((moved <= _MOVED)[:, None], weights - dust, weights))
