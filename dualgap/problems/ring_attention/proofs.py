"""A lower bound on a round, recomputed in rational arithmetic.

Mathematics: a round lasts at least as long as each device is busy. Devices hold equally many stretches, so that in T
seconds device j does at most min(speed_j T, L) of the W pairs, L the sum of as many of the largest rows; and at least
l, of the smallest. So T is no less than l over the lowest speed, and than the least with sum_j min(speed_j T, L) >= W.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

from dualgap.core.certificate import Bound, Evidence
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.exact import simplest
from dualgap.core.witness import Witness

if TYPE_CHECKING:
    from dualgap.problems.ring_attention.spec import RingAttention


class RingCapacity(Witness):
    """What devices can do that hold equally many stretches: nothing but the spec is needed."""

    type: ClassVar[str] = "ring-capacity"


def prove(problem: RingAttention, witness: Witness) -> Bound:
    """The bound.

    Raises:
        InvalidWitnessError: another witness.
    """
    if not isinstance(witness, RingCapacity):
        raise InvalidWitnessError(f"ring-attention takes no {witness.type} witness")
    rows = sorted(int(value) for value in problem.work.astype(object).sum(axis=1))
    least, most = sum(rows[: problem.each]), sum(rows[-problem.each :])
    value = max(least / min(problem.speeds), shared(problem.speeds, most, sum(rows)))
    return Bound(simplest(value), Evidence.PROVED, "what devices with as many stretches each can do")


def shared(speeds: list[Fraction], most: int, work: int) -> Fraction:
    """The least T with ``sum_j min(speed_j T, most) >= work``, for work of at most ``most`` a device."""
    slow = sorted(speeds)
    left = Fraction(work)
    while slow:
        time = left / sum(slow, Fraction(0))
        if slow[-1] * time <= most:
            return time
        left -= most
        slow.pop()
    return Fraction(0)
