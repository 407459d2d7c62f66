"""Predictive regret matching on matrix games.

Each player keeps the positive part of the regret of every pure strategy and plays in proportion to it, one step ahead:
the last payoffs predict the next ones. Players take turns, and strategies are averaged with quadratic weights.

Source: Farina, Kroer and Sandholm, Faster Game Solving via Predictive Blackwell Approachability (AAAI 2021); regret
matching+ by Tammelin (2014). Only the averages converge in theory (Farina, Grand-Clement, Kroer, Lee and Luo,
arXiv 2311.00676, 2023: last iterates may not); a last pair that happens to do better is taken too.

Two things make large games quick. Turns are taken in single precision while the interval is wide: payoffs less their
mean, over their range, average out, and the interval itself is always judged on the given payoffs. And most pure
strategies of a large game are never played in the end: once the interval is narrow, the turns leave out those that are
clearly worse than the best. Who turns out to gain by one of them later on brings it back for good.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim
from dualgap.core.forms import Form, SaddleProgram
from dualgap.core.solver import Context, Solver, Trait
from dualgap.solvers.games.interval import GameInterval, refusal

_LOOK = 5  # turns between looks at the clock, and at the interval on the strategies that take part
_FIRST, _CHECK = 50, 200  # turns before the interval is judged for the first time, and at most between later times
_SINGLE = 3e-7  # of the range: single precision does down to here
_FEW = 50_000  # entries: smaller games stay in the cache anyway
_NARROW = 3e-4  # of the range: from here on turns leave strategies out
_NEAR = 10.0  # those that lose more than this many widths of the interval
_WORTHWHILE = 0.6  # and are so many that only this share of the payoffs remains
_TRUSTED = 0.9  # the interval on what takes part should be this close to that on everything

_DOUBLE: np.dtype[Any] = np.dtype(np.float64)
_SHORT: np.dtype[Any] = np.dtype(np.float32)


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
        interval = GameInterval(form, self.tolerance)
        match = _Match(np.asarray(form.payoff, dtype=np.float64), interval.spread or 1.0, *interval.open(ctx))
        due = _FIRST
        while True:
            match.play(min(_LOOK, self.iterations - match.turns))
            last = match.turns >= self.iterations or ctx.should_stop()
            if not last and match.turns < due and match.width() > max(interval.wanted(ctx), match.notable):
                continue
            match.judge(interval)
            interval.report(ctx, match.turns)
            if last or interval.closed(ctx):
                return interval.ended(ctx, match.turns, self.iterations, share=match.share)
            due = match.turns + _CHECK


class _Player:
    """One player on the pure strategies that take part.

    Attributes:
        part: their indices.
        regrets: by how much each would have done better, if at all.
        shares: the mixed strategy.
        paid: what each of them yields against the opponent's last strategy.
        sums, owed: of shares, and of what each yields, weighted by turn.
    """

    def __init__(self, shares: np.ndarray, kind: np.dtype[Any]) -> None:
        n = self.size = len(shares)
        self.part = np.arange(n)
        self.regrets, self.shares, self.paid = np.zeros(n, kind), shares.astype(kind), np.zeros(n, kind)
        self.sums, self.owed = np.zeros(n), np.zeros(n)

    def move(self) -> np.ndarray:
        """The next strategy: in proportion to the regrets, should pure strategies yield the same once more."""
        gain = self.paid - self.paid @ self.shares
        self.regrets += gain
        np.maximum(self.regrets, 0.0, out=self.regrets)
        gain += self.regrets
        self.shares = _shares(np.maximum(gain, 0.0, out=gain))
        return self.shares

    def count(self, weight: float) -> None:
        """Adds the last turn to the averages."""
        self.sums += weight * self.shares
        self.owed += weight * self.paid

    def take(self, part: np.ndarray, owed: np.ndarray, kind: np.dtype[Any]) -> None:
        """Goes on with other pure strategies, new ones without regret; ``owed`` is that of all."""
        self.regrets = self.whole(self.regrets)[part].astype(kind)
        self.shares = _shares(self.whole(self.shares)[part].astype(kind))
        self.sums = self.whole(self.sums)[part]
        self.part, self.owed = part, owed[part]

    def strategy(self, weights: np.ndarray) -> np.ndarray:
        """A strategy among all pure ones, in double precision, from weights of those that take part."""
        whole = self.whole(weights.astype(np.float64))
        whole /= whole.sum()
        return whole

    def whole(self, values: np.ndarray) -> np.ndarray:
        """Values of those that take part among all: 0 for the others."""
        whole = np.zeros(self.size, values.dtype)
        whole[self.part] = values
        return whole


class _Match:
    """Both players, and the payoffs that they play with: scaled, of those that take part, perhaps in single precision.

    Attributes:
        turns: taken so far.
        notable: an interval this narrow should be judged, as strategies may be left out.
    """

    def __init__(self, payoff: np.ndarray, spread: float, x: np.ndarray, y: np.ndarray) -> None:
        self._payoff, self._mean, self._spread = payoff, float(payoff.mean()), spread
        small = payoff.size < _FEW
        self._kind = _DOUBLE if small else _SHORT
        self._rows, self._columns = _Player(x, self._kind), _Player(y, self._kind)
        self._matrix = self._scaled(payoff)
        self._rows.paid = -(self._matrix @ self._columns.shares)
        self._weight = 0.0
        self.turns = 0
        self.notable = 0.0 if small else _NARROW * spread

    @property
    def share(self) -> float:
        """Of the payoffs that take part."""
        return self._matrix.size / self._payoff.size

    def play(self, turns: int) -> None:
        """``turns`` turns of both, rows first."""
        matrix, rows, columns = self._matrix, self._rows, self._columns
        for turn in range(self.turns + 1, self.turns + turns + 1):
            columns.paid = rows.move() @ matrix
            rows.paid = -(matrix @ columns.move())
            weight = float(turn) ** 2
            rows.count(weight)
            columns.count(weight)
            self._weight += weight
        self.turns += turns

    def width(self) -> float:
        """Of the interval of averages or last strategies, were there no other strategies than those that take part."""
        return min(self._average(), self._last()) * self._spread

    def judge(self, interval: GameInterval) -> None:
        """Holds averages, and last strategies if they look better, against all payoffs as given."""
        if self._last() < self._average():
            x, y = (player.strategy(player.shares) for player in (self._rows, self._columns))
            interval.improve(x, y, x @ self._payoff, self._payoff @ y)
        x, y = (player.strategy(player.sums) for player in (self._rows, self._columns))
        xp, py = x @ self._payoff, self._payoff @ y
        width = max(interval.improve(x, y, xp, py), 0.0) / self._spread  # rounding may cross the ends
        self._adapt(width, (self._mean - py) / self._spread, (xp - self._mean) / self._spread)

    def _adapt(self, width: float, *yields: np.ndarray) -> None:
        """Chooses who takes part and with which precision, by the averages' width and what all strategies yield."""
        players = self._rows, self._columns
        near = [paid >= paid.max() - _NEAR * width for paid in yields]
        for player, kept in zip(players, near, strict=True):
            kept[player.part[player.regrets > 0]] = True
        parts = [player.part for player in players]
        if self.share < 1.0:
            parts = [np.union1d(part, np.flatnonzero(kept)) for part, kept in zip(parts, near, strict=True)]
        elif self.notable > 0.0 and width * self._spread <= self.notable:
            counts = [int(np.count_nonzero(kept)) for kept in near]
            if counts[0] * counts[1] <= _WORTHWHILE * self._payoff.size:
                parts, self.notable = [np.flatnonzero(kept) for kept in near], 0.0
            else:
                self.notable /= 3.0
        changed = any(len(part) != len(player.part) for part, player in zip(parts, players, strict=True))
        rounded = not changed and self._average() < _TRUSTED * width
        kind = _DOUBLE if width <= _SINGLE or rounded else self._kind
        if changed or kind != self._kind:
            self._kind = kind
            for player, part, paid in zip(players, parts, yields, strict=True):
                player.take(part, self._weight * paid, kind)
            everything = len(parts[0]) * len(parts[1]) == self._payoff.size
            self._matrix = self._scaled(self._payoff if everything else self._payoff[np.ix_(*parts)])
            self._rows.paid = -(self._matrix @ self._columns.shares)

    def _scaled(self, payoff: np.ndarray) -> np.ndarray:
        scaled = np.empty(payoff.shape, self._kind)
        np.subtract(payoff, self._mean, out=scaled, casting="same_kind")
        scaled /= self._spread
        return scaled

    def _average(self) -> float:
        return float(self._rows.owed.max() + self._columns.owed.max()) / self._weight

    def _last(self) -> float:
        return float(self._rows.paid.max() + self._columns.paid.max())


def _shares(weights: np.ndarray) -> np.ndarray:
    """Weights that sum to 1; equal ones where there are none."""
    total = weights.sum()
    shares: np.ndarray = weights / total if total > 0 else np.full_like(weights, 1.0 / len(weights))
    return shares
