"""Every solver that reaches a problem, in the order in which one would try them."""

from __future__ import annotations

from dualgap.core.errors import DualgapError
from dualgap.core.problem import Problem
from dualgap.core.relations import Relation
from dualgap.core.solver import Choice, Trait
from dualgap.engine.routes import routes
from dualgap.plugins.registry import registry

_RELATIONS = (Relation.EXACT, Relation.RELAXATION, Relation.RESTRICTION, Relation.SURROGATE)


def ranked(problem: Problem, via: str | None = None) -> list[Choice]:
    """Every registered solver that reaches the problem: exact ones with bounds first, then by the route's relation."""
    found: list[tuple[tuple[int, int, int], Choice]] = []
    for name in registry().solvers:
        try:
            solver = registry().solver(name)
        except DualgapError:
            continue  # broken or offered twice; `plugins list` says so
        if Trait.COMPOSITE in solver.traits:
            continue
        ways = routes(problem, solver, registry().all_bridges(), via)
        if ways:
            relation, traits = ways[0].relation, solver.traits
            rank = (
                _RELATIONS.index(relation),
                -len(traits & {Trait.EXACT, Trait.BOUNDS}),
                len(ways[0].steps),
            )
            exact = "an exact solver" if Trait.EXACT in traits else "a solver"
            found.append((rank, Choice(name, f"{exact} that takes it, the relation being {relation}")))
    return [choice for _, choice in sorted(found, key=lambda pair: pair[0])]
