"""The covariance's program in exponential cones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.forms import Cones, ConicProgram
from dualgap.core.relations import Relation
from dualgap.core.views import View
from dualgap.core.witness import ConicMultipliers, Multipliers, Witness
from dualgap.problems.fair_classifier.answers import Classifier, Linear

if TYPE_CHECKING:
    from dualgap.problems.fair_classifier.spec import FairClassifier


def views(problem: FairClassifier) -> tuple[View, ...]:
    """``covariance-cones``."""
    return (
        View(
            name="covariance-cones",
            form_type=ConicProgram,
            relation=Relation.EXACT,
            build=lambda: cones(problem),
            decode=lambda point: _answer(problem, np.asarray(point)[: problem.surrogate.x.shape[1]]),
            encode=lambda answer: _extended(problem, _theta(problem, answer)),
            lift_witness=lambda witness: _prices(problem, witness),
        ),
    )


def _answer(problem: FairClassifier, theta: Any) -> Classifier:
    return problem.classifier([problem.surrogate.scaling.linear(np.asarray(theta, dtype=np.float64))])


def _theta(problem: FairClassifier, answer: Classifier) -> np.ndarray | None:
    if len(answer.members) != 1 or not isinstance(answer.members[0], Linear):
        return None
    return problem.surrogate.scaling.theta(answer.members[0])


def cones(problem: FairClassifier) -> ConicProgram:
    """Columns theta, v, p, q: ``log(1 + exp(-u_i)) <= v_i`` is ``p + q <= 1``, ``exp(-u - v) <= p``, ``exp(-v) <= q``.

    u_i is the score of row i, turned where its label is 0.
    """
    from scipy.sparse import block_array, csr_array, eye_array

    program = problem.surrogate
    n, k = program.x.shape
    turned = csr_array((2.0 * program.labels - 1.0)[:, None] * program.x)
    one, none = eye_array(n, format="csr"), csr_array((n, n))
    rows = csr_array(program.rows)
    blocks: list[list[Any]] = [
        [rows, None, None, None],
        [-rows, None, None, None],
        [None, None, one, one],
        [turned, one, None, None],
        [csr_array((n, k)), None, None, none],
        [None, None, -one, None],
        [None, one, None, None],
        [csr_array((n, k)), None, None, none],
        [None, None, None, -one],
    ]
    matrix = csr_array(block_array(blocks))
    zeros, ones = np.zeros(n), np.ones(n)
    right = np.concatenate(
        [np.full(2 * len(program.rows), program.epsilon), ones, zeros, ones, zeros, zeros, ones, zeros]
    )
    head = 2 * len(program.rows) + n
    triples = np.arange(3 * n).reshape(3, n).T.ravel()
    order = np.concatenate([np.arange(head), head + triples, head + 3 * n + triples])
    ridge = np.append(np.full(k - 1, program.ridge), np.zeros(3 * n + 1))
    return ConicProgram(
        cost=np.concatenate([np.zeros(k), program.shares, np.zeros(2 * n)]),
        matrix=csr_array(matrix[order]),
        right_side=right[order],
        cones=Cones(nonnegative=head, exponential=2 * n),
        quadratic=csr_array((ridge, (np.arange(len(ridge)), np.arange(len(ridge))))),
    )


def _extended(problem: FairClassifier, theta: np.ndarray | None) -> np.ndarray | None:
    if theta is None:
        return None
    program = problem.surrogate
    scores = (2.0 * program.labels - 1.0) * (program.x @ theta)
    losses = np.logaddexp(0.0, -scores)
    return np.concatenate([theta, losses, np.exp(-scores - losses), np.exp(-losses)])


def _prices(problem: FairClassifier, witness: Witness) -> Witness | None:
    if not isinstance(witness, ConicMultipliers):
        return None
    count = len(problem.surrogate.rows)
    upper, lower = witness.rows[:count].astype(np.float64), witness.rows[count : 2 * count].astype(np.float64)
    return Multipliers(rows=np.maximum(lower, 0.0) - np.maximum(upper, 0.0))
