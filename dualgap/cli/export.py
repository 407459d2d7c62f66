"""``dualgap export``: a run's answer, or the model, in other tools' formats."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from dualgap.cli.options import AnswerFile, Plugins, Seed, Settings, Subject

app = typer.Typer(add_completion=False)


@app.command()
def export(
    subject: Subject,
    answer: AnswerFile = None,
    to: Annotated[
        str,
        typer.Option(
            "--to", metavar="FORMAT", help="csv, sol, mps, latex, or a format of the problem's or a plugin's own."
        ),
    ] = "csv",
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Else stdout.")] = None,
    setting: Settings = None,
    via: Annotated[str | None, typer.Option("--via", metavar="VIEW", help="The view whose model is meant.")] = None,
    seed: Seed = 0,
    plugin: Plugins = None,
) -> None:
    """Export a run's answer (csv, sol), the model (mps), or both explained (latex), with the spec's names."""
    from dualgap.cli.inputs import check_writable
    from dualgap.cli.screen import tell
    from dualgap.cli.subject import read_subject
    from dualgap.study.export import export as exported

    check_writable(output)
    found = read_subject(subject, answer, setting, seed, "export")
    result = exported(found.given.problem, found.run, to, via)
    if output is None:
        sys.stdout.buffer.write(result.data)
        sys.stdout.buffer.flush()
    else:
        output.write_bytes(result.data)
    if result.lost:
        tell(result.lost)
    certificate = found.run.certificate if found.run is not None else None
    if certificate is not None and certificate.violations and to != "mps":
        tell(f"the answer is not feasible: {certificate.statement}")
