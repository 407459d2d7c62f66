"""``dualgap plugins``: what is installed beside the built-ins; a scaffold and a check for your own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from dualgap.cli.options import Json, Plugins

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="What is installed beside the built-ins; write and check your own.",
)


@app.command("list")
def list_plugins(json: Json = False, plugin: Plugins = None) -> None:
    """List the plugins, what each offers, and what is wrong with it."""
    from rich.text import Text

    from dualgap.cli.catalogue import described_plugins
    from dualgap.cli.screen import show, show_json, table

    found = described_plugins()
    if json:
        show_json(found)
        return
    rows = []
    for described in found:
        offers = Text(_offered(described))
        for fault in filter(None, [described["error"], *described["clashes"]]):
            offers.append(f"\n{fault}", style="red")
        origin = " ".join(filter(None, [described["distribution"], described["version"]])) or described["source"]
        rows.append((described["name"], origin, "\n".join(described["hooks"]) or "-", offers))
    show(table(("plugin", "distribution or source", "hooks", "offers"), rows))


def _offered(described: Mapping[str, Any]) -> str:
    """The names by kind; of the built-ins, which have lists of their own, only how many."""
    if described["name"] == "dualgap":
        return "\n".join(
            f"{len(names)} {kind if len(names) > 1 else kind.removesuffix('s')}"
            for kind, names in described["offers"].items()
        )
    return "\n".join(f"{kind}: {', '.join(names)}" for kind, names in described["offers"].items()) or "-"


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the plugin's distribution.")] = "",
    folder: Annotated[Path, typer.Option("--folder", metavar="DIR", help="Where to put it.")] = Path(),
    source: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="A plugin of yours to package, as --plugin takes it.")
    ] = None,
) -> None:
    """Write a small installable package with a solver, a problem and tests, or one around a file of yours."""
    from dualgap.cli.screen import tell
    from dualgap.core.errors import UsageError
    from dualgap.plugins.scaffold import create, package

    if not name and source is None:
        raise UsageError("plugins new takes a NAME, or --from FILE")
    written = create(name, folder) if source is None else package(source, folder, name)
    for path in written:
        typer.echo(path)
    root = written[0].parent
    tell(f"next: pip install -e {root}; dualgap plugins check {root}")


@app.command("check")
def check(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A plugin's file or folder.")], json: Json = False
) -> None:
    """Hold a plugin's solvers and problems to the contract; exit 1 where one fails."""
    from dualgap.cli.screen import show_json
    from dualgap.testing.check import check as examine

    report = examine(path)
    if json:
        rows = [vars(row) for row in report.rows]
        show_json({"title": report.title, "ok": report.ok, "offers": list(report.offers), "rows": rows})
    else:
        typer.echo(report.render())
    raise typer.Exit(0 if report.ok else 1)
