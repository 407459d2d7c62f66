"""Plots of many runs: gaps by solver, profiles, the mean gap against time, gap against speed-up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from math import floor, isfinite, log10

import numpy as np

from dualgap.display.axes import Axis, time_axis
from dualgap.display.bars import Bars, Track
from dualgap.display.html import Html, tag
from dualgap.display.shapes import box, levels, line, path, x_axis
from dualgap.study.review.collect import Review
from dualgap.study.review.tallies import Tally, to_best
from dualgap.study.review.trades import Trade
from dualgap.study.statistics.profiles import Profile
from dualgap.study.statistics.traces import gaps

MOST_LINES = 8
"""So many solvers have a colour; the tables have all."""

_POINTS = 300  # of a line that are drawn
_MOMENTS = 60  # at which the mean gap is taken
_LEAST, _MOST = 1e-9, 10.0  # relative gaps that an axis shows
_INFINITE = float("inf")

Lines = Mapping[str, Sequence[tuple[float, float]]]


def gap_axis(values: Iterable[float]) -> Axis:
    """A logarithmic axis for relative gaps; its low end, a decade below the least that isn't 0, stands for 0."""
    positive = [min(max(value, _LEAST), _MOST) for value in values if 0 < value < _INFINITE]
    low = 10.0 ** (floor(log10(min(positive, default=1e-4))) - 1)
    return Axis(low, max(1.3 * max(positive, default=0.1), 20 * low), logarithmic=True)


def gap_bars(tallies: Sequence[Tally]) -> Bars | None:
    """One axis with two bars a solver, from the lower to the upper quartile, and the medians: true and certified gap.

    The certified bar is solid where most of the bounds are verified and hatched where they are the solver's word.
    """
    shown = [tally for tally in tallies if tally.cells][:MOST_LINES]
    quartiles = {tally.solver: [_quartiles(tally, name) for name in ("true", "certified")] for tally in shown}
    axis = gap_axis(value for both in quartiles.values() for three in both for value in three)
    tracks = []
    for tally in shown:
        true, certified = quartiles[tally.solver]
        proved = 2 * sum(cell.proved for cell in tally.cells if cell.certified < _INFINITE) >= sum(
            cell.certified < _INFINITE for cell in tally.cells
        )
        shapes = [line("grid", axis.at(tick), axis.at(tick), 0, 100) for tick, _ in axis.ticks()]
        shapes += _bar(axis, "true", true, 14, 46) + _bar(axis, "verified" if proved else "claimed", certified, 56, 86)
        told = [f"{name} {percent(three[1])}" for name, three in zip(("gap", "certified gap"), (true, certified))]
        tracks.append(Track(tally.solver, f"{tally.solver}: medians, {' and '.join(told)}", tuple(shapes)))
    if not tracks:
        return None
    return Bars(tuple(tracks), x_axis(axis, write=lambda tick: zero(axis, tick)), "tall", 40.0)


def _quartiles(tally: Tally, name: str) -> tuple[float, float, float]:
    return tally.quantile(name, 0.25), tally.quantile(name, 0.5), tally.quantile(name, 0.75)


def _bar(axis: Axis, kind: str, three: tuple[float, float, float], top: float, bottom: float) -> list[Html]:
    """A box between the quartiles and a tick at the median; what is infinite goes off at the right."""
    low, middle, high = three
    if low == _INFINITE:
        middle_height = f"{(top + bottom) / 2:g}%"
        return [tag("text", "none ▸", x="100%", y=middle_height, dy="0.35em", text_anchor="end", class_="off")]
    left, right = axis.at(low), axis.at(min(high, axis.high))
    shapes = [box(kind, left, right, top, bottom)]
    if middle < _INFINITE:
        shapes.append(line("value", axis.at(middle), axis.at(middle), top - 6, bottom + 6))
    return shapes


def percent(gap: float) -> str:
    """A relative gap as a percentage, short enough for an axis."""
    return f"{100 * gap:g} %" if gap < _INFINITE else "none"


def zero(axis: Axis, gap: float) -> str:
    """A tick of a gap axis, whose low end stands for 0."""
    return "0" if gap <= axis.low * 1.001 else percent(float(f"{gap:.3g}"))


def profiles(found: Mapping[str, Profile], order: Sequence[str], seconds: bool) -> Html | None:
    """Step functions of shares: against seconds, or against ratios to the fastest."""
    marks = [float(mark) for name in order for mark in found[name].marks]
    if not marks:
        return None
    axis = time_axis(marks) if seconds else Axis(1.0, max(1.05 * max(marks), 2.0), logarithmic=True)
    lines = {}
    for name in order[:MOST_LINES]:
        profile = found[name]
        points = _thinned([(axis.low, profile.at(axis.low))] + [(m, s) for m, s in zip(profile.marks, profile.shares)])
        lines[name] = _steps([*points, (axis.high, points[-1][1])])
    write = None if seconds else (lambda ratio: f"{ratio:g} x")
    if not seconds and len(axis.ticks()) < 2:
        axis = Axis(1.0, axis.high)
    titles = {name: f"{name} solves {found[name].solved:,} of {found[name].instances:,}" for name in lines}
    return _chart(lines, axis, Axis(0.0, 1.12), "; ".join(titles.values()), seconds, write)


def mean_gaps(review: Review, order: Sequence[str]) -> Html | None:
    """The mean over runs of the incumbent's relative gap to the best known value, 100 % while there is none."""
    latest = [float(entry.row["seconds"]) for entry in review.entries if not entry.refused]
    first = [float(point[0]) for entry in review.entries for point in review.whole(entry).trace[:1]]
    if not latest or not first:
        return None
    axis = time_axis([*(max(moment, 1e-4) for moment in first), *latest])
    low = axis.low if axis.logarithmic else axis.high / 1000
    moments = np.geomspace(low, axis.high, _MOMENTS)
    lines = {name: line_ for name in order[:MOST_LINES] if (line_ := _mean_gap(review, name, moments))}
    values = gap_axis(gap for points in lines.values() for _, gap in points)
    title = f"mean gap of {', '.join(lines)}"
    return _chart({n: _steps(p) for n, p in lines.items()}, axis, values, title, True, None, zero_gap=True)


def _mean_gap(review: Review, solver: str, moments: np.ndarray) -> list[tuple[float, float]]:
    total, count = np.zeros(len(moments)), 0
    for entry in review.of(solver):
        if entry.refused:
            continue
        count += 1
        best = review.known[entry.instance].value
        found = [] if best is None else gaps(review.whole(entry).trace, best)
        if best is not None and to_best(entry) < _INFINITE:
            found.append((float(entry.row["seconds"]), entry.behind))
        level = np.ones(len(moments))
        for seconds, gap in found:
            level[moments >= seconds] = min(gap, 1.0)
        total += level
    return [(float(m), float(g)) for m, g in zip(moments, total / count)] if count else []


def scatter(found: Sequence[Trade], order: Sequence[str]) -> Html | None:
    """Median true gap against speed-up, one dot a solver and size, the larger for the larger size; lines join sizes."""
    shown = [trade for trade in found if trade.true < _INFINITE and trade.solver in order[:MOST_LINES]]
    if not shown:
        return None
    speeds = [trade.speedup for trade in shown]
    axis = Axis(10.0 ** floor(log10(min(speeds) * 0.9)), 1.3 * max([*speeds, 1.0]), logarithmic=True)
    values = gap_axis(trade.true for trade in shown)
    dots: list[Html] = []
    sizes = sorted({trade.size or 0 for trade in shown})
    for trade in shown:
        radius = 3.5 + 4 * sizes.index(trade.size or 0) / max(len(sizes) - 1, 1)
        size = f", size {trade.size}" if trade.size is not None else ""
        said = f"{trade.solver}{size}: gap {percent(float(f'{trade.true:.3g}'))}, {trade.speedup:.3g} times as fast"
        place = {"cx": f"{axis.at(trade.speedup):g}%", "cy": f"{100 - values.at(trade.true):g}%", "r": f"{radius:g}"}
        dots.append(tag("circle", tag("title", said), **place, class_=f"dot s{order.index(trade.solver) + 1}"))
    title = f"gap against speed-up of {', '.join(dict.fromkeys(trade.solver for trade in shown))}"
    paths = {
        name: [(t.speedup, t.true) for t in shown if t.solver == name]
        for name in dict.fromkeys(t.solver for t in shown)
    }
    return _chart(paths, axis, values, title, False, lambda x: f"{x:g} x", zero_gap=True, dots=dots, order=order)


def _chart(
    lines: Lines,
    axis: Axis,
    values: Axis,
    title: str,
    seconds: bool,
    write: Callable[[float], str] | None,
    *,
    zero_gap: bool = False,
    dots: Sequence[Html] = (),
    order: Sequence[str] = (),
) -> Html:
    """Lines in their solvers' colours on common axes."""
    names = list(order or lines)
    told = (lambda tick: zero(values, tick)) if zero_gap else (lambda share: f"{100 * share:.0f} %")
    grid, labels = levels(values, 5, told)
    grid += [line("grid", axis.at(tick), axis.at(tick), 0, 100) for tick, _ in axis.ticks()]
    thin = " thin" if dots else ""
    shapes = [
        path(f"series s{names.index(name) + 1}{thin}", [(axis.at(x), 100 - values.at(y)) for x, y in points])
        for name, points in lines.items()
    ]
    canvas = tag("svg", *shapes, viewBox="0 0 100 100", preserveAspectRatio="none", width="100%", height="100%")
    plot = tag("svg", tag("title", title), *grid, canvas, *dots, *labels, class_="plot tall", role="img")
    return tag("div", plot, x_axis(axis, seconds=seconds, write=write), class_="along")


def _thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    keep = max(1, -(-len(points) // _POINTS))
    return [*points[:-1:keep], points[-1]]


def _steps(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """A step function's corners: each level holds until the next mark."""
    corners = [points[0]] if points else []
    for (_, level), (mark, after) in pairwise(points):
        corners += [(mark, level), (mark, after)] if after != level else [(mark, level)]
    return [corner for corner in corners if isfinite(corner[0])]
