"""``dualgap report``: what a store of runs says of its solvers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dualgap.cli.options import Json, Plugins, read_gap

if TYPE_CHECKING:
    from dualgap.study.sweep.store import Store

app = typer.Typer(add_completion=False)

_BESIDE = ("class", "true gap")  # columns that a terminal has no room for
ENDINGS = (".html", ".htm", ".png", ".svg", ".md", ".tex")


@app.command()
def report(
    runs: Annotated[list[Path], typer.Argument(metavar="STORE|RUN.json...", help="A sweep's store, or saved runs.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="Write .html, or the first screen as .png, .svg, .md, .tex."
        ),
    ] = None,
    gap: Annotated[
        float,
        typer.Option("--gap", metavar="GAP", parser=read_gap, help="Solved means within this: 0.01 or 1%."),
    ] = 0.01,
    json: Json = False,
    plugin: Plugins = None,
) -> None:
    """Report on many runs: which solver is within what gap, after what time, with what evidence."""
    import shlex
    import sys

    from dualgap.cli.inputs import check_ending, check_writable
    from dualgap.cli.screen import complain, facts, show, show_json, table, tell
    from dualgap.study.review.collect import review
    from dualgap.study.review.summary import summary
    from dualgap.study.review.tallies import tallies
    from dualgap.study.review.write import write_review

    check_writable(output)
    check_ending(output, *ENDINGS)
    with _opened(runs) as store:
        found = review(store, gap)
    counted = tallies(found)
    first = summary(found, counted, shlex.join(["dualgap", *sys.argv[1:]]))
    if output is not None:
        write_review(output, found, counted, first)
    if json:
        show_json(first.data())
    else:
        for text in first.caught:
            complain(f"wrong claim: {text}")
        shown = first.table.without(_BESIDE)
        show(first.statement, "", table(shown.header, shown.rows, right=[shown.header[k] for k in shown.numeric]))
        show("", facts([(name, text) for name, text in first.conditions if text]))
    if output is not None:
        tell(f"report written to {output}")


def _opened(paths: list[Path]) -> Store:
    """A store, or saved runs as one."""
    from dualgap.core.errors import UsageError
    from dualgap.study.review.collect import saved
    from dualgap.study.sweep.store import Store

    stores = [path for path in paths if path.suffix.lower() != ".json"]
    if not stores:
        return saved(paths)
    if len(paths) > 1:
        raise UsageError(f"one store, or runs: {stores[0]} is no run, which end in .json; sweeps may share one --store")
    return Store.open(stores[0], create=False)
