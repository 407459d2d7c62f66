"""Shapes of plots in SVG; coordinates are percentages of the frame, so that text keeps its size at every width."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dualgap.display.axes import Axis, Distances
from dualgap.display.html import Html, tag

_LABEL_ROOM = 8.0  # per cent of a plot's height that a label above its line needs


Write = Callable[[float], str]


def x_axis(axis: Axis, seconds: bool = False, write: Write | None = None) -> Html:
    """Tick labels below a plot: as the axis has them, as times, or as ``write`` says."""
    labels = []
    for tick, text in axis.ticks():
        place = axis.at(tick)
        anchor = "start" if place < 8 else "end" if place > 92 else "middle"
        text = write(tick) if write is not None else _clock(axis, tick) if seconds else text
        labels.append(tag("text", text, x=f"{place:.6g}%", y="12", text_anchor=anchor))
    return tag("svg", *labels, class_="axis", aria_hidden="true")


def _clock(axis: Axis, tick: float) -> str:
    return f"{1000 * tick:g} ms" if axis.high < 1 or (axis.logarithmic and tick < 1) else f"{tick:g} s"


def box(kind: str, left: float, right: float, top: float, bottom: float) -> Html:
    width, height = max(right - left, 0.0), max(bottom - top, 0.0)
    return tag("rect", class_=kind, x=f"{left:.6g}%", width=f"{width:.6g}%", y=f"{top:.6g}%", height=f"{height:.6g}%")


def line(kind: str, left: float, right: float, top: float, bottom: float) -> Html:
    return tag("line", class_=kind, x1=f"{left:.6g}%", x2=f"{right:.6g}%", y1=f"{top:.6g}%", y2=f"{bottom:.6g}%")


def path(kind: str, points: Sequence[tuple[float, float]], close: bool = False) -> Html | None:
    if not points:
        return None
    moves = " L".join(f"{x:.6g} {y:.6g}" for x, y in points)
    return tag("path", class_=kind, d=f"M{moves}{'Z' if close else ''}", vector_effect="non-scaling-stroke")


def levels(axis: Axis | Distances, count: int, write: Write | None = None) -> tuple[list[Html], list[Html]]:
    """(Grid lines, their labels at the left) of a vertical axis; a label that would be cut at the top is left out."""
    lines, labels = [], []
    for tick, text in axis.ticks(count):
        height = 100 - axis.at(tick)
        lines.append(line("grid", 0, 100, height, height))
        if height > _LABEL_ROOM:
            shown = write(tick) if write is not None else text
            labels.append(tag("text", shown, x="2", y=f"{height:.6g}%", dy="-3", class_="halo"))
    return lines, labels
