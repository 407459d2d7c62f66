"""What the methods for matrix games share: which forms they take, and the interval that two strategies give."""

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
    """The pair to start from, on the simplices."""
    x, y = form.initial if ctx.start is None else ctx.start
    return _share(np.asarray(x, dtype=np.float64)), _share(np.asarray(y, dtype=np.float64))


def opened(ctx: Context) -> Start | None:
    """What became of the start."""
    return Start(Use.USED, "the first pair of strategies") if ctx.start is not None else None


def _share(weights: np.ndarray) -> np.ndarray:
    positive = np.maximum(weights, 0.0)
    total = positive.sum()
    return positive / total if total > 0 else np.full(len(weights), 1.0 / len(weights))


@dataclass
class Interval:
    """The best strategy of each player so far, and what they leave open: ``lower <= value <= upper``.

    Attributes:
        payoff: (m, n), which x minimises and y maximises.
        tolerance: the width, relative to the range of payoffs, that is good enough.
    """

    payoff: np.ndarray
    tolerance: float
    x: np.ndarray | None = None
    y: np.ndarray | None = None
    upper: float = float("inf")
    lower: float = float("-inf")
    spread: float = field(init=False)

    def __post_init__(self) -> None:
        self.spread = float(self.payoff.max() - self.payoff.min())

    def improve(self, x: np.ndarray, y: np.ndarray, xp: np.ndarray, py: np.ndarray) -> bool:
        """Keeps what is better; ``xp`` and ``py`` are ``x'P`` and ``Py``. Whether anything was."""
        upper, lower = float(xp.max()), float(py.min())
        better = False
        if upper < self.upper:
            self.upper, self.x, better = upper, x.copy(), True
        if lower > self.lower:
            self.lower, self.y, better = lower, y.copy(), True
        return better

    def report(self, ctx: Context, iterations: int) -> None:
        """Streams the best pair and its interval."""
        if self.x is not None and self.y is not None:
            ctx.report(point=(self.x, self.y), bound=self.lower, witness=Strategies(x=self.x, y=self.y))

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
