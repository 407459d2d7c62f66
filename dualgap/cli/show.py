"""A run for people: the statement first, then what it rests on, then the answer."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from dualgap.cli.screen import facts, table
from dualgap.cli.why import why_items
from dualgap.core.certificate import Certificate, Verdict
from dualgap.core.problem import Problem
from dualgap.core.statement import format_cell, format_gap, format_value
from dualgap.engine.run import Run

ROWS = 20
_PHASES = ("resolve", "build", "compile", "solve", "verify", "explain")
_STYLES = {
    Verdict.OPTIMAL: "bold green",
    Verdict.WITHIN: "bold green",
    Verdict.CLAIMED_OPTIMAL: "bold yellow",
    Verdict.FEASIBLE: "bold",
    Verdict.VIOLATED: "bold red",
    Verdict.CONTRADICTED: "bold red",
}


def run_items(problem: Problem, run: Run) -> Iterator[RenderableType]:
    """Everything that is shown of a run, top to bottom."""
    if run.certificate is not None:
        yield Text(run.certificate.statement, style=style(run.certificate.verdict))
    else:
        yield Text(f"No answer: {run.refused or run.error or run.message or run.stop}.", style="bold red")
    yield ""
    yield facts([*_certificate_facts(run.certificate), *_run_facts(run)])
    yield from _checks(run)
    yield from why_items(run)
    yield from _audits(run)
    yield from _attempts(run)
    yield from _answer(problem, run)
    yield from _metrics(problem, run)


def style(verdict: Verdict) -> str:
    """How a verdict looks."""
    return _STYLES.get(verdict, "bold yellow")


def format_bound(certificate: Certificate) -> str:
    """The bound with its evidence, and the argument in a few words."""
    if certificate.bound is None:
        return "-"
    argument = f": {certificate.argument}" if certificate.argument else ""
    return f"{format_value(certificate.bound)} ({certificate.evidence}{argument})"


def _certificate_facts(certificate: Certificate | None) -> Iterator[tuple[str, str | Text]]:
    if certificate is None:
        return
    unit = f" {certificate.unit}" if certificate.unit else ""
    yield "value", f"{format_value(certificate.value)}{unit}"
    yield "bound", format_bound(certificate)
    proved = next((bound for bound in certificate.bounds if bound.evidence.verified), None)
    if proved is not None and not certificate.evidence.verified:
        yield "also", f"{format_value(proved.value)} ({proved.evidence}: {proved.argument})"
    yield "gap", format_gap(certificate.relative_gap)
    yield "verdict", Text(str(certificate.verdict), style=style(certificate.verdict))


def _run_facts(run: Run) -> Iterator[tuple[str, str | Text]]:
    if run.stop is not None:
        yield "stop", f"{run.stop}: {run.stop.advice}" if run.stop.advice else str(run.stop)
    if run.message:
        yield "note", run.message
    if run.start is not None:
        yield "start", str(run.start)
    if run.solver:
        yield "solver", _solver(run)
    if run.route:
        yield "route", " -> ".join(run.route)
    if run.seconds:
        yield "seconds", format_seconds(run)
    if run.peak_memory:
        yield "memory", f"{-(-run.peak_memory // 2**20):,} MB at most"


def _solver(run: Run) -> str:
    """The solver with its parameters, and the label where somebody chose one."""
    parameters = ", ".join(f"{name}={value}" for name, value in run.parameters.items() if value not in ({}, None))
    label = f"{run.label}: " if run.label and not run.label.startswith(run.solver) else ""
    return f"{label}{run.solver} ({parameters})" if parameters else f"{label}{run.solver}"


def format_seconds(run: Run) -> str:
    """The total, and the phases that it is made of."""
    phases = ", ".join(f"{name} {run.seconds[name]:.2f}" for name in _PHASES if name in run.seconds)
    total = sum(run.seconds.get(name, 0.0) for name in ("total", "resolve", "explain"))
    return f"{total:.2f} ({phases})" if phases else f"{total:.2f}"


def _checks(run: Run) -> Iterator[RenderableType]:
    failed = [check for check in run.checks if not check.passed]
    if failed:
        yield ""
    for check in failed:
        yield Text(f"check failed: {check.name}: {check.detail}", style="red")
    if run.error:
        yield Text(f"error: {run.error.strip().splitlines()[-1]}", style="red")


def _audits(run: Run) -> Iterator[RenderableType]:
    if run.audits:
        yield ""
    for audit in run.audits:
        said = "passed" if audit.passed else "failed"
        text = f"executed: {audit.name} {said} in {audit.seconds:.2f} s{': ' if audit.detail else ''}{audit.detail}"
        yield Text(text, style="" if audit.passed else "red")


def _attempts(run: Run) -> Iterator[RenderableType]:
    if not run.attempts:
        return
    yield ""
    rows = [
        (a.solver, a.reason, a.verdict, format_cell(a.value), format_cell(a.bound), f"{a.seconds:.2f}", a.gave)
        for a in run.attempts
    ]
    header = ("tried", "because", "verdict", "value", "bound", "seconds", "gave")
    shown = len(header) if any(a.gave for a in run.attempts) else len(header) - 1
    yield table(header[:shown], [row[:shown] for row in rows], right=("value", "bound", "seconds"))


def _answer(problem: Problem, run: Run) -> Iterator[RenderableType]:
    if run.answer is None:
        return
    header, *rows = problem.render(run.answer)
    yield ""
    if not rows:
        yield Text("The answer is empty.", style="dim")
        return
    yield table(header, rows[:ROWS], right=header[1:])
    if len(rows) > ROWS:
        yield Text(f"... and {len(rows) - ROWS:,} more; --answer FILE writes all", style="dim")


def _metrics(problem: Problem, run: Run) -> Iterator[RenderableType]:
    tables = problem.render_metrics(run.certificate.metrics) if run.certificate is not None else []
    for header, *rows in tables:
        yield ""
        yield table(header, rows[:ROWS], right=header[1:])
        if len(rows) > ROWS:
            yield Text(f"... and {len(rows) - ROWS:,} more; --json writes all", style="dim")
