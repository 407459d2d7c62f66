"""Matrix games by linear programming, and the vertex in rational numbers where the payoffs allow it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from dualgap.core.claim import Claim
from dualgap.core.exact import Exact, Real, exact
from dualgap.core.solver import Context, Solver, Trait
from dualgap.core.witness import Strategies
from dualgap.problems.matrix_game import MatrixGame, MixedStrategies
from dualgap.problems.matrix_game.payoffs import standardised
from dualgap.problems.matrix_game.vertex import rational
from dualgap.problems.matrix_game.views import linear_program, opponent

_EXACT_ENTRIES = 250_000  # payoffs of larger games have no vertex that 64 bits could hold


@dataclass(frozen=True)
class LpVertex(Solver):
    """The linear program of the row player; its duals are the column player's strategy (Dantzig 1951).

    Both vertices are solved again over the rationals, so that a small game with rational payoffs has its exact value.

    Attributes:
        backend: the solver of the linear program.
    """

    name: ClassVar[str] = "lp-vertex"
    summary: ClassVar[str] = "matrix games as a linear program, with the vertex in exact arithmetic"
    accepts: ClassVar[tuple[type, ...]] = (MatrixGame,)
    requires: ClassVar[tuple[str, ...]] = ("highspy",)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.EXACT, Trait.BOUNDS})

    backend: str = "highs"

    def solve(self, form: MatrixGame, ctx: Context) -> Claim:
        found = ctx.subsolve(linear_program(form, standardised(form.payoff)), self.backend)
        other = None if found.witness is None else opponent(form, found.witness)
        if found.point is None or other is None:
            return replace(found, point=None, value=None, bound=None, witness=None)
        rows, columns = np.maximum(np.asarray(found.point)[:-1], 0.0), other.y
        if not (rows > 0).any() or not (columns > 0).any():
            return replace(found, point=None, feasible=False, value=None, bound=None, witness=None)
        whole = _vertices(form, rows, columns)
        statistics = {**found.statistics, "exact": whole is not None}
        rows, columns = whole or (rows, columns)
        return Claim(
            point=MixedStrategies(rows=rows, columns=columns),
            feasible=True,
            stop=found.stop,
            witness=Strategies(x=rows, y=columns),
            statistics=statistics,
            message=found.message,
        )


def _vertices(game: MatrixGame, rows: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Both strategies in whole numbers, or None where they aren't known or leave more open than those in floats."""
    if game.payoff.size > _EXACT_ENTRIES:
        return None
    payoff = exact(game.payoff)
    paid = payoff if game.maximizer == "columns" else Exact(-payoff.numerators, payoff.denominator)
    x, y = rational(paid, rows), rational(Exact(-paid.numerators.T, paid.denominator), columns)
    if x is None or y is None or _width(game, x, y) > _width(game, rows, columns):
        return None
    return x, y


def _width(game: MatrixGame, rows: np.ndarray, columns: np.ndarray) -> Real:
    """Of the interval that two strategies leave open."""
    kept, conceded = game.payoffs.against_columns(rows), game.payoffs.against_rows(columns)
    return conceded.most - kept.least if game.maximizer == "rows" else kept.most - conceded.least
