"""Panels of the report: a run's value and bound against time, or against the iterations that it counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
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


@dataclass(frozen=True)
class Course:
    """What a run had by when, and the relative gap that it ended with."""

    name: str
    points: Sequence[TracePoint]
    gap: float | None


def courses(comparison: Comparison, runs: Sequence[Run], clock: Clock) -> list[Html]:
    """A panel for each run with a trace by that clock, all on the same axes."""
    found = [
        Course(run.name, points, run.certificate.relative_gap if run.certificate is not None else None)
        for run in runs
        if (points := _trace(run, clock))
    ]
    return panels(found, comparison.problem.sense, comparison.joint.value, comparison.joint.bound, clock)


def panels(
    found: Sequence[Course], sense: Sense, value: Real | None, limit: Real | None, clock: Clock = "seconds"
) -> list[Html]:
    """A panel for each course, all on the same axes.

    Args:
        found: on one instance.
        sense: of the instance.
        value: the best that is known.
        limit: the best verified bound: what a course bounds beyond it is the solver's word.
        clock: what it is drawn against.
    """
    numbers = [nearest(x) for course in found for p in course.points for x in (p.value, p.bound) if x is not None]
    values = distance_axis(numbers, [nearest(x) for x in (value, limit) if x is not None])
    if values is None:
        return []
    moments = [_moment(point, clock) for course in found for point in course.points]
    axis = time_axis(moments) if clock == "seconds" else count_axis(moments)
    return [_panel(course, clock, axis, values, sense, limit) for course in found]


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
    return thinned(points)


def thinned(points: Sequence[TracePoint]) -> list[TracePoint]:
    """As many points as are worth drawing, the last among them; none of a trace that never had a number."""
    keep = max(1, -(-len(points) // _MOST_POINTS))
    found = [*points[:-1:keep], points[-1]]
    return found if any(p.value is not None or p.bound is not None for p in found) else []


def _panel(
    course: Course, clock: Clock, axis: Axis, values: Axis | Distances, sense: Sense, limit: Real | None
) -> Html:
    points, gap = course.points, course.gap
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
    after_all = f"{last.seconds:.2g} s" if clock == "seconds" else f"{last.iterations:,} iterations"
    summary = f"{course.name}: value {format_value(last.value)}, bound {format_value(last.bound)} after {after_all}"
    plot = tag("svg", tag("title", summary), *marks, *labels, class_="plot", role="img")
    head = tag(
        "figcaption", tag("b", course.name), tag("span", f"gap {format_gap(gap)}" if gap is not None else "no gap")
    )
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
