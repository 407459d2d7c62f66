"""A run in a notebook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dualgap.core.certificate import Certificate
from dualgap.core.exact import nearest
from dualgap.core.statement import format_gap, format_value
from dualgap.display.card import Span, card, folded, grid, pairs
from dualgap.engine.run import Run

_MOST = 20  # entries of an answer that are shown


def run_card(run: Run) -> str:
    """The run as one piece of HTML: sentence, bar, facts, and the answer folded away."""
    certificate = run.certificate
    if certificate is None:
        return card(f"No answer: {run.refused or run.message or run.error.strip().splitlines()[-1]}", [])
    entries = list(_entries(run.answer_data or {}))
    hidden = len(entries) - _MOST
    shown = [*entries[:_MOST], *([("…", f"{hidden:,} more")] if hidden > 0 else [])]
    answer = folded("the answer", grid(("name", "value"), shown)) if shown else None
    return card(certificate.statement, [span(certificate)], pairs(list(_facts(run, certificate))), answer)


def span(certificate: Certificate, name: str = "") -> Span:
    """What a certificate says of the optimum, to be drawn."""
    value = certificate.value if certificate.feasible else None
    return Span(name, value, certificate.bound, certificate.evidence.verified)


def _facts(run: Run, certificate: Certificate) -> Iterator[tuple[str, str]]:
    unit = f" {certificate.unit}" if certificate.unit else ""
    if certificate.value is not None:
        yield "value", f"{format_value(certificate.value)}{unit}"
    if certificate.bound is not None:
        argument = f": {certificate.argument}" if certificate.argument else ""
        yield "bound", f"{format_value(certificate.bound)} ({certificate.evidence}{argument})"
        yield "gap", format_gap(certificate.relative_gap)
    yield "verdict", str(certificate.verdict)
    if run.infeasibility is not None and run.infeasibility.conflict is not None:
        yield "conflict", "; ".join(line.text for line in run.infeasibility.conflict.lines)
    yield "stop", f"{run.stop}: {run.stop.advice}" if run.stop is not None and run.stop.advice else ""
    yield "start", str(run.start or "")
    yield "solver", " -> ".join([*run.route, run.solver])
    yield "seconds", f"{run.seconds.get('total', 0.0):.2f}"


def _entries(data: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, str]]:
    """The leaves of an answer, by name."""
    for name, value in data.items():
        if isinstance(value, Mapping):
            yield from _entries(value, "" if len(data) == 1 else f"{within}{name}.")
        else:
            plain = isinstance(value, int | float)
            yield f"{within}{name}", f"{nearest(value):,.10g}" if plain else str(value)
