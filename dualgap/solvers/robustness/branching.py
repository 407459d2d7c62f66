"""Exact worst margins, verdicts and least radii of ReLU networks, proved by trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from dualgap.core.claim import Claim
from dualgap.core.solver import Context, Solver, Trait
from dualgap.problems.adversarial_example import AdversarialExample
from dualgap.solvers.robustness.known import Known, curved, fixed_radii
from dualgap.solvers.robustness.radius import exact
from dualgap.solvers.robustness.search import Search


@dataclass(frozen=True)
class ReluBranching(Solver):
    """Narrows and splits what CROWN and the linear relaxation leave; see ``dualgap.solvers.robustness.search``.

    Attributes:
        nodes: at most so many in the tree of a target.
    """

    name: ClassVar[str] = "relu-branching"
    summary: ClassVar[str] = "exact margins of ReLU networks: bounds, narrowing, branching; proved by replay"
    accepts: ClassVar[tuple[type, ...]] = (AdversarialExample,)
    requires: ClassVar[tuple[str, ...]] = ("highspy",)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.EXACT, Trait.BOUNDS, Trait.ANYTIME})

    nodes: int = 100_000

    def refuses(self, form: Any) -> str | None:
        return curved(form)

    def solve(self, form: Any, ctx: Context) -> Claim:
        if form.minimal:
            return exact(form, self.nodes, ctx)
        known = Known(form, fixed_radii(form), ctx)
        nodes = relaxations = 0
        for item in range(len(known.points)):
            ctx.report(point=known.answer)
            for row in known.undecided(item):
                search = Search(known.query.row(row), known.root(row), ctx, self.nodes)
                known.settle(search, int(row))
                nodes += search.nodes
                relaxations += search.relaxations.solved
                if ctx.should_stop():
                    return known.claim(ctx, nodes=nodes, relaxations=relaxations)
            ctx.report(point=known.answer, bound=known.bound, witness=known.witness)
        return known.claim(ctx, nodes=nodes, relaxations=relaxations)
