"""What is known along a path, for other documents: a drawing and a LaTeX table."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import shorten

from dualgap.core.errors import UsageError
from dualgap.core.exact import nearest
from dualgap.core.explain.latex import escape
from dualgap.core.statement import format_cell, format_gap
from dualgap.display.html import Html, tag
from dualgap.study.compare import Comparison
from dualgap.study.frontier import Place
from dualgap.study.page import asset
from dualgap.study.plots import along

_WIDTH, _HEIGHT, _EDGE = 720.0, 320.0, 28.0  # pixels
_HEADER = ("value", "bound", "evidence", "gap")


def drawing(comparisons: Sequence[Comparison], known: Sequence[Place], command: str) -> str:
    """The report's plot along the path as an SVG of a fixed size; light, whatever is around it.

    Raises:
        UsageError: the comparisons are no path, or nothing was found along it.
    """
    plot = along(comparisons, known)
    if plot is None:
        raise UsageError("there is nothing to draw: a drawing shows a path (--path) with values or bounds on it")
    title = f"{comparisons[0].problem.quantity} along {_field(comparisons)}"
    legend = "black: achieved; blue: proved; the optimum lies between; open dots: claimed"
    size = {"width": f"{_WIDTH:g}", "height": f"{_HEIGHT + 120:g}"}
    whole = tag(
        "svg",
        tag("title", title),
        tag("style", Html(asset("drawing.css"))),
        tag("rect", class_="paper", width="100%", height="100%"),
        tag("text", title, x=_EDGE, y=36.0, class_="title"),
        *plot.drawing(_EDGE, 56, _WIDTH - 2 * _EDGE, _HEIGHT),
        tag("text", legend, x=_EDGE, y=_HEIGHT + 92, class_="more"),
        tag("text", shorten(command, 110, placeholder=" …"), x=_EDGE, y=_HEIGHT + 110, class_="small"),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {size['width']} {size['height']}",
        **size,
    )
    return f"{whole}\n"


def latex(comparisons: Sequence[Comparison], known: Sequence[Place], command: str) -> str:
    """A plain ``tabular`` that needs no package; starred rows lie between the values that were solved.

    Raises:
        UsageError: the comparisons are no path.
    """
    if not known:
        raise UsageError("there is nothing to tabulate: a .tex file shows a path (--path)")
    sense = comparisons[0].problem.sense
    lines = [
        f"% {' '.join(command.split())}",
        r"\begin{tabular}{rrrlr}",
        r"  \hline",
        f"  {' & '.join(map(escape, (_field(comparisons), *_HEADER)))} " + r"\\",
        r"  \hline",
    ]
    for place in known:
        at = f"{nearest(place.at):.6g}{'' if place.solved else '*'}"
        gap = format_gap(place.relative_gap(sense))
        cells = (at, format_cell(place.value), format_cell(place.bound), str(place.evidence), gap)
        lines.append(f"  {' & '.join(map(escape, cells))} " + r"\\")
    return "\n".join([*lines, r"  \hline", r"\end{tabular}", ""])


def _field(comparisons: Sequence[Comparison]) -> str:
    point = comparisons[0].point
    return point[0] if point is not None else ""
