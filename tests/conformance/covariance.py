"""Logistic losses under bounds on covariances, with their optimum by SciPy; counted apart from the package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import optimize

from dualgap.problems.fair_classifier import FairClassifier

_ROWS, _FEATURES, _EPSILON, _RIDGE = 40, 3, 0.02, 1e-2
_SLACK, _NEAR = 1e-5, 2e-6


def covariance(
    rng: np.random.Generator, *, groups: int = 2
) -> tuple[Any, float, Callable[[np.ndarray], tuple[bool, float]], float]:
    """(Problem, optimum, judge, slack) of a few people, whose labels and features go with their group."""
    codes = rng.permutation(np.arange(_ROWS) % groups)
    features = rng.integers(-4, 5, (_ROWS, _FEATURES)) + codes[:, None]
    labels = (features.sum(axis=1) + rng.integers(-6, 7, _ROWS) > 0).astype(int)
    labels[:2] = 0, 1
    weights = rng.integers(1, 5, _ROWS)
    shares = weights / weights.sum()
    scaled = features - shares @ features
    x = np.hstack([scaled / np.sqrt(shares @ scaled**2), np.ones((_ROWS, 1))])
    held = np.array([codes == g for g in range(1 if groups == 2 else 0, groups)], dtype=float)
    gradients = (held - (held @ shares)[:, None]) * shares @ x

    def loss(theta: np.ndarray) -> float:
        scores = x @ theta
        return float(
            shares @ (np.logaddexp(0, scores) - labels * scores) + _RIDGE / 2 * theta[:_FEATURES] @ theta[:_FEATURES]
        )

    def slope(theta: np.ndarray) -> np.ndarray:
        chance = 1 / (1 + np.exp(-(x @ theta)))
        return x.T @ (shares * (chance - labels)) + _RIDGE * np.append(theta[:_FEATURES], 0)

    bounds = {
        "type": "ineq",
        "fun": lambda theta: _EPSILON - np.concatenate([gradients @ theta, -gradients @ theta]),
        "jac": lambda theta: np.vstack([-gradients, gradients]),
    }
    found = optimize.minimize(
        loss, np.zeros(_FEATURES + 1), jac=slope, constraints=bounds, method="SLSQP", options={"ftol": 1e-14}
    )
    assert found.success, found.message
    problem = FairClassifier(
        features=features,
        label=labels,
        groups=codes,
        group_names=tuple("abc"[:groups]),
        weights=weights,
        metric="covariance",
        epsilon=_EPSILON,
        ridge=_RIDGE,
        hypothesis="linear",
        randomized=False,
        min_group=1,
    )

    def judge(point: np.ndarray) -> tuple[bool, float]:
        (member,) = point.item().members
        scores = features @ member.coefficients + member.intercept
        theta = np.linalg.lstsq(x, scores, rcond=None)[0]
        return bool((np.abs(gradients @ theta) <= _EPSILON + _NEAR).all()), loss(theta)

    return problem, float(found.fun), judge, _SLACK
