"""Whether some linear classifier predicts given labels, and which clears 0 best, by linear programs."""

from __future__ import annotations

import numpy as np

_MOST = 100_000  # numbers of the program's matrix: it takes below a second
_FEASIBLE, _INFEASIBLE = 0, 2


def separable(rows: np.ndarray, labels: np.ndarray) -> bool | None:
    """Whether coefficients and an intercept give scores above 0 where labels are 1, and at most 0 elsewhere.

    Finitely many rows can then be told apart by scores of at least 1 in size, after scaling: a linear program without
    an objective.

    Args:
        rows: (n, D) distinct ones.
        labels: (n,) 0 and 1.

    Returns:
        None where the program is too large, or its solver gives up.
    """
    count, wide = rows.shape
    if labels.min() == labels.max():
        return True
    if count * (wide + 1) > _MOST:
        return None
    low, span = rows.min(axis=0), np.ptp(rows, axis=0)
    scaled = (rows - low) / np.where(span > 0, span, 1.0)
    signs = np.where(labels > 0, -1.0, 1.0)
    matrix = signs[:, None] * np.hstack([scaled, np.ones((count, 1))])
    from scipy.optimize import linprog

    found = linprog(np.zeros(wide + 1), A_ub=matrix, b_ub=-np.ones(count), bounds=(None, None))
    return {_FEASIBLE: True, _INFEASIBLE: False}.get(found.status)


def widest(points: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(k,) coefficients, at most 1 in size, whose least score on the labels' sides is the largest.

    Args:
        points: (n, k).
        labels: (n,) 0 and 1, of some linear classifier.
    """
    signs = np.where(labels > 0, -1.0, 1.0)
    matrix = np.hstack([signs[:, None] * points, np.ones((len(points), 1))])
    wide = points.shape[1]
    cost = np.append(np.zeros(wide), -1.0)
    from scipy.optimize import linprog

    found = linprog(cost, A_ub=matrix, b_ub=np.zeros(len(points)), bounds=[*[(-1.0, 1.0)] * wide, (0.0, None)])
    assert found.x is not None, "0 is feasible, and scores of bounded coefficients are bounded"
    return np.asarray(found.x[:wide])
