"""The pieces of a small knapsack for lists of states: heaviest first, with the linear bound on what is still to come.

With the heavy pieces decided first, the light ones that follow can mend little: most states miss the capacity by more
than that, or pay for it, and their linear bound ends them (Dantzig 1957; as a bound on states: Pisinger, A minimal
algorithm for the 0-1 knapsack problem, Operations Research 45, 1997).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dualgap.core.exact import Exact
from dualgap.problems.knapsack.instance import Instance

_BITS = 57  # of every priced sum: a few of them add up within int64


@dataclass(frozen=True)
class Relaxation:
    """The linear bound on the pieces from some place on: a concave function of the room left, in segments.

    Attributes:
        starts: (s,) room at which each segment begins, ascending from 0.
        heights: (s,) the bound there.
        slopes: (s,) descending, 0 at last.
    """

    starts: np.ndarray
    heights: np.ndarray
    slopes: np.ndarray

    def bounds(self, loads: np.ndarray, capacity: int) -> np.ndarray:
        """What the pieces can still add to states of these (ascending) loads."""
        ends = np.searchsorted(loads, capacity - self.starts, side="right")  # of the states that reach each segment
        counts = -np.diff(ends, append=0)[::-1]
        segment = np.repeat(np.arange(len(ends) - 1, -1, -1), counts)
        room: np.ndarray = capacity - loads - self.starts[segment]
        bounds: np.ndarray = room * self.slopes[segment] + self.heights[segment]
        return bounds


@dataclass(frozen=True)
class Line:
    """One way to price: some multiple of a price's charges. A packing's value is ``charged`` times its charged value
    and ``plain`` times its own.

    Attributes:
        charged, plain: they sum to 1; (1, 0) is the price itself, (0, 1) charges nothing but weight, (2, -1) twice.
        priced: (m,) value of each piece at this price, in the unit of ``Pieces``.
        slopes: (m,) ``priced`` by weight, rounded up; 0 where it is negative.
        loads: (m,) weights of the pieces.
        least: what a packing better than the incumbent comes to at least.
    """

    charged: int
    plain: int
    priced: np.ndarray
    slopes: np.ndarray
    loads: np.ndarray
    least: int

    @cached_property
    def steepest(self) -> np.ndarray:
        """The pieces that a relaxation may take, steepest first."""
        useful = np.flatnonzero(self.slopes > 0)
        return useful[np.argsort(-self.slopes[useful], kind="stable")]

    def relaxation(self, first: int) -> Relaxation:
        """The linear bound on the pieces ``first``, ``first + 1`` and so on.

        Within equal (rounded) slopes only the first piece's place is used: there the bound at that slope is exact, as
        all pieces before are worth more than it says, and none after.
        """
        left = self.steepest[self.steepest >= first]
        starts = np.concatenate(([0], np.cumsum(self.loads[left])))
        heights = np.concatenate(([0], np.cumsum(self.priced[left])))
        slopes = np.append(self.slopes[left], 0)
        new = np.flatnonzero(np.diff(slopes, prepend=-1))
        return Relaxation(starts[new], heights[new], slopes[new])

    def values(self, charged: np.ndarray, plain: np.ndarray) -> np.ndarray:
        """States' values at this price from their charged and their plain ones."""
        if not self.plain:
            return charged
        return plain if not self.charged else self.charged * charged + self.plain * plain


@dataclass(frozen=True)
class Pieces:
    """Binary pieces of a knapsack's copies, heaviest first; every piece is taken or not.

    Attributes:
        owner, copies: (m,) whose copies a piece holds, and how many.
        loads: (m,) its weight.
        gains: (m,) its value, in units of 1 / ``scale``.
        priced: (m,) its charged value, rounded up to that unit.
        lines: the prices at which states are bounded, the given one first.
        scale: a power of two.
    """

    owner: np.ndarray
    copies: np.ndarray
    loads: np.ndarray
    gains: np.ndarray
    priced: np.ndarray
    lines: tuple[Line, ...]
    scale: int


def pieces(instance: Instance) -> Pieces | None:
    """The pieces; None where their sums don't fit 64 bits."""
    priced, limits = instance.priced, instance.limits
    total = Exact(abs(priced.numerators)).dot(Exact(limits)) / priced.denominator
    largest = max(int(total), instance.total_value) + abs(instance.need) + int(abs(instance.least)) + 1
    bits = _BITS - largest.bit_length()
    if bits < 0 or not instance.fits_int64:
        return None
    scale = 2**bits
    charged = (-(-priced.numerators.astype(object) * scale // priced.denominator)).astype(np.int64)
    plain = instance.values * scale
    owner, copies = instance.pieces
    loads = instance.weights[owner] * copies
    least, need = int(instance.least * scale // 1), instance.need * scale

    def line(on_charged: int, on_plain: int) -> Line:
        each = on_charged * charged + on_plain * plain
        slopes = np.maximum(-(-each // instance.weights), 0)
        threshold = on_charged * least + on_plain * need
        return Line(on_charged, on_plain, each[owner] * copies, slopes[owner], loads, threshold)

    same = np.array_equal(charged, plain)
    lines = (line(0, 1),) if same else (line(1, 0), line(0, 1), line(2, -1))
    return Pieces(owner, copies, loads, plain[owner] * copies, charged[owner] * copies, lines, scale)
