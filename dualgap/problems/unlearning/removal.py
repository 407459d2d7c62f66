"""Certified removal: how little can be told of the forgotten rows from a model, where noise was in the objective.

Mathematics: the objective's sum has a term b'w, b of independent N(0, sigma^2) entries. A point with the
residual u, the gradient of the retained sum with b, is the exact optimum for the noise b - u; so it is removed with
``epsilon = c |u| / sigma``, ``delta = 1.5 exp(-c^2 / 2)``.

Source: Guo, Goldstein, Hannun and van der Maaten, Certified data removal from machine learning models (2020), theorem
3. They bound |u| before looking; here it is computed, of one model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dualgap.problems.unlearning.proofs import gradient_norm

if TYPE_CHECKING:
    from dualgap.problems.unlearning.spec import Unlearning

DELTA = 1e-4


STATIONARY = 1e-6
"""The gradient's norm at which a model counts as trained with the noise."""


def certified(problem: Unlearning) -> bool:
    """Whether the trained model minimises the objective with the noise; one that was trained elsewhere, without it,
    gets an indicative epsilon only.
    """
    return float(np.linalg.norm(problem.before.gradient(problem.trained_model))) <= STATIONARY


def epsilon(problem: Unlearning, point: np.ndarray, delta: float = DELTA) -> float:
    """Of a point, by its computed residual.

    Raises:
        ValueError: no noise was in the objective, so nothing is certified.
    """
    if not problem.sigma:
        raise ValueError("without noise in the objective no removal is certified")
    c = np.sqrt(2.0 * np.log(1.5 / delta))
    residual = gradient_norm(problem, point) * len(problem.objective.x)
    return float(c * residual / float(problem.sigma))
