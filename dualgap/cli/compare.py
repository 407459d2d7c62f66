"""``dualgap compare``: several solvers on the same problem, on equal terms."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dualgap.cli.options import Gap, Json, Memory, Plugins, Seed, Settings, Threads, Time, complete_solver

if TYPE_CHECKING:
    from dualgap.cli.inputs import Given
    from dualgap.study.compare import Comparison
    from dualgap.study.frontier import Place

app = typer.Typer(add_completion=False)

_WRITTEN = {".svg": "plot", ".tex": "table"}

Specs = Annotated[list[str], typer.Argument(metavar="SPEC...", help="Specs or field files; - for stdin.")]
Solvers = Annotated[
    list[str] | None,
    typer.Option(
        "-s",
        "--solver",
        metavar="SOLVER",
        autocompletion=complete_solver,
        help=r"NAME, NAME\[parameter=value] or LABEL=NAME\[...]; repeatable. One exact and two approximate by default.",
    ),
]


@app.command()
def compare(
    spec: Specs,
    solver: Solvers = None,
    everything: Annotated[bool, typer.Option("--all", help="Every solver that reaches the problem.")] = False,
    path: Annotated[
        str | None, typer.Option("--path", metavar="FIELD=lo:hi:n", help="Compare along values of a field.")
    ] = None,
    reference: Annotated[
        Path | None, typer.Option("--reference", metavar="FILE", help="A run or an answer to hold against the solvers.")
    ] = None,
    setting: Settings = None,
    time: Time = 10.0,
    gap: Gap = 0.0,
    seed: Seed = 0,
    seeds: Annotated[
        int, typer.Option(metavar="N", min=1, help="Seeds that each solver runs with, from --seed on.")
    ] = 1,
    threads: Threads = 1,
    memory: Memory = None,
    json: Json = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Write a report, .html; of a path also its plot, .svg, or table, .tex.",
        ),
    ] = None,
    plugin: Plugins = None,
) -> None:
    """Run several solvers on the same problem, on equal terms."""
    from dualgap.cli.comparison import comparison_items, exit_code, path_items
    from dualgap.cli.inputs import PATH_ENDINGS, REPORT_ENDINGS, check_ending, check_writable, read_problem
    from dualgap.cli.screen import show, show_json, tell
    from dualgap.core.errors import UsageError
    from dualgap.study.frontier import frontier

    check_writable(output)
    check_ending(output, *REPORT_ENDINGS, *(PATH_ENDINGS if path is not None and len(spec) == 1 else ()))
    limits = {"time": time, "gap": gap, "seed": seed, "threads": threads, "memory": memory}
    options = {"solvers": solver or None, "everything": everything, "reference": reference, **limits}
    if path is None:
        options["seeds"] = seeds
    elif seeds > 1:
        raise UsageError("--seeds and --path: a path takes one seed; leave one of them out")
    found: list[Comparison] = []
    for given in [read_problem(name, setting, seed) for name in spec]:
        if found and found[-1].interrupted:
            break
        found += _compared(given, path, options)
    known = frontier(found) if path is not None else ()
    if output is not None:
        _write(found, known, output)
    if json:
        data = [comparison.data() for comparison in found]
        further = {"path": [place.data() for place in known]} if known else {}
        show_json(data[0] if len(data) == 1 else {"comparisons": data, **further})
    else:
        for k, comparison in enumerate(found):
            show(*[""] * (k > 0), *comparison_items(comparison))
        if known:
            show("", *path_items(found, known))
    if output is not None:
        tell(f"{_WRITTEN.get(output.suffix.lower(), 'report')} written to {output}")
    raise typer.Exit(exit_code(found))


def _compared(given: Given, path: str | None, options: dict[str, Any]) -> list[Comparison]:
    from dualgap.cli.comparison import watching
    from dualgap.cli.inputs import read_path
    from dualgap.study.compare import compare as run_comparison
    from dualgap.study.compare import compare_path

    with watching(given.problem, options["solvers"], options["time"]) as listeners:
        if path is None:
            return [run_comparison(given.problem, **options, **listeners)]
        field, values = read_path(path)
        return compare_path(given.problem, field, values, **options, **listeners)


def _write(found: list[Comparison], known: Sequence[Place], path: Path) -> None:
    """The report, or of a path its plot or its table, as the file's name says."""
    import shlex
    import sys

    from dualgap.study import path_files
    from dualgap.study.page import write_whole
    from dualgap.study.report import write_report

    command = shlex.join(["dualgap", *sys.argv[1:]])
    match path.suffix.lower():
        case ".svg":
            write_whole(path_files.drawing(found, known, command), path)
        case ".tex":
            write_whole(path_files.latex(found, known, command), path)
        case _:
            write_report(found, path, command)
