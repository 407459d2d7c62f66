"""Branch and bound for one function of a network over one set: narrow, relax, split; the tree is the proof.

A node is bounded by CROWN, and by its linear relaxation where that gains little; what the bound leaves below the cutoff
is a smaller set (``dualgap.problems.networks.bounds.nodes``), which is bounded again. Where rounds stall, the neuron is
split whose triangle costs the relaxation most (after Bunel et al., Branch and bound for piecewise linear neural network
verification, 2020).
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace

import numpy as np

from dualgap.core.solver import Context
from dualgap.problems.networks.bounds.dual import Span
from dualgap.problems.networks.bounds.nodes import Node
from dualgap.problems.networks.bounds.program import encode
from dualgap.problems.networks.bounds.query import Query
from dualgap.problems.networks.bounds.witness import Tree
from dualgap.solvers.robustness.relaxation import Relaxations, Relaxed
from dualgap.solvers.robustness.trees import Growing

_CROWN_GAIN, _RELAXED_GAIN = 0.9, 0.97
"""Rounds go on while they leave no more than this part of the distance to the cutoff: mostly it shrinks ever faster."""

_POLISHINGS = 10
_PROGRESS = 1e-9


@dataclass(frozen=True, eq=False)
class Found:
    """How a search ended.

    Attributes:
        bound: of the function, at most the cutoff; the tree proves it but for rounding.
        tree: as far as it has grown.
        point: (d,) where the function is below the cutoff: the search ended there; else None.
    """

    bound: float
    tree: Tree
    point: np.ndarray | None = None


_Open = tuple[float, int, Node]
"""A node that waits: its parent's bound, its number in the tree, and its set."""


@dataclass(frozen=True, eq=False)
class _Ended:
    """How a node ended: closed or given up at a bound, split into children, or with a point below the cutoff."""

    bound: float = np.inf
    children: tuple[_Open, ...] = ()
    point: np.ndarray | None = None


class Search:
    """The search for one function (the query's only one) from a root."""

    def __init__(self, query: Query, root: Node, ctx: Context, limit: int) -> None:
        self.query, self.root, self.ctx, self.limit = query, root, ctx, limit
        self.encoded = encode(query.layers, root)
        self.relaxations = Relaxations(query, self.encoded)
        self.nodes = 0

    def value(self, point: np.ndarray) -> float:
        """The function at an input."""
        return float(self.query.values(point[None])[0])

    def polished(self, point: np.ndarray) -> np.ndarray:
        """A point that is no worse: the best where every neuron keeps the sign that it has at ``point``."""
        best, value = point, self.value(point)
        for _ in range(_POLISHINGS):
            relaxed = self.relaxations.solve(self._linear(best), self.ctx.time_left(), np.inf)
            if relaxed is None or relaxed.point is None:
                break
            tried = self._input(relaxed.point)
            gained = value - self.value(tried)
            if not gained > _PROGRESS * max(1.0, abs(value)):
                break
            best, value = tried, value - gained
        return best

    def run(self, cutoff: float) -> Found:
        """Shows that the function is nowhere below the cutoff, or finds a point where it is."""
        tree = Growing(self.encoded.numbers, cutoff)
        waiting: list[_Open] = [(-np.inf, 0, self.root)]
        worst = cutoff
        while waiting and not self.ctx.should_stop() and tree.nodes < self.limit:
            bound, number, node = heapq.heappop(waiting)
            ended = self._rounds(tree, number, node, cutoff - bound, cutoff)
            if ended.point is not None:
                self.nodes += tree.nodes
                return Found(-np.inf, tree.built(), ended.point)
            worst = min(worst, ended.bound)
            for child in ended.children:
                heapq.heappush(waiting, child)
        self.nodes += tree.nodes
        return Found(min([worst, *(bound for bound, *_ in waiting)]), tree.built())

    def _rounds(self, tree: Growing, number: int, node: Node, gap: float, cutoff: float) -> _Ended:
        """A node's rounds, until it is closed, split, or holds a point below the cutoff."""
        while not node.empty:
            best = self._bounded(node, gap, cutoff)
            if best.point is not None and self.value(self._input(best.point)) < cutoff:
                return _Ended(point=self._input(best.point))
            left = cutoff - float(best.found.bound[0])
            tree.bounded(number, best.multipliers)
            if left <= 0:
                break
            if left > _RELAXED_GAIN * gap or self.ctx.should_stop():
                return self._split(tree, number, node, best, cutoff - left)
            number = tree.narrowed(number, best.multipliers)
            node, gap = node.narrowed(self.query.layers, best.found, cutoff), left
        return _Ended(bound=cutoff)

    def _bounded(self, node: Node, gap: float, cutoff: float) -> Relaxed:
        """CROWN's bound where it gains enough, else the relaxation's."""
        plain = node.bounded(self.query.layers, self.relaxations.start, self.encoded.neurons, None)
        if cutoff - plain.bound[0] <= max(_CROWN_GAIN * gap, 0.0):
            return Relaxed(plain)
        relaxed = self.relaxations.solve(node, self.ctx.time_left(), cutoff)
        if relaxed is None:
            return Relaxed(plain)
        better = relaxed.found.bound[0] > plain.bound[0]
        return relaxed if better else replace(relaxed, found=plain, multipliers=None)

    def _split(self, tree: Growing, number: int, node: Node, best: Relaxed, bound: float) -> _Ended:
        neuron = self._choice(node, best)
        if neuron is None:
            return _Ended(bound=bound)
        first = tree.split(number, neuron)
        sides = node.split(*self.query.place(neuron))
        return _Ended(children=tuple((bound, first + side, child) for side, child in enumerate(sides)))

    def _choice(self, node: Node, best: Relaxed) -> int | None:
        """The neuron whose triangle costs most at the relaxation's point, else the one with the widest triangle."""
        lower, upper = self.encoded.interval(node)
        open_ = (lower < 0) & (upper > 0)
        if not open_.any():
            return None
        scores = np.minimum(-lower, upper)
        if best.point is not None and best.prices is not None:
            width = self.inputs + len(lower)
            before = self.encoded.before @ best.point[:width] + self.encoded.bias
            costs = -best.prices * (best.point[self.inputs : width] - np.maximum(before, 0.0))
            if (costs[open_] > _PROGRESS).any():
                scores = costs
        return int(self.encoded.numbers[np.where(open_, scores, -np.inf).argmax()])

    @property
    def inputs(self) -> int:
        return self.encoded.inputs

    def _input(self, point: np.ndarray) -> np.ndarray:
        """A relaxation's point as an input."""
        return np.asarray(np.clip(point[: self.inputs], self.root.region.lower[0], self.root.region.upper[0]))

    def _linear(self, point: np.ndarray) -> Node:
        """The root with every neuron on the side where it is at a point."""
        now, spans = point[None], []
        for layer, span in zip(self.query.layers[:-1], self.root.spans, strict=True):
            before = (layer.matrix @ now.T).T + layer.bias
            lower = np.where(before > 0, np.maximum(span.lower, 0.0), span.lower)
            upper = np.where(before > 0, span.upper, np.minimum(span.upper, 0.0))
            spans.append(Span(lower, upper))
            now = np.maximum(before, 0.0)
        return Node(self.root.region, tuple(spans))
