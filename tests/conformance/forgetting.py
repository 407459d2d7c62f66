"""Small unlearning instances: the optimum by SciPy, from the rows as they were drawn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp

from dualgap import Unlearning

Judge = Callable[[np.ndarray], tuple[bool, float]]
_SLACK = 2e-6


def unlearning(
    rng: np.random.Generator, *, classes: int = 2, hardest: bool = False, sigma: float = 0.0
) -> tuple[Unlearning, float, Judge, float]:
    """Softmax over one column of weights for each class, the first of two classes with none."""
    seed = int(rng.integers(1000))
    problem = Unlearning.generate(
        20, seed, classes=classes, features=2, hardest=hardest, sigma=sigma, spread=0.7, forget=0.2
    )
    kept = problem.roles == 0
    x, y = np.column_stack([problem.features, np.ones(len(kept))])[kept], problem.label[kept]
    noise = problem.noise / kept.sum() if sigma else 0.0
    columns = 1 if classes == 2 else classes

    def value(w: np.ndarray) -> float:
        scores = x @ w.reshape(3, columns)
        scores = np.column_stack([np.zeros(len(x)), scores]) if classes == 2 else scores
        fit = logsumexp(scores, axis=1) - scores[np.arange(len(x)), y]
        return float(fit.mean() + 0.5 * float(problem.l2) * (w @ w) + np.sum(noise * w))

    found = minimize(value, np.zeros(3 * columns), method="BFGS", options={"gtol": 1e-9})
    return problem, float(found.fun), lambda w: (True, value(w)), _SLACK
