"""The interval that two strategies give: the value lies between ``min_x f(x, y)`` and ``max_y f(x, y)``.

Best responses give both sides where the form knows them. Else, for f convex in x and concave in y on sets with a
linear minimum, gradients do: ``f(x', y) >= f(x, y) + <grad_x f, x' - x>`` for all x', and likewise for y.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dualgap.core.claim import Claim, Start, Stop, Use
from dualgap.core.solver import Context
from dualgap.core.witness import Strategies
from dualgap.solvers.saddle.field import Game, Pair

INFINITY = float("inf")


def sides(game: Game, x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """(lower, upper) at a pair; infinite where nothing is known."""
    best_x, best_y = game.answer_x(y), game.answer_y(x)
    lower = -INFINITY if best_x is None else game.value(best_x, y)
    upper = INFINITY if best_y is None else game.value(x, best_y)
    if not game.convex or (best_x is not None and best_y is not None):
        return lower, upper
    value, slope_x, slope_y = game.field.gradients(x, y)
    if best_x is None and (end := game.field.x.least(slope_x)) is not None:
        lower = value + float(slope_x @ (end - x))
    if best_y is None and (end := game.field.y.least(-slope_y)) is not None:
        upper = value + float(slope_y @ (end - y))
    return lower, upper


@dataclass
class Interval:
    """The best pairs so far: ``lower <= value <= upper``.

    Attributes:
        tolerance: the width that is good enough, relative to ``spread``.
        spread: of the payoffs, or a size that is typical of the objective.
        game: in whose shapes points are handed on; vectors as they are without one.
        above, below: the pairs that give the upper and the lower end.
    """

    tolerance: float
    spread: float
    game: Game | None = None
    above: Pair | None = None
    below: Pair | None = None
    upper: float = INFINITY
    lower: float = -INFINITY

    def offer(self, x: np.ndarray, y: np.ndarray, lower: float, upper: float) -> None:
        """Keeps what is better; the first pair in any case."""
        if self.above is None or upper < self.upper:
            self.upper, self.above = upper, (x.copy(), y.copy())
        if self.below is None or lower > self.lower:
            self.lower, self.below = lower, (x.copy(), y.copy())

    def settle(self, x: np.ndarray, y: np.ndarray) -> None:
        """Takes the pair for whatever end isn't known."""
        if self.upper == INFINITY:
            self.above = x, y
        if self.lower == -INFINITY:
            self.below = x, y

    @property
    def known(self) -> bool:
        """Whether it has two ends."""
        return self.upper - self.lower < INFINITY

    def closed(self, ctx: Context) -> bool:
        """Whether it is as narrow as was asked for, by the method's tolerance or by the run's gap."""
        if not self.known:
            return False
        size = max(abs(self.upper), abs(self.lower))
        return self.upper - self.lower <= max(self.tolerance * self.spread, ctx.budget.gap * size)

    def report(self, ctx: Context, iterations: int) -> None:
        """Streams the best pair and the lower end."""
        point, bound, witness = self._found()
        ctx.report(point, bound, witness, iterations)

    def claim(self, ctx: Context, stop: Stop, message: str = "", **numbers: Any) -> Claim:
        """The best pair as a solver's claim."""
        point, bound, witness = self._found()
        return Claim(
            point=point,
            feasible=True,
            stop=stop,
            value=self.upper if self.upper < INFINITY else None,
            bound=bound,
            witness=witness,
            statistics=numbers,
            message=message,
            start=Start(Use.USED, "the first pair of strategies") if ctx.start is not None else None,
        )

    def _found(self) -> tuple[Any, float | None, Strategies | None]:
        """The point, the bound and its witness.

        Against a best response an end depends on one player's strategy alone, and the other's may be the better one of
        both ends; ends from gradients depend on the whole pair.
        """
        assert self.above is not None
        assert self.below is not None
        x = self.above[0]
        y = self.below[1] if self.game is None or self.game.best_y is not None else self.above[1]
        point = (x, y) if self.game is None else self.game.point(x, y)
        if self.lower == -INFINITY:
            return point, None, None
        against = x if self.game is None or self.game.best_x is not None else self.below[0]
        return point, self.lower, Strategies(x=against, y=self.below[1])
