"""``dualgap verify``: grades an answer, whoever found it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dualgap.cli.options import Json, Plugins, Seed, Settings, Spec, read_seconds

app = typer.Typer(add_completion=False)


@app.command()
def verify(
    spec: Spec,
    answer: Annotated[
        Path, typer.Argument(metavar="ANSWER", help="A run, an answer (.json, .csv, .npz), or a solver's .sol file.")
    ],
    setting: Settings = None,
    bound: Annotated[
        float,
        typer.Option(
            "--bound", parser=read_seconds, metavar="SECONDS", help="Look this long for a bound and a better answer."
        ),
    ] = 0.0,
    tolerance: Annotated[
        float | None, typer.Option("--tolerance", min=0.0, metavar="TOL", help="For rows and numerical gaps.")
    ] = None,
    execute: Annotated[
        bool, typer.Option("--execute", help="Also run the problem's executed checks of the answer, where it has any.")
    ] = False,
    seed: Seed = 0,
    json: Json = False,
    plugin: Plugins = None,
) -> None:
    """Grade an answer, whoever found it: is it feasible, what is it worth, how far from the optimum can it be?"""
    from dualgap.cli.inputs import read_problem
    from dualgap.cli.results import print_run
    from dualgap.core.certificate import Verdict
    from dualgap.study.grade import disputed, grade

    given = read_problem(spec, setting, seed)
    run = given.completed(grade(given.problem, answer, bound_seconds=bound, tolerance=tolerance, execute=execute))
    print_run(given.problem, run, json=json)
    raise typer.Exit(Verdict.CONTRADICTED.exit_code if disputed(run) else run.exit_code)
