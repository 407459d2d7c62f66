"""The oracle-free bound: at any point, how far below it the optimum of a strongly convex objective can be.

Mathematics: for l2-strongly convex J, ``J(w) - J* <= |grad J(w)|^2 / (2 l2)`` and ``|w - w*| <= |grad J(w)| / l2``
(Nesterov, Lectures on convex optimization, 2018, theorem 2.1.10). No retrained model enters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.certificate import Bound, Evidence
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.witness import GradientPoint, Witness

if TYPE_CHECKING:
    from dualgap.problems.unlearning.spec import Unlearning


def prove(problem: Unlearning, witness: Witness) -> Bound:
    """The bound at the witness's point.

    Raises:
        InvalidWitnessError: another witness, another size, or a network, whose objective isn't convex.
    """
    if not isinstance(witness, GradientPoint):
        raise InvalidWitnessError(f"unlearning takes no {witness.type} witness")
    if not problem.model.linear:
        raise InvalidWitnessError("a network's objective isn't convex: its gradient bounds nothing")
    point = witness.point.astype(np.float64).ravel()
    if point.shape != (problem.model.size,):
        raise InvalidWitnessError(f"{point.size} parameters for a model of {problem.model.size}")
    with np.errstate(over="ignore", invalid="ignore"):
        value, norm = problem.objective.value(point), gradient_norm(problem, point)
        error, _ = problem.objective.rounding(point)
        bound = value - error - norm**2 / (2.0 * float(problem.l2))
    if not np.isfinite(bound):
        raise InvalidWitnessError("the parameters are so large that nothing follows")
    return Bound(bound, Evidence.NUMERICAL, f"strong convexity, at a gradient of norm {norm:.3g}", error)


def gradient_norm(problem: Unlearning, point: np.ndarray) -> float:
    """An upper bound of the gradient's norm, rounding included."""
    _, error = problem.objective.rounding(point)
    return float(np.linalg.norm(problem.objective.gradient(point))) + error


def distance_bound(problem: Unlearning, point: np.ndarray) -> float:
    """``|w - w*|`` at most."""
    return gradient_norm(problem, point) / float(problem.l2)
