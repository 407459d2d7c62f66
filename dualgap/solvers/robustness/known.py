"""Where searches for worst margins begin: bounds by CROWN, points by descent, and what is known of every input."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.solver import Context
from dualgap.problems.adversarial_example import AdversarialExample, PerturbedInputs
from dualgap.problems.networks.bounds import MarginBounds, Query, crown_bounds, margins_query
from dualgap.problems.networks.bounds.dual import Span
from dualgap.problems.networks.bounds.nodes import Node
from dualgap.problems.networks.bounds.proof import least
from dualgap.problems.networks.bounds.spans import crown_spans
from dualgap.problems.networks.bounds.witness import Tree, packed
from dualgap.solvers.robustness.descent import Ball, descend
from dualgap.solvers.robustness.search import Search

_SLACK = 1e-8  # relative: what a proof leaves between its bound and the point
_TINY = 1e-9


class Known:
    """The state of a search over all inputs.

    Attributes:
        query: the functions whose least values are the margins.
        spans: the neurons' intervals.
        crown: (P,) bounds.
        bounds: (P,) the best so far.
        points, margins: (n, d), (n,) the lowest found.
        trees: the proofs so far.
    """

    def __init__(self, problem: AdversarialExample, radii: np.ndarray, ctx: Context) -> None:
        self.problem, self.radii = problem, radii
        if not problem.minimal:
            ctx.report(point=problem.trivial())
        self.ball = ball(problem, radii)
        self.query: Query = margins_query(problem, radii)
        self.spans: tuple[Span, ...] = crown_spans(self.query.layers, self.query.region)
        self.crown = crown_bounds(self.query, self.spans)
        self.bounds = self.crown.copy()
        self.trees: list[Tree] = []
        self.points = np.array(problem.inputs, dtype=np.float64)
        self.margins = problem.margins.of(problem.network.forward(self.points))
        found = descend(self.query, self.ball, ctx.seed)
        for row in np.argsort(-self.query.values(found), kind="stable"):
            self.offer(int(self.query.item[row]), found[row])

    def offer(self, item: int, point: np.ndarray) -> bool:
        """Takes a point of an input, moved into its ball, where it is lower than what is known."""
        mine = self.query.item == item
        point = self.ball.take(np.array([item])).project(point[None])[0]
        logits = self.problem.network.forward(point[None])[0]
        value = float((self.query.rows[mine] @ logits + self.query.constants[mine]).min())
        if value >= self.margins[item]:
            return False
        self.points[item], self.margins[item] = point, value
        return True

    @property
    def verdict(self) -> bool:
        """Whether signs are all that is asked for."""
        return self.problem.minimal or self.problem.goal == "verdict"

    def cutoff(self, item: int) -> float:
        """What has to be shown of an input's functions."""
        known = float(self.margins[item])
        return min(_TINY, 0.5 * known) if self.verdict else known - self._slack(item)

    def _slack(self, item: int) -> float:
        return _SLACK * max(1.0, abs(float(self.margins[item])))

    def undecided(self, item: int) -> np.ndarray:
        """The functions of an input that may be lower than what is known of it, the least bound first."""
        if self.verdict and self.margins[item] <= 0:
            return np.zeros(0, dtype=np.int64)
        rows = np.flatnonzero((self.query.item == item) & (self.bounds < self.cutoff(item)))
        return rows[np.argsort(self.bounds[rows], kind="stable")]

    def root(self, row: int) -> Node:
        item = self.query.item[[row]]
        return Node(self.query.region.take(item), tuple(span.take(item) for span in self.spans))

    def settle(self, search: Search, row: int) -> None:
        """Shows that a function is nowhere below what is known of its input, or lowers that."""
        item = int(self.query.item[row])
        if not self.verdict:
            self.offer(item, search.polished(self.points[item]))
        below = 0.0
        while self.bounds[row] < self.cutoff(item) - below:
            found = search.run(self.cutoff(item) - below)
            if found.point is None:
                self.trees.append(replace(found.tree, row=row))
                self.bounds[row] = max(self.bounds[row], found.bound)
                return
            lower = self.offer(item, found.point if self.verdict else search.polished(found.point))
            if self.verdict and self.margins[item] <= 0:
                return
            below = (
                0.0 if lower else max(2.0 * below, self._slack(item))
            )  # outside its ball, by a relaxation's rounding

    @property
    def answer(self) -> PerturbedInputs:
        return PerturbedInputs(points=self.points)

    @property
    def witness(self) -> MarginBounds:
        return packed(self.trees, radii=self.radii if self.problem.minimal else None)

    @property
    def bound(self) -> float:
        """On the problem's objective, by the bounds found."""
        found = least(self.query, self.bounds)
        return float((found > 0).mean() if self.problem.goal == "verdict" else found.mean())

    def claim(self, ctx: Context, **statistics: int) -> Claim:
        """The answer with its proof."""
        stopped = ctx.should_stop()
        return Claim(
            point=self.answer,
            feasible=True,
            stop=Stop.TIME if stopped else Stop.FINISHED,
            bound=self.bound,
            witness=self.witness,
            statistics=statistics,
        )


def ball(problem: AdversarialExample, radii: np.ndarray) -> Ball:
    """Where a problem's inputs may be moved."""
    order = {"inf": np.inf, "2": 2.0, "1": 1.0}[problem.norm]
    return Ball(np.asarray(problem.inputs, dtype=np.float64), radii, order, *problem.box)


def fixed_radii(problem: AdversarialExample) -> np.ndarray:
    """(n,) the problem's own radius."""
    assert not isinstance(problem.radius, str)
    return np.full(len(problem.inputs), float(problem.radius))


def curved(problem: AdversarialExample) -> str | None:
    """Why exact searches can't take an l2 ball, where they can't."""
    if problem.norm != "2" or len(problem.network.layers) == 1:
        return None
    return (
        "in an l2 ball the network's margins are a nonconvex program with a quadratic row, which no linear relaxation "
        "states; crown bounds them, attack lowers them"
    )
