"""The static report: one HTML file, no scripts, nothing loaded from anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dualgap.core.certificate import Sense, Verdict
from dualgap.core.exact import Real
from dualgap.core.statement import format_cell, format_gap, format_value
from dualgap.display.html import Html, details, facts, join, table, tag
from dualgap.engine.environment import machine
from dualgap.engine.run import Run
from dualgap.study.compare import Comparison
from dualgap.study.courses import Clock, courses
from dualgap.study.frontier import frontier
from dualgap.study.joint import LIES, Standing
from dualgap.study.page import (
    COURSES_LEGEND,
    INTERVALS_LEGEND,
    alert,
    document,
    format_seconds,
    reproduced,
    write_whole,
)
from dualgap.study.plane import plane
from dualgap.study.plots import along, interval, intervals
from dualgap.study.profile import profile
from dualgap.study.repeats import seeds_table
from dualgap.study.sections import sections

_MOST_ROWS = 8
_MOST_PANELS = 6
_HEADER = ("solver", "value", "bound", "evidence", "gap", "compile", "solve", "verify", "verdict")
_NUMERIC = (1, 2, 4, 5, 6, 7)


def write_report(comparisons: Sequence[Comparison], path: Path, command: str) -> None:
    """Writes the report whole or not at all.

    Args:
        comparisons: one section each; those along a path of one field get a common plot.
        path: the HTML file.
        command: what reproduces it, shown as it is.

    Raises:
        OSError: the file can't be written.
    """
    write_whole(report(comparisons, command), path)


def report(comparisons: Sequence[Comparison], command: str) -> str:
    """The page's text."""
    several = len(comparisons) > 1
    title = f"dualgap: {', '.join(dict.fromkeys(c.problem.kind for c in comparisons))}"
    parts = [_section(comparison, number, several, command) for number, comparison in enumerate(comparisons, start=1)]
    return document(title, _overview(comparisons, command) if several else None, *parts)


def _overview(comparisons: Sequence[Comparison], command: str) -> Html:
    """The contents; with the plot along the field where the comparisons form a path."""
    header = ("", "value", "bound", "gap", "what is known")
    rows = []
    for number, comparison in enumerate(comparisons, start=1):
        joint = comparison.joint
        link = tag("a", _name(comparison, number), href=f"#c{number}", class_="name")
        numbers = (format_value(joint.value), format_value(joint.bound), format_gap(joint.relative_gap))
        rows.append((link, *numbers, comparison.statement))
    fields = {comparison.point[0] if comparison.point else None for comparison in comparisons}
    plot = along(comparisons, frontier(comparisons)) if len(fields) == 1 else None
    caption = None
    if plot is not None:
        text = (
            f"What is achieved and what is proved along {fields.pop()}: the optimum lies in the band between them. "
            "Dots are the values that were solved (open ones: bounds that are only claimed); answers and multipliers "
            "from there are tried at others, and between those the weaker of both ends is drawn."
        )
        caption = tag("figure", plot.html(), tag("figcaption", text))
    heading = tag("h1", f"{len(comparisons)} comparisons")
    contents = table(header, rows, numeric=(1, 2, 3))
    return tag("nav", heading, caption, contents, facts([reproduced(command)]), aria_label="contents")


def _name(comparison: Comparison, number: int) -> str:
    if comparison.point is not None:
        return f"{comparison.point[0]} = {format_value(comparison.point[1])}"
    return f"{number}. {comparison.problem.kind}"


def _section(comparison: Comparison, number: int, several: bool, command: str) -> Html:
    ranked = _ranked(comparison)
    runs = [run for run, _ in ranked]
    name = _name(comparison, number) if several else comparison.problem.kind
    certificates = [run.certificate for run in runs if run.certificate is not None]
    aim = "maximise" if comparison.problem.sense is Sense.MAXIMIZE else "minimise"
    eyebrow = f"{len(runs)} run{'s' * (len(runs) != 1)}, {aim} {comparison.problem.quantity}"
    if certificates and certificates[0].scope != "this instance":
        eyebrow += f", {certificates[0].scope}"
    return tag(
        "section",
        tag("header", tag("p", eyebrow, class_="eyebrow"), tag("h2" if several else "h1", name)),
        _wrong_claims(comparison),
        tag("p", comparison.statement, class_="statement"),
        _interval_figure(comparison, runs),
        _runs_table(ranked),
        sections(comparison.problem, runs),
        _over_seeds(comparison),
        plane(comparison.problem, runs),
        _conditions(comparison, None if several else command),
        _courses(comparison, runs, "seconds", "Value and bound against time"),
        _courses(comparison, runs, "iterations", "Value and bound against iterations"),
        tag("h3", "The runs"),
        *(profile(comparison.problem, run, standing, run is runs[0]) for run, standing in ranked),
        _left_out(comparison),
        id=f"c{number}",
    )


def _ranked(comparison: Comparison) -> list[tuple[Run, Standing]]:
    """Runs with their standings, the best value first, the tighter gap first among equals, the others last."""
    sign = -1 if comparison.problem.sense is Sense.MAXIMIZE else 1

    def rank(item: tuple[Run, Standing]) -> tuple[bool, Real, float]:
        certificate = item[0].certificate
        if certificate is None or certificate.value is None or certificate.violations:
            return True, 0, 0.0
        gap = certificate.relative_gap
        return False, sign * certificate.value, float("inf") if gap is None else gap

    return sorted(zip(comparison.runs, comparison.joint.standings, strict=True), key=rank)


def _wrong_claims(comparison: Comparison) -> Html | None:
    """Whatever was caught: refuted claims, infeasible answers, wrong values and witnesses."""
    found = []
    for item in comparison.joint.contradictions:
        found.append(item.reason + (f" (found by {item.by}, checked)" if item.by != item.run else ""))
    for run in comparison.runs:
        if run.certificate is not None and run.certificate.verdict is Verdict.VIOLATED:
            found.append(f"{run.name}: {run.certificate.statement.rstrip('.')}")
        lies = [check for check in run.checks if not check.passed and check.name.startswith(LIES)]
        found += [f"{run.name}, {check.name}: {check.detail}" for check in lies]
    return alert(found)


def _interval_figure(comparison: Comparison, runs: Sequence[Run]) -> Html | None:
    plot = intervals(map(interval, runs), comparison.joint.value, comparison.joint.bound)
    return tag("figure", plot.html(), INTERVALS_LEGEND) if plot is not None else None


def _runs_table(ranked: Sequence[tuple[Run, Standing]]) -> Html:
    rows = [_row(run, standing) for run, standing in ranked]
    shown = table(_HEADER, rows[:_MOST_ROWS], numeric=_NUMERIC, class_="runs")
    if len(rows) <= _MOST_ROWS:
        return shown
    rest = table(_HEADER, rows[_MOST_ROWS:], numeric=_NUMERIC, class_="runs")
    return join([shown, details(f"{len(rows) - _MOST_ROWS} more", rest)])


def _over_seeds(comparison: Comparison) -> Html | None:
    """The spread over seeds, where several were asked for."""
    found = seeds_table(comparison.repeated)
    return table(found[0], found[1], numeric=range(1, len(found[0])), class_="runs") if found is not None else None


def _row(run: Run, standing: Standing) -> list[str | Html]:
    certificate = run.certificate
    verdict = str(standing.verdict or ("refused" if run.refused else "failed"))
    note = standing.note.removeprefix(verdict) if standing.verdict else ""
    shown = note if note.startswith(" ") or not note else f", {note}"
    said = join([tag("b", verdict, class_=f"verdict {verdict}"), tag("span", shown, class_="more")])
    times = [_seconds(run, "build", "compile"), _seconds(run, "solve"), _seconds(run, "verify")]
    if certificate is None:
        return [run.name, "–", "–", "–", "–", *times, said]
    value = "–" if certificate.violations else format_cell(certificate.value)
    bound = format_cell(certificate.bound) if certificate.bound is not None else "–"
    evidence = str(certificate.evidence) if certificate.bound is not None else "–"
    gap = format_gap(certificate.relative_gap) if certificate.relative_gap is not None else "–"
    return [run.name, value, bound, evidence, gap, *times, said]


def _seconds(run: Run, *names: str) -> str:
    found = [run.seconds[name] for name in names if name in run.seconds]
    return format_seconds(sum(found)) if found else "–"


def _conditions(comparison: Comparison, command: str | None) -> Html:
    """What every run was given, and what it was made with."""
    settings, host = comparison.settings, machine()
    versions = {name: version for run in comparison.runs for name, version in run.versions.items()}
    memory = f"{settings.memory / 2**30:.3g} GB" if settings.memory else ""
    budget = f"{settings.time:g} s for each solver, {settings.threads} thread{'s' * (settings.threads > 1)}"
    return facts(
        [
            ("budget", f"{budget}{f', {memory}' if memory else ''}"),
            ("seed", str(settings.seed)),
            ("machine", f"{host['system']} {host['machine']}, {host['cores']} cores"),
            ("versions", ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))),
            ("spec", tag("code", comparison.problem.digest())),
            *([reproduced(command)] if command is not None else []),
        ]
    )


def _courses(comparison: Comparison, runs: Sequence[Run], clock: Clock, title: str) -> Html | None:
    panels = courses(comparison, runs, clock)
    if not panels:
        return None
    first, rest = panels[:_MOST_PANELS], panels[_MOST_PANELS:]
    shown = tag("figure", tag("div", *first, class_="panels"), COURSES_LEGEND)
    more = details(f"{len(rest)} more", tag("div", *rest, class_="panels")) if rest else None
    return join([tag("h3", title), shown, more])


def _left_out(comparison: Comparison) -> Html | None:
    if not comparison.left_out:
        return None
    names = len(comparison.left_out)
    return details(f"Left out: {names} solver{'s' * (names > 1)}", facts(comparison.left_out.items()), class_="profile")
