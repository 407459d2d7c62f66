"""Certified lower bounds without a search: interval arithmetic, CROWN, and the linear relaxation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.solver import Context, Solver, Trait
from dualgap.problems.adversarial_example import AdversarialExample
from dualgap.problems.networks.bounds import MarginBounds
from dualgap.problems.networks.bounds.witness import Tree
from dualgap.solvers.robustness.known import Known, curved, fixed_radii
from dualgap.solvers.robustness.radius import widest
from dualgap.solvers.robustness.search import Search
from dualgap.solvers.robustness.slopes import optimised
from dualgap.solvers.robustness.trees import Growing

_NO_CUTOFF = float(np.finfo(np.float64).max)


@dataclass(frozen=True)
class IntervalBounds(Solver):
    """Interval arithmetic, layer after layer, the last one merged with each margin (Gowal et al. 2018)."""

    name: ClassVar[str] = "interval-bounds"
    summary: ClassVar[str] = "certified margins of ReLU networks by interval arithmetic"
    accepts: ClassVar[tuple[type, ...]] = (AdversarialExample,)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS})

    def solve(self, form: Any, ctx: Context) -> Claim:
        if form.minimal:
            return widest(form, "interval", ctx)
        return Claim(point=form.trivial(), feasible=True, witness=MarginBounds(method="interval"))


@dataclass(frozen=True)
class Crown(Solver):
    """Linear bounds propagated backward (Zhang et al. 2018); for least radii, without iterations.

    Attributes:
        iterations: steps of gradient ascent on the slopes of every margin (alpha-CROWN: Xu et al. 2021).
    """

    name: ClassVar[str] = "crown"
    summary: ClassVar[str] = "certified margins of ReLU networks by linear bounds propagated backward"
    accepts: ClassVar[tuple[type, ...]] = (AdversarialExample,)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS})

    iterations: int = 0

    def __post_init__(self) -> None:
        if self.iterations < 0:
            raise ValueError("iterations is a number of steps, 0 or more")

    def solve(self, form: Any, ctx: Context) -> Claim:
        if form.minimal:
            return widest(form, "crown", ctx)
        known = Known(form, fixed_radii(form), ctx)
        if self.iterations:
            found = optimised(known.query, known.spans, self.iterations, ctx)
            unstable = [span.unstable for span in known.spans]
            for row in np.flatnonzero(found.bounds > known.bounds):
                parts = [mask[known.query.item[row]] for mask in unstable]
                multipliers = np.concatenate([part[row][mask] for part, mask in zip(found.multipliers, parts)])
                known.trees.append(_leaf(int(row), np.flatnonzero(np.concatenate(parts)), multipliers))
                known.bounds[row] = found.bounds[row]
        return known.claim(ctx)


@dataclass(frozen=True)
class ReluLp(Solver):
    """The linear relaxation with triangles, for every margin that CROWN leaves open; its duals are the witness."""

    name: ClassVar[str] = "relu-lp"
    summary: ClassVar[str] = "certified margins of ReLU networks by linear relaxations with triangles"
    accepts: ClassVar[tuple[type, ...]] = (AdversarialExample,)
    requires: ClassVar[tuple[str, ...]] = ("highspy",)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.BOUNDS, Trait.ANYTIME})

    def refuses(self, form: Any) -> str | None:
        if form.minimal:
            return "linear relaxations bound margins at a radius; for least radii take relu-branching or crown"
        return curved(form)

    def solve(self, form: Any, ctx: Context) -> Claim:
        known = Known(form, fixed_radii(form), ctx)
        relaxations = 0
        for item in range(len(known.points)):
            for row in known.undecided(item):
                if ctx.should_stop():
                    return replace(known.claim(ctx, relaxations=relaxations), stop=Stop.TIME)
                search = Search(known.query.row(row), known.root(row), ctx, 1)
                relaxed = search.relaxations.solve(known.root(row), ctx.time_left(), np.inf)
                relaxations += 1
                if relaxed is None or relaxed.multipliers is None:
                    continue
                if relaxed.point is not None:
                    known.offer(item, relaxed.point[: known.points.shape[1]])
                if relaxed.found.bound[0] > known.bounds[row]:
                    known.trees.append(_leaf(int(row), search.encoded.numbers, relaxed.multipliers))
                    known.bounds[row] = relaxed.found.bound[0]
            ctx.report(point=known.answer, bound=known.bound, witness=known.witness)
        return known.claim(ctx, relaxations=relaxations)


def _leaf(row: int, neurons: np.ndarray, multipliers: np.ndarray) -> Tree:
    """A tree of one node."""
    tree = Growing(neurons, _NO_CUTOFF)
    tree.bounded(0, multipliers)
    return tree.built(row)
