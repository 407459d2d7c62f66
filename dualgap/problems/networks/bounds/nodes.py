"""Sets of inputs with intervals of the neurons over them: bounded, narrowed to what is below a cutoff, and split.

A backward pass bounds a function from below by ``slopes x + offset``. Where the function is below a cutoff, so is that:
a halfspace. Over what it leaves of the set, neurons have narrower intervals, which give a better bound, and so on; the
rounds often end with nothing left. (Ranges reduced by an objective's cutoff are old in global optimisation: Tawarmalani
and Sahinidis, Global optimization of mixed-integer nonlinear programs, 2004. Here the set stays as simple as it was,
whatever the network's depth.)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

import numpy as np

from dualgap.problems.networks.bounds.dual import Backward, Span, Start, backward, crown
from dualgap.problems.networks.bounds.layers import Layer
from dualgap.problems.networks.bounds.region import Region
from dualgap.problems.networks.bounds.rounding import TINY, share
from dualgap.problems.networks.bounds.spans import crown_spans


@dataclass(frozen=True, eq=False)
class Neurons:
    """Some hidden neurons of a network, numbered through all layers, increasing.

    Attributes:
        places: by layer, where in ``numbers`` its neurons stand.
        columns: by layer, the neurons' numbers in the layer.
    """

    places: tuple[np.ndarray, ...]
    columns: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, layers: tuple[Layer, ...], numbers: np.ndarray) -> Neurons:
        ends = list(accumulate((layer.outputs for layer in layers[:-1]), initial=0))
        places = tuple(np.flatnonzero((numbers >= low) & (numbers < high)) for low, high in pairwise(ends))
        return cls(places, tuple(numbers[place] - low for place, low in zip(places, ends)))


@dataclass(frozen=True, eq=False)
class Node:
    """A set of inputs (a region of one) with the neurons' intervals (1, n) over it."""

    region: Region
    spans: tuple[Span, ...]

    def bounded(
        self, layers: tuple[Layer, ...], start: Start, neurons: Neurons, multipliers: np.ndarray | None
    ) -> Backward:
        """The function's bound with multipliers (U,) on some neurons, CROWN's on the others or on all.

        On an active neuron a multiplier counts beyond the coefficient that passes through.
        """

        def choose(place: int, coefficient: np.ndarray, span: Span) -> np.ndarray:
            chosen = crown(place, coefficient, span)
            if multipliers is not None:
                columns = neurons.columns[place]
                passing = np.where(span.lower[:, columns] >= 0, coefficient[:, columns], 0.0)
                chosen[:, columns] = multipliers[neurons.places[place]] + passing
            return chosen

        return backward(layers, self.spans, self.region, start, choose)

    def narrowed(self, layers: tuple[Layer, ...], found: Backward, cutoff: float) -> Node:
        """The points that a backward pass leaves below a cutoff, and the neurons' intervals over them."""
        slack = share(0) * (np.abs(found.offset) + abs(cutoff)) + TINY
        region = self.region.below(found.slopes, cutoff - found.offset + slack)
        return Node(region, crown_spans(layers, region, self.spans))

    def split(self, layer: int, column: int) -> tuple[Node, Node]:
        """Where a neuron is active, and where it isn't."""
        span = self.spans[layer]
        lower, upper = span.lower.copy(), span.upper.copy()
        lower[0, column], upper[0, column] = max(lower[0, column], 0.0), min(upper[0, column], 0.0)
        sides = (Span(lower, span.upper), Span(span.lower, upper))
        first, second = ((*self.spans[:layer], side, *self.spans[layer + 1 :]) for side in sides)
        return replace(self, spans=first), replace(self, spans=second)

    @property
    def empty(self) -> bool:
        """Whether a neuron has no value left."""
        return any(bool((span.lower > span.upper).any()) for span in self.spans)
