"""The primal-dual hybrid gradient method with restarts, on bilinear saddle programs.

    x+ = proj(x - tau P y),   y+ = proj(y + sigma P'(2 x+ - x)),   tau sigma ||P||^2 < 1

Averages converge at the rate 1/k (Chambolle and Pock 2011); restarted at the better of average and last iterate
whenever the duality gap has shrunk enough, both converge linearly (Applegate, Hinder, Lu and Lubin, Faster first-order
primal-dual methods for linear programming using restarts and sharpness, Mathematical Programming 2023, whose rules for
restarts and for the balance of tau and sigma these are).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim
from dualgap.core.forms import Form, SaddleProgram
from dualgap.core.solver import Context, Solver, Trait
from dualgap.solvers.games.interval import GameInterval, centred

_CHECK = 40  # steps between looks at the gap
_SUFFICIENT, _NECESSARY, _LONG = 0.2, 0.8, 0.36  # of the gap at the last restart; of all steps
_SMOOTHING = 0.5
_SAFE = 0.99  # of the largest step
_POWER_STEPS = 30


@dataclass(frozen=True)
class Pdhg(Solver):
    """Restarted, averaged PDHG.

    Attributes:
        iterations: at most so many steps of both players.
        tolerance: width of the interval at which to stop, relative to the range of payoffs.
    """

    name: ClassVar[str] = "pdhg"
    summary: ClassVar[str] = "primal-dual hybrid gradient with restarts, for bilinear saddle programs"
    accepts: ClassVar[tuple[type, ...]] = (SaddleProgram,)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS, Trait.ANYTIME, Trait.WARM})

    iterations: int = 1_000_000
    tolerance: float = 1e-7

    def refuses(self, form: Form) -> str | None:
        assert isinstance(form, SaddleProgram)
        if form.payoff is None:
            return "pdhg needs a payoff matrix; extragradient takes any saddle program"
        return None

    def solve(self, form: Form, ctx: Context) -> Claim:
        assert isinstance(form, SaddleProgram)
        assert form.payoff is not None
        payoff, given = centred(form), np.asarray(form.payoff, dtype=np.float64)
        interval = GameInterval(form, self.tolerance)
        step = _SAFE / max(_norm(payoff), 1e-300)
        x, y = interval.open(ctx)
        leg = _Leg(x, y)
        weight, steps, restarts, last = 1.0, 0, 0, float("inf")
        while True:
            for _ in range(min(_CHECK, self.iterations - steps)):
                ahead = form.x_set.project(x - (step / weight) * (payoff @ y))
                y = form.y_set.project(y + (step * weight) * ((2.0 * ahead - x) @ payoff))
                x = ahead
                leg.add(x, y)
                steps += 1
                if ctx.should_stop():
                    break
            candidates = [(x, y), leg.average()]
            widths = [interval.improve(u, v, u @ given, given @ v) for u, v in candidates]
            interval.report(ctx, steps)
            if interval.closed(ctx) or steps >= self.iterations or ctx.should_stop():
                return interval.ended(ctx, steps, self.iterations, restarts=restarts)
            best = int(np.argmin(widths))
            if leg.ends(widths[best], last, steps):
                x, y = candidates[best]
                weight = leg.balance(x, y, weight)
                leg, last, restarts = _Leg(x, y, widths[best]), float("inf"), restarts + 1
            else:
                last = widths[best]


class _Leg:
    """The steps since a restart: where it began, how wide the interval was there, and the sums for the average."""

    def __init__(self, x: np.ndarray, y: np.ndarray, width: float = float("inf")) -> None:
        self.start, self.width = (x, y), width
        self.sums, self.steps = (np.zeros(len(x)), np.zeros(len(y))), 0

    def add(self, x: np.ndarray, y: np.ndarray) -> None:
        self.sums[0][:] += x
        self.sums[1][:] += y
        self.steps += 1

    def average(self) -> tuple[np.ndarray, np.ndarray]:
        return self.sums[0] / self.steps, self.sums[1] / self.steps

    def ends(self, width: float, last: float, steps: int) -> bool:
        """Whether to restart: much was gained, or something was and no more comes, or the leg is long."""
        if width <= _SUFFICIENT * self.width:
            return True
        return (width <= _NECESSARY * self.width and width > last) or self.steps >= _LONG * steps

    def balance(self, x: np.ndarray, y: np.ndarray, weight: float) -> float:
        """How far y moved for each unit that x moved, smoothed in logarithms."""
        moved = float(np.linalg.norm(x - self.start[0])), float(np.linalg.norm(y - self.start[1]))
        if min(moved) <= 1e-12:
            return weight
        return float(np.exp(_SMOOTHING * np.log(moved[1] / moved[0]) + (1.0 - _SMOOTHING) * np.log(weight)))


def _norm(payoff: np.ndarray) -> float:
    """The spectral norm by power iteration, a little above where it hasn't settled; at most the Frobenius norm."""
    frobenius = float(np.linalg.norm(payoff))
    vector: Any = np.random.default_rng(0).standard_normal(payoff.shape[1])
    sizes = [0.0, 0.0]
    for _ in range(_POWER_STEPS):
        vector = payoff.T @ (payoff @ (vector / max(float(np.linalg.norm(vector)), 1e-300)))
        sizes.append(float(np.linalg.norm(vector)) ** 0.5)
    norm, change = sizes[-1], abs(sizes[-1] - sizes[-2])
    return min(frobenius, norm + 2.0 * change + 1e-3 * norm)
