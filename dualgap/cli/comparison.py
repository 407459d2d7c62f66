"""A comparison on the screen: a line for every run as it ends, then the joint statement and a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from dualgap.cli.progress import Ticker, listener, ticking
from dualgap.cli.screen import facts, table, tell
from dualgap.cli.show import style
from dualgap.core.exact import nearest
from dualgap.core.problem import Problem
from dualgap.core.statement import format_cell, format_gap, format_value
from dualgap.engine.run import Run
from dualgap.study.compare import Comparison
from dualgap.study.frontier import Place
from dualgap.study.likeness import further_table
from dualgap.study.repeats import seeds_table

_PRECEDENCE = (130, 5, 4, 3, 6)


@contextmanager
def watching(problem: Problem, solvers: Sequence[str] | None, limit: float) -> Iterator[dict[str, Any]]:
    """The callbacks of a comparison: a ticker for the solver at work, a line for each that has ended."""
    names = list(solvers or ())

    def title(ended: int) -> str:
        return f"{problem.kind}: {names[ended % len(names)] if names else f'solver {ended + 1}'}"

    with ticking(title(0), limit) as ticker:
        yield {"on_run": _Ended(ticker, title), "on_progress": listener(ticker)}


class _Ended:
    """Counts the runs that have ended and says a line of each."""

    def __init__(self, ticker: Ticker | None, title: Callable[[int], str]) -> None:
        self.ticker = ticker
        self.title = title
        self.count = 0

    def __call__(self, run: Run) -> None:
        self.count += 1
        if self.ticker is not None:
            self.ticker.restart(self.title(self.count))
        said = run.certificate.statement if run.certificate is not None else _reason(run)
        tell(f"{run.name}: {said}")


def comparison_items(comparison: Comparison) -> Iterator[RenderableType]:
    """Everything that is shown of a comparison: contradictions, the joint statement, a row a run, what was left out."""
    for contradiction in comparison.joint.contradictions:
        yield Text(f"Contradiction: {contradiction.reason}.", style="bold red")
    if comparison.point is not None:
        field, value = comparison.point
        yield Text(f"{field} = {format_value(value)}", style="bold")
    yield Text(comparison.statement, style="bold")
    yield ""
    yield table(
        ("solver", "value", "bound", "evidence", "gap", "seconds", "verdict"),
        [_row(run) for run in comparison.runs],
        right=("value", "bound", "gap", "seconds"),
    )
    further = further_table(comparison.problem, comparison.runs)
    if further is not None:
        yield ""
        yield table(*further)
    over = seeds_table(comparison.repeated)
    if over is not None:
        yield ""
        yield table(*over)
    notes = _together(comparison)
    if notes:
        yield ""
        yield facts(notes)
    if comparison.left_out:
        yield ""
        yield Text("Left out:", style="bold")
        yield facts(_by_reason(comparison.left_out))
    settings = comparison.settings
    yield ""
    yield Text(f"Each solver had {settings.time:g} s, {settings.threads} thread(s), seed {settings.seed}.", style="dim")


def path_items(comparisons: Sequence[Comparison], known: Sequence[Place]) -> Iterator[RenderableType]:
    """What is achieved and proved along the path, by answers and witnesses from anywhere on it."""
    point = comparisons[0].point
    field = point[0] if point is not None else ""
    yield Text(f"Along {field}, with every answer and every bound tried at every value:", style="bold")
    rows = [
        (
            f"{nearest(place.at):.6g}{'' if place.solved else ' *'}",
            format_cell(place.value),
            _origin(place),
            format_cell(place.bound),
            str(place.evidence),
            format_gap(place.relative_gap(comparisons[0].problem.sense)),
        )
        for place in known
    ]
    yield table((field, "value", "by", "bound", "evidence", "gap"), rows, right=("value", "bound", "gap"))
    mixed = "; +: a mixture of the answers at both" if any(place.mixed_with is not None for place in known) else ""
    yield Text(f"* between the values that were solved{mixed}", style="dim")


def _origin(place: Place) -> str:
    if place.found_at is None or place.found_at == place.at:
        return place.by
    found_at = f"{place.by} at {nearest(place.found_at):.6g}"
    return found_at if place.mixed_with is None else f"{found_at} + {nearest(place.mixed_with):.6g}"


def _row(run: Run) -> tuple[str | Text, ...]:
    certificate = run.certificate
    if certificate is None:
        return run.name, "-", "-", "-", "-", "-", Text("refused" if run.refused else "failed", style="yellow")
    return (
        run.name,
        format_cell(certificate.value),
        format_cell(certificate.bound),
        str(certificate.evidence),
        format_gap(certificate.relative_gap),
        f"{run.seconds.get('total', 0.0):.2f}",
        Text(str(certificate.verdict), style=style(certificate.verdict)),
    )


def _together(comparison: Comparison) -> list[tuple[str, Text]]:
    """What the other runs make of a run, and why some have no row of numbers."""
    notes = []
    for run, standing in zip(comparison.runs, comparison.joint.standings, strict=True):
        if run.certificate is None:
            notes.append((run.name, Text(_reason(run), style="yellow")))
        elif standing.note:
            verdict = standing.verdict or run.certificate.verdict
            said = standing.note if standing.note.startswith(verdict) else f"{verdict}, {standing.note}"
            notes.append((run.name, Text(said, style=style(verdict))))
    return notes


def _by_reason(left_out: Mapping[str, str]) -> list[tuple[str, str]]:
    """Solvers that were left out for the same reason share a line."""
    reasons: dict[str, list[str]] = {}
    for name, reason in left_out.items():
        reasons.setdefault(reason, []).append(name)
    return [(", ".join(names), reason) for reason, names in reasons.items()]


def _reason(run: Run) -> str:
    return run.refused or run.message or run.error.strip().rpartition("\n")[2] or f"stopped by: {run.stop}"


def exit_code(found: Sequence[Comparison]) -> int:
    """The gravest of the comparisons' codes."""
    codes = {comparison.exit_code for comparison in found}
    return next((code for code in _PRECEDENCE if code in codes), 0)
