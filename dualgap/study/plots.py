"""The report's plots, as SVG in percentages of their frame: text keeps its size whatever the width of the page.

Solid means verified (proved or numerical), hatched means claimed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from typing import Any

from dualgap.core.certificate import Certificate, Evidence, Sense, Verdict
from dualgap.core.exact import Real, nearest
from dualgap.core.statement import format_value
from dualgap.display.axes import Axis, value_axis
from dualgap.display.bars import Bars, Track
from dualgap.display.html import Html, tag
from dualgap.display.shapes import box, levels, line, path, x_axis
from dualgap.engine.refute import feasible_value
from dualgap.engine.run import Run
from dualgap.study.compare import Comparison
from dualgap.study.frontier import Place

HATCH = Html(
    '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect class="hatch" width="2" height="6"/></pattern></defs>'
)
DEFS = tag("svg", HATCH, class_="defs", width="0", height="0", aria_hidden="true")


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
    if run.certificate is None:
        return Interval(run.name, None, None, None)
    return interval_of(run.name, run.certificate, feasible_value(run))


def interval_of(name: str, certificate: Certificate, value: Real | None) -> Interval:
    """The interval that a certificate gives an answer of that value."""
    best: dict[bool, Real] = {}
    for bound in certificate.bounds:
        key = bound.evidence is Evidence.CLAIMED
        if isfinite(bound.value) and (key not in best or certificate.sense.better(best[key], bound.value)):
            best[key] = bound.value
    verified, claimed = best.get(False), best.get(True)
    if verified is not None and claimed is not None and not certificate.sense.better(verified, claimed):
        claimed = None  # it says nothing beyond the verified one
    wrong = certificate.verdict in (Verdict.CONTRADICTED, Verdict.VIOLATED)
    return Interval(name, value, verified, claimed, wrong)


def intervals(given: Iterable[Interval], value: Real | None, bound: Real | None) -> Bars | None:
    """One axis with the bar of each run that has a value or a bound, from one to the other; None where nobody has.

    Between the joint ``value`` and ``bound`` lies the optimum.
    """
    found = [item for item in given if item != Interval(item.name, None, None, None, item.wrong)]
    numbers = [nearest(x) for item in found for x in (item.value, item.verified, item.claimed) if x is not None]
    joint = [nearest(x) for x in (value, bound) if x is not None]
    axis = value_axis(numbers, joint)
    if axis is None:
        return None
    tracks = (Track(item.name, str(item), (*_frame(axis, joint), *_bar(axis, item))) for item in found)
    return Bars(tuple(tracks), x_axis(axis))


def _frame(axis: Axis, joint: Sequence[float]) -> Iterator[Html]:
    """Grid lines, and the band in which the optimum lies."""
    if len(joint) == 2:
        yield box("band", axis.at(min(joint)), axis.at(max(joint)), 0, 100)
    for tick, _ in axis.ticks():
        yield line("grid", axis.at(tick), axis.at(tick), 0, 100)


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
    return box(kind, ends[0], ends[1], top, bottom)


def _mark(axis: Axis, kind: str, number: float, top: float) -> Html:
    """A tick at a number, or an arrow at the end beyond which it lies."""
    place = axis.at(number)
    if axis.beyond(number):
        left = place < 50
        text = f"◂ {number:,.6g}" if left else f"{number:,.6g} ▸"
        anchor = "start" if left else "end"
        return tag("text", text, x=f"{place:g}%", y="50%", dy="0.35em", text_anchor=anchor, class_=f"off {kind}")
    return line(kind, place, place, top, 100 - top)


# Along a path of values of a field.
@dataclass(frozen=True)
class Along:
    """A plot against a field: for a page, or within a drawing."""

    shapes: tuple[Html, ...]
    axis: Html

    def html(self) -> Html:
        """For a page, as wide as it is."""
        return tag("div", tag("svg", *self.shapes, class_="plot tall", role="img"), self.axis, class_="along")

    def drawing(self, left: float, top: float, width: float, height: float) -> list[Html]:
        """For a drawing, in pixels; the axis lies below ``height``."""
        frame = {"x": left, "width": width}
        below = tag("svg", self.axis, y=top + height, height=16.0, class_="axis", **frame)
        return [tag("svg", *self.shapes, y=top, height=height, **frame), below]


def along(comparisons: Sequence[Comparison], known: Sequence[Place]) -> Along | None:
    """What is achieved and proved against the field that was varied: the optimum lies in the band between them.

    Dots are the values that were solved; claimed bounds are drawn there alone.
    """
    solved = sorted(
        ((nearest(c.point[1]), c.joint) for c in comparisons if c.point is not None), key=lambda item: item[0]
    )
    found = [(nearest(place.at), place) for place in known]
    numbers = [nearest(x) for _, place in found for x in (place.value, place.bound) if x is not None]
    numbers += [nearest(joint.claimed) for _, joint in solved if joint.claimed is not None]
    places = [place for place, _ in found]
    if len(set(places)) < 2 or not numbers:
        return None
    pad = 0.06 * (max(numbers) - min(numbers)) or 1.0
    values, field = Axis(min(numbers) - pad, max(numbers) + pad), Axis(min(places), max(places))

    def series(name: str, pairs: Sequence[tuple[float, Any]]) -> list[tuple[float, float]]:
        given = ((place, getattr(one, name)) for place, one in pairs)
        return [(field.at(place), 100 - values.at(nearest(y))) for place, y in given if y is not None]

    low = comparisons[0].problem.sense is Sense.MINIMIZE
    value, bound = _steps(series("value", found), not low), _steps(series("bound", found), low)
    ran = [(at, place) for at, place in found if place.solved]
    both = [place.value is not None and place.bound is not None for _, place in found]
    shapes = [path("band", [*value, *reversed(bound)], close=True)] if all(both) else []
    # Straight lines: viewers that aren't browsers stretch the strokes of a path with its canvas.
    drawn = [
        line(kind, x, right, y, lower)
        for kind, ends in (("bound", bound), ("value", value))
        for (x, y), (right, lower) in pairwise(ends)
    ]
    canvas = tag("svg", *shapes, viewBox="0 0 100 100", preserveAspectRatio="none", width="100%", height="100%")
    grid, labels = levels(values, 5)
    ends = (("bound said", series("claimed", solved)), ("bound", series("bound", ran)), ("value", series("value", ran)))
    dots = [tag("circle", cx=f"{x:g}%", cy=f"{y:g}%", r="3", class_=kind) for kind, marks in ends for x, y in marks]
    title = tag("title", f"value and bound at {len(found)} values of the field, {len(ran)} of them solved")
    return Along((title, *grid, canvas, *drawn, *dots, *labels), x_axis(field))


def _steps(points: Sequence[tuple[float, float]], lower: bool) -> list[tuple[float, float]]:
    """Between two places what holds at both: the lower of their heights on the page (the larger y), or the higher."""
    if len(points) < 2:
        return list(points)
    found = []
    for (left, first), (right, second) in pairwise(points):
        height = max(first, second) if lower else min(first, second)
        found += [(left, height), (right, height)]
    return found
