"""The ways to solve a ``log-sum-exp-ball``: cones, a smooth program with its projection, and the linear program.

The linear program is exact for the linear objective. For the log-sum-exp it is a relaxation: its value v bounds it by
``log n + v / n``, and its point is feasible.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.exact import Real, nearest
from dualgap.core.forms import Cones, ConicProgram, Convexity, MixedIntegerProgram, SmoothProgram
from dualgap.core.polytope import BoxRows
from dualgap.core.relations import Relation
from dualgap.core.views import View, identity
from dualgap.core.witness import ConicMultipliers, FarkasRay, GradientPoint, Multipliers, Witness
from dualgap.problems.log_sum_exp_ball.witness import RowPrices

if TYPE_CHECKING:
    from dualgap.problems.log_sum_exp_ball.spec import LogSumExpAnswer, LogSumExpBall

_MET = 1e-6  # relative to a radius of 1 or more: how far a projection may end from the ball


def views(problem: LogSumExpBall) -> tuple[View, ...]:
    """``cones`` (log-sum-exp only), ``smooth`` and ``linear``."""
    _, d = problem.size
    linear = View(
        name="linear",
        form_type=MixedIntegerProgram,
        relation=Relation.RELAXATION if problem.smooth else Relation.EXACT,
        build=lambda: linear_program(problem),
        decode=lambda point: _answer(point[:d]),
        encode=lambda answer: np.asarray(answer.x, dtype=np.float64),
        lift_bound=(lambda bound: lifted(problem, bound)) if problem.smooth else identity,
        lift_witness=lambda witness: _from_rows(problem, witness),
    )
    smooth = View(
        name="smooth",
        form_type=SmoothProgram,
        relation=Relation.EXACT,
        build=lambda: smooth_program(problem),
        decode=_answer,
        encode=lambda answer: np.asarray(answer.x, dtype=np.float64),
        lift_witness=lambda witness: witness if isinstance(witness, GradientPoint) else None,
    )
    cones = View(
        name="cones",
        form_type=ConicProgram,
        relation=Relation.EXACT,
        build=lambda: conic_program(problem),
        decode=lambda point: _answer(point[:d]),
        encode=lambda answer: _conic_point(problem, answer.x),
        lift_witness=lambda witness: _from_cones(problem, witness),
    )
    return (cones, smooth, linear) if problem.smooth else (linear, smooth)


def _answer(point: Any) -> LogSumExpAnswer:
    from dualgap.problems.log_sum_exp_ball.spec import LogSumExpAnswer

    return LogSumExpAnswer(x=np.asarray(point, dtype=np.float64))


def linear_program(problem: LogSumExpBall) -> MixedIntegerProgram:
    """``min 1'(Ax + b)`` with ``-radius - b <= Ax <= radius - b``, x free."""
    from scipy.sparse import csr_array

    n, d = problem.size
    b, radius = problem.b.astype(np.float64), float(problem.radius)
    return MixedIntegerProgram(
        cost=problem.matrix.sum(axis=0),
        matrix=csr_array(problem.matrix),
        row_lower=-radius - b,
        row_upper=radius - b,
        lower=np.full(d, -np.inf),
        upper=np.full(d, np.inf),
        integer=np.zeros(d, dtype=bool),
        offset=float(b.sum()),
        columns=tuple(f"x{j}" for j in range(1, d + 1)),
        rows=tuple(f"row {i}" for i in range(1, n + 1)),
    )


def _from_rows(problem: LogSumExpBall, witness: Witness) -> Witness | None:
    """A linear program's multipliers are prices; for the log-sum-exp with the weights 1/n."""
    n = problem.size[0]
    if isinstance(witness, Multipliers):
        share = 1.0 / n if problem.smooth else 1.0
        return RowPrices(weights=np.full(n, share), prices=share * np.asarray(witness.rows))
    return witness if isinstance(witness, FarkasRay) else None


def conic_program(problem: LogSumExpBall) -> ConicProgram:
    """``min t`` over (x, t, u) with ``exp(a_i'x + b_i - t) <= u_i``, ``sum u <= 1`` and the ball.

    Rows: the sum; ``radius - z``; ``radius + z``; then (z_i - t, 1, u_i) for each i.
    """
    from scipy.sparse import block_array, csr_array

    n, d = problem.size
    matrix, b, radius = csr_array(problem.matrix), problem.b.astype(np.float64), float(problem.radius)
    unit = csr_array(np.eye(n))
    firsts, thirds = (csr_array(np.kron(np.eye(n), np.eye(3)[:, [k]])) for k in (0, 2))
    rows = block_array(
        [
            [csr_array((1, d)), None, csr_array(np.ones((1, n)))],
            [matrix, None, None],
            [-matrix, None, None],
            [-firsts @ matrix, firsts @ csr_array(np.ones((n, 1))), -thirds @ unit],
        ],
        format="csr",
    )
    triples = np.column_stack([b, np.ones(n), np.zeros(n)]).ravel()
    return ConicProgram(
        cost=np.concatenate([np.zeros(d), [1.0], np.zeros(n)]),
        matrix=csr_array(rows),
        right_side=np.concatenate([[1.0], radius - b, radius + b, triples]),
        cones=Cones(nonnegative=1 + 2 * n, exponential=n),
    )


def _conic_point(problem: LogSumExpBall, x: np.ndarray) -> np.ndarray:
    from dualgap.problems.log_sum_exp_ball.spec import log_sum_exp

    z = problem.values(np.asarray(x, dtype=np.float64))
    top = log_sum_exp(z)
    return np.concatenate([x, [top], np.exp(z - top)])


def _from_cones(problem: LogSumExpBall, witness: Witness) -> Witness | None:
    """Weights are minus the first multipliers of the exponential cones; prices those of ``radius + z`` less ``- z``."""
    n = problem.size[0]
    if not isinstance(witness, ConicMultipliers | FarkasRay):
        return None
    rows = np.asarray(witness.rows)
    prices = rows[1 + n : 1 + 2 * n] - rows[1 : 1 + n]
    if isinstance(witness, FarkasRay):
        return FarkasRay(rows=prices)
    return RowPrices(weights=np.maximum(-rows[1 + 2 * n :: 3], 0.0), prices=prices)


def objective(x: Any, data: Any) -> Any:
    """``log sum exp(Ax + b)``."""
    z = data["matrix"] @ x + data["constants"]
    xp = z.__array_namespace__()
    top = xp.max(z)
    return top + xp.log(xp.sum(xp.exp(z - top)))


def total(x: Any, data: Any) -> Any:
    """``1'(Ax + b)``."""
    return (data["matrix"] @ x + data["constants"]).sum()


def beyond(x: Any, data: Any) -> Any:
    """``|a_i'x + b_i| - radius <= 0``, both sides."""
    z = data["matrix"] @ x + data["constants"]
    return z.__array_namespace__().concat([z, -z]) - data["radius"]


def smooth_program(problem: LogSumExpBall) -> SmoothProgram:
    """The objective over the ball, which has a projection; from the projection of 0.

    Its Hessian is ``A'(diag(p) - pp')A`` with p a distribution, at most ``||A||^2 / 2``. A ball without a point has
    nothing to project on: then its rows are constraints.
    """
    domain = ball(problem)
    start = np.asarray(domain.project(np.zeros(problem.size[1])))
    there = domain.contains(start, _MET * max(1.0, float(problem.radius)))
    norm = float(np.linalg.norm(problem.matrix, 2))
    return SmoothProgram(
        objective=objective if problem.smooth else total,
        initial=start,
        data={
            "matrix": problem.matrix,
            "constants": problem.b.astype(np.float64),
            "radius": np.asarray(float(problem.radius)),
        },
        domain=domain if there else None,
        inequalities=None if there else beyond,
        convexity=Convexity.CONVEX if problem.smooth else Convexity.LINEAR,
        lipschitz=max(0.5 * norm**2, 1e-12) if problem.smooth else None,
    )


def ball(problem: LogSumExpBall) -> BoxRows:
    """``||Ax + b||_inf <= radius`` as a set, within a box that no point of A's row space in the ball leaves."""
    b, radius = problem.b.astype(np.float64), float(problem.radius)
    reach = 1.0 + 2.0 * (np.abs(np.linalg.pinv(problem.matrix)) @ (radius + np.abs(b)))
    return BoxRows(-reach, reach, problem.matrix, -radius - b, radius - b)


def lifted(problem: LogSumExpBall, value: Real) -> float:
    """The bound on the log-sum-exp that a bound on the sum gives."""
    n = problem.size[0]
    return float(np.log(n)) + nearest(value) / n
