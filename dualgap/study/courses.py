"""Panels of the report: a run's value and bound against time, or against the iterations that it counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Literal

from dualgap.core.certificate import Sense
from dualgap.core.claim import TracePoint
from dualgap.core.exact import Real, nearest
from dualgap.core.statement import format_gap, format_value
from dualgap.display.axes import Axis, Distances, count_axis, distance_axis, time_axis
from dualgap.display.html import Html, tag
from dualgap.display.shapes import box, levels, line, x_axis
from dualgap.engine.run import Run
from dualgap.study.compare import Comparison
from dualgap.study.plots import interval

Clock = Literal["seconds", "iterations"]

_MOST_POINTS = 200  # of a trace that are drawn


def courses(comparison: Comparison, runs: Sequence[Run], clock: Clock) -> list[Html]:
    """A panel for each run with a trace by that clock, all on the same axes."""
    sense, limit = comparison.problem.sense, comparison.joint.bound
    traces = {run.name: points for run in runs if (points := _trace(run, clock))}
    numbers = [nearest(x) for points in traces.values() for p in points for x in (p.value, p.bound) if x is not None]
    centre = [nearest(x) for x in (comparison.joint.value, limit) if x is not None]
    values = distance_axis(numbers, centre)
    if values is None:
        return []
    moments = [_moment(point, clock) for points in traces.values() for point in points]
    axis = time_axis(moments) if clock == "seconds" else count_axis(moments)
    return [_panel(run, traces[run.name], clock, axis, values, sense, limit) for run in runs if run.name in traces]


def _moment(point: TracePoint, clock: Clock) -> float:
    """Where a point stands on its axis; iterations that aren't counted yet are none."""
    return point.seconds if clock == "seconds" else float(point.iterations or 0)


def _trace(run: Run, clock: Clock) -> list[TracePoint]:
    """The trace with the certificate's own bound at its end; thinned where it is long, empty where it is no course."""
    certificate = run.certificate
    if certificate is None or not run.trace:
        return []
    points = list(run.trace)
    own, last = interval(run), points[-1]
    bounds = [bound for bound in (last.bound, own.verified) if bound is not None]
    tightest = None
    for bound in bounds:
        tightest = bound if tightest is None or certificate.sense.better(tightest, bound) else tightest
    points[-1] = replace(last, bound=tightest)
    if clock == "iterations":
        points = [point for point in points if point.iterations is not None]
        if len({point.iterations for point in points}) < 2:
            return []
    keep = max(1, -(-len(points) // _MOST_POINTS))
    thinned = [*points[:-1:keep], points[-1]]
    return thinned if any(p.value is not None or p.bound is not None for p in thinned) else []


def _panel(
    run: Run,
    points: Sequence[TracePoint],
    clock: Clock,
    axis: Axis,
    values: Axis | Distances,
    sense: Sense,
    limit: Real | None,
) -> Html:
    marks: list[Html] = []
    grid, labels = levels(values, 4)
    marks += [*grid, *(line("grid", axis.at(tick), axis.at(tick), 0, 100) for tick, _ in axis.ticks())]
    for point, after in pairwise(points):
        left, right = axis.at(_moment(point, clock)), axis.at(_moment(after, clock))
        marks += _gap(point, left, right, values, sense, limit)
        for kind, now, then in (("value", point.value, after.value), ("bound", point.bound, after.bound)):
            if now is not None:
                said = kind == "bound" and limit is not None and sense.better(limit, now)
                height = 100 - values.at(nearest(now))
                marks.append(line(f"{kind}{' said' if said else ''}", left, right, height, height))
                if then is not None and then != now:
                    marks.append(line(kind, right, right, height, 100 - values.at(nearest(then))))
    last = points[-1]
    for kind, number in (("bound", last.bound), ("value", last.value)):
        if number is not None and not values.beyond(nearest(number)):
            x, y = axis.at(_moment(last, clock)), 100 - values.at(nearest(number))
            marks.append(line(f"{kind} ended", x, 100, y, y))
            marks.append(tag("circle", cx=f"{x:g}%", cy=f"{y:g}%", r="3.5", class_=kind))
    gap = run.certificate.relative_gap if run.certificate is not None else None
    after_all = f"{last.seconds:.2g} s" if clock == "seconds" else f"{last.iterations:,} iterations"
    summary = f"{run.name}: value {format_value(last.value)}, bound {format_value(last.bound)} after {after_all}"
    plot = tag("svg", tag("title", summary), *marks, *labels, class_="plot", role="img")
    head = tag("figcaption", tag("b", run.name), tag("span", f"gap {format_gap(gap)}" if gap is not None else "no gap"))
    return tag("figure", head, plot, x_axis(axis, seconds=clock == "seconds"), class_="panel")


def _gap(
    point: TracePoint, left: float, right: float, values: Axis | Distances, sense: Sense, limit: Real | None
) -> Iterator[Html]:
    """The gap during one step: solid as far as a verified bound supports it, hatched where the solver's word does."""
    if point.value is None or point.bound is None or right <= left:
        return
    said = limit is None or sense.better(limit, point.bound)
    ends = sorted(100 - values.at(nearest(number)) for number in (point.value, point.bound))
    yield box("claimed" if said else "verified", left, right, ends[0], ends[1])
