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
from dualgap.solvers.saddle.field import Field

INFINITY = float("inf")


def sides(field: Field, x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """(lower, upper) at a pair; infinite where nothing is known."""
    best_x, best_y = field.answer_x(y), field.answer_y(x)
    lower = -INFINITY if best_x is None else field.value(best_x, y)
    upper = INFINITY if best_y is None else field.value(x, best_y)
    if not field.convex or (best_x is not None and best_y is not None):
        return lower, upper
    value, slope_x, slope_y = field.gradients(x, y)
    if best_x is None and (end := field.x.least(slope_x)) is not None:
        lower = value + float(slope_x @ (end - x))
    if best_y is None and (end := field.y.least(-slope_y)) is not None:
        upper = value + float(slope_y @ (end - y))
    return lower, upper


@dataclass
class Interval:
    """The best strategy of each player so far: ``lower <= value <= upper``.

    Attributes:
        tolerance: the width that is good enough, relative to ``spread``.
        spread: of the payoffs, or a size that is typical of the objective.
    """

    tolerance: float
    spread: float
    x: np.ndarray | None = None
    y: np.ndarray | None = None
    upper: float = INFINITY
    lower: float = -INFINITY

    def offer(self, x: np.ndarray, y: np.ndarray, lower: float, upper: float) -> None:
        """Keeps what is better; the first pair in any case."""
        if self.x is None or upper < self.upper:
            self.upper, self.x = upper, x.copy()
        if self.y is None or lower > self.lower:
            self.lower, self.y = lower, y.copy()

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

    def report(self, ctx: Context, iterations: int, field: Field | None = None) -> None:
        """Streams the best pair and the lower end."""
        point, bound, witness = self._found(field)
        ctx.report(point, bound, witness, iterations)

    def claim(self, ctx: Context, stop: Stop, field: Field | None = None, message: str = "", **numbers: Any) -> Claim:
        """The best pair as a solver's claim."""
        point, bound, witness = self._found(field)
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

    def _found(self, field: Field | None) -> tuple[Any, float | None, Strategies | None]:
        assert self.x is not None
        assert self.y is not None
        point = (self.x, self.y) if field is None else field.point(self.x, self.y)
        if self.lower == -INFINITY:
            return point, None, None
        return point, self.lower, Strategies(x=self.x, y=self.y)
