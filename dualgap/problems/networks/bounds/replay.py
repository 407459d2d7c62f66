"""Replay of a witness: the bounds that CROWN gives, and those of its trees, node by node."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dualgap.problems.networks.bounds.clock import UNLIMITED, Clock
from dualgap.problems.networks.bounds.dual import Span, crown, intervals
from dualgap.problems.networks.bounds.nodes import Neurons, Node
from dualgap.problems.networks.bounds.query import Query, bounds_by
from dualgap.problems.networks.bounds.spans import crown_spans, interval_spans
from dualgap.problems.networks.bounds.witness import LEAF, MarginBounds, Tree, unpacked

_BLOCK = 2**20  # entries of coefficients at a time


def lower_bounds(query: Query, witness: MarginBounds, seconds: float) -> np.ndarray:
    """(P,) what a witness proves, rounded down.

    Raises:
        InvalidWitnessError: it doesn't fit the network, or its replay takes longer than ``seconds``.
    """
    clock = Clock.started(seconds)
    trees = unpacked(witness, len(query.rows), query.hidden)
    found = np.full(len(query.rows), -np.inf)
    sets, simple = len(query.region), witness.method == "interval"
    block = max(1, _BLOCK * sets // max(1, len(query.rows) * max(query.widths, default=1)))
    for first in range(0, sets, block):
        clock.check()
        items = np.arange(first, min(first + block, sets))
        part, which = query.only(items), np.flatnonzero(np.isin(query.item, items))
        if simple:
            spans = interval_spans(part.layers, part.region)
        else:
            spans = crown_spans(part.layers, part.region, clock=clock)
        found[which] = bounds_by(part, spans, [intervals] if simple else [intervals, crown])
        for tree in trees:
            if tree.row in which:
                row = int(np.searchsorted(which, tree.row))
                found[tree.row] = max(found[tree.row], tree_bound(part, spans, row, tree, clock))
    return found


def tree_bound(query: Query, spans: Sequence[Span], row: int, tree: Tree, clock: Clock = UNLIMITED) -> float:
    """What a tree proves of one function: its cutoff, or the least bound of a leaf that isn't closed."""
    item = query.item[[row]]
    root = Node(query.region.take(item), tuple(span.take(item) for span in spans))
    return _walk(query.row(row), root, tree, clock)


def _walk(query: Query, root: Node, tree: Tree, clock: Clock) -> float:
    start, neurons = query.starts(), Neurons.of(query.layers, tree.neurons)
    first, prices = tree.children(), np.cumsum(tree.priced) - 1
    best, waiting = tree.cutoff, [(0, root)]
    while waiting:
        clock.check()
        number, node = waiting.pop()
        kind = int(tree.splits[number])
        if node.empty:
            continue
        if kind >= 0:
            sides = node.split(*query.place(kind))
            waiting += zip((int(first[number]), int(first[number]) + 1), sides)
            continue
        multipliers = tree.multipliers[prices[number]] if tree.priced[number] else None
        found = node.bounded(query.layers, start, neurons, multipliers)
        if found.bound[0] >= tree.cutoff:
            continue
        if kind == LEAF:
            best = min(best, float(found.bound[0]))
        else:
            waiting.append((int(first[number]), node.narrowed(query.layers, found, tree.cutoff)))
    return best
