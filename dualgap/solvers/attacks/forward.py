"""Networks as functions with gradients: in NumPy, which needs no compilation, and in JAX.

A slope maps (B, d) points and (B,) rows' facts to losses, margins and gradients in the points.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from dualgap.problems.networks.network import Convolution, Network
from dualgap.solvers.attacks.losses import Loss, Sides, lowered


class Slope(NamedTuple):
    """(B,) losses and margins, and (B, d) the losses' gradients."""

    loss: Any
    margin: Any
    gradient: Any


class Layout(NamedTuple):
    """What of a convolution isn't data; None stands for a dense layer."""

    shape: tuple[int, int, int]
    filters: int
    image: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int, int, int]


Layouts = tuple[Layout | None, ...]
Function = Callable[[Any, Any], Any]
"""(parameters, (B, d) points) to (B, k) logits, in JAX."""


def numpy_slope(network: Network, loss: Loss) -> Callable[[Any, Any], Slope]:
    """The slope by hand: forward with the signs kept, and back; its facts are (nothing, sides)."""
    operators = network.operators

    def slope(x: np.ndarray, facts: tuple[None, Sides]) -> Slope:
        now, active = x, []
        for operator in operators[:-1]:
            now = operator(now)
            active.append(now > 0.0)
            now = np.maximum(now, 0.0)
        found = lowered(operators[-1](now), facts[1], loss)
        gradient = found.gradient @ operators[-1].matrix
        for operator, mask in zip(reversed(operators[:-1]), reversed(active), strict=True):
            gradient = (gradient * mask) @ operator.matrix
        return Slope(found.loss, found.margin, gradient)

    return slope


def layouts(network: Network) -> Layouts:
    """What a compilation depends on, besides the arrays' shapes."""
    return tuple(
        Layout(layer.shape, len(layer.weight), layer.image, layer.stride, layer.padding)
        if isinstance(layer, Convolution)
        else None
        for layer in network.layers
    )


def parameters(network: Network) -> Any:
    """The network's arrays as float64: mean, deviation, and weights with biases, layer by layer."""
    mean = network.mean if len(network.mean) else np.zeros(1)
    std = network.std if len(network.std) else np.ones(1)
    arrays = [(layer.weight, layer.bias) for layer in network.layers]
    return [[np.asarray(part, dtype=np.float64) for part in pair] for pair in [(mean, std), *arrays]]


@lru_cache(maxsize=16)
def function(shapes: Layouts) -> Function:
    """The network's logits in JAX, for ``parameters``; the same object for the same layouts."""
    import jax

    def logits(given: Any, x: Any) -> Any:
        (mean, std), *arrays = given
        now = (x - mean) / std
        for place, (layout, (weight, bias)) in enumerate(zip(shapes, arrays, strict=True)):
            if place:
                now = jax.nn.relu(now)
            now = now @ weight.T + bias if layout is None else _convolved(layout, weight, bias, now)
        return now

    return logits


def _convolved(layout: Layout, weight: Any, bias: Any, x: Any) -> Any:
    from jax import lax

    top, left, bottom, right = layout.padding
    image = lax.conv_general_dilated(
        x.reshape((-1, *layout.shape)), weight, layout.stride, ((top, bottom), (left, right))
    )
    return (image + bias[:, None, None]).reshape((x.shape[0], -1))


@lru_cache(maxsize=16)
def traced_slope(logits: Function, loss: Loss) -> Callable[[Any, Any], Slope]:
    """The slope of a JAX function, the same object for the same function; its facts are (parameters, sides)."""
    import jax

    def slope(x: Any, facts: Any) -> Slope:
        given, sides = facts
        values, back = jax.vjp(lambda point: logits(given, point), x)
        found = lowered(values, sides, loss)
        (gradient,) = back(found.gradient)
        return Slope(found.loss, found.margin, gradient)

    return slope
