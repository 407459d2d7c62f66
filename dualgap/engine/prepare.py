"""From a solver as people name it to a configured one."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dualgap.core.errors import BackendMissingError, UsageError
from dualgap.core.solver import Solver, configure
from dualgap.engine.names import parse_solver
from dualgap.plugins.registry import registry


@dataclass(frozen=True)
class Prepared:
    """A configured solver, and whether a worker can find it by its name."""

    instance: Solver
    name: str
    local: bool
    label: str = ""


def prepare(solver: str | Solver | type[Solver], parameters: Mapping[str, Any] | None = None) -> Prepared:
    """A solver from its name, class or object.

    Raises:
        UsageError: an unknown name or parameter.
    """
    if isinstance(solver, str):
        named = parse_solver(solver)
        name = registry().solver_name(named.name)
        found = registry().solver(name)
        given = {**named.parameters, **(parameters or {})}
        if isinstance(found, Solver):
            if given:
                raise UsageError(f"{name} was registered as an object: its parameters are set already")
            return Prepared(found, name, True, named.label)
        return Prepared(configure(found, given), name, registry().is_local(name), named.label)
    instance = configure(solver, parameters or {}) if isinstance(solver, type) else solver
    known = registry().solvers.get(instance.name)
    local = known is None or registry().is_local(instance.name) or known.resolve() is not type(instance)
    return Prepared(instance, instance.name, local)


def check_installed(solver: Any) -> None:
    """Raises:
    BackendMissingError: names the package and how to get it.
    """
    for module in solver.requires:
        if importlib.util.find_spec(module) is None:
            raise BackendMissingError(f"{solver.name} needs the package {module!r}: pip install {module}")
