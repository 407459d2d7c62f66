"""Why a run is infeasible (what can't hold together, the least change that helps) or unbounded, for people."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from dualgap.cli.screen import table
from dualgap.core.certificate import Evidence, Verdict
from dualgap.core.exact import Real, nearest
from dualgap.core.statement import format_value
from dualgap.engine.infeasibility.findings import Conflict, Infeasibility, Relaxation
from dualgap.engine.run import Run

ROWS = 20
_SHOWN = 8  # coordinates of a point


def why_items(run: Run) -> Iterator[RenderableType]:
    """Everything that was found out, top to bottom; nothing where nothing was."""
    yield from _direction(run)
    found = run.infeasibility
    if found is None:
        return
    said = run.certificate.statement if run.certificate is not None else ""
    if found.explanation and found.explanation not in said:
        yield from ("", Text(found.explanation))
    yield from _conflict(found.conflict)
    yield from _relaxation(found.relaxation)
    yield from _remarks(found)


def _direction(run: Run) -> Iterator[RenderableType]:
    found = run.direction
    if found is None or run.certificate is None:
        return
    shown = list(found.steps.items())[:ROWS]
    yield ""
    how = "verified" if run.certificate.verdict is Verdict.UNBOUNDED else "not verified"
    yield Text(f"It runs away along this direction ({how}):", style="bold")
    yield ""
    rows = [(name, format_value(found.start.get(name, 0)), f"{float(step):+,.10g}") for name, step in shown]
    yield table(("column", "from", "each step"), rows, right=("from", "each step"))
    if len(found.steps) > ROWS:
        yield Text(f"... and {len(found.steps) - ROWS:,} more; --json has all", style="dim")
    yield ""
    bounds = " or ".join(word.removeprefix("bound ") + " ..." for word in found.missing[:ROWS])
    yield Text(f"Each step changes the objective by {format_value(found.gain)}. A bound stops it: {bounds}")


def _conflict(conflict: Conflict | None) -> Iterator[RenderableType]:
    if conflict is None:
        return
    yield ""
    yield Text(f"These can't hold together ({conflict.evidence}: {conflict.argument}):", style="bold")
    yield ""
    yield table(("name", "says"), [(line.name, line.text) for line in conflict.lines[:ROWS]])
    if len(conflict.lines) > ROWS:
        yield Text(f"... and {len(conflict.lines) - ROWS:,} more; --json has all", style="dim")
    yield ""
    if conflict.irreducible:
        yield Text("Irreducible: without any one of them the others can hold, checked.")
    else:
        yield Text(f"It may not be minimal: {conflict.remark}.", style="yellow")


def _relaxation(relaxation: Relaxation | None) -> Iterator[RenderableType]:
    if relaxation is None:
        return
    yield ""
    yield Text(f"The least change that helps ({relaxation.measure}: {_short(relaxation.total)}):", style="bold")
    yield ""
    rows = [
        (change.member, format_value(change.side), format_value(change.relaxed), format_value(change.amount))
        for change in relaxation.changes[:ROWS]
    ]
    yield table(("side", "now", "then", "by"), rows, right=("now", "then", "by"))
    if len(relaxation.changes) > ROWS:
        yield Text(f"... and {len(relaxation.changes) - ROWS:,} more; --json has all", style="dim")
    yield ""
    yield Text(f"{_point(relaxation)} {_least(relaxation)}")


def _point(relaxation: Relaxation) -> str:
    named = [f"{name} = {format_value(value)}" for name, value in relaxation.point.items()]
    shown = ", ".join(named[:_SHOWN]) or "all at 0"
    more = f" and {len(named) - _SHOWN:,} more" if len(named) > _SHOWN else ""
    how = "checked exactly" if relaxation.exact else "checked, within 1e-6 of a side's size"
    return f"Then this is feasible, {how}: {shown}{more}."


def _least(relaxation: Relaxation) -> str:
    """How it is known that nothing smaller helps."""
    if relaxation.bound is None:
        return "Whether less would do isn't known."
    if not relaxation.least:
        return f"Less than {_short(relaxation.bound)} can't do ({relaxation.evidence})."
    if relaxation.evidence is Evidence.CLAIMED:
        return "Less can't do, on the solver's word."
    return f"Less can't do, {relaxation.evidence}."


def _short(total: Real) -> str:
    return f"{nearest(total):.4g}"


def _remarks(found: Infeasibility) -> Iterator[RenderableType]:
    for remark in found.remarks:
        yield from ("", Text(f"{remark[:1].upper()}{remark[1:]}.", style="yellow"))
