"""``dualgap doctor``: checks the installation, and says what to do about what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from dualgap.cli.options import Json, Plugins

if TYPE_CHECKING:
    from rich.table import Table

    from dualgap.cli.checkup import Finding

WIDTH = 40  # of the names: "solver optimistic-multiplicative-weights"

app = typer.Typer(add_completion=False)


@app.command()
def doctor(json: Json = False, plugin: Plugins = None) -> None:
    """Check the installation: versions, every solver run once, imports side by side, plugins, the cache."""
    from dataclasses import asdict

    from rich.text import Text

    from dualgap.cli.checkup import findings
    from dualgap.cli.progress import spinning
    from dualgap.cli.screen import show, show_json

    found: list[Finding] = []
    with spinning("checking") as spinner:
        for finding in findings():
            found.append(finding)
            if spinner is not None:
                spinner(finding.name)
            if not json:
                show(_line(finding))
    failed = [finding for finding in found if not finding.ok]
    if json:
        show_json([asdict(finding) for finding in found])
    else:
        show("", Text(f"{len(failed)} of {len(found)} checks failed." if failed else "Everything works.", style="bold"))
    raise typer.Exit(1 if failed else 0)


def _line(finding: Finding) -> Table:
    from rich.table import Table
    from rich.text import Text

    line = Table.grid(padding=(0, 2, 0, 0))
    line.add_column(width=6)
    line.add_column(width=WIDTH, overflow="fold")
    line.add_column(overflow="fold")
    mark = Text("ok", style="green") if finding.ok else Text("FAILED", style="bold red")
    remedy = Text(f"\n{finding.remedy}" if finding.remedy else "", style="yellow")
    line.add_row(mark, finding.name, Text.assemble(finding.detail, remedy))
    return line
