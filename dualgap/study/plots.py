"""The report's plots, as SVG in percentages of their frame: text keeps its size whatever the width of the page.

Solid means verified (proved or numerical), hatched means claimed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite

from dualgap.core.certificate import Evidence, Sense, Verdict
from dualgap.core.claim import TracePoint
from dualgap.core.exact import Real, nearest
from dualgap.core.statement import format_gap, format_value
from dualgap.display.axes import Axis, Distances, distance_axis, time_axis, value_axis
from dualgap.display.html import Html, tag
from dualgap.engine.refute import feasible_value
from dualgap.engine.run import Run
from dualgap.study.compare import Comparison

_MOST_POINTS = 200  # of a trace that are drawn
_LABEL_ROOM = 8.0  # per cent of a plot's height that a label above its line needs

DEFS = Html(
    '<svg class="defs" width="0" height="0" aria-hidden="true"><defs><pattern id="hatch" width="6" height="6" '
    'patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hatch" width="2" height="6"/></pattern>'
    "</defs></svg>"
)


@dataclass(frozen=True)
class Interval:
    """What a run says of the optimum: its verified value, the best verified bound, the best claimed one."""

    name: str
    value: Real | None
    verified: Real | None
    claimed: Real | None
    wrong: bool = False

    def __str__(self) -> str:
        parts = [f"value {format_value(self.value)}" if self.value is not None else "no value"]
        parts += [f"bound {format_value(self.verified)} verified"] if self.verified is not None else []
        parts += [f"bound {format_value(self.claimed)} claimed"] if self.claimed is not None else []
        return f"{self.name}: {', '.join(parts)}"


def interval(run: Run) -> Interval:
    """A run's interval; infinite bounds are left out."""
    certificate = run.certificate
    if certificate is None:
        return Interval(run.name, None, None, None)
    best: dict[bool, Real] = {}
    for bound in certificate.bounds:
        key = bound.evidence is Evidence.CLAIMED
        if isfinite(bound.value) and (key not in best or certificate.sense.better(best[key], bound.value)):
            best[key] = bound.value
    verified, claimed = best.get(False), best.get(True)
    if verified is not None and claimed is not None and not certificate.sense.better(verified, claimed):
        claimed = None  # it says nothing beyond the verified one
    wrong = certificate.verdict in (Verdict.CONTRADICTED, Verdict.VIOLATED)
    return Interval(run.name, feasible_value(run), verified, claimed, wrong)


def intervals(comparison: Comparison, runs: Sequence[Run]) -> Html | None:
    """One axis with the bar of each run that has a value or a bound, from one to the other; None where nobody has."""
    found = [item for item in map(interval, runs) if item != Interval(item.name, None, None, None, item.wrong)]
    numbers = [nearest(x) for item in found for x in (item.value, item.verified, item.claimed) if x is not None]
    joint = [nearest(x) for x in (comparison.joint.value, comparison.joint.bound) if x is not None]
    axis = value_axis(numbers, joint)
    if axis is None:
        return None
    rows = []
    for item in found:
        track = tag("svg", tag("title", str(item)), *_frame(axis, joint), *_bar(axis, item), class_="track", role="img")
        rows += [tag("div", item.name, class_="name"), track]
    axis_row = [tag("div", class_="name"), x_axis(axis)]
    return tag("div", *rows, *axis_row, class_="intervals")


def _frame(axis: Axis, joint: Sequence[float]) -> Iterator[Html]:
    """Grid lines, and the band in which the optimum lies."""
    if len(joint) == 2:
        yield _box("band", axis.at(min(joint)), axis.at(max(joint)), 0, 100)
    for tick, _ in axis.ticks():
        yield _line("grid", axis.at(tick), axis.at(tick), 0, 100)


def _bar(axis: Axis, item: Interval) -> Iterator[Html]:
    wrong = " wrong" if item.wrong else ""
    if item.value is not None and item.verified is not None:
        yield _span(axis, f"verified{wrong}", item.value, item.verified, 30, 70)
    elif item.value is not None and item.claimed is not None:
        yield _span(axis, f"claimed{wrong}", item.value, item.claimed, 30, 70)
    for number, kind, top in (
        (item.verified, "bound", 26),
        (item.claimed, "bound said", 26),
        (item.value, "value", 16),
    ):
        if number is not None:
            yield _mark(axis, f"{kind}{wrong}", nearest(number), top)


def _span(axis: Axis, kind: str, left: Real, right: Real, top: float, bottom: float) -> Html:
    ends = sorted((axis.at(nearest(left)), axis.at(nearest(right))))
    return _box(kind, ends[0], ends[1], top, bottom)


def _mark(axis: Axis, kind: str, number: float, top: float) -> Html:
    """A tick at a number, or an arrow at the end beyond which it lies."""
    place = axis.at(number)
    if axis.beyond(number):
        left = place < 50
        text = f"◂ {number:,.6g}" if left else f"{number:,.6g} ▸"
        anchor = "start" if left else "end"
        return tag("text", text, x=f"{place:g}%", y="50%", dy="0.35em", text_anchor=anchor, class_=f"off {kind}")
    return _line(kind, place, place, top, 100 - top)


# Value and bound against time.
def anytime(comparison: Comparison, runs: Sequence[Run]) -> list[Html]:
    """A panel for each run with a trace, all on the same axes."""
    sense = comparison.problem.sense
    traces = {run.name: points for run in runs if (points := _trace(run))}
    seconds = [point.seconds for points in traces.values() for point in points]
    numbers = [nearest(x) for points in traces.values() for p in points for x in (p.value, p.bound) if x is not None]
    centre = [nearest(x) for x in (comparison.joint.value, comparison.joint.bound) if x is not None]
    values = distance_axis(numbers, centre)
    if values is None:
        return []
    times = time_axis(seconds)
    limit = comparison.joint.bound
    return [_panel(run, traces[run.name], times, values, sense, limit) for run in runs if run.name in traces]


def _trace(run: Run) -> list[TracePoint]:
    """The trace with the certificate's own bound at its end; thinned where it is long."""
    certificate = run.certificate
    if certificate is None or not run.trace:
        return []
    points = list(run.trace)
    own = interval(run)
    last = points[-1]
    bounds = [bound for bound in (last.bound, own.verified) if bound is not None]
    tightest = None
    for bound in bounds:
        tightest = bound if tightest is None or certificate.sense.better(tightest, bound) else tightest
    points[-1] = TracePoint(last.seconds, last.value, tightest)
    keep = max(1, -(-len(points) // _MOST_POINTS))
    thinned = [*points[:-1:keep], points[-1]]
    return thinned if any(p.value is not None or p.bound is not None for p in thinned) else []


def _panel(
    run: Run, points: Sequence[TracePoint], times: Axis, values: Axis | Distances, sense: Sense, limit: Real | None
) -> Html:
    marks: list[Html] = []
    grid, labels = _levels(values, 4)
    marks += [*grid, *(_line("grid", times.at(tick), times.at(tick), 0, 100) for tick, _ in times.ticks())]
    for point, after in pairwise(points):
        left, right = times.at(point.seconds), times.at(after.seconds)
        marks += _gap(point, left, right, values, sense, limit)
        for kind, now, then in (("value", point.value, after.value), ("bound", point.bound, after.bound)):
            if now is not None:
                said = kind == "bound" and limit is not None and sense.better(limit, now)
                height = 100 - values.at(nearest(now))
                marks.append(_line(f"{kind}{' said' if said else ''}", left, right, height, height))
                if then is not None and then != now:
                    marks.append(_line(kind, right, right, height, 100 - values.at(nearest(then))))
    last = points[-1]
    for kind, number in (("bound", last.bound), ("value", last.value)):
        if number is not None and not values.beyond(nearest(number)):
            x, y = times.at(last.seconds), 100 - values.at(nearest(number))
            marks.append(_line(f"{kind} ended", x, 100, y, y))
            marks.append(tag("circle", cx=f"{x:g}%", cy=f"{y:g}%", r="3.5", class_=kind))
    gap = run.certificate.relative_gap if run.certificate is not None else None
    summary = (
        f"{run.name}: value {format_value(last.value)}, bound {format_value(last.bound)} after {last.seconds:.2g} s"
    )
    plot = tag("svg", tag("title", summary), *marks, *labels, class_="plot", role="img")
    head = tag("figcaption", tag("b", run.name), tag("span", f"gap {format_gap(gap)}" if gap is not None else "no gap"))
    return tag("figure", head, plot, x_axis(times, seconds=True), class_="panel")


def _gap(
    point: TracePoint, left: float, right: float, values: Axis | Distances, sense: Sense, limit: Real | None
) -> Iterator[Html]:
    """The gap during one step: solid as far as a verified bound supports it, hatched where the solver's word does."""
    if point.value is None or point.bound is None or right <= left:
        return
    said = limit is None or sense.better(limit, point.bound)
    ends = sorted(100 - values.at(nearest(number)) for number in (point.value, point.bound))
    yield _box("claimed" if said else "verified", left, right, ends[0], ends[1])


# Along a path of values of a field.
def along(comparisons: Sequence[Comparison]) -> Html | None:
    """The joint value and bound against the field that was varied; the optimum lies in the band between them."""
    found = sorted(
        ((nearest(c.point[1]), c.joint) for c in comparisons if c.point is not None), key=lambda item: item[0]
    )
    numbers = [nearest(x) for _, joint in found for x in (joint.value, joint.bound, joint.claimed) if x is not None]
    places = [place for place, _ in found]
    if len(set(places)) < 2 or not numbers:
        return None
    pad = 0.06 * (max(numbers) - min(numbers)) or 1.0
    values, field = Axis(min(numbers) - pad, max(numbers) + pad), Axis(min(places), max(places))

    def line(name: str) -> list[tuple[float, float]]:
        pairs = ((place, getattr(joint, name)) for place, joint in found)
        return [(field.at(place), 100 - values.at(nearest(y))) for place, y in pairs if y is not None]

    value, bound, claimed = line("value"), line("bound"), line("claimed")
    both = [joint.value is not None and joint.bound is not None for _, joint in found]
    shapes = [_path("band", [*value, *reversed(bound)], close=True)] if all(both) else []
    shapes += [_path("bound said", claimed), _path("bound", bound), _path("value", value)]
    canvas = tag("svg", *shapes, viewBox="0 0 100 100", preserveAspectRatio="none", width="100%", height="100%")
    grid, labels = _levels(values, 5)
    ends = (("bound", bound), ("value", value))
    dots = [tag("circle", cx=f"{x:g}%", cy=f"{y:g}%", r="3", class_=kind) for kind, line in ends for x, y in line]
    title = tag("title", f"value and bound at {len(found)} values of the field")
    plot = tag("svg", title, *grid, canvas, *dots, *labels, class_="plot tall", role="img")
    return tag("div", plot, x_axis(field), class_="along")


# Shapes; coordinates are percentages of the frame.
def x_axis(axis: Axis, seconds: bool = False) -> Html:
    """Tick labels below a plot."""
    labels = []
    for tick, text in axis.ticks():
        place = axis.at(tick)
        anchor = "start" if place < 8 else "end" if place > 92 else "middle"
        labels.append(
            tag("text", _clock(axis, tick) if seconds else text, x=f"{place:.6g}%", y="12", text_anchor=anchor)
        )
    return tag("svg", *labels, class_="axis", aria_hidden="true")


def _clock(axis: Axis, tick: float) -> str:
    return f"{1000 * tick:g} ms" if axis.high < 1 or (axis.logarithmic and tick < 1) else f"{tick:g} s"


def _box(kind: str, left: float, right: float, top: float, bottom: float) -> Html:
    width, height = max(right - left, 0.0), max(bottom - top, 0.0)
    return tag("rect", class_=kind, x=f"{left:.6g}%", width=f"{width:.6g}%", y=f"{top:.6g}%", height=f"{height:.6g}%")


def _line(kind: str, left: float, right: float, top: float, bottom: float) -> Html:
    return tag("line", class_=kind, x1=f"{left:.6g}%", x2=f"{right:.6g}%", y1=f"{top:.6g}%", y2=f"{bottom:.6g}%")


def _path(kind: str, points: Sequence[tuple[float, float]], close: bool = False) -> Html | None:
    if not points:
        return None
    moves = " L".join(f"{x:.6g} {y:.6g}" for x, y in points)
    return tag("path", class_=kind, d=f"M{moves}{'Z' if close else ''}", vector_effect="non-scaling-stroke")


def _levels(axis: Axis | Distances, count: int) -> tuple[list[Html], list[Html]]:
    """(Grid lines, their labels at the left) of a vertical axis; a label that would be cut at the top is left out."""
    lines, labels = [], []
    for tick, text in axis.ticks(count):
        height = 100 - axis.at(tick)
        lines.append(_line("grid", 0, 100, height, height))
        if height > _LABEL_ROOM:
            labels.append(tag("text", text, x="2", y=f"{height:.6g}%", dy="-3", class_="halo"))
    return lines, labels
