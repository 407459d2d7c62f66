"""A matrix game as a saddle program and as a linear program whose duals are the opponent's strategy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.exact import Real
from dualgap.core.forms import MixedIntegerProgram, SaddleProgram, bilinear
from dualgap.core.relations import Relation
from dualgap.core.sets import Simplex
from dualgap.core.views import View
from dualgap.core.witness import Multipliers, Strategies, Witness

if TYPE_CHECKING:
    from dualgap.problems.matrix_game.spec import MatrixGame, MixedStrategies


def views(problem: MatrixGame) -> tuple[View, ...]:
    """``lp`` and ``saddle``, both exact and minimising what the row player pays."""

    def lift(bound: Real) -> Real:
        return -bound if problem.maximizer == "rows" else bound

    return (
        View(
            name="lp",
            form_type=MixedIntegerProgram,
            relation=Relation.EXACT,
            build=lambda: linear_program(problem, problem.payoff.astype(np.float64, copy=False)),
            decode=lambda point: _strategies(np.asarray(point)[: problem.size[0]]),
            encode=lambda answer: _point(problem, answer),
            lift_bound=lift,
            lift_witness=lambda witness: opponent(problem, witness),
        ),
        View(
            name="saddle",
            form_type=SaddleProgram,
            relation=Relation.EXACT,
            build=lambda: saddle_program(problem),
            decode=lambda point: _strategies(*point),
            encode=lambda answer: _pair(problem, answer),
            lift_bound=lift,
            lift_witness=lambda witness: witness if isinstance(witness, Strategies) else None,
        ),
    )


def linear_program(problem: MatrixGame, payoff: np.ndarray) -> MixedIntegerProgram:
    """max v, P'x >= v 1, 1'x = 1, x >= 0 where rows maximise, min v, P'x <= v 1 where they minimise (Dantzig 1951)."""
    from scipy.sparse import csr_array

    m, n = problem.size
    maximise = problem.maximizer == "rows"
    # The value lies between the payoffs; a margin keeps the bounds from taking the duals' place.
    margin = 1.0 + float(np.ptp(payoff))
    low, high = float(payoff.min()) - margin, float(payoff.max()) + margin
    matrix = np.block([[payoff.T, -np.ones((n, 1))], [np.ones((1, m)), np.zeros((1, 1))]])
    return MixedIntegerProgram(
        cost=np.append(np.zeros(m), -1.0 if maximise else 1.0),
        matrix=csr_array(matrix),
        row_lower=np.append(np.full(n, 0.0 if maximise else -np.inf), 1.0),
        row_upper=np.append(np.full(n, np.inf if maximise else 0.0), 1.0),
        lower=np.append(np.zeros(m), low),
        upper=np.append(np.ones(m), high),
        integer=np.zeros(m + 1, dtype=bool),
        columns=(*problem.row_names, _fresh("value", problem.row_names)),
        rows=(*problem.column_names, _fresh("total", problem.column_names)),
    )


def _fresh(name: str, taken: tuple[str, ...]) -> str:
    while name in taken:
        name += "'"
    return name


def saddle_program(problem: MatrixGame) -> SaddleProgram:
    """min over x max over y of x'Qy on simplices, from uniform play."""
    return SaddleProgram(
        objective=bilinear,
        x_set=Simplex(),
        y_set=Simplex(),
        initial=(np.full(problem.size[0], 1.0 / problem.size[0]), np.full(problem.size[1], 1.0 / problem.size[1])),
        data=problem.minimised,
        best_x=lambda y, payoff: Simplex().support(payoff @ y),
        best_y=lambda x, payoff: Simplex().support(-(x @ payoff)),
        payoff=problem.minimised,
    )


def _strategies(rows: Any, columns: Any = None) -> MixedStrategies:
    from dualgap.problems.matrix_game.spec import MixedStrategies

    known = {} if columns is None else {"columns": _weights(columns)}
    return MixedStrategies(rows=_weights(rows), **known)


def _weights(point: Any) -> np.ndarray:
    """Float noise below zero is no weight, and -0 is 0."""
    weights = np.asarray(point, dtype=np.float64)
    return np.where((weights <= 0) & (weights > -1e-9), 0.0, weights)


def _point(problem: MatrixGame, answer: Any) -> np.ndarray:
    """The rows' shares, and the payoff that they guarantee."""
    share = answer.rows / answer.rows.sum()
    paid = share @ problem.payoff
    return np.append(share, paid.min() if problem.maximizer == "rows" else paid.max())


def _pair(problem: MatrixGame, answer: Any) -> tuple[np.ndarray, np.ndarray]:
    columns = answer.columns if len(answer.columns) else np.ones(problem.size[1])
    return answer.rows / answer.rows.sum(), columns / columns.sum()


def opponent(problem: MatrixGame, witness: Witness) -> Strategies | None:
    """The column player's strategy: the multipliers of the rows that hold the value."""
    if not isinstance(witness, Multipliers) or len(witness.rows) != problem.size[1] + 1:
        return None
    prices = witness.rows[:-1] if problem.maximizer == "rows" else -witness.rows[:-1]
    return Strategies(x=np.zeros(0), y=np.maximum(prices, 0.0)) if (prices > 0.0).any() else None
