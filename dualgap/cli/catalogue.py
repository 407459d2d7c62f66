"""What is installed, as plain data: solvers, kinds, and which reach which."""

from __future__ import annotations

import dataclasses
import importlib.util
import typing
from typing import Any

from dualgap.core.docstrings import attributes_of, summary_of
from dualgap.core.errors import DualgapError, UsageError
from dualgap.core.forms import Form
from dualgap.core.problem import Problem
from dualgap.core.solver import Solver
from dualgap.engine.routes import routes
from dualgap.plugins.entries import Entry
from dualgap.plugins.registry import TABLES, registry

_OPTIONS = "the backend's own, checked by it"
_SMALL = 6  # the size of the instance whose views are asked; views don't depend on it


def described_solvers() -> list[dict[str, Any]]:
    """Every solver, the broken ones with their error."""
    return [described_solver(name) for name in registry().solvers]


def described_solver(name: str) -> dict[str, Any]:
    """One solver: what it takes, its traits, the modules that are missing, the plugin that offers it."""
    entry = registry().solvers[name]
    data: dict[str, Any] = {"name": name, "plugin": entry.plugin, "summary": "", "error": ""}
    try:
        solver = entry.resolve()
    except DualgapError as error:
        return {**data, "accepts": [], "traits": [], "requires": [], "missing": [], "error": str(error)}
    return {
        **data,
        "summary": solver.summary,
        "accepts": [_title(cls) for cls in solver.accepts],
        "traits": sorted(solver.traits),
        "requires": list(solver.requires),
        "missing": [module for module in solver.requires if importlib.util.find_spec(module) is None],
    }


def _title(accepted: type) -> str:
    """A form's title, or a problem's kind."""
    if accepted is Problem:
        return "any problem"
    return str(accepted.title if issubclass(accepted, Form) else getattr(accepted, "kind", "") or accepted.__name__)


def parameters_of(solver: type[Solver]) -> list[dict[str, str]]:
    """A solver's parameters with type, default and meaning."""
    documented, kinds = attributes_of(solver), typing.get_type_hints(solver)
    return [
        {
            "name": field.name,
            "type": "name=value" if field.name == "options" else _type_name(kinds[field.name]),
            "default": _default(field),
            "doc": _plain(documented.get(field.name, _OPTIONS if field.name == "options" else "")),
        }
        for field in dataclasses.fields(solver)
    ]


def documentation_of(cls: type) -> str:
    """What a class says of itself, a line a paragraph."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in _plain(summary_of(cls)).split("\n\n"))


def refusals_of(solver: type[Solver]) -> str:
    """What a solver's own ``refuses`` says of itself; empty where it has none."""
    if solver.refuses is Solver.refuses:
        return ""
    return _plain(" ".join((solver.refuses.__doc__ or "some instances, with the reason").split()))


def _plain(text: str) -> str:
    """A docstring's words without its code marks."""
    return text.replace("``", "")


def _type_name(kind: Any) -> str:
    if typing.get_origin(kind) is typing.Literal:
        return " | ".join(map(str, typing.get_args(kind)))
    return kind.__name__ if isinstance(kind, type) and not typing.get_args(kind) else str(kind).replace("typing.", "")


def _default(field: dataclasses.Field[Any]) -> str:
    if field.default is not dataclasses.MISSING:
        return _shown(field.default)
    if field.default_factory is not dataclasses.MISSING:
        return _shown(field.default_factory())
    return "required"


def _shown(default: Any) -> str:
    """A default for people."""
    empty = default is None or getattr(default, "size", 1) == 0 or default in ((), {}, "")
    return "none" if empty else str(default)


def described_problems() -> list[dict[str, Any]]:
    """Every kind, the broken ones with their error."""
    found = []
    for kind, entry in registry().problems.items():
        data = {"kind": kind, "plugin": entry.plugin, "summary": "", "error": ""}
        try:
            data["summary"] = entry.resolve().summary
        except DualgapError as error:
            data["error"] = str(error)
        found.append(data)
    return found


def small_instance(kind: str) -> Problem | None:
    """An instance to ask for its views; None where the kind has no generator."""
    try:
        return registry().problem_kinds()[kind].generate(_SMALL, 0)
    except NotImplementedError:
        return None


def reached_by(solver: str) -> dict[str, str]:
    """The kinds that reach a solver, each with its strongest route."""
    found = {}
    for kind, entry in registry().problems.items():
        route = "" if _is_broken(entry) else strongest_route(small_instance(kind), solver)
        if route:
            found[kind] = route
    return found


def _is_broken(entry: Entry) -> bool:
    try:
        entry.resolve()
    except DualgapError:
        return True
    return False


def strongest_route(problem: Problem | None, solver: str) -> str:
    """The first route in words; empty where there is none, or nothing is known of the problem's views."""
    if problem is None or _is_broken(registry().solvers[solver]):
        return ""
    found = routes(problem, registry().solver(solver), registry().all_bridges())
    return " -> ".join(found[0].steps[1:]) or "as it is" if found else ""


def problem_class(kind: str) -> type[Problem]:
    """The class of a kind.

    Raises:
        UsageError: there is no such kind; with the nearest ones.
    """
    import difflib

    kinds = registry().problem_kinds()
    if kind not in kinds:
        near = difflib.get_close_matches(kind, list(kinds), n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(sorted(kinds))}"
        raise UsageError(f"no kind {kind!r}; {hint}")
    return kinds[kind]


def fields_of(problem: type[Problem]) -> list[dict[str, str]]:
    """A kind's fields with default and meaning."""
    documented = attributes_of(problem)
    return [
        {
            "name": name,
            "default": "required" if field.is_required() else _shown(field.get_default(call_default_factory=True)),
            "doc": _plain(documented.get(name, "")),
        }
        for name, field in problem.model_fields.items()
    ]


def views_of(problem: Problem | None) -> list[dict[str, str]]:
    """A problem's views: name, form, relation."""
    views = problem.views() if problem is not None else ()
    return [{"name": v.name, "form": v.form_type.title, "relation": str(v.relation)} for v in views]


def solvers_that_reach(problem: Problem | None) -> dict[str, str]:
    """The solvers with a way from the problem, each with its strongest route."""
    found = {name: strongest_route(problem, name) for name in registry().solvers}
    return {name: route for name, route in found.items() if route}


def described_plugins() -> list[dict[str, Any]]:
    """Every plugin with what it offers, its error and its clashes."""
    known = registry()
    known.inspect()
    found = []
    for plugin in known.plugins.values():
        offers: dict[str, list[str]] = {}
        for kind in TABLES:
            names = [name for name, entry in getattr(known, kind).items() if entry.plugin == plugin.name]
            if names:
                offers[kind] = names
        found.append({**dataclasses.asdict(plugin), "offers": offers})
    return found
