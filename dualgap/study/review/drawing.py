"""The first screen as a drawing: SVG, and PNG made from it."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from dualgap.core.errors import UsageError
from dualgap.display.bars import Bars
from dualgap.display.html import Html, tag
from dualgap.study.page import asset
from dualgap.study.plots import HATCH
from dualgap.study.review.summary import MOST_ROWS, Summary, Table

_WIDTH, _EDGE, _LETTER = 960.0, 28.0, 6.7  # pixels; the width of a letter of the text, about
_ROW, _LINE = 22.0, 20.0
_MOST_CAUGHT = 4
_SCALE = 2


def drawing(first: Summary, bars: Bars | None) -> str:
    """A picture of a fixed width; light, whatever is around it."""
    y = _EDGE + 6
    shapes: list[Html] = [_text(first.eyebrow, y, "more")]
    y += 28
    shapes.append(_text(_cut(first.title, 70), y, "title"))
    y += 6
    caught = [f"Wrong: {text}." for text in first.caught[:_MOST_CAUGHT]]
    if len(first.caught) > _MOST_CAUGHT:
        caught.append(f"{len(first.caught) - _MOST_CAUGHT:,} more wrong claims.")
    for kind, text in [*(("wrong", text) for text in caught), ("", first.statement)]:
        for part in wrap(text, int((_WIDTH - 2 * _EDGE) / _LETTER)):
            y += _LINE
            shapes.append(_text(part, y, kind))
        y += 4
    if bars is not None:
        y += 14
        names = min(1.15 * _LETTER * max(len(track.name) for track in bars.tracks) + 14, 0.35 * _WIDTH)
        shapes += bars.drawing(_EDGE, y, _WIDTH - 2 * _EDGE, names)
        y += bars.total + 12
    rows, y = _table(first.table, y + 10)
    shapes += rows
    told = "; ".join(f"{name}: {text}" for name, text in first.conditions if text)
    for part in [*wrap(told, 150), *wrap(first.command, 150)]:
        y += 16
        shapes.append(_text(part, y, "small"))
    size = {"width": f"{_WIDTH:g}", "height": f"{y + _EDGE:g}"}
    whole = tag(
        "svg",
        tag("title", first.statement),
        tag("style", Html(asset("drawing.css"))),
        HATCH,
        tag("rect", class_="paper", width="100%", height="100%"),
        *shapes,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {size['width']} {size['height']}",
        **size,
    )
    return f"{whole}\n"


def png(svg: str) -> bytes:
    """The drawing as pixels, two for each of its own.

    Raises:
        UsageError: without the package that draws it.
    """
    try:
        from resvg_py import svg_to_bytes
    except ImportError:
        raise UsageError("PNG needs resvg-py: pip install 'dualgap[png]'; .svg needs nothing") from None
    return bytes(svg_to_bytes(svg_string=svg, zoom=_SCALE))


def _text(text: str, y: float, kind: str, x: float = _EDGE, anchor: str | None = None) -> Html:
    return tag("text", text, x=x, y=y, class_=kind or None, text_anchor=anchor)


def _table(table: Table, y: float) -> tuple[list[Html], float]:
    """Rows below ``y``, with columns as wide as what they hold, and where they end."""
    rows = [table.header, *table.rows[:MOST_ROWS]]
    widths = _widths(rows)
    shapes: list[Html] = []
    for number, row in enumerate(rows):
        y += _ROW
        left = _EDGE
        for k, (cell, width) in enumerate(zip(row, widths)):
            kind = "more" if number == 0 else "name" if k == 0 else ""
            shown = _cut(cell, int(width / _LETTER))
            if k in table.numeric:
                shapes.append(_text(shown, y, kind, left + width - 14, "end"))
            else:
                shapes.append(_text(shown, y, kind, left))
            left += width
        shapes.append(tag("line", x1=_EDGE, x2=_WIDTH - _EDGE, y1=y + 7, y2=y + 7, class_="grid"))
    return shapes, y + 12


def _widths(rows: Sequence[Sequence[str]]) -> list[float]:
    """Columns in proportion to their longest text, together as wide as the page."""
    longest = [min(max(map(len, column)), 34) + 3 for column in zip(*rows)]
    unit = min((_WIDTH - 2 * _EDGE) / sum(longest), 1.6 * _LETTER)
    return [unit * length for length in longest]


def _cut(text: str, length: int) -> str:
    return text if len(text) <= max(length, 4) else text[: max(length, 4) - 1] + "…"
