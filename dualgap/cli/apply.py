"""``dualgap apply``: a run's classifier on other data."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from dualgap.cli.options import Plugins, Seed

app = typer.Typer(add_completion=False)


@app.command()
def apply(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run (solve -o), or a saved predictor.")],
    data: Annotated[str, typer.Argument(metavar="DATA", help="A table: .csv, .csv.gz, .npz or .parquet.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE.csv", help="Else stdout.")] = None,
    chances: Annotated[bool, typer.Option("--chances", help="Write chances of being predicted 1, not labels.")] = False,
    seed: Seed = 0,
    plugin: Plugins = None,
) -> None:
    """Predict the rows of a table with a run's classifier; mixtures draw with the seed."""
    from dualgap.cli.inputs import check_ending, check_writable
    from dualgap.core.resolve import Resolver

    check_writable(output)
    check_ending(output, ".csv")
    predictor = _predictor(run, seed)
    table = Resolver().cells(data, "DATA")
    found = predictor.chances(table) if chances else predictor.predict(table)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["probability" if chances else "prediction"])
    writer.writerows([value] for value in found.tolist())
    if output is None:
        sys.stdout.write(text.getvalue())
    else:
        output.write_text(text.getvalue(), encoding="utf-8")


def _predictor(path: Path, seed: int) -> Any:
    """Of a saved predictor, or of a run: tables take their cells from the run's spec.

    Raises:
        SpecError: neither. UsageError: a run whose answer predicts nothing.
    """
    from dualgap.cli.subject import read_subject
    from dualgap.core.errors import SpecError, UsageError
    from dualgap.problems.fair_classifier.predictor import load_predictor

    try:
        return load_predictor(path, seed)
    except SpecError as error:
        if not any(fault.path == "format" for fault in error.faults):
            raise
    found = read_subject(str(path), None, None, 0, "apply")
    answer, problem = found.run.answer if found.run is not None else None, found.given.problem
    if answer is None:
        raise UsageError(f"{path} has no answer to apply")
    if not hasattr(problem, "predictor"):
        raise UsageError(f"an answer of {problem.kind} predicts nothing")
    return problem.predictor(answer, seed)
