"""Hard and soft rates of linear models and networks as functions of arrays, NumPy's or JAX's.

Parameters are layers ``((weights, biases), ...)`` on inputs; ``data`` holds ``inputs`` (n, k), ``masses`` (n, 2 G) by
group and label, and the inequalities ``matrix p + offset <= 0`` on the masses p that are predicted positive. All
functions are at module level: a solver compiles them once.
"""

from __future__ import annotations

from typing import Any

from dualgap.core.traced import namespace

Layers = tuple[tuple[Any, Any], ...]
Data = dict[str, Any]


def scores(layers: Layers, data: Data) -> Any:
    """(n,) logits: ReLU between the layers."""
    values = data["inputs"]
    xp = namespace(values)
    for weight, bias in layers[:-1]:
        values = xp.maximum(values @ weight + bias, 0.0)
    weight, bias = layers[-1]
    return values @ weight[:, 0] + bias[0]


def measured(layers: Layers, data: Data) -> Any:
    """(training error, excesses of the inequalities)."""
    logits = scores(layers, data)
    positive = (logits > 0).astype(logits.dtype) @ data["masses"]
    error = (positive[0::2].sum() - positive[1::2].sum() + data["ones"]) / data["total"]
    return error, data["matrix"] @ positive + data["offset"]


def proxies(layers: Layers, data: Data) -> Any:
    """(mean logistic loss, excesses of the inequalities with soft predictions)."""
    logits = scores(layers, data)
    xp = namespace(logits)
    zeros, ones = data["masses"][:, 0::2].sum(axis=1), data["masses"][:, 1::2].sum(axis=1)
    loss = (zeros @ xp.logaddexp(0.0, logits) + ones @ xp.logaddexp(0.0, -logits)) / data["total"]
    soft = 0.5 * (1.0 + xp.tanh(0.5 * logits)) @ data["masses"]
    return loss, data["matrix"] @ soft + data["offset"]


def priced(layers: Layers, multipliers: Any, data: Data) -> Any:
    """The logistic loss of the cost-sensitive problem that the Lagrangian is (Agarwal et al., 2018, section 3)."""
    logits = scores(layers, data)
    xp = namespace(logits)
    label = xp.arange(data["masses"].shape[1]) % 2
    costs = data["masses"] @ ((1.0 - 2.0 * label) / data["total"] + data["matrix"].T @ multipliers)
    return xp.abs(costs) @ xp.logaddexp(0.0, xp.sign(costs) * logits)

