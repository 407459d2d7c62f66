"""Scales of plots: from numbers to the percentage of an axis, with ticks that people can read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, copysign, floor, isfinite, log10
from statistics import median

_STEPS = (1, 2, 5, 10)
_OUTLIER = 12  # times the median distance from the centre: beyond, an end is cut off and marked
_LOG_RATIO = 30  # spans above this are drawn on a logarithmic axis
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_SAME = 1e-9  # relative: numbers that aren't whole differ by rounding
_LEAST_DISTANCE, _MOST_DISTANCE = 1e-12, 1e6  # relative: the same value; an origin too near 0 to compare with


@dataclass(frozen=True)
class Axis:
    """``low`` at 0 %, ``high`` at 100 %; both positive on a logarithmic axis; ticks are whole numbers where asked."""

    low: float
    high: float
    logarithmic: bool = False
    whole: bool = False

    def at(self, value: float) -> float:
        """The percentage of a value, cut off at the ends."""
        low, high = self.low, self.high
        if self.logarithmic:
            low, high, value = log10(low), log10(high), log10(max(value, low))
        return 100.0 * min(max((value - low) / (high - low), 0.0), 1.0)

    def beyond(self, value: float) -> bool:
        """Whether a value lies outside."""
        slack = 1e-9 * (self.high - self.low)
        return not self.low - slack <= value <= self.high + slack

    def ticks(self, count: int = 5) -> list[tuple[float, str]]:
        """Round numbers inside the axis, with as many decimals as they need."""
        if self.logarithmic:
            powers = range(ceil(log10(self.low) - 1e-9), floor(log10(self.high) + 1e-9) + 1)
            return [
                (10.0**k, f"{10.0**k:g}" if k <= 3 else f"10{str(k).translate(_RAISED)}")
                for k in powers[:: max(1, ceil(len(powers) / count))]
            ]
        raw = (self.high - self.low) / count
        power = 10.0 ** floor(log10(raw))
        step = next(power * k for k in _STEPS if power * k >= raw * 0.999)
        step = max(step, 1.0) if self.whole else step
        places = self._places(step)
        if not places:  # a step of nearly the whole axis may miss it
            step = max(step / 5.0, 1.0) if self.whole else step / 5.0
            places = self._places(step)
        decimals = max(0, -floor(log10(step) + 1e-9))
        return [(k * step, f"{k * step:,.{decimals}f}" if decimals <= 12 else f"{k * step:.6g}") for k in places]

    def _places(self, step: float) -> range:
        return range(ceil(self.low / step - 1e-9), floor(self.high / step + 1e-9) + 1)


@dataclass(frozen=True)
class Distances:
    """Relative distances from ``origin``, logarithmic on both sides, linear within ``unit`` of it."""

    origin: float
    unit: float
    low: float
    high: float

    def at(self, value: float) -> float:
        """The percentage of a value."""
        low, high = self._bent(self.low), self._bent(self.high)
        pad = 0.08 * (high - low)
        place = (self._bent((value - self.origin) / abs(self.origin)) - low + pad) / (high - low + 2 * pad)
        return 100.0 * min(max(place, 0.0), 1.0)

    def beyond(self, value: float) -> bool:
        """Never: everything lies inside."""
        return False

    def ticks(self, count: int = 5) -> list[tuple[float, str]]:
        """The origin as it is, and powers of ten on either side in per cent."""
        found = [(self.origin, f"{self.origin:,.10g}")]
        for sign, reach in (("+", self.high), ("−", -self.low)):
            if reach >= self.unit:
                powers = range(round(log10(self.unit)), floor(log10(reach) + 1e-9) + 1)
                for power in powers[:: -max(1, ceil(2 * len(powers) / count))]:
                    shift = 10.0**power * abs(self.origin)
                    place = self.origin + shift if sign == "+" else self.origin - shift
                    found.append((place, f"{sign}{100 * 10.0**power:g} %"))
        return found

    def _bent(self, distance: float) -> float:
        size = abs(distance) / self.unit
        return copysign(size if size <= 1 else 1 + log10(size), distance)


def value_axis(numbers: Sequence[float], centre: Sequence[float] = ()) -> Axis | None:
    """An axis for objective values, cut where a few of them lie far from the others; None where there are none.

    Args:
        numbers: everything to show; infinities are left out.
        centre: what must lie inside, whatever the others do (the joint value and bound).
    """
    finite = [float(number) for number in numbers if isfinite(number)]
    if not finite:
        return None
    inside = [float(number) for number in centre if isfinite(number)] or [median(finite)]
    middle = sum(inside) / len(inside)
    distances = [distance for number in finite if (distance := abs(number - middle)) > 0]
    reach = _OUTLIER * median(distances) if distances else 0.0
    near = [number for number in finite if abs(number - middle) <= reach]
    low, high = min([*near, *inside]), max([*near, *inside])
    whole = all(number.is_integer() for number in near or inside)
    if not whole and high - low <= _SAME * max(abs(low), abs(high)):
        low = high
    pad = 0.06 * (high - low) or max(0.05 * abs(high), 1.0 if whole else 0.0) or 1.0
    return Axis(low - pad, high + pad, whole=whole)


def distance_axis(numbers: Sequence[float], centre: Sequence[float]) -> Axis | Distances | None:
    """An axis that shows a convergence whole: by relative distance where the numbers differ by orders of magnitude.

    Args:
        numbers: everything to show; infinities are left out.
        centre: the joint value, then the joint bound, where they are known.
    """
    finite = [float(number) for number in numbers if isfinite(number)]
    if not finite:
        return None
    origin = float(centre[0]) if centre else finite[-1]
    apart = sorted(abs((number - origin) / origin) for number in finite if number != origin) if origin else []
    if not apart or apart[-1] < _LOG_RATIO * apart[0] or apart[-1] > _MOST_DISTANCE:
        return value_axis(finite, centre)
    unit = 10.0 ** floor(log10(max(apart[0], _LEAST_DISTANCE)))
    sides = [(number - origin) / abs(origin) for number in finite]
    return Distances(origin, unit, min(sides), max(sides))


def time_axis(seconds: Sequence[float]) -> Axis:
    """An axis for time, logarithmic where runs differ by orders of magnitude."""
    positive = [second for second in seconds if second > 0] or [1.0]
    low, high = min(positive), max(positive)
    if high / low >= _LOG_RATIO:
        return Axis(10.0 ** floor(log10(low)), high * 1.05, logarithmic=True)
    return Axis(0.0, high * 1.05)


def count_axis(counts: Sequence[float]) -> Axis:
    """An axis for numbers of steps from 0 or 1, logarithmic where runs differ by orders of magnitude."""
    positive = [count for count in counts if count > 0] or [1.0]
    low, high = min(positive), max(positive)
    if high / low >= _LOG_RATIO:
        return Axis(10.0 ** floor(log10(low / 2)), high * 1.05, logarithmic=True)  # room for labels on the left
    return Axis(0.0, high * 1.05, whole=True)
