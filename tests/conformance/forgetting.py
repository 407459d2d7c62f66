"""Small unlearning instances: the optimum by SciPy, from the rows as they were drawn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp

from dualgap import Unlearning, UnlearningAudit

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


def audit(rng: np.random.Generator, *, shift: float = 0.5) -> tuple[UnlearningAudit, float, Judge, float]:
    """Every interval whose ends are confidences that occur, told apart by the rates that the definition names."""
    problem = UnlearningAudit.generate(3, int(rng.integers(1000)), models=6, shift=shift)
    sides = problem.unlearned, problem.retrained

    def halves(row: int, low: float, high: float) -> int:
        """Bins of epsilon that an interval shows of a row."""
        flags = [float(((side[:, row] >= low) & (side[:, row] <= high)).mean()) for side in sides]
        return max(_bins(flags[1], 1 - flags[0]), _bins(flags[0], 1 - flags[1]))

    def value(ends: np.ndarray) -> float:
        found = [halves(row, *pair) for row, pair in enumerate(ends.reshape(2, -1).T)]
        return float(np.mean([2.0**-bins if bins < _LAST else 0.0 for bins in found]))

    best = []
    for row in range(3):
        known = sorted(np.concatenate([side[:, row] for side in sides]))
        best.append(max(halves(row, low, high) for low in known for high in known if low <= high))
    return problem, float(np.mean([2.0**-bins if bins < _LAST else 0.0 for bins in best])), judged(value), 1e-12


_LAST = 4  # ceil(log(6 - 1)) / .5


def _bins(false: float, missed: float) -> int:
    if false == 0 and missed == 0:
        return 100
    if false == 0 or missed == 0:
        return 0
    parts = [np.log((1 - 1e-5 - a) / b) for a, b in ((false, missed), (missed, false)) if a < 1 - 1e-5]
    return int(max([0.0, *parts]) / 0.5)


def judged(value: Callable[[np.ndarray], float]) -> Judge:
    return lambda ends: (True, value(ends))
