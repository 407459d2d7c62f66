"""Where inputs may lie: boxes, each cut with a ball, with a halfspace, or not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, Self

import numpy as np

from dualgap.problems.networks.bounds.rounding import TINY, dot, outward, share

Norm = Literal["inf", "1", "2"]

_FARTHEST, _CUTS = 1e6, 10


@dataclass(frozen=True, eq=False)
class Region:
    """K sets of inputs ``{x: lower <= x <= upper, ||x - centre|| <= radius, cut x <= cap}``.

    Attributes:
        lower, upper: (K, d) boxes.
        centre, radius: (K, d) and (K,), None where there are no balls.
        norm: the balls' norm.
        cut, cap: (K, d) and (K,), None where there are no halfspaces.
    """

    lower: np.ndarray
    upper: np.ndarray
    centre: np.ndarray | None = None
    radius: np.ndarray | None = None
    norm: Norm = "inf"
    cut: np.ndarray | None = None
    cap: np.ndarray | None = None

    @classmethod
    def around(
        cls, centre: np.ndarray, radius: np.ndarray | float, norm: Norm, lower: np.ndarray, upper: np.ndarray
    ) -> Self:
        """Balls around points (K, d) within boxes (K, d), which may be infinite; boxes are rounded outward."""
        points = np.asarray(centre, dtype=np.float64)
        radii = np.broadcast_to(np.asarray(radius, dtype=np.float64), (len(points),))
        size = np.abs(points) + radii[:, None]
        low, high = outward(points - radii[:, None], points + radii[:, None], size)
        box, _ = outward(lower, lower, np.abs(lower))
        _, edge = outward(upper, upper, np.abs(upper))
        low, high = np.maximum(low, box), np.minimum(high, edge)
        return cls(low, high) if norm == "inf" else cls(low, high, points, radii, norm)

    def __len__(self) -> int:
        return len(self.lower)

    @property
    def boxes(self) -> bool:
        """Whether there is nothing but boxes."""
        return self.centre is None and self.cut is None

    @property
    def reach(self) -> np.ndarray:
        """(K, d) how far coordinates are from 0."""
        return np.asarray(np.maximum(np.abs(self.lower), np.abs(self.upper)))

    def take(self, index: Any) -> Region:
        parts = (self.centre, self.radius, self.cut, self.cap)
        centre, radius, cut, cap = (None if part is None else part[index] for part in parts)
        return Region(self.lower[index], self.upper[index], centre, radius, self.norm, cut, cap)

    def corner(self, slopes: np.ndarray) -> np.ndarray:
        """(K, d) the corners of the boxes where ``slopes x`` is least."""
        return np.where(slopes > 0, self.lower, self.upper)

    def below(self, slopes: np.ndarray, cap: np.ndarray) -> Region:
        """The points with ``slopes x <= cap`` too: boxes shrink (not past balls' centres), earlier halfspaces go.

        With the least of ``slopes x`` over a box, a coordinate is at most ``(cap - least) / |slope|`` from its end.
        """
        boxes = Region(self.lower, self.upper)
        room = np.maximum(cap - boxes.least(slopes), 0.0)[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            way = np.where(slopes == 0, np.inf, room / np.abs(slopes))
        low, high = outward(self.upper - way, self.lower + way, self.reach + way)
        lower = np.where(slopes < 0, np.maximum(self.lower, low), self.lower)
        upper = np.where(slopes > 0, np.minimum(self.upper, high), self.upper)
        if self.centre is not None:
            lower, upper = np.minimum(lower, self.centre), np.maximum(upper, self.centre)
        return replace(self, lower=lower, upper=upper, cut=slopes, cap=cap)

    def least(self, slopes: np.ndarray) -> np.ndarray:
        """(K,) the least value of ``slopes x``, rounded down.

        A halfspace is priced with the best multiplier: ``a x >= (a + q cut) x - q cap`` for any q >= 0.
        """
        value = self._uncut(slopes, np.zeros(len(slopes)), np.zeros(len(slopes)))
        if self.cut is None or self.cap is None:
            return value
        price = self._price(slopes) if self.centre is None else self._price_in_balls(slopes)
        total = slopes + price[:, None] * self.cut
        paid = price * self.cap
        size = np.abs(paid) + dot(np.abs(slopes) + price[:, None] * np.abs(self.cut), self.reach)
        priced = self._uncut(total, -paid, share(2) * size)
        return np.asarray(np.fmax(value, priced))

    def _uncut(self, slopes: np.ndarray, constant: np.ndarray, wrong: np.ndarray) -> np.ndarray:
        """(K,) the least of ``slopes x + constant`` over boxes and balls, minus ``wrong``, rounded down.

        For any v, ``a x >= (a - v) x + v centre - radius ||v||_*`` in the ball; the best v is the ball's multiplier
        times the way to the minimiser.
        """
        part, reach = share(slopes.shape[1] + 4), self.reach
        if self.centre is None or self.radius is None:
            value = dot(slopes, self.corner(slopes)) + constant
            return np.asarray(value - wrong - part * (dot(np.abs(slopes), reach) + np.abs(constant) + wrong) - TINY)
        pull = self._pull(slopes)
        rest = slopes - pull
        length = np.abs(pull).max(axis=1) if self.norm == "1" else np.sqrt(dot(pull, pull))
        value = dot(rest, self.corner(rest)) + dot(pull, self.centre) - self.radius * length + constant
        size = dot(np.abs(slopes) + 2.0 * np.abs(pull), reach + np.abs(self.centre)) + self.radius * length
        return np.asarray(value - wrong - part * (size + np.abs(constant) + wrong) - TINY)

    def _price(self, slopes: np.ndarray) -> np.ndarray:
        """(K,) the halfspaces' multipliers for the least of ``slopes x`` over the boxes.

        As the multiplier q grows, the coordinate j turns to its other end at ``q = -slopes_j / cut_j``.
        """
        assert self.cut is not None
        over = dot(self.cut, self.corner(slopes)) - self.cap
        turns = slopes * self.cut < 0
        with np.errstate(divide="ignore", invalid="ignore"):
            at = np.where(turns, np.abs(slopes) / np.abs(self.cut), np.inf)
        order = np.argsort(at, axis=1)
        gain = np.where(turns, np.abs(self.cut) * (self.upper - self.lower), 0.0)
        enough = np.cumsum(np.take_along_axis(gain, order, axis=1), axis=1) >= over[:, None]
        last = np.where(enough.any(axis=1), enough.argmax(axis=1), turns.sum(axis=1) - 1)
        price = np.take_along_axis(np.take_along_axis(at, order, axis=1), np.maximum(last, 0)[:, None], axis=1)[:, 0]
        return np.where((over > 0) & (last >= 0) & np.isfinite(price), price, 0.0)

    def _price_in_balls(self, slopes: np.ndarray) -> np.ndarray:
        """(K,) the same over boxes and balls: a concave function of q, cut off by its slopes at both ends."""
        assert self.cut is not None
        assert self.cap is not None
        scale = np.abs(slopes).max(axis=1) / np.maximum(np.abs(self.cut).max(axis=1), TINY)
        low, high = np.zeros(len(slopes)), _FARTHEST * scale
        left, right = self._priced(slopes, low), self._priced(slopes, high)
        for _ in range(_CUTS):
            (value, rise), (other, fall) = left, right
            with np.errstate(divide="ignore", invalid="ignore"):
                meet = (other - value + rise * low - fall * high) / (rise - fall)
            meet = np.where((rise > 0) & (fall < 0), np.clip(meet, low, high), np.where(rise > 0, high, low))
            found = self._priced(slopes, meet)
            rises = found[1] > 0
            low, high = np.where(rises, meet, low), np.where(rises, high, meet)
            left = (np.where(rises, found[0], value), np.where(rises, found[1], rise))
            right = (np.where(rises, other, found[0]), np.where(rises, fall, found[1]))
        return np.asarray(np.where(left[0] >= right[0], low, high))

    def _priced(self, slopes: np.ndarray, price: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(K,) the least of ``(slopes + q cut) x - q cap`` over boxes and balls, and its slope in q."""
        assert self.cut is not None
        assert self.cap is not None
        total = slopes + price[:, None] * self.cut
        point = self.lowest(total)
        return dot(total, point) - price * self.cap, dot(self.cut, point) - self.cap

    def lowest(self, slopes: np.ndarray) -> np.ndarray:
        """(K, d) points of boxes and balls where ``slopes x`` is least, up to rounding."""
        if self.centre is None or self.radius is None:
            return self.corner(slopes)
        room, sizes = np.abs(self.corner(slopes) - self.centre), np.abs(slopes)
        if self.norm == "2":
            curve = np.maximum(_curve(sizes, room, self.radius), TINY)
            move = np.minimum(sizes / curve[:, None], room)
        else:
            order = np.argsort(-sizes, axis=1)
            wide = np.take_along_axis(room, order, axis=1)
            left = np.maximum(self.radius[:, None] - np.cumsum(wide, axis=1) + wide, 0.0)
            move = np.empty_like(room)
            np.put_along_axis(move, order, np.minimum(wide, left), axis=1)
        return np.asarray(self.centre - np.sign(slopes) * move)

    def _pull(self, slopes: np.ndarray) -> np.ndarray:
        """(K, d) the part of the slopes that is left to the ball."""
        assert self.centre is not None
        assert self.radius is not None
        room = np.abs(self.corner(slopes) - self.centre)
        sizes = np.abs(slopes)
        if self.norm == "2":
            curve = _curve(sizes, room, self.radius)
            return np.asarray(np.sign(slopes) * np.minimum(sizes, curve[:, None] * room))
        order = np.argsort(-sizes, axis=1)
        moved = np.cumsum(np.take_along_axis(room, order, axis=1), axis=1)
        enough = moved >= self.radius[:, None]
        at = np.take_along_axis(order, enough.argmax(axis=1)[:, None], axis=1)
        price = np.where(enough.any(axis=1), np.take_along_axis(sizes, at, axis=1)[:, 0], 0.0)[:, None]
        return np.asarray(np.clip(slopes, -price, price))


def _curve(sizes: np.ndarray, room: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """(K,) the multiplier q of the l2 ball at the minimiser, whose steps are ``min(sizes / q, room)``; 0 without need.

    Coordinates hit the box in the order of ``sizes / room``: with the first k at their ends,
    ``q^2 = sum of the others' sizes^2 / (radius^2 - sum of their room^2)``.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(sizes > 0, sizes / room, 0.0)
        order = np.argsort(-ratio, axis=1)
        ratio, sizes, room = (np.take_along_axis(array, order, axis=1) for array in (ratio, sizes, room))
        zero = np.zeros((len(sizes), 1))
        free = np.hstack((np.cumsum(sizes[:, ::-1] ** 2, axis=1)[:, ::-1], zero))
        left = radius[:, None] ** 2 - np.hstack((zero, np.cumsum(room**2, axis=1)))
        curve = np.where(left > 0, np.sqrt(free / np.maximum(left, TINY)), np.inf)
    fits = (curve >= np.hstack((ratio, zero))) & np.isfinite(curve)
    found = np.take_along_axis(curve, fits.argmax(axis=1)[:, None], axis=1)[:, 0]
    return np.where(fits.any(axis=1), found, 0.0)
