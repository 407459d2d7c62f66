"""Exact worst margins as mixed-integer programs, screened by bounds and descent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim
from dualgap.core.solver import Context, Solver, Trait
from dualgap.problems.adversarial_example import AdversarialExample
from dualgap.solvers.robustness.known import Known, curved, fixed_radii
from dualgap.solvers.robustness.search import Search


@dataclass(frozen=True)
class ReluMilp(Solver):
    """A binary for every neuron that CROWN's bounds leave open, one program a margin (Tjeng et al. 2019).

    Known whose CROWN bound is above the best point of their input are left out. Bounds are the backend's word;
    relu-branching proves them, mostly sooner.

    Attributes:
        solver: of the programs.
    """

    name: ClassVar[str] = "relu-milp"
    summary: ClassVar[str] = "exact margins of ReLU networks by mixed-integer programs"
    accepts: ClassVar[tuple[type, ...]] = (AdversarialExample,)
    requires: ClassVar[tuple[str, ...]] = ("highspy",)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.EXACT, Trait.BOUNDS, Trait.ANYTIME})

    solver: str = "highs"

    def refuses(self, form: Any) -> str | None:
        if form.minimal:
            return "programs state margins at a radius; for least radii take relu-branching"
        return curved(form)

    def solve(self, form: Any, ctx: Context) -> Claim:
        known = Known(form, fixed_radii(form), ctx)
        programs = nodes = 0
        for item in range(len(known.points)):
            for row in known.undecided(item):
                if ctx.should_stop() or known.bounds[row] >= known.cutoff(item):
                    break
                claim = self._solved(known, int(row), ctx)
                programs += 1
                nodes += int(claim.statistics.get("nodes") or 0)
            ctx.report(point=known.answer, bound=known.bound, witness=known.witness)
        return known.claim(ctx, programs=programs, nodes=nodes)

    def _solved(self, known: Known, row: int, ctx: Context) -> Claim:
        query = known.query
        search = Search(query.row(row), known.root(row), ctx, 1)
        item = int(query.item[row])
        known.offer(item, search.polished(known.points[item]))
        form = search.encoded.exact(known.root(row), query.rows[row], float(query.constants[row]))
        claim = ctx.subsolve(form, self.solver)
        if claim.point is not None:
            known.offer(item, search.polished(np.asarray(claim.point)[: search.inputs]))
        if claim.bound is not None:
            known.bounds[row] = max(known.bounds[row], float(claim.bound))
        return claim
