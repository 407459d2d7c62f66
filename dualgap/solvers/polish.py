"""Exact line searches on a concave dual function, and the polish that multipliers get before they bound anything.

Along a line the dual is concave and usually piecewise linear: the tangents at both ends of a bracket meet above the
maximum, and where the dual attains that height the maximum is exact. Midpoints in between keep the bracket shrinking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dualgap.core.forms import DualisedProgram, Inner

_GROWTH = 8.0
_GROWTHS = 40  # 8^40 = 2^120: beyond every breakpoint of data in float64 that is anything like scaled
_CLOSE = 1e-14


@dataclass(frozen=True)
class Peak:
    """The best point of a line search.

    Attributes:
        multipliers: where it is.
        inner: the inner minimum there.
        sides: inner minima from where the dual rises and from where it falls, nearest to the peak; equal where one
            point has supergradient zero, or where a sign constraint ends the line.
        exact: whether no point of the line is better, to rounding.
        evaluations: how many inner minima it took.
        ray: the direction, where the dual rises along it without end; then the dualised rows can't hold.
    """

    multipliers: np.ndarray
    inner: Inner
    sides: tuple[Inner, Inner]
    exact: bool
    ray: np.ndarray | None = None
    evaluations: int = 1

    @property
    def value(self) -> float:
        return self.inner.value

    @property
    def primal(self) -> Any:
        """The mixture of both sides' minimisers whose supergradients cancel along the line, where they are arrays.

        With one multiplier that is an optimum of the convexified program: it meets the dualised row.
        """
        left, right = self.sides
        arrays = all(isinstance(side.primal, np.ndarray) for side in self.sides)
        gap = right.supergradient - left.supergradient
        length = float(gap @ gap)
        if not arrays or length == 0:
            return self.inner.primal
        share = float(np.clip(-(left.supergradient @ gap) / length, 0.0, 1.0))
        return (1 - share) * left.primal + share * right.primal


@dataclass(frozen=True)
class _Mark:
    """A point of the line: its position, the inner minimum there, and the slope along the line."""

    position: float
    inner: Inner
    slope: float

    def tangent(self, position: float) -> float:
        return self.inner.value + self.slope * (position - self.position)


def never() -> bool:
    """For searches that nobody stops."""
    return False


def climb(
    form: DualisedProgram,
    start: np.ndarray,
    direction: np.ndarray,
    *,
    evaluations: int = 100,
    should_stop: Callable[[], bool] = never,
) -> Peak:
    """The maximum of the dual on a line through ``start``, by bisection on the supergradient's sign.

    Args:
        form: whose ``inner`` is evaluated.
        start: (dimension,) multipliers of the right signs.
        direction: (dimension,) either way along it, as far as the signs allow.
        evaluations: at most so many (a few more to find the bracket).
        should_stop: asked before each.
    """
    line = _Line(form, start, direction)
    here = line.mark(0.0)
    if here.slope == 0.0:
        return line.peak(here, here, here, exact=True)
    if here.slope < 0:
        line.direction = -direction
        here = replace(here, slope=-here.slope)
    left, right = line.bracket(here, should_stop)
    if right.slope > 0:
        at_end = right.position >= line.end
        endless = not at_end and not should_stop()
        return line.peak(right, right, right, exact=at_end, endless=endless)
    exact = right.slope == 0
    for count in range(evaluations):
        position, met = _next(left, right, count)
        exact = exact or met
        if exact or should_stop():
            break
        new = line.mark(position)
        left, right = (new, right) if new.slope > 0 else (left, new)
        exact = new.slope == 0
    if right.slope == 0:
        left = right
    best = left if left.inner.value >= right.inner.value else right
    return line.peak(best, left, right, exact=exact)


class _Line:
    """The dual along ``start + position direction``."""

    def __init__(self, form: DualisedProgram, start: np.ndarray, direction: np.ndarray) -> None:
        self.form = form
        self.start = start
        self.direction = direction
        self.evaluations = 0

    def at(self, position: float) -> np.ndarray:
        return np.clip(self.start + position * self.direction, self.form.lower, self.form.upper)

    def mark(self, position: float) -> _Mark:
        self.evaluations += 1
        inner = self.form.inner(self.at(position))
        return _Mark(position, inner, float(inner.supergradient @ self.direction))

    @property
    def end(self) -> float:
        """How far the signs let multipliers go."""
        moving = self.direction != 0
        limits = np.where(self.direction > 0, self.form.upper, self.form.lower)[moving]
        ends = (limits - self.start[moving]) / self.direction[moving]
        return max(float(ends.min(initial=np.inf)), 0.0)

    def bracket(self, left: _Mark, should_stop: Callable[[], bool]) -> tuple[_Mark, _Mark]:
        """From a point where the dual rises, points before and behind the peak; the last seen where there is none."""
        end = self.end
        step = (1.0 + float(np.abs(self.start).max())) / float(np.abs(self.direction).max())
        right = left
        for _ in range(_GROWTHS):
            right = self.mark(min(step, end))
            if right.slope <= 0 or right.position >= end or should_stop():
                break
            left, step = right, _GROWTH * step
        return left, right

    def peak(self, best: _Mark, left: _Mark, right: _Mark, *, exact: bool, endless: bool = False) -> Peak:
        return Peak(
            self.at(best.position),
            best.inner,
            (left.inner, right.inner),
            exact,
            self.direction if endless else None,
            self.evaluations,
        )


def _next(left: _Mark, right: _Mark, count: int) -> tuple[float, bool]:
    """(the next position to look at, whether the peak is met already): the tangents' meeting, or the middle."""
    crossing = _meeting(left, right)
    floor = max(left.inner.value, right.inner.value)
    if left.tangent(crossing) - floor <= _CLOSE * abs(floor):
        return crossing, True
    middle = 0.5 * (left.position + right.position)
    if count % 3 < 2 and left.position < crossing < right.position:
        return crossing, False
    return middle, not left.position < middle < right.position


def _meeting(left: _Mark, right: _Mark) -> float:
    """Where the tangents at both ends of a bracket meet."""
    width = right.position - left.position
    rise = right.inner.value - left.inner.value - right.slope * width
    return left.position + rise / (left.slope - right.slope)


def polish(
    form: DualisedProgram,
    multipliers: np.ndarray,
    *,
    passes: int = 2,
    evaluations: int = 600,
    should_stop: Callable[[], bool] = never,
) -> Peak:
    """Multipliers at least as good as the given ones: exact line searches along their ray and each coordinate in turn.

    All duals that come out of steps or penalties pass through here: they are moved to the right signs, scaled, and
    improved one by one. With one multiplier the result is the maximum.

    Args:
        form: whose dual it is.
        multipliers: (dimension,) of any sign.
        passes: rounds over the coordinates; fewer where a round gains nothing.
        evaluations: about how many inner minima may be computed.
        should_stop: asked throughout.
    """
    start = form.nearest(np.nan_to_num(multipliers, posinf=0.0, neginf=0.0))
    inner = form.inner(start)
    best = Peak(start, inner, (inner, inner), False)
    left = evaluations if form.total is None else 0  # no line along a coordinate keeps the total
    for _ in range(passes):
        before = best.value
        for direction in _directions(best.multipliers):
            if left <= 0 or should_stop():
                return best
            found = climb(form, best.multipliers, direction, evaluations=min(left, 40), should_stop=should_stop)
            left -= found.evaluations
            if found.ray is not None or found.value > best.value or form.dimension == 1:
                best = found
            if found.ray is not None:
                return best
        if best.value - before <= _CLOSE * abs(before):
            break
    return best


def _directions(multipliers: np.ndarray) -> Iterator[np.ndarray]:
    dimension = len(multipliers)
    if dimension > 1 and multipliers.any():
        yield multipliers / np.abs(multipliers).max()
    for index in range(dimension):
        direction = np.zeros(dimension)
        direction[index] = 1.0
        yield direction
