"""The one multiplier of a projection onto a simplex, an l1 ball or a ball in a box, exact: no sort and no bisection.

Each equation is piecewise linear in its unknown. A few passes over the data, each on those coordinates that are still
undecided, end at the solution itself. Everything works on the last axis, for NumPy and traced JAX arrays alike; the
results have that axis with length 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dualgap.core.traced import namespace, until


def lowered_to(x: Any, total: Any, room: Any = None) -> Any:
    """The t with ``sum clip(x - t, 0, room) = total``; no room stands for any amount of it.

    The sum must be able to reach the total. Variable fixing (Michelot 1986; Bitran and Hax 1981): with t from the
    undecided coordinates as if none were cut off, those cut off on the heavier side are so at the solution too.
    """
    xp = namespace(x)
    if xp is not np:
        return _fixing_masked(xp, x, total, xp.inf if room is None else room)
    if x.ndim == 1:
        return np.array([_fixing(x, float(np.squeeze(total)), room)])
    totals = np.broadcast_to(total, (*x.shape[:-1], 1))[..., 0]
    found = np.empty(x.shape[:-1])
    for index in np.ndindex(found.shape):
        found[index] = _fixing(x[index], float(totals[index]), None if room is None else room[index])
    return found[..., None]


def _fixing(x: np.ndarray, total: float, room: np.ndarray | None) -> float:
    """One vector; what is decided leaves the arrays."""
    if room is None:
        threshold = max((x.sum() - total) / x.size, x.max() - total)
        while 0 < (left := x[x > threshold]).size < x.size:
            x = left
            threshold = max(threshold, (x.sum() - total) / x.size)
        return float(threshold)
    threshold = (x.sum() - total) / x.size
    while True:
        kept = x - threshold
        if np.clip(kept, 0.0, room).sum() < total:
            over = kept > room
            total -= room[over].sum()
            undecided = ~over
        else:
            undecided = kept >= 0.0
        left = x[undecided]
        if not 0 < left.size < x.size:
            return float(threshold)
        x, room = left, room[undecided]
        threshold = (x.sum() - total) / x.size


def _fixing_masked(xp: Any, x: Any, total: Any, room: Any) -> Any:
    """The same for traced arrays, whose shapes are fixed: what is decided is masked."""

    def step(state: Any) -> Any:
        undecided, left, last, _ = state
        count = xp.sum(undecided, axis=-1, keepdims=True)
        mean = (xp.sum(xp.where(undecided, x, 0.0), axis=-1, keepdims=True) - left) / xp.maximum(count, 1)
        threshold = xp.where(count > 0, mean, last)
        kept = x - threshold
        reached = xp.sum(xp.where(undecided, xp.clip(kept, 0.0, room), 0.0), axis=-1, keepdims=True)
        over = undecided & (kept > room) & (reached < left)
        below = undecided & (kept < 0.0) & (reached >= left)
        left = left - xp.sum(xp.where(over, room, 0.0), axis=-1, keepdims=True)
        return undecided & ~(over | below), left, threshold, xp.any(over | below, axis=-1, keepdims=True)

    none = xp.zeros_like(xp.sum(x, axis=-1, keepdims=True))
    first = (x == x, none + total, none, none == none)
    return until(xp, lambda state: ~xp.any(state[3]), step, first)[2]


def shrunk_to(size: Any, room: Any, total: Any) -> Any:
    """The s in [0, 1] with ``sum min(s size^2, room^2) = total``, 1 where the sum falls short of it.

    ``room`` isn't negative. The sum is concave and increasing in s, so that Newton's method rises to s from 0.
    """
    xp = namespace(size)
    square, most = size * size, room * room

    def step(state: Any) -> Any:
        now, _ = state
        free = square * now < most
        slope = xp.sum(xp.where(free, square, 0.0), axis=-1, keepdims=True)
        rest = total - xp.sum(xp.where(free, 0.0, most), axis=-1, keepdims=True)
        ahead = xp.where(rest < slope, rest / xp.maximum(slope, 1e-300), 1.0)
        return xp.maximum(now, ahead), ahead > now

    none = xp.zeros_like(xp.sum(square, axis=-1, keepdims=True))
    return until(xp, lambda state: ~xp.any(state[1]), step, (none, none == none))[0]
