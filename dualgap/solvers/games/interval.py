"""What the methods for matrix games share: which forms they take, and the interval that two strategies give.

Whatever the sets, best responses against strategies (x, y) are linear minima: ``max over y of (x'P)y`` lies above the
value of the game, ``min over x of x'(Py)`` below it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dualgap.core.claim import Claim, Start, Stop, Use
from dualgap.core.forms import Form, SaddleProgram
from dualgap.core.sets import Simplex
from dualgap.core.solver import Context
from dualgap.core.witness import Strategies


def refusal(form: Form, name: str) -> str | None:
    """Why a form isn't a matrix game on two probability simplices, or None."""
    assert isinstance(form, SaddleProgram)
    if form.payoff is None:
        return f"{name} needs a payoff matrix; extragradient takes any saddle program"
    if not all(isinstance(part, Simplex) and part.total == 1.0 for part in (form.x_set, form.y_set)):
        return f"{name} plays on probability simplices only; extragradient takes other sets"
    return None


def opening(form: SaddleProgram, ctx: Context) -> tuple[np.ndarray, np.ndarray]:
    """The pair to start from, on the sets."""
    x, y = form.initial if ctx.start is None else ctx.start
    return form.x_set.project(np.asarray(x, dtype=np.float64)), form.y_set.project(np.asarray(y, dtype=np.float64))


def opened(ctx: Context) -> Start | None:
    """What became of the start."""
    return Start(Use.USED, "the first pair of strategies") if ctx.start is not None else None


@dataclass
class Interval:
    """The best strategy of each player so far, and what they leave open: ``lower <= value <= upper``.

    Attributes:
        form: with a payoff matrix (m, n), which x minimises and y maximises.
        tolerance: the width, relative to the range of payoffs, that is good enough.
    """

    form: SaddleProgram
    tolerance: float
    x: np.ndarray | None = None
    y: np.ndarray | None = None
    upper: float = float("inf")
    lower: float = float("-inf")
    spread: float = field(init=False)

    def __post_init__(self) -> None:
        assert self.form.payoff is not None
        self.spread = float(self.form.payoff.max() - self.form.payoff.min())

    def improve(self, x: np.ndarray, y: np.ndarray, xp: np.ndarray, py: np.ndarray) -> float:
        """Keeps what is better; ``xp`` and ``py`` are ``x'P`` and ``Py``. Returns the width that the pair leaves."""
        upper = float(xp @ self.form.y_set.support(-xp))
        lower = float(py @ self.form.x_set.support(py))
        if upper < self.upper:
            self.upper, self.x = upper, x.copy()
        if lower > self.lower:
            self.lower, self.y = lower, y.copy()
        return upper - lower

    def report(self, ctx: Context, iterations: int) -> None:
        """Streams the best pair and its interval."""
        if self.x is not None and self.y is not None:
            ctx.report((self.x, self.y), self.lower, Strategies(x=self.x, y=self.y), iterations)

    def close(self, ctx: Context) -> bool:
        """Whether the interval is as narrow as was asked for, by the method's tolerance or by the run's gap."""
        width = self.upper - self.lower
        size = max(abs(self.upper), abs(self.lower))
        return width <= max(self.tolerance * self.spread, ctx.budget.gap * size)

    def claim(self, ctx: Context, iterations: int, limit: int, **statistics: Any) -> Claim:
        """The best pair, and why the method stopped."""
        stop = Stop.FINISHED
        if not self.close(ctx):
            stop = Stop.ITERATIONS if iterations >= limit else Stop.TIME
        assert self.x is not None
        assert self.y is not None
        return Claim(
            point=(self.x, self.y),
            feasible=True,
            stop=stop,
            value=self.upper,
            bound=self.lower,
            witness=Strategies(x=self.x, y=self.y),
            statistics={"iterations": iterations, **statistics},
            start=opened(ctx),
        )
