"""Predictive regret matching on matrix games.

Each player keeps the positive part of the regret of every pure strategy and plays in proportion to it, one step ahead:
the last payoffs predict the next ones. Players take turns, and strategies are averaged with quadratic weights.

Source: Farina, Kroer and Sandholm, Faster Game Solving via Predictive Blackwell Approachability (AAAI 2021); regret
matching+ by Tammelin (2014). Only the averages converge in theory (Farina, Grand-Clement, Kroer, Lee and Luo,
arXiv 2311.00676, 2023: last iterates may not); here every pair is judged by its best responses, and the best is kept.

Most pure strategies of a large game are never played in the end. Once the interval is narrow, turns are taken on the
strategies that are played or nearly as good as the best; the others' regrets are brought up to date at each check, on
the whole matrix, and who would gain comes in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dualgap.core.claim import Claim
from dualgap.core.forms import Form, SaddleProgram
from dualgap.core.solver import Context, Solver, Trait
from dualgap.solvers.games.interval import GameInterval, opening, refusal

_OPENING, _CHECK = 50, 100  # turns before the first check, and between later ones
_NARROW = 3e-4  # of the range: from here on turns are taken on part of the matrix
_NEAR = 10.0  # a strategy is nearly as good as the best if it loses less than this many widths of the interval
_WORTHWHILE = 0.5  # the part must be smaller than this share of the matrix
_FEW = 50_000  # entries: smaller games stay in the cache anyway


@dataclass(frozen=True)
class RegretMatching(Solver):
    """Predictive regret matching+ with alternation and quadratic averages.

    Attributes:
        iterations: at most so many turns of both players.
        tolerance: width of the interval at which to stop, relative to the range of payoffs.
    """

    name: ClassVar[str] = "regret-matching"
    summary: ClassVar[str] = "predictive regret matching with quadratic averages, for matrix games"
    accepts: ClassVar[tuple[type, ...]] = (SaddleProgram,)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS, Trait.ANYTIME, Trait.WARM})

    iterations: int = 1_000_000
    tolerance: float = 1e-7

    def refuses(self, form: Form) -> str | None:
        return refusal(form, self.name)

    def solve(self, form: Form, ctx: Context) -> Claim:
        assert isinstance(form, SaddleProgram)
        assert form.payoff is not None
        payoff = np.asarray(form.payoff, dtype=np.float64)
        players = _Players(payoff, *opening(form, ctx))
        interval = GameInterval(form, self.tolerance)
        while True:
            turns = _OPENING if players.turns == 0 else _CHECK
            players.play(min(turns, self.iterations - players.turns))
            narrowed = _check(payoff, players, interval)
            interval.report(ctx, players.turns)
            if interval.closed(ctx) or players.turns >= self.iterations or ctx.should_stop():
                return interval.ended(ctx, players.turns, self.iterations, part=players.matrix.size / payoff.size)
            if narrowed is not None:
                players.narrow(payoff, *narrowed)


def _check(payoff: np.ndarray, players: _Players, interval: GameInterval) -> tuple[np.ndarray, ...] | None:
    """Judges averages and last strategies on the whole matrix; the strategies that are worth going on with.

    None where the interval is still wide, and nothing where they are so many that the whole matrix will do.
    """
    x, y = players.averages()
    xp, py = x @ payoff, payoff @ y
    width = interval.improve(x, y, xp, py)
    last = players.x @ payoff, payoff @ players.y
    interval.improve(players.x, players.y, *last)
    players.catch_up(*last)
    if payoff.size < _FEW or width > _NARROW * interval.spread:
        return None
    rows = (players.rows > 0) | (py <= py.min() + _NEAR * width)
    columns = (players.columns > 0) | (xp >= xp.max() - _NEAR * width)
    few = np.count_nonzero(rows) * np.count_nonzero(columns) < _WORTHWHILE * payoff.size
    return (np.flatnonzero(rows), np.flatnonzero(columns)) if few else ()


class _Players:
    """Regrets, strategies and weighted sums of both, and the matrix that they play on: all of it, or a part."""

    def __init__(self, payoff: np.ndarray, x: np.ndarray, y: np.ndarray) -> None:
        self.x, self.y = x, y
        self.rows, self.columns = np.zeros(len(x)), np.zeros(len(y))  # regrets
        self.sums, self.weight = (np.zeros(len(x)), np.zeros(len(y))), 0.0
        self.turns = self._since = 0
        self.part: tuple[np.ndarray, np.ndarray] | None = None
        # Single precision is enough while the interval is wide, and half the memory to go through.
        self.matrix = payoff if payoff.size < _FEW else payoff.astype(np.float32)

    def averages(self) -> tuple[np.ndarray, np.ndarray]:
        return self.sums[0] / self.weight, self.sums[1] / self.weight

    def narrow(self, payoff: np.ndarray, *part: np.ndarray) -> None:
        """Goes on with some rows and columns in double precision, or with all where none are given."""
        if not part:
            self.part, self.matrix = None, payoff
        elif self.part is None or not all(map(np.array_equal, part, self.part)):
            self.part, self.matrix = (part[0], part[1]), payoff[np.ix_(*part)]

    def catch_up(self, xp: np.ndarray, py: np.ndarray) -> None:
        """Regrets of the strategies left out, as if the last payoffs had been paid in every turn since."""
        if self.part is not None:
            for regrets, inside, gain in (
                (self.rows, self.part[0], self.x @ py - py),
                (self.columns, self.part[1], xp - xp @ self.y),
            ):
                gain[inside] = 0.0
                np.maximum(regrets + self._since * gain, 0.0, out=regrets)
        self._since = 0

    def play(self, turns: int) -> None:
        """``turns`` turns of both, x first."""
        matrix, (inner, across) = self.matrix, self.part or (slice(None), slice(None))
        rows, columns = (regrets.astype(matrix.dtype) for regrets in (self.rows[inner], self.columns[across]))
        x, y = (_renewed(side.astype(matrix.dtype)) for side in (self.x[inner], self.y[across]))
        py = matrix @ y
        for turn in range(self.turns + 1, self.turns + turns + 1):
            x = _respond(rows, x @ py - py)
            gain = x @ matrix
            gain -= gain @ y
            y = _respond(columns, gain)
            py = matrix @ y
            weight = float(turn) ** 2
            self.sums[0][inner] += weight * x
            self.sums[1][across] += weight * y
            self.weight += weight
        self.turns += turns
        self._since = turns
        self.rows[inner], self.columns[across] = rows, columns
        self.x, self.y = np.zeros(len(self.x)), np.zeros(len(self.y))
        self.x[inner], self.y[across] = x, y


def _respond(regrets: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """Adds the gains to the regrets, in place, and plays as if they came once more."""
    regrets += gain
    np.maximum(regrets, 0.0, out=regrets)
    return _renewed(np.maximum(regrets + gain, 0.0))


def _renewed(weights: np.ndarray) -> np.ndarray:
    """Weights that sum to 1; equal ones where there are none."""
    total = weights.sum()
    return weights / total if total > 0 else np.full_like(weights, 1.0 / len(weights))
