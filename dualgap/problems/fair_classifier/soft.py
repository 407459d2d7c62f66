"""Hard and soft rates of linear models and networks as functions of arrays, NumPy's or JAX's.

Parameters are layers ``((weights, biases), ...)`` on inputs; the last has a bias for each set of people with an
intercept of their own. ``data`` holds ``inputs`` (k, n), a row for each column that is read (products with it run along
memory so), ``sets`` (b, n), 1 where a person is of the set, ``masses`` (2 G, n) of people by group and label, their
``total``, ``ones``, the mass of label 1, and the inequalities ``matrix p + offset <= 0`` on the masses p that are
predicted positive. All functions are at module level: a solver compiles them once.
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
        values = xp.maximum(weight.T @ values + bias[:, None], 0.0)
    weight, bias = layers[-1]
    return weight[:, 0] @ values + bias @ data["sets"]


def measured(layers: Layers, data: Data) -> Any:
    """(training error, excesses of the inequalities)."""
    logits = scores(layers, data)
    positive = data["masses"] @ (logits > 0).astype(logits.dtype)
    error = (positive[0::2].sum() - positive[1::2].sum() + data["ones"]) / data["total"]
    return error, data["matrix"] @ positive + data["offset"]


def proxies(layers: Layers, data: Data) -> Any:
    """(mean logistic loss, excesses of the inequalities with soft predictions)."""
    logits = scores(layers, data)
    xp = namespace(logits)
    ones = data["masses"][1::2].sum(axis=0)
    everybody = data["masses"].sum(axis=0)
    loss = (everybody @ xp.logaddexp(0.0, logits) - ones @ logits) / data["total"]
    soft = data["masses"] @ (0.5 * (1.0 + xp.tanh(0.5 * logits)))
    return loss, data["matrix"] @ soft + data["offset"]


def priced(layers: Layers, multipliers: Any, data: Data) -> Any:
    """The logistic loss of the cost-sensitive problem that the Lagrangian is (Agarwal et al., 2018, section 3)."""
    logits = scores(layers, data)
    xp = namespace(logits)
    label = xp.arange(data["masses"].shape[0]) % 2
    costs = ((1.0 - 2.0 * label) / data["total"] + multipliers @ data["matrix"]) @ data["masses"]
    return xp.abs(costs) @ xp.logaddexp(0.0, xp.sign(costs) * logits)
