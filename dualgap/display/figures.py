"""Figures of answers as SVG: pictures, histograms, bars and timelines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import singledispatch

import numpy as np

from dualgap.core.figures import Bars, Figure, Histogram, Picture, Pictures, Timeline
from dualgap.core.statement import format_value
from dualgap.display.axes import Axis
from dualgap.display.html import Html, tag

_LEVELS = 32  # shades of grey; of each colour 16
_MOST_BARS = 60
_PIXEL = 160  # a picture's longer side, in pixels of the page


@singledispatch
def drawn(figure: Figure) -> Html:
    """A figure with its caption; of types that nobody draws, the caption."""
    return _framed(figure, [])


def _framed(figure: Figure, content: Iterable[Html], **attributes: str) -> Html:
    return tag("figure", *content, tag("figcaption", figure.caption), **attributes)


# Pictures.
@drawn.register
def _(figure: Pictures) -> Html:
    rows = [
        tag("div", tag("b", name), tag("div", *map(_picture, pictures), class_="row"), class_="item")
        for name, pictures in figure.rows
    ]
    return _framed(figure, [tag("div", *rows, class_="gallery")])


def _picture(picture: Picture) -> Html:
    height, width = picture.pixels.shape[:2]
    colours = _signed(picture) if picture.signed else _shades(picture)
    scale = _PIXEL / max(height, width)
    frame = tag("rect", x=0, y=0, width=width, height=height, class_="frame")
    image = tag(
        "svg",
        tag("title", picture.title),
        frame,
        *colours,
        viewBox=f"0 0 {width} {height}",
        style=f"aspect-ratio:{width}/{height};max-width:{scale * width:.0f}px",
        shape_rendering="crispEdges",
        role="img",
    )
    return tag("div", image, tag("span", picture.title), class_="picture")


def _shades(picture: Picture) -> list[Html]:
    """One path a colour, of its pixels' runs."""
    span = (picture.high - picture.low) or 1.0
    light = np.clip((picture.pixels - picture.low) / span, 0.0, 1.0)
    if light.ndim == 2:
        shade = np.rint(np.rint(light * (_LEVELS - 1)) * 255 / (_LEVELS - 1)).astype(int)
        return [tag("path", d=_runs(shade == k), style=f"fill:rgb({k},{k},{k})") for k in np.unique(shade).tolist()]
    colour = (np.rint(light * 15) * 17).astype(int)
    key = (colour[..., 0] << 16) + (colour[..., 1] << 8) + colour[..., 2]
    return [tag("path", d=_runs(key == k), style=f"fill:#{k:06x}") for k in np.unique(key).tolist()]


def _signed(picture: Picture) -> list[Html]:
    """Rises in one colour, falls in another, the fainter the smaller; colours are summed to their strongest channel."""
    values = picture.pixels
    if values.ndim == 3:
        strongest = np.abs(values).argmax(axis=2)[..., None]
        values = np.take_along_axis(values, strongest, axis=2)[..., 0]
    most = max(abs(picture.low), abs(picture.high)) or 1.0
    strength = np.rint(np.clip(np.abs(values) / most, 0.0, 1.0) * (_LEVELS - 1)).astype(int)
    paths = []
    for kind, side in (("up", values > 0), ("down", values < 0)):
        for k in np.unique(strength[side]).tolist():
            if k:
                runs = _runs(side & (strength == k))
                paths.append(tag("path", d=runs, class_=kind, style=f"fill-opacity:{k / (_LEVELS - 1):.3g}"))
    return paths


def _runs(mask: np.ndarray) -> str:
    """Horizontal runs of a mask as rectangles of a path."""
    padded = np.pad(mask.astype(np.int8), ((0, 0), (1, 1)))
    changes = np.diff(padded, axis=1)
    rows, starts = np.nonzero(changes == 1)
    ends = np.nonzero(changes == -1)[1]
    parts = zip(rows.tolist(), starts.tolist(), (ends - starts).tolist(), strict=True)
    return "".join(f"M{x} {y}h{length}v1h-{length}z" for y, x, length in parts)


# Histograms and bars.
@drawn.register
def _(figure: Histogram) -> Html:
    most = max(int(figure.counts.max(initial=0)), 1)
    low, high = float(figure.edges[0]), float(figure.edges[-1])
    places = Axis(low, high if high > low else low + 1.0)
    shapes = []
    for left, right, count in zip(figure.edges, figure.edges[1:], figure.counts, strict=False):
        if count:
            title = f"{count:,} from {format_value(float(left))} to {format_value(float(right))}"
            shapes.append(_column(places.at(float(left)), places.at(float(right)), int(count) / most, title))
    top = tag("text", f"{most:,}", x="2", y="0", dy="11", class_="halo")
    plot = tag("svg", tag("title", figure.title), *shapes, top, class_="plot", role="img")
    return _framed(figure, [_head(figure.title), plot, _scale(places)], class_="chart")


@drawn.register
def _(figure: Bars) -> Html:
    """Bars from 0, the largest named; the others of more than sixty are left out, as the caption's end says."""
    values = np.asarray(figure.values, dtype=float)
    kept = np.sort(np.argsort(-np.abs(values), kind="stable")[:_MOST_BARS])
    numbers = [0.0, *values[kept].tolist()]
    low, high = min(numbers), max(numbers)
    axis = Axis(low, high if high > low else low + 1.0)
    rows = []
    for k in kept.tolist():
        ends = sorted((axis.at(0.0), axis.at(float(values[k]))))
        said = f"{figure.names[k]}: {format_value(float(values[k]))}"
        bar = tag("rect", x=f"{ends[0]:g}%", width=f"{ends[1] - ends[0]:g}%", y="15%", height="70%", class_="bar")
        track = tag("svg", tag("title", said), bar, class_="track", role="img")
        rows += [tag("div", figure.names[k], class_="name"), track]
    left = len(values) - len(kept)
    more = tag("p", f"and {left:,} smaller ones", class_="more") if left else None
    bars = tag("div", *rows, tag("div", class_="name"), _scale(axis), class_="intervals")
    return _framed(figure, [_head(figure.title), bars, *([more] if more else [])], class_="chart")


@drawn.register
def _(figure: Timeline) -> Html:
    """A row for each name, up to sixty; the first kind is the lightest."""
    shown = figure.rows[:_MOST_BARS]
    kinds = list(dict.fromkeys(kind for _, spans in shown for *_, kind in spans))
    axis = Axis(0.0, max((end for _, spans in shown for _, end, _ in spans), default=1.0) or 1.0)
    rows = []
    for name, spans in shown:
        parts = [_span(axis, start, end, (kinds.index(kind) + 1) / len(kinds)) for start, end, kind in spans]
        said = f"{name}: until {format_value(max((end for _, end, _ in spans), default=0.0))}"
        rows += [tag("div", name, class_="name"), tag("svg", tag("title", said), *parts, class_="track", role="img")]
    left = len(figure.rows) - len(shown)
    more = tag("p", f"and {left:,} more", class_="more") if left else None
    bars = tag("div", *rows, tag("div", class_="name"), _scale(axis), class_="intervals")
    return _framed(figure, [_head(figure.title), bars, *([more] if more else [])], class_="chart")


def _span(axis: Axis, start: float, end: float, shade: float) -> Html:
    left, right = axis.at(start), axis.at(end)
    width = 0.9 * (right - left)  # a gap between one and the next
    return tag(
        "rect", x=f"{left:g}%", width=f"{width:g}%", y="15%", height="70%", class_="bar", fill_opacity=f"{shade:g}"
    )


def _head(title: str) -> Html:
    return tag("div", tag("b", title), class_="head")


def _column(left: float, right: float, share: float, title: str) -> Html:
    height = 100.0 * share
    return tag(
        "rect",
        tag("title", title),
        x=f"{left:.6g}%",
        width=f"{max(right - left, 0.2):.6g}%",
        y=f"{100.0 - height:.6g}%",
        height=f"{height:.6g}%",
        class_="bar",
    )


def _scale(axis: Axis) -> Html:
    labels: Sequence[Html] = [
        tag("text", text, x=f"{(place := axis.at(tick)):.6g}%", y="12", text_anchor=_anchor(place))
        for tick, text in axis.ticks()
    ]
    return tag("svg", *labels, class_="axis", aria_hidden="true")


def _anchor(place: float) -> str:
    return "start" if place < 8 else "end" if place > 92 else "middle"
