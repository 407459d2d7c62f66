"""Optima by SciPy's sequential quadratic programming, apart from all code under test."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import minimize

from dualgap import MinimaxRegret


def risks(problem: MinimaxRegret, theta: np.ndarray) -> np.ndarray:
    """(k,) the risks, written out group by group."""
    if problem.quadratic.size:
        constants = problem.constant if problem.constant.size else np.zeros(len(problem.linear))
        parts = zip(problem.quadratic, problem.linear, constants)
        return np.array([theta @ h @ theta / 2 - b @ theta + c for h, b, c in parts])
    found = []
    for name in dict.fromkeys(problem.groups):
        rows = [i for i, group in enumerate(problem.groups) if group == name]
        x = (
            np.column_stack([problem.features[rows], np.ones(len(rows))])
            if problem.intercept
            else problem.features[rows]
        )
        y = problem.label[rows]
        score = x @ theta
        losses = (score - y) ** 2 if problem.loss == "squared" else np.log1p(np.exp(np.where(y > 0, -score, score)))
        weights = problem.weights[rows] if problem.weights.size else np.ones(len(rows))
        found.append(np.average(losses, weights=weights) + problem.ridge / 2 * theta @ theta)
    return np.array(found)


def least(problem: MinimaxRegret) -> np.ndarray:
    """(k,) each group's least risk."""
    size, k = len(problem.coefficient_names), len(problem.group_names)
    fits = [minimize(lambda t, s=s: risks(problem, t)[s], np.zeros(size), options={"gtol": 1e-10}) for s in range(k)]
    return np.array([fit.fun for fit in fits])


def score(problem: MinimaxRegret, theta: np.ndarray, own: np.ndarray) -> np.ndarray:
    """(k,) what the worst case is taken over."""
    found = risks(problem, theta)
    return {"risk": found, "regret": found - own, "ratio": found / own}[problem.goal]


def optimum(problem: MinimaxRegret) -> float:
    """The least worst score, to about 1e-7."""
    own, size = least(problem), len(problem.coefficient_names)
    start = np.append(np.zeros(size), score(problem, np.zeros(size), own).max())
    rows: Any = {"type": "ineq", "fun": lambda point: point[-1] - score(problem, point[:-1], own)}
    found = minimize(
        lambda point: point[-1], start, constraints=[rows], method="SLSQP", options={"ftol": 1e-12, "maxiter": 500}
    )
    return float(score(problem, found.x[:-1], own).max())


def instances() -> dict[str, MinimaxRegret]:
    """A small instance of every variant."""
    make, rng = MinimaxRegret.generate, np.random.default_rng(3)
    weighted = make(2, 4, samples=4).content()
    half = rng.normal(size=(3, 2, 3))
    flat = {
        "quadratic": np.einsum("kij,kil->kjl", half, half),
        "linear": np.einsum("kij,ki->kj", half, rng.normal(size=(3, 2))),
    }
    return {
        "squared": make(3, 1, samples=4),
        "squared, one group": make(1, 1, samples=4),
        "squared, risk": make(3, 2, samples=4, goal="risk"),
        "squared, ratio": make(3, 3, samples=4, goal="ratio"),
        "squared, weights, no intercept": MinimaxRegret(
            **{**weighted, "weights": rng.integers(1, 4, len(weighted["label"])), "intercept": False}
        ),
        "squared, no ridge": MinimaxRegret(**{**make(3, 5, samples=6).content(), "ridge": 0}),
        "logistic": make(3, 1, samples=4, family="classification"),
        "logistic, risk": make(2, 2, samples=4, family="classification", goal="risk"),
        "logistic, ratio": make(2, 3, samples=4, family="classification", goal="ratio"),
        "denoising": make(5, 0, family="denoising"),
        "denoising, ratio": make(5, 0, family="denoising", goal="ratio"),
        "singular quadratics": MinimaxRegret(**flat, constant=[3.0, 2.0, 1.0]),
    }
