"""Which solvers a comparison may take: those that were named, or whatever reaches the problem, the preferred first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dualgap.core.errors import NoRouteError, UsageError
from dualgap.core.problem import Problem
from dualgap.core.solver import Solver, Trait
from dualgap.engine.prepare import Prepared, check_installed, prepare
from dualgap.engine.ranking import ranked
from dualgap.engine.routes import some_routes
from dualgap.plugins.registry import registry


def is_exact(prepared: Prepared) -> bool:
    """Whether a solver ends with the optimum, given time."""
    return Trait.EXACT in prepared.instance.traits


def named(solvers: Sequence[str | Solver | type[Solver]], taken: Iterable[str] = ()) -> list[Prepared]:
    """The solvers that somebody named, with labels that differ from each other and from those ``taken``.

    Raises:
        UsageError: none, or an unknown solver or parameter.
    """
    if not solvers:
        raise UsageError("no solvers to compare; name some, or leave the choice to dispatch")
    seen = Counter(taken)
    distinct = []
    for prepared in map(prepare, solvers):
        label = prepared.label or prepared.name
        while label in seen:
            seen[label] += 1
            label = f"{label}#{seen[label]}"
        seen[label] += 1
        distinct.append(replace(prepared, label=label if label != prepared.name else ""))
    return distinct


def reachable(problem: Problem) -> tuple[list[Prepared], dict[str, str]]:
    """(Every solver with a route to the problem, in dispatch's order; who is left out of them, with the reason).

    Those without a route aren't mentioned: they are about other problems.
    """
    choices: dict[str, Mapping[str, Any]] = {}
    for choice in registry().choices(problem):
        choices.setdefault(choice.solver, choice.parameters)
    found, left_out = [], {}
    for name in dict.fromkeys([*choices, *(choice.solver for choice in ranked(problem)), *registry().solvers]):
        try:
            prepared = prepare(name, choices.get(name))
        except (NoRouteError, UsageError) as error:
            left_out[name] = str(error)
            continue
        try:
            some_routes(problem, prepared.instance, registry().all_bridges())
        except NoRouteError:
            continue
        try:
            if Trait.COMPOSITE in prepared.instance.traits:
                raise UsageError("it runs other solvers; name it (-s) to see it beside them")
            check_installed(prepared.instance)
        except (NoRouteError, UsageError) as error:
            left_out[name] = str(error)
        else:
            found.append(prepared)
    return found, left_out
