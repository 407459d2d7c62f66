"""``solve --routes``: every way from the problem to a solver. Nothing is built."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from rich.text import Text

from dualgap.cli.screen import facts, show, show_json, table
from dualgap.core.errors import DualgapError
from dualgap.core.problem import Problem
from dualgap.engine.prepare import check_installed, prepare
from dualgap.engine.routes import Route, routes, some_routes
from dualgap.plugins.registry import registry


@dataclass(frozen=True)
class Way:
    """A route to a solver, or why there is none."""

    solver: str
    route: tuple[str, ...] = ()
    relation: str = ""
    problem: str = ""


def print_routes(problem: Problem, solver: str | None, via: str | None, json: bool) -> None:
    """Prints the routes to one solver, or to all."""
    found = [way for name in ([solver] if solver else registry().solvers) for way in ways(problem, name, via)]
    if json:
        show_json([asdict(way) for way in found])
        return
    rows = [(way.solver, " -> ".join(way.route[1:]) or "as it is", way.relation) for way in found if not way.problem]
    if rows:
        show(table(("solver", f"route from {problem.kind}", "relation"), rows))
    none = [(way.solver, Text(way.problem, "yellow")) for way in found if way.problem]
    if none:
        show("", Text("No way to:", "bold"), facts(none))


def ways(problem: Problem, solver: str, via: str | None = None) -> list[Way]:
    """The routes to a solver, strongest first; what is known without building a form is said of each."""
    try:
        prepared = prepare(solver)
        some_routes(problem, prepared.instance, registry().all_bridges(), via)
    except DualgapError as error:
        return [Way(solver, problem=str(error))]
    missing = ""
    try:
        check_installed(prepared.instance)
    except DualgapError as error:
        missing = str(error)

    def refusal(route: Route) -> str:
        """Only a route without a view can be asked: its form is the problem itself."""
        return prepared.instance.refuses(problem) or "" if route.view is None else ""

    found = routes(problem, prepared.instance, registry().all_bridges(), via)
    return [Way(prepared.name, route.steps, str(route.relation), missing or refusal(route)) for route in found]
