"""A comparison in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dualgap.core.statement import format_gap, format_value
from dualgap.display.card import card, grid
from dualgap.engine.notebook import span
from dualgap.engine.run import Run

if TYPE_CHECKING:
    from dualgap.study.compare import Comparison
    from dualgap.study.joint import Standing

_HEADER = ("solver", "value", "bound", "evidence", "gap", "seconds", "verdict")


def comparison_card(comparison: Comparison) -> str:
    """The comparison as one piece of HTML: its sentence, a bar and a row for every run."""
    certified = [(run.name, run.certificate) for run in comparison.runs if run.certificate is not None]
    spans = [span(certificate, name) for name, certificate in certified]
    rows = [_row(run, standing) for run, standing in zip(comparison.runs, comparison.joint.standings, strict=True)]
    return card(comparison.statement, spans, grid(_HEADER, rows))


def _row(run: Run, standing: Standing) -> tuple[str, ...]:
    certificate = run.certificate
    if certificate is None:
        return (run.name, "–", "–", "–", "–", "–", "refused" if run.refused else "failed")
    known = certificate.bound is not None
    return (
        run.name,
        format_value(certificate.value) if certificate.feasible else "–",
        format_value(certificate.bound) if known else "–",
        str(certificate.evidence) if known else "–",
        format_gap(certificate.relative_gap),
        f"{run.seconds.get('total', 0.0):.2f}",
        str(standing.verdict or certificate.verdict),
    )
