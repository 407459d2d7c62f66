"""The point nearest to an input where a network goes wrong, every neuron on the side where it is at another point."""

from __future__ import annotations

import numpy as np

from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.solver import Context
from dualgap.problems.adversarial_example import AdversarialExample
from dualgap.problems.networks.bounds.program import DUST

_MARGIN = 1e-9  # relative: below 0, so that rounding leaves the point wrong


def nearest_in_pattern(problem: AdversarialExample, point: np.ndarray, ctx: Context) -> np.ndarray | None:
    """(d,) for a problem of one input in the norm "inf" or "1"; None where the program has no answer."""
    if problem.norm == "2":
        return None
    form = _program(problem, point)
    claim = ctx.subsolve(form, "highs")
    if claim.point is None or not claim.feasible:
        return None
    lower, upper = problem.box
    found = np.clip(claim.point[: len(point)], lower[0], upper[0])
    return found if problem.margins.of(problem.network.forward(found[None]))[0] <= 0 else None


def _program(problem: AdversarialExample, point: np.ndarray) -> MixedIntegerProgram:
    """min t with ``||x - input|| <= t``, the signs of the neurons, and the least margin at the point not above 0."""
    operators = problem.network.operators
    weights, bias = np.eye(len(point)), np.zeros(len(point))
    signs, sides = [], []
    for operator in operators[:-1]:
        weights, bias = operator.matrix @ weights, operator.matrix @ bias + operator.bias
        active = weights @ point + bias > 0
        sign = np.where(active, 1.0, -1.0)
        signs.append(sign[:, None] * weights)
        sides.append(-sign * bias)
        weights, bias = weights * active[:, None], bias * active
    weights, bias = operators[-1].matrix @ weights, operators[-1].matrix @ bias + operators[-1].bias
    margins = problem.margins
    values = margins.rows @ (weights @ point + bias) + margins.constants
    row = margins.rows[int(values.argmin())]
    constant = float(margins.constants[int(values.argmin())]) + float(row @ bias)
    wrong = -(row @ weights)
    size = _MARGIN * max(1.0, abs(constant), float(np.abs(wrong) @ np.abs(point)))
    return _nearest(problem, np.vstack([*signs, wrong]), np.concatenate([*sides, [constant + size]]))


def _nearest(problem: AdversarialExample, matrix: np.ndarray, least: np.ndarray) -> MixedIntegerProgram:
    """The nearest x with ``matrix x >= least``: |x_j - input_j| <= t_j, with one t for all, or their sum."""
    from scipy.sparse import csr_array, hstack, vstack

    matrix = np.where(np.abs(matrix) > DUST, matrix, 0.0)  # HiGHS would refuse it; the point is judged by the network
    width = matrix.shape[1]
    sizes = 1 if problem.norm == "inf" else width
    own = csr_array(np.ones((width, 1)) if problem.norm == "inf" else np.eye(width))
    same, blank = csr_array(np.eye(width)), csr_array((len(matrix), sizes))
    centre = np.asarray(problem.inputs[0], dtype=np.float64)
    lower, upper = problem.box
    low = np.concatenate((least, centre, -centre))
    return MixedIntegerProgram(
        cost=np.concatenate((np.zeros(width), np.ones(sizes))),
        matrix=csr_array(vstack([hstack([csr_array(matrix), blank]), hstack([same, own]), hstack([-same, own])])),
        row_lower=low,
        row_upper=np.full(len(low), np.inf),
        lower=np.concatenate((lower[0], np.zeros(sizes))),
        upper=np.concatenate((upper[0], np.full(sizes, np.inf))),
        integer=np.zeros(width + sizes, dtype=bool),
    )
