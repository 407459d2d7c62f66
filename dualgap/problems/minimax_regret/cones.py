"""The conic programs: second-order cones for quadratic risks, exponential cones for logistic ones.

A quadratic score is at most e where ``|F_s (theta - theta_s)|^2 <= t_s(e)``, F_s'F_s the Hessian, theta_s the group's
own optimum, t_s affine in e; that is ``(t + c, t - c, 2 sqrt(c) F (theta - theta_s))`` in a second-order cone, c of the
size of t. A logistic loss is at most v where ``exp(-z'theta - v) + exp(-v) <= 1``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.forms import Cones, ConicProgram
from dualgap.problems.minimax_regret.logistic import Logistic
from dualgap.problems.minimax_regret.quadratics import Quadratics
from dualgap.problems.minimax_regret.scores import Scores

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_FLAT = 1e-13  # relative: smaller eigenvalues of a Hessian are rounded zeros
_THIN = 1e-4  # relative: cones of no size at all would be scaled by this


@dataclass(frozen=True)
class Lifted:
    """A conic program whose first d columns are theta.

    Attributes:
        form: the program.
        extend: theta to a point of it.
        weights: its multipliers to the groups' weights.
    """

    form: ConicProgram
    extend: Callable[[np.ndarray], np.ndarray]
    weights: Callable[[np.ndarray], np.ndarray]


def lifted(scores: Scores, near: np.ndarray) -> Lifted:
    """The program of any scores; ``near`` is a model at hand, for the sizes of things."""
    if isinstance(scores.risks, Logistic):
        return _exponential(scores, scores.risks)
    assert isinstance(scores.risks, Quadratics)
    return _second_order(scores, scores.risks, near)


def _second_order(scores: Scores, risks: Quadratics, near: np.ndarray) -> Lifted:
    """Columns theta, e."""
    from scipy.sparse import csr_array

    k, d = risks.shape
    slopes = 2.0 / scores.scale
    heights = slopes * scores.shift - 2.0 * risks.optima.upper
    worst = float(scores.values(near).max())
    blocks, right, orders = [], [], []
    for s in range(k):
        factor = _root(risks.hessians[s])
        size = max(slopes[s] * worst + heights[s], _THIN * max(abs(risks.values(near)[s]), 1e-8))
        block = np.zeros((len(factor) + 2, d + 1))
        block[:2, d] = -slopes[s]
        block[2:, :d] = -2.0 * np.sqrt(size) * factor
        side = np.concatenate([[heights[s] + size, heights[s] - size], block[2:, :d] @ risks.optima.points[s]])
        scale = 1.0 / size  # a cone may be scaled as a whole
        blocks.append(scale * block)
        right.append(scale * side)
        orders.append(len(side))
    heads = np.concatenate([[0], np.cumsum(orders)[:-1]])
    factors = -np.array([block[0, d] for block in blocks])
    cost = np.append(np.zeros(d), 1.0)
    cones = Cones(second_order=tuple(orders))
    form = ConicProgram(cost, csr_array(np.vstack(blocks)), np.concatenate(right), cones)
    return Lifted(
        form,
        extend=lambda theta: np.append(theta, scores.values(theta).max()),
        weights=lambda z: factors * (z[heads] + z[heads + 1]),
    )


def _root(hessian: np.ndarray) -> np.ndarray:
    """(r, d) F with F'F the matrix, r its rank."""
    values, vectors = np.linalg.eigh(hessian)
    kept = values > _FLAT * max(float(values[-1]), 0.0)
    found: np.ndarray = np.sqrt(values[kept])[:, None] * vectors[:, kept].T
    return found


def _exponential(scores: Scores, risks: Logistic) -> Lifted:
    """Columns theta, e, the square of theta's norm, and for each sample its loss v, ``p`` and ``q`` with p + q <= 1.

    Both exponentials of a sample, ``exp(-z'theta - v) <= p`` and ``exp(-v) <= q``, are rows (exponent, 1, p or q).
    """
    from scipy.sparse import csr_array, eye_array, vstack

    (k, d), n = risks.shape, len(risks.z)
    widths = {"theta": d, "e": 1, "square": 1, "v": n, "p": n, "q": n}
    share = csr_array((risks.shares, np.arange(n), np.append(risks.starts, n)), shape=(k, n))
    one = eye_array(n, format="csr")
    matrix = vstack(
        [
            _row(widths, k, e=-1.0 / scores.scale[:, None], square=np.full((k, 1), 0.5 * risks.ridge), v=share),
            _row(widths, n, p=one, q=one),
            _row(widths, 2, square=-np.ones((2, 1))),
            _row(widths, d, theta=-2.0 * np.eye(d)),
            _row(widths, n, theta=risks.z, v=one),
            _row(widths, n),
            _row(widths, n, p=-one),
            _row(widths, n, v=one),
            _row(widths, n),
            _row(widths, n, q=-one),
        ],
        format="csr",
    )
    zeros, ones = np.zeros(n), np.ones(n)
    exponentials = [zeros, ones, zeros, zeros, ones, zeros]
    right = np.concatenate([scores.shift / scores.scale, ones, [1.0, -1.0], np.zeros(d), *exponentials])
    head = k + n + 2 + d
    triples = np.arange(3 * n).reshape(3, n).T.ravel()  # sample by sample, as the cones want them
    order = np.concatenate([np.arange(head), head + triples, head + 3 * n + triples])
    cost = np.zeros(matrix.shape[1])
    cost[d] = 1.0
    cones = Cones(nonnegative=k + n, second_order=(d + 2,), exponential=2 * n)

    def extend(theta: np.ndarray) -> np.ndarray:
        margins = risks.z @ theta
        losses = np.logaddexp(0.0, -margins)
        first = np.concatenate([theta, [scores.values(theta).max(), theta @ theta]])
        return np.concatenate([first, losses, np.exp(-margins - losses), np.exp(-losses)])

    form = ConicProgram(cost, csr_array(matrix)[order], right[order], cones)
    return Lifted(form, extend, weights=lambda multipliers: multipliers[:k] / scores.scale)


def _row(widths: Mapping[str, int], count: int, **blocks: Any) -> csr_array:
    """``count`` rows with blocks by the names of the columns, zeros elsewhere."""
    from scipy.sparse import csr_array, hstack

    parts = [csr_array(blocks.get(name, (count, width))) for name, width in widths.items()]
    return csr_array(hstack(parts, format="csr"))
