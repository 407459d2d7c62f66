"""The verifier's own list of states over a residual knapsack: values only, nothing taken from a solver.

A state is a weight, the best value that some of the pieces so far reach within it, and that packing's charged value.
States that are no lighter and no better than another go (dominance), and those that with the linear bound on the pieces
to come stay below what a better packing needs.
"""

from __future__ import annotations

import time

import numpy as np

from dualgap.core.errors import InvalidWitnessError
from dualgap.problems.knapsack.instance import Instance
from dualgap.problems.knapsack.pieces import Pieces, pieces

SECONDS_A_STATE = 1.5e-7
"""What a state of the list costs, on a slow core."""

_MOST = 2**24  # states at once: about two gigabytes with all that is needed to merge them


def best_value_listed(instance: Instance, seconds: float) -> int:
    """At least the best value of an instance, and exactly that where it is ``need`` or more.

    Raises:
        InvalidWitnessError: it doesn't fit 64 bits, memory or ``seconds``.
    """
    parts = pieces(instance)
    if parts is None:
        raise InvalidWitnessError("values or weights too large to replay in 64 bits")
    deadline = time.monotonic() + seconds
    states = (np.zeros(1, dtype=np.int64),) * 3
    for piece in range(len(parts.loads)):
        if time.monotonic() > deadline:
            raise InvalidWitnessError(f"replaying the list of states took longer than the {seconds:g} s given")
        states = _undominated(*_joined(*states, parts, piece, instance.capacity))
        states = _hopeful(*states, parts, piece + 1, instance.capacity)
        if len(states[0]) > _MOST:
            raise InvalidWitnessError(f"replaying the list takes more than {_MOST:,} states at once")
    return max(int(states[1].max(initial=0)) // parts.scale, instance.need - 1)


_States = tuple[np.ndarray, np.ndarray, np.ndarray]  # loads (ascending), gains, priced values


def _joined(
    loads: np.ndarray, gains: np.ndarray, priced: np.ndarray, parts: Pieces, piece: int, capacity: int
) -> _States:
    """The states without the piece and with it, by load."""
    load, gain, price = int(parts.loads[piece]), int(parts.gains[piece]), int(parts.priced[piece])
    fit = int(np.searchsorted(loads, capacity - load, side="right"))
    loads = np.concatenate((loads, loads[:fit] + load))
    gains = np.concatenate((gains, gains[:fit] + gain))
    priced = np.concatenate((priced, priced[:fit] + price))
    order = np.argsort(loads, kind="stable")
    return loads[order], gains[order], priced[order]


def _undominated(loads: np.ndarray, gains: np.ndarray, priced: np.ndarray) -> _States:
    """Without the states for which another is no heavier and no worse (of equal ones, one stays)."""
    keep = np.ones(len(loads), dtype=bool)
    keep[1:] = gains[1:] > np.maximum.accumulate(gains)[:-1]
    keep[:-1] &= ~(keep[1:] & (loads[1:] == loads[:-1]))
    return loads[keep], gains[keep], priced[keep]


def _hopeful(
    loads: np.ndarray, gains: np.ndarray, priced: np.ndarray, parts: Pieces, rest: int, capacity: int
) -> _States:
    """Without the states that the pieces from ``rest`` on can't make good enough, at one price or another."""
    for line in parts.lines:
        keep = line.values(priced, gains) + line.relaxation(rest).bounds(loads, capacity) >= line.least
        loads, gains, priced = loads[keep], gains[keep], priced[keep]
    return loads, gains, priced
