"""Scores and what is made of them as functions of arrays, NumPy's or JAX's, for smooth programs and saddle programs.

``data`` holds ``scale`` and ``shift`` (k,), and ``hessians, linear, constant`` or ``z, shares, ridge``, shares as a
(k, n) matrix. All functions are at module level: a solver compiles them once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dualgap.core.traced import namespace
from dualgap.problems.minimax_regret.logistic import Logistic
from dualgap.problems.minimax_regret.quadratics import Quadratics
from dualgap.problems.minimax_regret.scores import Scores

Data = dict[str, Any]


def data_of(scores: Scores) -> Data:
    """What the functions below take."""
    risks = scores.risks
    common: Data = {"scale": scores.scale, "shift": scores.shift}
    if isinstance(risks, Quadratics):
        return common | {"hessians": risks.hessians, "linear": risks.linear, "constant": risks.constant}
    assert isinstance(risks, Logistic)
    codes = np.repeat(np.arange(risks.shape[0]), np.diff(np.append(risks.starts, len(risks.z))))
    shares = np.zeros((risks.shape[0], len(risks.z)))
    shares[codes, np.arange(len(risks.z))] = risks.shares
    return common | {"z": risks.z, "shares": shares, "ridge": np.float64(risks.ridge)}


def scores_of(theta: Any, data: Data) -> Any:
    """(k,) the groups' scores."""
    if "hessians" in data:
        risks = 0.5 * (data["hessians"] @ theta) @ theta - data["linear"] @ theta + data["constant"]
    else:
        losses = namespace(theta).logaddexp(0.0, -(data["z"] @ theta))
        risks = data["shares"] @ losses + 0.5 * data["ridge"] * (theta @ theta)
    return data["scale"] * risks - data["shift"]


def height(point: Any, data: Data) -> Any:
    """e of the pair (theta, e)."""
    return point[1]


def excesses(point: Any, data: Data) -> Any:
    """``score_s(theta) - e``, at most 0."""
    return scores_of(point[0], data) - point[1]


def smooth_maximum(theta: Any, data: Data) -> Any:
    """``t log sum_s exp(score_s / t)``, t the ``temperature``: at most ``t log k`` above the worst score."""
    xp = namespace(theta)
    scores, temperature = scores_of(theta, data), data["temperature"]
    top = xp.max(scores)
    return top + temperature * xp.log(xp.sum(xp.exp((scores - top) / temperature)))


def weighted_score(theta: Any, weights: Any, data: Data) -> Any:
    """``sum_s weights_s score_s(theta)``: convex in theta, linear in the weights."""
    return weights @ scores_of(theta, data)


def best_quadratic(weights: Any, data: Data) -> Any:
    """The minimiser of the weighted scores of quadratic risks."""
    xp = namespace(weights)
    scaled = weights * data["scale"]
    return xp.linalg.solve(xp.tensordot(scaled, data["hessians"], axes=1), scaled @ data["linear"])


def worst_group(theta: Any, data: Data) -> Any:
    """All weight on the worst group."""
    xp = namespace(theta)
    scores = scores_of(theta, data)
    return xp.where(xp.arange(scores.shape[0]) == xp.argmax(scores), 1.0, 0.0)
