"""Optimistic multiplicative weights on matrix games.

    x+ ~ x exp(-eta (2 P y - P y_before)),   y+ ~ y exp(eta (2 P'x - P'x_before))

Averages converge at the rate 1/k (Syrgkanis, Agarwal, Luo and Schapire 2015); the last iterate converges too, linearly
where the equilibrium is unique (Wei, Lee, Zhang and Luo, Linear last-iterate convergence in constrained saddle-point
optimization, 2021). Both are judged by their best responses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dualgap.core.claim import Claim
from dualgap.core.errors import UsageError
from dualgap.core.forms import Form, SaddleProgram
from dualgap.core.solver import Context, Solver, Trait
from dualgap.solvers.games.interval import GameInterval, refusal

_CHECK = 100
_LEAST = 1e-300  # a start's smallest weight: what is 0 stays 0


@dataclass(frozen=True)
class MultiplicativeWeights(Solver):
    """Optimistic multiplicative weights.

    Attributes:
        step: eta times the range of payoffs; up to 0.125 the theory of averages holds for any game.
        iterations: at most so many steps of both players.
        tolerance: width of the interval at which to stop, relative to the range of payoffs.
    """

    name: ClassVar[str] = "optimistic-multiplicative-weights"
    summary: ClassVar[str] = "optimistic multiplicative weights (Hedge), for matrix games"
    accepts: ClassVar[tuple[type, ...]] = (SaddleProgram,)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS, Trait.ANYTIME, Trait.WARM})

    step: float = 2.0
    iterations: int = 100_000
    tolerance: float = 1e-7

    def __post_init__(self) -> None:
        if not self.step > 0:
            raise UsageError(f"optimistic-multiplicative-weights needs a positive step, not {self.step}")

    def refuses(self, form: Form) -> str | None:
        return refusal(form, self.name)

    def solve(self, form: Form, ctx: Context) -> Claim:
        assert isinstance(form, SaddleProgram)
        assert form.payoff is not None
        payoff = np.asarray(form.payoff, dtype=np.float64)
        interval = GameInterval(form, self.tolerance)
        step = self.step / (interval.spread or 1.0)
        x, y = interval.open(ctx)
        logs = np.log(np.maximum(x, _LEAST)), np.log(np.maximum(y, _LEAST))
        sums = np.zeros(len(x)), np.zeros(len(y))
        py, xp = payoff @ y, x @ payoff
        steps = 0
        while True:
            for _ in range(min(_CHECK, self.iterations - steps)):
                before = py, xp
                py, xp = payoff @ y, x @ payoff
                logs = logs[0] - step * (2.0 * py - before[0]), logs[1] + step * (2.0 * xp - before[1])
                logs = logs[0] - logs[0].max(), logs[1] - logs[1].max()
                x, y = (_shares(log) for log in logs)
                sums[0][:] += x
                sums[1][:] += y
                steps += 1
                if ctx.should_stop():
                    break
            for u, v in ((x, y), (sums[0] / steps, sums[1] / steps)):
                interval.improve(u, v, u @ payoff, payoff @ v)
            interval.report(ctx, steps)
            if interval.closed(ctx) or steps >= self.iterations or ctx.should_stop():
                return interval.ended(ctx, steps, self.iterations)


def _shares(logs: np.ndarray) -> np.ndarray:
    weights = np.exp(logs)
    shares: np.ndarray = weights / weights.sum()
    return shares
