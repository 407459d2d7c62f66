"""One run in the report: its route, parameters, checks and attempts, and the first rows of its answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dualgap.core.problem import Problem
from dualgap.core.statement import format_value
from dualgap.display.figures import drawn
from dualgap.display.html import Html, details, facts, join, table, tag
from dualgap.engine.run import Run
from dualgap.study.joint import Standing

_MOST_ROWS = 12
_MOST_TEXT = 60


def profile(problem: Problem, run: Run, standing: Standing, opened: bool = False) -> Html:
    """A run as a section that opens on a click, or is ``opened`` where it has something to look at."""
    statement = run.certificate.statement if run.certificate is not None else run.refused or run.message
    summary = join([tag("b", run.name), " ", tag("span", statement)])
    figures = _figures(problem, run)
    return details(
        summary,
        facts(
            [
                ("in the light of the others", f"{standing.verdict}, {standing.note}" if standing.note else ""),
                ("solver", run.solver if run.solver != run.name else ""),
                ("route", " → ".join(run.route)),
                ("parameters", _pairs(run.parameters)),
                ("stopped", _stopped(run)),
                ("bound from", run.certificate.argument if run.certificate is not None else ""),
                ("counted", _pairs(run.statistics)),
                ("memory", f"{-(-run.peak_memory // 2**20):,} MB at most" if run.peak_memory else ""),
                ("process", "" if run.isolated else "ran inside the calling process"),
            ]
        ),
        _checks(run),
        _attempts(run),
        _answer(problem, run),
        figures,
        tag("pre", run.error) if run.error else None,
        class_="profile",
        open="open" if opened and figures is not None else None,
    )


def _stopped(run: Run) -> str:
    parts = [str(run.stop) if run.stop else "", run.message, run.stop.advice if run.stop else ""]
    return "; ".join(part for part in parts if part)


def _pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {_shown(value)}" for name, value in values.items() if value is not None and value != {})


def _shown(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        text = str(value)
        return text if len(text) <= _MOST_TEXT else text[: _MOST_TEXT - 1] + "…"
    return format_value(value)


def _checks(run: Run) -> Html | None:
    if not run.checks:
        return None
    rows = []
    for check in run.checks:
        mark = tag("b", "held" if check.passed else "failed", class_=f"verdict {'held' if check.passed else 'failed'}")
        rows.append((check.name, mark, check.detail))
    return table(("check", "", "what was seen"), rows)


def _attempts(run: Run) -> Html | None:
    if not run.attempts:
        return None
    rows = [
        (a.solver, a.reason, format_value(a.value), format_value(a.bound), f"{a.seconds:.2f} s", str(a.verdict))
        for a in run.attempts
    ]
    return table(("tried", "because", "value", "bound", "time", "verdict"), rows, numeric=(2, 3, 4))


def _answer(problem: Problem, run: Run) -> Html | None:
    """The answer's first rows; columns that hold numbers are aligned to the right."""
    if run.answer is None:
        return None
    header, *rows = problem.render(run.answer)
    if not rows:
        return tag("p", "The answer is empty.")
    numeric = [k for k in range(1, len(header)) if all(_is_number(row[k]) for row in rows[:_MOST_ROWS])]
    left = len(rows) - _MOST_ROWS
    more = tag("p", f"and {left:,} rows more", class_="more") if left > 0 else None
    return join([table(header, rows[:_MOST_ROWS], numeric=numeric, class_="answer"), more])


def _figures(problem: Problem, run: Run) -> Html | None:
    figures = () if run.answer is None else problem.figures(run.answer)
    return tag("div", *map(drawn, figures), class_="figures") if figures else None


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", ""))
    except ValueError:
        return False
    return True
