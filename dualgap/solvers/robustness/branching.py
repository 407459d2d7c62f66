"""Exact worst margins, verdicts and least radii of ReLU networks, proved by trees."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from dualgap.core.claim import Claim
from dualgap.core.solver import Context, Solver, Trait
from dualgap.problems.adversarial_example import AdversarialExample
from dualgap.solvers.robustness.margins import Margins, fixed_radii
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
        known = Margins(form, fixed_radii(form), ctx)
        nodes = relaxations = 0
        for item in range(len(known.points)):
            ctx.report(point=known.answer)
            for row in known.undecided(item):
                search = Search(known.query.row(row), known.root(row), ctx, self.nodes)
                settle(known, search, int(row))
                nodes += search.nodes
                relaxations += search.relaxations.solved
                if ctx.should_stop():
                    return known.claim(ctx, nodes=nodes, relaxations=relaxations)
            ctx.report(point=known.answer, bound=known.bound, witness=known.witness)
        return known.claim(ctx, nodes=nodes, relaxations=relaxations)


def settle(known: Margins, search: Search, row: int) -> None:
    """Shows that a function is nowhere below what is known of its input, or lowers that."""
    item = int(known.query.item[row])
    if not known.verdict:
        known.offer(item, search.polished(known.points[item]))
    while known.bounds[row] < known.cutoff(item):
        found = search.run(known.cutoff(item))
        if found.point is None:
            known.trees.append(replace(found.tree, row=row))
            known.bounds[row] = max(known.bounds[row], found.bound)
            return
        known.offer(item, found.point if known.verdict else search.polished(found.point))
        if known.verdict and known.margins[item] <= 0:
            return


def curved(problem: AdversarialExample) -> str | None:
    """Why exact searches can't take an l2 ball, where they can't."""
    if problem.norm != "2" or len(problem.network.layers) == 1:
        return None
    return (
        "in an l2 ball the network's margins are a nonconvex program with a quadratic row, which no linear relaxation "
        "states; crown bounds them, attack lowers them"
    )
