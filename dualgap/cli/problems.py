"""``dualgap problems``: what can be solved, and how to write it down."""

from __future__ import annotations

from typing import Annotated

import typer

from dualgap.cli.options import Json, Kind, Plugins, Seed

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="What can be solved: kinds, schemas, examples, new specs."
)


@app.command("list")
def list_problems(json: Json = False, plugin: Plugins = None) -> None:
    """List the kinds of problems."""
    from rich.text import Text

    from dualgap.cli.catalogue import described_problems
    from dualgap.cli.screen import show, show_json, table

    found = described_problems()
    if json:
        show_json(found)
        return
    rows = [(p["kind"], Text(p["error"], style="red") if p["error"] else p["summary"], p["plugin"]) for p in found]
    show(table(("kind", "what it is", "plugin"), rows))


@app.command("info")
def info(kind: Kind, json: Json = False, plugin: Plugins = None) -> None:
    """Tell everything about one kind: its fields, its views, the solvers that reach it, its examples."""
    from rich.text import Text

    from dualgap.cli.catalogue import (
        documentation_of,
        fields_of,
        problem_class,
        small_instance,
        solvers_that_reach,
        views_of,
    )
    from dualgap.cli.screen import facts, show, show_json, table
    from dualgap.problems.describe import raw_fields
    from dualgap.problems.examples import examples

    cls = problem_class(kind)
    problem = small_instance(kind)
    fields, views, solvers = fields_of(cls), views_of(problem), solvers_that_reach(problem)
    further, shipped = raw_fields(cls), list(examples(cls))
    if json:
        about = {"kind": kind, "summary": cls.summary, "doc": documentation_of(cls)}
        show_json(
            {**about, "fields": fields, "further": further, "views": views, "solvers": solvers, "examples": shipped}
        )
        return
    show(Text(f"{kind}: {cls.summary}", style="bold"), "", Text(documentation_of(cls)), "")
    show(table(("field", "default", "meaning"), [(f["name"], f["default"], f["doc"]) for f in fields]))
    if further:
        show("", table(("besides", "meaning"), list(further.items())))
    if views:
        show("", table(("view --via", "form", "relation"), [(v["name"], v["form"], v["relation"]) for v in views]))
    if solvers:
        show("", table(("solver", "strongest route"), list(solvers.items())))
    if shipped:
        show("", facts([("examples", ", ".join(shipped))]))


@app.command("schema")
def schema(kind: Kind, plugin: Plugins = None) -> None:
    """Print the JSON schema of a kind's specs."""
    import json

    from dualgap.cli.catalogue import problem_class
    from dualgap.problems.describe import schema as describe

    typer.echo(json.dumps(describe(problem_class(kind)), ensure_ascii=False, indent=2))


@app.command("new")
def new(
    kind: Kind,
    size: Annotated[int, typer.Option("--size", min=1, metavar="N", help="How large: items, coins ...")] = 10,
    seed: Seed = 0,
    parameter: Annotated[
        list[str] | None,
        typer.Option("-p", "--parameter", metavar="KEY=VALUE", help="An option of the kind's generator; repeatable."),
    ] = None,
    plugin: Plugins = None,
) -> None:
    """Print a new spec: a random instance, every other field commented with its default."""
    from dualgap.cli.catalogue import problem_class
    from dualgap.engine.names import parse_parameters
    from dualgap.problems.describe import new_spec

    typer.echo(new_spec(problem_class(kind), size, seed, **parse_parameters(parameter or [])), nl=False)


@app.command("example")
def example(
    kind: Kind,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Which one; basic by default.")] = None,
    path: Annotated[bool, typer.Option("--path", help="Print where it is instead.")] = False,
    plugin: Plugins = None,
) -> None:
    """Print a shipped example."""
    from dualgap.cli.catalogue import problem_class
    from dualgap.problems.examples import example as shipped

    file = shipped(problem_class(kind), name)
    typer.echo(f"{file}\n" if path else file.read_text(encoding="utf-8"), nl=False)
