"""Two measures of every answer against each other, beside where they should be: retraining, say."""

from __future__ import annotations

from collections.abc import Sequence

from dualgap.core.problem import Problem
from dualgap.display.axes import Axis
from dualgap.display.html import Html, tag
from dualgap.display.shapes import levels, line, x_axis
from dualgap.engine.run import Run

_RIGHT = 70.0  # per cent of the width, beyond which names stand to the left of their dots


def plane(problem: Problem, runs: Sequence[Run]) -> Html | None:
    """The runs as dots, the marks as rings; None where the kind has no plane or no run an answer."""
    found = [
        (run.name, drawn)
        for run in runs
        if run.certificate is not None and run.answer is not None
        if (drawn := problem.plane(run.certificate.metrics)) is not None
    ]
    if not found:
        return None
    first = found[0][1]
    places = [(name, drawn.at, "value") for name, drawn in found] + [(name, at, "said") for name, at in first.marks]
    across, up = (_axis([at[side] for _, at, _ in places]) for side in (0, 1))
    grid, labels = levels(up, 5)
    grid += [line("grid", across.at(tick), across.at(tick), 0, 100) for tick, _ in across.ticks()]
    dots: list[Html] = []
    for name, (x, y), kind in places:
        left, top = across.at(x), 100 - up.at(y)
        said = tag("title", f"{name}: {first.across} {x:.4g}, {first.up} {y:.4g}")
        end = left > _RIGHT
        dots.append(tag("circle", said, cx=f"{left:g}%", cy=f"{top:g}%", r="4", class_=kind))
        anchor = {"text_anchor": "end", "dx": "-8"} if end else {"dx": "8"}
        dots.append(tag("text", name, x=f"{left:g}%", y=f"{top:g}%", dy="4", class_="halo", **anchor))
    title = tag("title", f"{first.up} against {first.across}")
    plot = tag("svg", title, *grid, *labels, *dots, class_="plot tall", role="img")
    rings = f"; rings are {' and '.join(name for name, _ in first.marks)}" if first.marks else ""
    caption = tag("figcaption", f"Across: {first.across}. Up: {first.up}. Dots are answers{rings}.")
    return tag("figure", plot, x_axis(across), caption)


def _axis(numbers: Sequence[float]) -> Axis:
    pad = 0.08 * (max(numbers) - min(numbers)) or 0.05
    return Axis(min(numbers) - pad, max(numbers) + pad)
