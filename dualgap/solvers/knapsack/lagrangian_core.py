"""Knapsacks in several dimensions: Lagrangian prices, the core that they leave, and branching over it in batches.

The best prices fix the items that no better packing can do without, or with (Dantzig, Fulkerson and Johnson 1954;
Fisher 1981): a core is left, as in one dimension (Puchinger, Raidl and Pferschy, The multidimensional knapsack problem:
structure and algorithms, 2010). Boxes of it are relaxed by the hundred in one dual simplex; at every node the prices
fix more (reduced-cost propagation: Vimont, Boussier and Vasquez 2008), and how many items are packed is split first
(Vasquez and Hao 2001). The tree with its prices is the proof.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from math import floor
from typing import Any, ClassVar

import numpy as np

from dualgap.core.certificate import closes
from dualgap.core.claim import Claim, Scalar, Start, Stop, Use
from dualgap.core.exact import Real, simplest
from dualgap.core.solver import Context, Solver, Trait
from dualgap.core.witness import Multipliers
from dualgap.problems.branching import Whole, halves, narrowed
from dualgap.problems.knapsack import Knapsack, KnapsackAnswer
from dualgap.problems.knapsack.packings import Packer
from dualgap.problems.knapsack.repair import repair
from dualgap.problems.knapsack.several import counted
from dualgap.solvers.box_simplex import BoxSimplex
from dualgap.solvers.branch_tree import Nodes, Open, Proof
from dualgap.solvers.knapsack.greedy import ray

_ROOT_PIVOTS = 2000
_BATCH = 2**15  # entries of boxes at a time
_PIVOTS = 60
_ROUNDING = 1e-3  # steps of the objective that a bound in float64 may be off before it is looked at exactly
_FRACTIONAL = 1e-6
_REPORTS = 0.2  # seconds between two bounds


@dataclass(frozen=True)
class LagrangianCore(Solver):
    """Exact for several capacities, 0/1 or with copies; ends with a tree that the verifier replays.

    Attributes:
        nodes: at most so many in the tree.
    """

    name: ClassVar[str] = "lagrangian-core"
    summary: ClassVar[str] = "exact knapsacks of several capacities: prices, fixing, branching; proved by replay"
    accepts: ClassVar[tuple[type, ...]] = (Knapsack,)
    traits: ClassVar[frozenset[Trait]] = frozenset({Trait.EXACT, Trait.BOUNDS, Trait.ANYTIME, Trait.WARM})

    nodes: int = 2_000_000

    def refuses(self, form: Any) -> str | None:
        problem: Knapsack = form
        if len(problem.capacity) == 1:
            return "with one capacity, core-knapsack is far quicker"
        if ray(problem) is None and counted(problem) is None:
            return "values or weights too large for exact sums in float64; scale or round the data, or take highs"
        return None

    def solve(self, form: Any, ctx: Context) -> Claim:
        return ray(form) or _Search(form, self.nodes, ctx).run()


class _Search:
    """Branch and bound over ``program``: the ``columns`` of ``whole`` that the root's prices leave open."""

    def __init__(self, problem: Knapsack, limit: int, ctx: Context) -> None:
        program = counted(problem)
        assert program is not None
        self.problem, self.limit, self.ctx = problem, limit, ctx
        self.whole = program
        root = _simplex(program, _ROOT_PIVOTS)
        relaxed = root.solve(program.lower[None], program.upper[None], root.slacks(), -np.inf)
        self.prices = relaxed.prices
        self.packer = Packer(
            values=program.values[:-1],
            weights=program.matrix[:-1, :-1],
            room=program.row_upper[:-1],
            limits=program.upper[:-1],
            reduced=(program.values - self.prices[0] @ program.matrix)[:-1],
        )
        self.counts = np.zeros(problem.size)
        self.start = self._take_start()
        self._take(self.packer.best(relaxed.points[:, :-1])[1])
        self.proof = Proof(len(self.prices[0]))
        self._fix(relaxed.points)
        self.next_report = 0.0

    def _fix(self, points: np.ndarray) -> None:
        """Splits the root, and goes on with the columns that its prices leave open, and the count."""
        program, number = self.whole, np.zeros(1, dtype=np.int64)
        boxes = narrowed(
            program, program.lower[None], program.upper[None], program.rounded(self.prices), self.incumbent
        )
        on = boxes.alive
        self.proof.closed(number[~on], self.prices[~on])
        free = np.flatnonzero((boxes.lower < boxes.upper).any(axis=0))
        self.columns = np.union1d(free, [self.problem.size])
        self.fixed = boxes.lower.max(axis=0, initial=0.0)
        self.program = program.restricted(self.columns, self.fixed)
        self.simplex = _simplex(self.program, _PIVOTS)
        self.storage = np.min_scalar_type(int(program.upper.max()) + 1)
        root = Nodes(
            number=number[on],
            bound=boxes.bounds[on] / program.scale,
            depth=number[on],
            lower=boxes.lower[:, self.columns],
            upper=boxes.upper[:, self.columns],
            basis=self.simplex.slacks()[on],
            prices=self.prices[on],
        )
        self.open = Open(root.where(slice(0)).stored(self.storage))
        self._branch(root, points[on][:, self.columns])

    @property
    def incumbent(self) -> float:
        """In steps of the objective."""
        return float(self.whole.values[:-1] @ self.counts)

    @property
    def cutoff(self) -> float:
        return self.incumbent + 1.0 - _ROUNDING

    def _take_start(self) -> Start | None:
        given = self.ctx.start
        if not isinstance(given, KnapsackAnswer) or given.counts.shape != self.counts.shape:
            return None if given is None else Start(Use.IGNORED, "it has other items")
        used = self.packer.fits(given.counts[None].astype(np.float64))[0]
        answer = given if used else repair(self.problem, given.counts)
        self._take(np.where(self.packer.limits > 0, answer.counts, 0).astype(np.float64))
        return Start(Use.USED, "the first incumbent") if used else Start(Use.REPAIRED, "mended, the first incumbent")

    def _take(self, counts: np.ndarray) -> None:
        """Improves a packing, and keeps and reports it where it is the best so far."""
        counts = self.packer.improved(counts)
        if self.whole.values[:-1] @ counts > self.incumbent:
            self.counts = counts
            self.ctx.report(point=self._answer())

    def run(self) -> Claim:
        self.ctx.report(point=self._answer(), witness=Multipliers(rows=np.maximum(self.prices[0, :-1], 0.0)))
        while len(self.open) and not self._close_enough():
            if self.ctx.should_stop():
                return self._claim(Stop.TIME)
            if self.proof.nodes >= self.limit:
                return self._claim(Stop.ITERATIONS)
            self._expand(self.open.take(max(_BATCH // len(self.columns), 16)))
            self._report()
        return self._claim(Stop.FINISHED)

    def _close_enough(self) -> bool:
        gap = self.ctx.budget.gap
        return gap > 0.0 and closes(self.problem.sense, self._worth(), self._bound(), gap)

    def _expand(self, nodes: Nodes) -> None:
        """Relaxes the nodes, and splits those that may hold something better than the incumbent."""
        lower, upper = nodes.lower.astype(np.float64), nodes.upper.astype(np.float64)
        cutoff = self.cutoff - self.program.offset
        relaxed = self.simplex.solve(lower, upper, nodes.basis, cutoff)
        self._round(relaxed.points[relaxed.bounds > cutoff])
        prices = self._usable(relaxed.prices, nodes.prices)
        boxes = narrowed(self.program, lower, upper, self.whole.rounded(prices), self.incumbent)
        on = boxes.alive
        self.proof.closed(nodes.number[~on], prices[~on])
        self._branch(
            Nodes(
                number=nodes.number[on],
                bound=boxes.bounds[on] / self.whole.scale,
                depth=nodes.depth[on],
                lower=boxes.lower,
                upper=boxes.upper,
                basis=relaxed.basis[on],
                prices=prices[on],
            ),
            relaxed.points[on],
        )

    def _usable(self, prices: np.ndarray, parents: np.ndarray) -> np.ndarray:
        """Prices (K, m), the parents' where they are too large for exact sums: boxes that are empty by a hair."""
        lost = np.asarray(prices.any(axis=1) & ~self.whole.rounded(prices).any(axis=1))
        return np.where(lost[:, None], parents, prices)

    def _branch(self, nodes: Nodes, points: np.ndarray) -> None:
        """Splits nodes as their relaxed points (K, n) suggest."""
        if not len(nodes):
            return
        column, threshold = _split(points, nodes.lower, nodes.upper)
        lower, upper = halves(nodes.lower, nodes.upper, column, threshold)
        first = self.proof.split(nodes, self.columns[column], threshold)
        children = replace(
            Nodes.stack(nodes, nodes),
            number=np.concatenate((first, first + 1)),
            depth=np.tile(nodes.depth + 1, 2),
            lower=lower,
            upper=upper,
        )
        empty = (lower > upper).any(axis=1)
        self.proof.closed(children.number[empty], children.prices[empty])
        self.open.put(children.where(~empty).stored(self.storage))

    def _round(self, points: np.ndarray) -> None:
        """Looks for a better packing near relaxed points (K, n)."""
        if not len(points):
            return
        whole = np.tile(self.fixed, (len(points), 1))
        whole[:, self.columns] = points
        value, counts = self.packer.best(whole[:, :-1])
        if value > self.incumbent:
            self._take(counts)
            hopeless = self.open.below(self.cutoff)
            self.proof.closed(hopeless.number, hopeless.prices)

    def _bound(self) -> Real:
        """The best that an open node or the incumbent may be worth."""
        steps = max(int(self.incumbent), floor(self.open.bound)) if len(self.open) else int(self.incumbent)
        return self.problem.round_bound(steps * self.problem.step)

    def _worth(self) -> Real:
        return simplest(int(self.incumbent) * self.problem.step)

    def _answer(self) -> KnapsackAnswer:
        return KnapsackAnswer(counts=self.counts.astype(np.int64))

    def _report(self) -> None:
        if time.monotonic() >= self.next_report:
            self.ctx.report(bound=self._bound())
            self.next_report = time.monotonic() + _REPORTS

    def _claim(self, stop: Stop) -> Claim:
        statistics: dict[str, Scalar] = {"nodes": self.proof.nodes, "core": len(self.columns) - 1}
        return Claim(
            point=self._answer(),
            feasible=True,
            stop=stop,
            value=self._worth(),
            bound=self._bound(),
            witness=self.proof.tree(int(self.incumbent), self.open.nodes()),
            statistics=statistics,
            start=self.start,
        )


def _simplex(program: Whole, pivots: int) -> BoxSimplex:
    return BoxSimplex(program.values, program.matrix, program.row_lower, program.row_upper, pivots)


def _split(points: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(column, threshold) of each box: the count where it is fractional, else the most fractional column, if any."""
    off = np.where(upper > lower, np.abs(points - np.rint(points)), -1.0)
    off[:, -1] = np.where(off[:, -1] > _FRACTIONAL, 1.0, off[:, -1])
    column = off.argmax(axis=1)
    here = np.arange(len(points))
    low, high = lower[here, column], np.maximum(upper[here, column] - 1.0, lower[here, column])
    return column, np.clip(np.floor(points[here, column] + _FRACTIONAL), low, high).astype(np.int64)
