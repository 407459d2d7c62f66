"""Intervals of every hidden neuron before its ReLU: by interval arithmetic, and by CROWN layer after layer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dualgap.problems.networks.bounds.clock import UNLIMITED, Clock
from dualgap.problems.networks.bounds.dual import Span, Start, backward, crown
from dualgap.problems.networks.bounds.layers import Layer
from dualgap.problems.networks.bounds.region import Region

_BLOCK = 2**22  # entries of coefficients at a time


def interval_spans(layers: Sequence[Layer], region: Region) -> tuple[Span, ...]:
    """Intervals of the hidden layers over every set of the region, by interval arithmetic.

    The first layer is linear: where boxes are cut, it is bounded over what is left.
    """
    spans: list[Span] = []
    lower, upper = region.lower, region.upper
    for place, layer in enumerate(layers[:-1]):
        span = Span(*layer.images(lower, upper))
        if place == 0 and not region.boxes:
            span = _narrowed(layers, [], region, span, np.ones_like(span.lower, dtype=bool))
        spans.append(span)
        lower, upper = np.maximum(span.lower, 0.0), np.maximum(span.upper, 0.0)
    return tuple(spans)


def crown_spans(
    layers: Sequence[Layer], region: Region, known: Sequence[Span] = (), clock: Clock = UNLIMITED
) -> tuple[Span, ...]:
    """The same, narrowed by CROWN where the sign is open; never wider than by interval arithmetic.

    Args:
        layers: of the network.
        region: K sets.
        known: intervals that hold over the sets already.
        clock: looked at block by block.

    Raises:
        InvalidWitnessError: time is up.
    """
    spans: list[Span] = []
    lower, upper = region.lower, region.upper
    for place, layer in enumerate(layers[:-1]):
        span = Span(*layer.images(lower, upper))
        if known:
            span = Span(np.maximum(span.lower, known[place].lower), np.minimum(span.upper, known[place].upper))
        if place == 0 and region.centre is not None and not known:
            span = _narrowed(layers, [], region, span, np.ones_like(span.lower, dtype=bool), clock)
        elif place > 0 or not region.boxes:
            span = _narrowed(layers, spans, region, span, span.unstable, clock)
        spans.append(span)
        lower, upper = np.maximum(span.lower, 0.0), np.maximum(span.upper, 0.0)
    return tuple(spans)


def _narrowed(
    layers: Sequence[Layer],
    spans: Sequence[Span],
    region: Region,
    span: Span,
    which: np.ndarray,
    clock: Clock = UNLIMITED,
) -> Span:
    """The next layer's intervals, those of ``which`` bounded from both sides."""
    layer = layers[len(spans)]
    item, neuron = np.nonzero(which)
    lower, upper = span.lower.copy(), span.upper.copy()
    block = max(1, _BLOCK // max(layer.matrix.shape))
    for first in range(0, len(item), block):
        clock.check()
        here, row = item[first : first + block], neuron[first : first + block]
        local = [earlier.take(here) for earlier in spans]
        matrix = layer.matrix[row]
        weights = matrix if isinstance(matrix, np.ndarray) else matrix.toarray()
        error, wrong = layer.share * np.abs(weights), layer.share * layer.bias_size[row]
        for sign, side in ((1.0, lower), (-1.0, upper)):
            start = Start(sign * weights, error, sign * layer.bias[row], wrong)
            bound = backward(layers, local, region.take(here), start, crown).bound
            bound = sign * np.where(np.isposinf(bound), -np.inf, bound)  # an earlier layer says already: it's empty
            side[here, row] = np.maximum(side[here, row], bound) if sign > 0 else np.minimum(side[here, row], bound)
    return Span(lower, upper)
