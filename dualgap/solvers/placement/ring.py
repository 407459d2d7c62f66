"""Orders of ring attention: the field's layouts, exchanges, and all of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar, Literal

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.solver import Context, Solver, Trait
from dualgap.problems.ring_attention import RingAttention, RingCapacity, RingOrder

Pattern = Literal["contiguous", "zigzag", "striped"]
_MOST = 400_000  # orders that are gone through


def layout(form: RingAttention, pattern: Pattern) -> np.ndarray:
    """(m, n / m) stretches by device. ``contiguous``: as they come (Liu et al., 2023). ``zigzag``: from the front and
    from the back in turn (as in Llama 3's context parallelism). ``striped``: dealt in turn (Brandon et al., 2023).
    """
    size, each = len(form.speed), form.each
    places = np.arange(size * each)
    if pattern == "contiguous":
        return places.reshape(size, each)
    dealt = places.reshape(each, size)
    if pattern == "zigzag":
        dealt[1::2] = dealt[1::2, ::-1]
    return np.asarray(dealt.T)


@dataclass(frozen=True)
class RingLayout(Solver):
    """A layout of the field.

    Attributes:
        pattern: which.
    """

    name: ClassVar[str] = "ring-layout"
    summary: ClassVar[str] = "the field's layouts: contiguous, zigzag, striped"
    accepts: ClassVar[tuple[type, ...]] = (RingAttention,)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS})

    pattern: Pattern = "zigzag"

    def solve(self, form: Any, ctx: Context) -> Claim:
        assert isinstance(form, RingAttention)
        held = layout(form, self.pattern)
        return Claim(RingOrder(held=held), feasible=True, stop=Stop.FINISHED, witness=RingCapacity())


@dataclass(frozen=True)
class RingSearch(Solver):
    """Exchanges of two stretches, or of all that two devices hold, while a round gets shorter; from the best layout,
    then from the best order so far after some exchanges at random (iterated local search).

    Source: Lourenco, Martin and Stuetzle, Iterated local search (2003).

    Attributes:
        rounds: of descent. kicks: exchanges at random between two of them.
    """

    name: ClassVar[str] = "ring-search"
    summary: ClassVar[str] = "exchanges of stretches and of devices from the best layout on"
    accepts: ClassVar[tuple[type, ...]] = (RingAttention,)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS, Trait.ANYTIME})

    rounds: int = 20
    kicks: int = 3

    def solve(self, form: Any, ctx: Context) -> Claim:
        assert isinstance(form, RingAttention)
        patterns: tuple[Pattern, ...] = ("zigzag", "contiguous", "striped")
        best = min((layout(form, pattern) for pattern in patterns), key=lambda held: seconds(form, held))
        least, start = seconds(form, best), best
        rng = np.random.Generator(np.random.PCG64(ctx.seed))
        for _ in range(self.rounds):
            found, value = self._descended(form, start, rng, ctx)
            if value < least:
                best, least = found, value
                ctx.report(RingOrder(held=best))
            if ctx.should_stop():
                break
            start = best.copy()
            flat = start.reshape(-1)
            for _ in range(self.kicks):
                a, b = rng.integers(len(flat), size=2)
                flat[[a, b]] = flat[[b, a]]
        stop = Stop.TIME if ctx.should_stop() else Stop.FINISHED
        return Claim(RingOrder(held=best), feasible=True, stop=stop, witness=RingCapacity())

    def _descended(
        self, form: RingAttention, start: np.ndarray, rng: np.random.Generator, ctx: Context
    ) -> tuple[np.ndarray, float]:
        """The first exchange that helps, in an order that is drawn anew each time, until none does."""
        now, value = start.copy(), seconds(form, start)
        better = True
        while better and not ctx.should_stop():
            better = False
            moves = list(_exchanges(now))
            for k in rng.permutation(len(moves)).tolist():
                moved = now.copy().reshape(-1)
                ours, theirs = moves[k]
                moved[ours], moved[theirs] = moved[theirs].copy(), moved[ours].copy()
                after = seconds(form, moved.reshape(now.shape))
                if after < value * (1 - 1e-12):
                    now, value, better = moved.reshape(now.shape), after, True
                    break
                if ctx.should_stop():
                    break
        return now, value


def _exchanges(held: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Places to exchange: two stretches of different devices, or all of two devices."""
    size, each = held.shape
    for i, j in combinations(range(size), 2):
        mine, yours = i * each + np.arange(each), j * each + np.arange(each)
        if each > 1:
            yield mine, yours
        for a in mine:
            for b in yours:
                yield np.array([a]), np.array([b])


@dataclass(frozen=True)
class RingEnumeration(Solver):
    """Every order; with equal devices the first stretch stays on the first, for rings have no beginning."""

    name: ClassVar[str] = "ring-enumeration"
    summary: ClassVar[str] = "every order of few stretches"
    accepts: ClassVar[tuple[type, ...]] = (RingAttention,)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.EXACT, Trait.BOUNDS})

    def refuses(self, form: Any) -> str | None:
        count = math.factorial(len(form.work)) // math.factorial(form.each) ** len(form.speed)
        return f"{count:.2g} orders, beyond {_MOST:,}: ring-search takes more" if count > _MOST else None

    def solve(self, form: Any, ctx: Context) -> Claim:
        assert isinstance(form, RingAttention)
        best, least = layout(form, "zigzag"), math.inf
        equal = bool((form.speed == form.speed[0]).all())
        for held in _orders(tuple(range(len(form.work))), form.each, fixed=equal):
            value = seconds(form, np.array(held))
            if value < least:
                best, least = np.array(held), value
            if ctx.should_stop():
                return Claim(RingOrder(held=best), feasible=True, stop=Stop.TIME, witness=RingCapacity())
        bound = least * (1 - 1e-12)
        return Claim(RingOrder(held=best), feasible=True, stop=Stop.FINISHED, witness=RingCapacity(), bound=bound)


def _orders(left: tuple[int, ...], each: int, *, fixed: bool) -> Iterator[tuple[tuple[int, ...], ...]]:
    if not left:
        yield ()
        return
    for mine in combinations(left, each):
        if fixed and mine[0] != left[0]:
            break
        rest = tuple(place for place in left if place not in mine)
        for others in _orders(rest, each, fixed=False):
            yield mine, *others


def seconds(form: RingAttention, held: np.ndarray) -> float:
    """Of a round, float64."""
    size, each = held.shape
    order = held.reshape(-1)
    pairs = form.work[np.ix_(order, order)].reshape(size, each, size, each).sum(axis=(1, 3))
    devices = np.arange(size)
    behind = (devices[None, :] - devices[:, None]) % size  # (steps, devices): whose keys
    return float((pairs[devices[None, :], behind] / form.speed).max(axis=1).sum())
