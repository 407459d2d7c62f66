"""``dualgap solve``: one problem, one solver or the dispatcher's choice, one certificate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dualgap.cli.options import (
    Gap,
    Json,
    Memory,
    Plugins,
    Requirement,
    Seed,
    Settings,
    Spec,
    Threads,
    Time,
    complete_solver,
)

app = typer.Typer(add_completion=False)

SolverName = Annotated[
    str | None,
    typer.Option(
        "-s",
        "--solver",
        metavar="SOLVER",
        autocompletion=complete_solver,
        help=r"NAME, NAME\[parameter=value] or LABEL=NAME\[...]; dispatch chooses by default.",
    ),
]
Parameters = Annotated[
    list[str] | None, typer.Option("-p", "--parameter", metavar="KEY=VALUE", help="A solver parameter; repeatable.")
]


EXIT_CODES = (
    "Exit codes: 0 an answer, 2 a bad spec or option, 3 no route or backend, 4 no answer or less than --require, "
    "5 a wrong claim, 6 infeasible or unbounded, 130 interrupted."
)


@app.command(epilog=EXIT_CODES)
def solve(
    spec: Spec,
    solver: SolverName = None,
    parameter: Parameters = None,
    setting: Settings = None,
    via: Annotated[str | None, typer.Option("--via", metavar="VIEW", help="The view to go through.")] = None,
    start: Annotated[Path | None, typer.Option("--start", metavar="FILE", help="An answer to start from.")] = None,
    time: Time = 60.0,
    gap: Gap = 0.0,
    require: Annotated[
        Requirement | None, typer.Option("--require", help="Exit 4 unless the verdict is this good.")
    ] = None,
    seed: Seed = 0,
    threads: Threads = 1,
    memory: Memory = None,
    json: Json = False,
    stream: Annotated[bool, typer.Option("--stream", help="Print JSON lines: progress, then the run.")] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="RUN.json", help="Save the run; a batch's columns.")
    ] = None,
    answer: Annotated[
        Path | None, typer.Option("--answer", metavar="FILE", help="Write the answer: .json or .csv.")
    ] = None,
    write_model: Annotated[
        Path | None, typer.Option("--write-model", metavar="FILE", help="Write the integer program: .mps or .lp.")
    ] = None,
    log: Annotated[
        str | None, typer.Option("--log", metavar="FILE|-", help="The backend's own log: a file, or - for stderr.")
    ] = None,
    routes: Annotated[
        bool, typer.Option("--routes", help="List the routes to every solver, and solve nothing.")
    ] = False,
    batch: Annotated[
        Path | None,
        typer.Option("--batch", metavar="FILE", help="Many instances of one shape: .npz, .parquet or .jsonl."),
    ] = None,
    plugin: Plugins = None,
) -> None:
    """Solve a problem; the answer comes with a certificate."""
    from dualgap.cli.answers import read_start, write_answer
    from dualgap.cli.inputs import check_ending, check_run_file, check_writable, read_problem
    from dualgap.cli.progress import listener, ticking
    from dualgap.cli.results import exit_code, print_run, print_snapshot
    from dualgap.engine.names import parse_parameters
    from dualgap.engine.solve import solve as run_solver

    if batch is not None:
        from dualgap.cli.batch import run_batch

        single = {"--via": via, "--start": start, "--require": require, "--memory": memory, "--answer": answer}
        single |= {"--stream": stream or None, "--routes": routes or None, "--write-model": write_model, "--log": log}
        given_too = [name for name, value in single.items() if value is not None]
        if given_too:
            raise typer.BadParameter(f"{given_too[0]} is for a single instance: leave it out with --batch")
        parameters = parse_parameters(parameter or [])
        run_batch(spec, batch, solver, parameters, setting, time=time, gap=gap, json=json, output=output)
        return
    if json and stream:
        raise typer.BadParameter("--json prints one run, --stream a line for every report: take one of them")
    check_ending(answer, ".json", ".csv")
    check_run_file(output, spec)
    check_writable(output, answer, write_model, Path(log) if log not in (None, "-") else None)
    given = read_problem(spec, setting, seed)
    if routes:
        from dualgap.cli.routes import print_routes

        print_routes(given.problem, solver, via, json)
        return
    if write_model is not None:
        from dualgap.cli.models import write_model as write

        write(given.problem, solver, via, write_model)
    with ticking(solver or given.problem.kind, time) as ticker:
        run = run_solver(
            given.problem,
            solver,
            parameters=parse_parameters(parameter or []),
            via=via,
            start=read_start(given.problem, start),
            time=time,
            gap=gap,
            seed=seed,
            threads=threads,
            memory=memory,
            log=log,
            on_progress=listener(ticker, print_snapshot if stream else None),
        )
    run = given.completed(run)
    if output is not None:
        run.save(output)
    if answer is not None:
        write_answer(run, answer)
    print_run(given.problem, run, json=json, stream=stream)
    raise typer.Exit(exit_code(run, require))
