"""What a notebook shows of a run or a comparison: its sentence, a bar from value to bound, a small table.

One piece of HTML without scripts, style sheets and anything loaded: styles stand in the elements, colours follow the
page, so that it looks the same in Jupyter, on a forge and in a mail.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

from dualgap.core.exact import Real, nearest
from dualgap.core.statement import format_value
from dualgap.display.axes import Axis, value_axis
from dualgap.display.html import Child, Html, tag

_HEIGHT = 22  # of a bar with its frame, in pixels
_BLUE = "#4a86b5"
_MUTED = "opacity:.65"


@dataclass(frozen=True)
class Span:
    """A verified value and a bound, None where there is none; ``verified`` says of which sort the bound is."""

    name: str
    value: Real | None
    bound: Real | None
    verified: bool

    @property
    def numbers(self) -> list[float]:
        given = [nearest(number) for number in (self.value, self.bound) if number is not None]
        return [number for number in given if isfinite(number)]

    def __str__(self) -> str:
        value = "no value" if self.value is None else f"value {format_value(self.value)}"
        if self.bound is None:
            return f"{value}, no bound"
        return f"{value}, bound {format_value(self.bound)} {'verified' if self.verified else 'claimed'}"


def card(statement: str, spans: Sequence[Span], *parts: Child) -> Html:
    """The sentence, the bars where there is a number to show, and whatever follows."""
    sentence = tag("p", statement, style="margin:0 0 .5em;font-weight:600")
    return tag("div", sentence, _bars(spans), *parts, style="max-width:46em;font-variant-numeric:tabular-nums")


def pairs(rows: Sequence[tuple[str, str]]) -> Html:
    """A table of terms and what they are; empty ones are left out."""
    cells = (tag("tr", _cell(tag("span", name, style=_MUTED)), _cell(value)) for name, value in rows if value)
    return tag("table", tag("tbody", *cells), style="margin:.4em 0")


def grid(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Html:
    """A table with a header."""
    head = tag(
        "thead", tag("tr", *(tag("th", name, style="text-align:left;padding:.1em .8em .1em 0") for name in header))
    )
    body = tag("tbody", *(tag("tr", *map(_cell, row)) for row in rows))
    return tag("table", head, body, style="margin:.4em 0")


def folded(summary: str, content: Html) -> Html:
    """Something that opens on a click."""
    return tag("details", tag("summary", summary, style=f"cursor:pointer;{_MUTED}"), content)


def _cell(content: Child) -> Html:
    return tag("td", content, style="text-align:left;padding:.1em .8em .1em 0;vertical-align:top;white-space:pre-wrap")


def _bars(spans: Sequence[Span]) -> Html | None:
    """One axis for all, in percentages of the width; a claimed bound is drawn dashed."""
    shown = [span for span in spans if span.numbers]
    numbers = [number for span in shown for number in span.numbers]
    axis = value_axis(numbers, [min(numbers), max(numbers)] if numbers else ())
    if axis is None:
        return None
    rows = [(span.name, _track(axis, span)) for span in shown]
    rows.append(("", _svg(_scale(axis), 18)))
    named = any(span.name for span in shown)
    if not named and min(numbers) == max(numbers):
        return None  # one number has no scale
    drawn = [tag("tr", _cell(name) if named else None, tag("td", track, style="width:100%")) for name, track in rows]
    return tag("table", tag("tbody", *drawn), style="width:100%")


def _track(axis: Axis, span: Span) -> Html:
    return _svg([tag("title", str(span)), *_grid(axis), *_bar(axis, span)], _HEIGHT)


def _svg(content: Iterable[Html], height: int) -> Html:
    look = "display:block;overflow:visible"
    return tag("svg", *content, width="100%", height=height, role="img", style=look)


def _grid(axis: Axis) -> Iterator[Html]:
    for tick, _ in axis.ticks():
        yield _line(axis.at(tick), 0, _HEIGHT, "currentColor", 1, stroke_opacity=0.15)


def _scale(axis: Axis) -> Iterator[Html]:
    for tick, label in axis.ticks():
        place = f"{axis.at(tick):.2f}%"
        yield tag("text", label, x=place, y=12, text_anchor="middle", font_size=11, fill="currentColor", opacity=0.65)


def _bar(axis: Axis, span: Span) -> Iterator[Html]:
    left, *right = sorted(axis.at(number) for number in span.numbers)
    if right:
        opacity, dashes = (0.45, None) if span.verified else (0.08, "4 3")
        yield tag(
            "rect",
            x=f"{left:.2f}%",
            y=6,
            width=f"{right[0] - left:.2f}%",
            height=10,
            fill=_BLUE,
            fill_opacity=opacity,
            stroke=_BLUE,
            stroke_dasharray=dashes,
        )
    if span.bound is not None and isfinite(span.bound):
        yield _line(axis.at(nearest(span.bound)), 4, 18, _BLUE, 1.75)
    if span.value is not None:
        yield _line(axis.at(nearest(span.value)), 2, 20, "currentColor", 2.5)


def _line(place: float, top: float, bottom: float, colour: str, width: float, **more: float) -> Html:
    at = f"{place:.2f}%"
    return tag("line", x1=at, x2=at, y1=top, y2=bottom, stroke=colour, stroke_width=width, **more)
