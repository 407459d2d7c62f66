"""``dualgap solvers``: what solves, and how each is tuned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from dualgap.cli.options import Json, Plugins, complete_solver

if TYPE_CHECKING:
    from rich.text import Text

app = typer.Typer(add_completion=False, no_args_is_help=True, help="What solves: the list, or one solver's parameters.")

Name = Annotated[str, typer.Argument(metavar="NAME", autocompletion=complete_solver, help="A solver's name.")]


@app.command("list")
def list_solvers(json: Json = False, plugin: Plugins = None) -> None:
    """List the solvers: what they take, their traits, whether they are installed."""
    from rich.text import Text

    from dualgap.cli.catalogue import described_solvers
    from dualgap.cli.screen import facts, show, show_json, table

    found = described_solvers()
    if json:
        show_json(found)
        return
    rows = [
        (solver["name"], ", ".join(solver["accepts"]), ", ".join(solver["traits"]), _summary(solver))
        for solver in found
        if not solver["error"]
    ]
    show(table(("solver", "takes", "traits", "what it is"), rows))
    broken = [(solver["name"], Text(solver["error"], style="red")) for solver in found if solver["error"]]
    if broken:
        show("", Text("Broken:", style="bold red"), facts(broken))


def _summary(solver: dict[str, Any]) -> Text:
    from rich.text import Text

    from dualgap.plugins.registry import BUILT_IN

    summary = Text(solver["summary"])
    if solver["plugin"] != BUILT_IN:
        summary.append(f" (plugin {solver['plugin']})", style="cyan")
    if solver["missing"]:
        summary.append(f" (not installed: pip install {' '.join(solver['missing'])})", style="yellow")
    return summary


@app.command("info")
def info(name: Name, json: Json = False, plugin: Plugins = None) -> None:
    """Tell everything about one solver: parameters, options, what it refuses, the kinds of problems that reach it."""
    from rich.text import Text

    from dualgap.cli.catalogue import described_solver, documentation_of, parameters_of, reached_by, refusals_of
    from dualgap.cli.screen import facts, show, show_json, table
    from dualgap.plugins.registry import registry

    full = registry().solver_name(name)
    found = registry().solver(full)
    cls = found if isinstance(found, type) else type(found)
    described, parameters, kinds = described_solver(full), parameters_of(cls), reached_by(full)
    documentation, refusals = documentation_of(cls), refusals_of(cls)
    if json:
        show_json({**described, "doc": documentation, "refuses": refusals, "parameters": parameters, "kinds": kinds})
        return
    show(Text(f"{full}: {described['summary']}", style="bold"), "", Text(documentation), "")
    missing = ", ".join(described["missing"])
    rows = [
        ("takes", ", ".join(described["accepts"])),
        ("traits", ", ".join(described["traits"]) or "-"),
        ("needs", ", ".join(described["requires"]) or "nothing else"),
        ("missing", Text(missing, "yellow")),
        ("refuses", refusals),
        ("plugin", described["plugin"]),
    ]
    show(facts([row for row in rows if row[1]]), "")
    if parameters:
        listed = [(p["name"], p["type"], p["default"], p["doc"]) for p in parameters]
        show(table(("parameter -p", "type", "default", "meaning"), listed))
    else:
        show(Text("It has no parameters."))
    if kinds:
        show("", table(("kind", "route"), [(kind, route) for kind, route in kinds.items()]))
