"""A list of states over a small knapsack that remembers its packings: complete, or a beam of the most promising.

The list goes through binary pieces, heaviest first, and keeps states that are undominated and whose linear bound can
still beat the best packing so far (``dualgap.problems.knapsack.pieces``). Every state is completed greedily now and
then, so good packings are found on the way; those of a beam are paired in the end with all packings of the last pieces
(Horowitz and Sahni, Computing partitions with applications to the knapsack problem, Journal of the ACM 21, 1974).

A state's decisions of the last 32 pieces are bits; older ones are read off arrays kept at every 32nd piece (as words of
bits: Pisinger, A minimal algorithm for the 0-1 knapsack problem, Operations Research 45, 1997).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dualgap.problems.knapsack.instance import Instance
from dualgap.problems.knapsack.pieces import Pieces, pieces

_WORD = 32
_COMPLETED = 8  # pieces from one completion of all states to the next
_LONGEST_TAIL, _TAIL_STATES, _TAIL_SHARE = 40, 2**14, 4  # pieces that a beam is paired with; states, and per state
_STATE_BYTES = 160  # with what is needed to merge two lists


@dataclass(frozen=True)
class Found:
    """What a list has come to.

    Attributes:
        counts: (k,) the best packing worth ``need`` or more; None where the list has met none.
        complete: whether none that is better can exist.
        states: how many states the list went through.
    """

    counts: np.ndarray | None
    complete: bool
    states: int


def widest(memory: float) -> int:
    """How many states at a time ``memory`` bytes hold."""
    return max(int(memory / _STATE_BYTES), 1)


def search(instance: Instance, width: int, memory: float, stop: Callable[[], bool]) -> Found:
    """The best packing in [need, top] that a list of at most ``width`` states finds within ``memory`` bytes."""
    parts = pieces(instance)
    if parts is None:
        return Found(None, complete=False, states=0)
    return _List(instance, parts, width, memory).run(stop)


class _List:
    """The states: ``loads`` (ascending), ``gains``, ``priced`` values and ``trails``.

    A trail holds where its state stood at the last mark (above bit 32), and which of the pieces since then it takes.
    """

    def __init__(self, instance: Instance, parts: Pieces, width: int, memory: float) -> None:
        self.instance = instance
        self.parts = parts
        self.width = width
        self.memory = memory
        self.loads, self.gains, self.priced, self.trails = (np.zeros(1, dtype=np.int64) for _ in range(4))
        self.marks: list[np.ndarray] = []
        self.need = instance.need
        self.taken: np.ndarray | None = None
        self.tail: _Tail | None = None
        self.complete = True
        self.states = 0

    def run(self, stop: Callable[[], bool]) -> Found:
        size = len(self.parts.loads)
        for piece in range(size):
            if self.tail is not None and self.tail.first == piece:
                self._pair(self.tail)
                break
            if stop():
                self.complete = False
                break
            self._mark(piece)
            self._join(piece)
            self._drop_dominated()
            self._bound(piece + 1)
            if not len(self.loads) or self.need > self.instance.top:
                break
            if piece % _COMPLETED == 0 or piece == size - 1:
                self._complete_greedily(piece + 1)
            self.states += len(self.loads)
        return Found(self._counts(), self.complete or self.need > self.instance.top, self.states)

    def _mark(self, piece: int) -> None:
        if piece and piece % _WORD == 0:
            self.marks.append(self.trails)
            self.memory -= self.trails.nbytes
            self.trails = np.arange(len(self.loads), dtype=np.int64) << _WORD

    def _join(self, piece: int) -> None:
        """Adds the states with the piece."""
        load, bit = int(self.parts.loads[piece]), 1 << (piece % _WORD)
        fit = int(np.searchsorted(self.loads, self.instance.capacity - load, side="right"))
        loads = np.concatenate((self.loads, self.loads[:fit] + load))
        order = np.argsort(loads, kind="stable")
        self.loads = loads[order]
        self.gains = np.concatenate((self.gains, self.gains[:fit] + self.parts.gains[piece]))[order]
        self.priced = np.concatenate((self.priced, self.priced[:fit] + self.parts.priced[piece]))[order]
        self.trails = np.concatenate((self.trails, self.trails[:fit] | bit))[order]

    def _keep(self, keep: np.ndarray) -> None:
        self.loads, self.gains, self.priced, self.trails = (
            array[keep] for array in (self.loads, self.gains, self.priced, self.trails)
        )

    def _drop_dominated(self) -> None:
        keep = np.ones(len(self.loads), dtype=bool)
        keep[1:] = self.gains[1:] > np.maximum.accumulate(self.gains)[:-1]
        keep[:-1] &= ~(keep[1:] & (self.loads[1:] == self.loads[:-1]))
        self._keep(keep)

    def _bound(self, rest: int) -> None:
        """Drops what the pieces from ``rest`` on can't make better than the best so far, and what exceeds the width."""
        raised = (self.need - self.instance.need) * self.parts.scale
        for line in self.parts.lines:
            bounds = line.relaxation(rest).bounds(self.loads, self.instance.capacity)
            self._keep(bounds + line.values(self.priced, self.gains) >= line.least + raised)
        width = min(self.width, widest(self.memory))
        if len(self.loads) > width:
            self.complete = False
            self.tail = self.tail or _Tail(self.parts, rest, min(_TAIL_STATES, _TAIL_SHARE * width))
            self._narrow(rest, width)

    def _narrow(self, rest: int, width: int) -> None:
        """Keeps the states that are the most promising at the worst of all prices."""
        margin = np.full(len(self.loads), np.iinfo(np.int64).max)
        for line in self.parts.lines:
            bounds = line.relaxation(rest).bounds(self.loads, self.instance.capacity)
            np.minimum(margin, bounds + line.values(self.priced, self.gains) - line.least, out=margin)
        best = np.argpartition(margin, len(margin) - width)[len(margin) - width :]
        self._keep(np.sort(best))

    def _complete_greedily(self, first: int) -> None:
        """Adds the steepest pieces that are left to every state, up to the first that doesn't fit."""
        steepest = self.parts.lines[0].steepest
        rest = steepest[steepest >= first]
        room = self.instance.capacity - self.loads
        fit = np.searchsorted(np.cumsum(self.parts.loads[rest]), room, side="right")
        worth = self.gains + np.concatenate(([0], np.cumsum(self.parts.gains[rest])))[fit]
        best = int(worth.argmax())
        value = int(worth[best]) // self.parts.scale
        if value >= self.need:
            self.need = value + 1
            self.taken = np.concatenate((self._read(best, first), rest[: fit[best]]))

    def _pair(self, tail: _Tail) -> None:
        """Adds to every state the best of the last pieces' packings that fits."""
        partner = np.searchsorted(tail.loads, self.instance.capacity - self.loads, side="right") - 1
        worth = self.gains + tail.gains[partner]
        best = int(worth.argmax())
        value = int(worth[best]) // self.parts.scale
        if value >= self.need:
            self.need = value + 1
            self.taken = np.concatenate((self._read(best, tail.first), tail.pieces(int(partner[best]))))

    def _read(self, state: int, first: int) -> np.ndarray:
        """The pieces before ``first`` that a state takes."""
        taken = []
        begin = (first - 1) // _WORD * _WORD
        for trails in (self.trails, *reversed(self.marks)):
            trail = int(trails[state])
            taken += [begin + bit for bit in range(_WORD) if trail >> bit & 1]
            state, begin = trail >> _WORD, begin - _WORD
        return np.array(taken, dtype=np.int64)

    def _counts(self) -> np.ndarray | None:
        if self.taken is None:
            return None
        counts = np.zeros(len(self.instance.limits), dtype=np.int64)
        np.add.at(counts, self.parts.owner[self.taken], self.parts.copies[self.taken])
        return counts


class _Tail:
    """The undominated packings of the last pieces, from ``first`` on: ``loads`` and ``gains`` (ascending), and bits."""

    def __init__(self, parts: Pieces, least: int, most: int) -> None:
        self.loads, self.gains, self.bits = (np.zeros(1, dtype=np.int64) for _ in range(3))
        self.first = self.size = len(parts.loads)
        while self.first > max(least, self.size - _LONGEST_TAIL) and 2 * len(self.loads) <= most:
            self.first -= 1
            bit = 1 << (self.size - 1 - self.first)
            self._join(int(parts.loads[self.first]), int(parts.gains[self.first]), bit)

    def _join(self, load: int, gain: int, bit: int) -> None:
        loads = np.concatenate((self.loads, self.loads + load))
        gains = np.concatenate((self.gains, self.gains + gain))
        order = np.lexsort((-gains, loads))
        keep = np.ones(len(order), dtype=bool)
        keep[1:] = gains[order][1:] > np.maximum.accumulate(gains[order])[:-1]
        kept = order[keep]
        self.loads, self.gains = loads[kept], gains[kept]
        self.bits = np.concatenate((self.bits, self.bits | bit))[kept]

    def pieces(self, state: int) -> np.ndarray:
        """The pieces that a packing takes."""
        bits = int(self.bits[state])
        return np.array([self.size - 1 - at for at in range(_LONGEST_TAIL) if bits >> at & 1], dtype=np.int64)
