"""What is to be bounded: linear functions of a network's outputs, each over one of several sets of inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dualgap.problems.networks.bounds.dual import Choice, Span, Start, backward, crown, intervals
from dualgap.problems.networks.bounds.layers import Layer
from dualgap.problems.networks.bounds.region import Region
from dualgap.problems.networks.bounds.spans import crown_spans, interval_spans


@dataclass(frozen=True, eq=False)
class Query:
    """Functions ``rows y + constants`` of the outputs y.

    Attributes:
        layers: of the network.
        region: n sets of inputs.
        item: (P,) which of them each function is bounded over.
        rows: (P, k).
        constants: (P,).
    """

    layers: tuple[Layer, ...]
    region: Region
    item: np.ndarray
    rows: np.ndarray
    constants: np.ndarray

    @property
    def widths(self) -> list[int]:
        """The numbers of neurons of the hidden layers."""
        return [layer.outputs for layer in self.layers[:-1]]

    @property
    def hidden(self) -> int:
        return sum(self.widths)

    def place(self, neuron: int) -> tuple[int, int]:
        """The hidden layer of a neuron numbered through all of them, and its number there."""
        ends = np.cumsum([0, *self.widths])
        layer = int(np.searchsorted(ends, neuron, side="right")) - 1
        return layer, neuron - int(ends[layer])

    def only(self, items: np.ndarray) -> Query:
        """The functions over some of the sets (increasing numbers)."""
        which = np.isin(self.item, items)
        item = np.searchsorted(items, self.item[which])
        return Query(self.layers, self.region.take(items), item, self.rows[which], self.constants[which])

    def starts(self) -> Start:
        return Start.outputs(self.layers[-1], self.rows, self.constants)

    def values(self, points: np.ndarray) -> np.ndarray:
        """(P,) the functions at points (P, d), in float64."""
        now = np.asarray(points, dtype=np.float64)
        for layer in self.layers[:-1]:
            now = np.maximum((layer.matrix @ now.T).T + layer.bias, 0.0)
        outputs = (self.layers[-1].matrix @ now.T).T + self.layers[-1].bias
        return np.asarray(np.einsum("pk,pk->p", self.rows, outputs) + self.constants)

    def row(self, number: int) -> Query:
        """One function alone, over its set."""
        return Query(
            self.layers,
            self.region.take(self.item[[number]]),
            np.zeros(1, dtype=np.int64),
            self.rows[[number]],
            self.constants[[number]],
        )


def interval_bounds(query: Query) -> np.ndarray:
    """(P,) lower bounds by interval arithmetic, the last layer merged with the function."""
    spans = interval_spans(query.layers, query.region)
    return bounds_by(query, spans, [intervals])


def crown_bounds(query: Query, spans: Sequence[Span] | None = None) -> np.ndarray:
    """(P,) lower bounds by CROWN, or by intervals where those are better."""
    spans = crown_spans(query.layers, query.region) if spans is None else spans
    return bounds_by(query, spans, [intervals, crown])


def bounds_by(query: Query, spans: Sequence[Span], rules: Sequence[Choice]) -> np.ndarray:
    """(P,) the best of what rules for multipliers give."""
    local = [span.take(query.item) for span in spans]
    region, start = query.region.take(query.item), query.starts()
    found = [backward(query.layers, local, region, start, rule).bound for rule in rules]
    best: np.ndarray = np.maximum.reduce(found)
    return best
