"""The least of a linear function of a network's outputs as a linear program with triangles, or exactly with binaries.

Active neurons are substituted, inactive ones dropped. A neuron ``z = relu(h)``, ``l < 0 < u``, has rows
``z >= h`` and ``z <= u (h - l) / (u - l)``, 0 <= z <= u; with a binary a (a = 1: active), ``z <= h - l (1 - a)`` and
``z <= u a`` instead of the second (Tjeng, Xiao and Tedrake, Evaluating robustness of neural networks with mixed integer
programming, 2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array, diags_array, hstack, vstack

from dualgap.core.forms import MixedIntegerProgram
from dualgap.problems.networks.bounds.dual import Span
from dualgap.problems.networks.bounds.layers import Layer
from dualgap.problems.networks.bounds.region import Region


@dataclass(frozen=True, eq=False)
class ReluProgram:
    """A program over one set of inputs: columns are the inputs, the unstable neurons' outputs, and what else is needed.

    Attributes:
        form: its first rows are ``z >= h``, the next the upper sides of the triangles.
        neurons: (U,) the unstable neurons, numbered through all hidden layers.
        before: (U, V) and (U,): what goes into the neurons, as a function of all columns.
        lower, upper: (U,) their intervals.
    """

    form: MixedIntegerProgram
    inputs: int
    neurons: np.ndarray
    before: tuple[np.ndarray, np.ndarray]
    lower: np.ndarray
    upper: np.ndarray

    def preactivations(self, point: np.ndarray) -> np.ndarray:
        """(U,) what goes into the neurons at a point of the form."""
        weights, bias = self.before
        return np.asarray(weights @ point[: weights.shape[1]] + bias)

    def multipliers(self, duals: np.ndarray) -> np.ndarray:
        """(U,) the neurons' multipliers from the rows' in a linear program."""
        count = len(self.neurons)
        slope = self.upper / (self.upper - self.lower)
        return np.asarray(duals[:count] + slope * duals[count : 2 * count])


@dataclass(frozen=True, eq=False)
class Encoded:
    """A network over one set of inputs, before a function of its outputs is chosen.

    Attributes:
        weights, bias: (k, V), (k,) the outputs as a function of all columns.
    """

    program: ReluProgram
    weights: np.ndarray
    bias: np.ndarray

    def minimise(self, row: np.ndarray, constant: float) -> ReluProgram:
        """With ``row y + constant`` as the objective."""
        form = self.program.form
        cost = np.zeros(form.size[0])
        cost[: self.weights.shape[1]] = row @ self.weights
        chosen = MixedIntegerProgram(
            cost=cost,
            matrix=form.matrix,
            row_lower=form.row_lower,
            row_upper=form.row_upper,
            lower=form.lower,
            upper=form.upper,
            integer=form.integer,
            offset=float(row @ self.bias) + constant,
        )
        part = self.program
        return ReluProgram(chosen, part.inputs, part.neurons, part.before, part.lower, part.upper)


def encode(layers: Sequence[Layer], spans: Sequence[Span], region: Region, *, exact: bool) -> Encoded:
    """The network over a region of one set, with the neurons' intervals.

    Args:
        layers: of the network.
        spans: (1, n) intervals of the hidden layers.
        region: one set, with an l1 ball or none.
        exact: with a binary for every unstable neuron.
    """
    width = region.lower.shape[1]
    unstable = [np.flatnonzero(span.unstable[0]) for span in spans]
    counts = [len(which) for which in unstable]
    total, total_neurons = width + sum(counts), sum(counts)
    weights, bias = np.eye(width, total), np.zeros(width)
    before, before_bias, at = np.zeros((total_neurons, total)), np.zeros(total_neurons), 0
    for layer, span, which in zip(layers[:-1], spans, unstable, strict=True):
        weights, bias = layer.matrix @ weights, layer.matrix @ bias + layer.bias
        place = slice(at, at + len(which))
        before[place], before_bias[place] = weights[which], bias[which]
        active = span.lower[0] >= 0
        weights[~active], bias[~active] = 0.0, 0.0
        weights[which, width + np.arange(place.start, place.stop)] = 1.0
        at = place.stop
    lower, upper = (
        np.concatenate([side[0][which] for side, which in zip(sides, unstable)]) if sides else np.zeros(0)
        for sides in ([span.lower for span in spans], [span.upper for span in spans])
    )
    neurons = (
        np.concatenate(
            [which + offset for which, offset in zip(unstable, np.cumsum([0, *(len(s.lower[0]) for s in spans)]))]
        )
        if spans
        else np.zeros(0, dtype=np.int64)
    )
    form = _form(region, before, before_bias, lower, upper, exact)
    program = ReluProgram(form, width, neurons, (before, before_bias), lower, upper)
    last = layers[-1]
    return Encoded(program, last.matrix @ weights, last.matrix @ bias + last.bias)


def _form(
    region: Region, before: np.ndarray, bias: np.ndarray, lower: np.ndarray, upper: np.ndarray, exact: bool
) -> MixedIntegerProgram:
    count, width = len(bias), region.lower.shape[1]
    neuron = csr_array(np.eye(count, before.shape[1], before.shape[1] - count))
    above = neuron - csr_array(before)
    slope = upper / (upper - lower)
    low, high = [bias, np.full(count, -np.inf)], [np.full(count, np.inf)]
    columns_lower = [region.lower[0], np.zeros(count)]
    columns_upper = [region.upper[0], upper]
    if exact:
        blank = csr_array((count, count))
        matrix = vstack(
            [
                hstack([above, blank]),
                hstack([above, diags_array(-lower)]),
                hstack([neuron, diags_array(-upper)]),
            ]
        )
        low.append(np.full(count, -np.inf))
        high += [bias - lower, np.zeros(count)]
        columns_lower.append(np.zeros(count))
        columns_upper.append(np.ones(count))
    else:
        matrix = vstack([above, neuron - diags_array(slope) @ csr_array(before)])
        high.append(slope * (bias - lower))
    integer = np.zeros(matrix.shape[1], dtype=bool)
    integer[before.shape[1] :] = True
    if region.centre is not None and region.radius is not None:  # |x - centre| <= t, sum t <= radius
        centre, same = region.centre[0], diags_array(np.ones(width))
        rest = csr_array((width, matrix.shape[1] - width))
        matrix = vstack(
            [
                hstack([matrix, csr_array((matrix.shape[0], width))]),
                hstack([same, rest, same]),
                hstack([-same, rest, same]),
                hstack([csr_array((1, matrix.shape[1])), csr_array(np.ones((1, width)))]),
            ]
        )
        low += [centre, -centre, np.full(1, -np.inf)]
        high += [np.full(2 * width, np.inf), region.radius]
        columns_lower.append(np.zeros(width))
        columns_upper.append(np.full(width, np.inf))
        integer = np.append(integer, np.zeros(width, dtype=bool))
    return MixedIntegerProgram(
        cost=np.zeros(matrix.shape[1]),
        matrix=csr_array(matrix),
        row_lower=np.concatenate(low),
        row_upper=np.concatenate(high),
        lower=np.concatenate(columns_lower),
        upper=np.concatenate(columns_upper),
        integer=integer,
    )
