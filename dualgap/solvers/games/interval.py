"""What the methods for matrix games share: which forms they take, and the interval that two strategies give.

Best responses against strategies (x, y) are linear minima: ``max over y of (x'P)y`` lies above the value of the game,
``min over x of x'(Py)`` below it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.forms import Form, SaddleProgram
from dualgap.core.sets import Simplex
from dualgap.core.solver import Context
from dualgap.solvers.saddle.interval import Interval

_ROUNDING = 1e-8  # of the payoffs: of a smaller range, no usual tolerance can be told from rounding


def refusal(form: Form, name: str) -> str | None:
    """Why a form isn't a matrix game on two probability simplices, or None."""
    assert isinstance(form, SaddleProgram)
    if form.payoff is None:
        return f"{name} needs a payoff matrix; extragradient takes any saddle program"
    if not all(isinstance(part, Simplex) and part.total == 1.0 for part in (form.x_set, form.y_set)):
        return f"{name} plays on probability simplices only; extragradient takes other sets"
    return None


def centred(form: SaddleProgram) -> np.ndarray:
    """The payoffs in float64, less their mean where that changes the game's value only: gradients are shorter."""
    assert form.payoff is not None
    payoff = np.asarray(form.payoff, dtype=np.float64)
    both = isinstance(form.x_set, Simplex) and isinstance(form.y_set, Simplex)
    return payoff - payoff.mean() if both else payoff


class GameInterval(Interval):
    """The interval of a form with a payoff matrix (m, n), which x minimises and y maximises."""

    def __init__(self, form: SaddleProgram, tolerance: float) -> None:
        assert form.payoff is not None
        low, high = float(form.payoff.min()), float(form.payoff.max())
        super().__init__(tolerance, max(high - low, _ROUNDING * max(abs(low), abs(high))))
        self._form = form

    def improve(self, x: np.ndarray, y: np.ndarray, xp: np.ndarray, py: np.ndarray) -> float:
        """Keeps what is better; ``xp`` and ``py`` are ``x'P`` and ``Py``. Returns the width that the pair leaves."""
        upper = float(xp @ self._form.y_set.support(-xp))
        lower = float(py @ self._form.x_set.support(py))
        self.offer(x, y, lower, upper)
        return upper - lower

    def open(self, ctx: Context) -> tuple[np.ndarray, np.ndarray]:
        """The pair to start from, on the sets; one that was given is judged, so that nothing worse is returned."""
        assert self._form.payoff is not None
        given = self._form.initial if ctx.start is None else ctx.start
        x, y = (np.asarray(part, dtype=np.float64) for part in given)
        x, y = self._form.x_set.project(x), self._form.y_set.project(y)
        if ctx.start is not None:
            self.improve(x, y, x @ self._form.payoff, self._form.payoff @ y)
        return x, y

    def wanted(self, ctx: Context) -> float:
        """The width that ``closed`` asks for, as far as it is known."""
        size = max(abs(self.upper), abs(self.lower)) if self.known else 0.0
        return max(self.tolerance * self.spread, ctx.budget.gap * size)

    def ended(self, ctx: Context, iterations: int, limit: int, **numbers: Any) -> Claim:
        """The best pair, and why the method stopped."""
        stop = Stop.FINISHED
        if not self.closed(ctx):
            stop = Stop.ITERATIONS if iterations >= limit else Stop.TIME
        return self.claim(ctx, stop, iterations=iterations, **numbers)
