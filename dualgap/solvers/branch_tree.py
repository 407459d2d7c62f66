"""A tree of boxes that grows: the open nodes, best bound first, and the proof that it becomes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dualgap.problems.branching import Branching

_DIVE = 2**16
"""Open nodes from which on the deepest come first: memory is worth more than the order."""


@dataclass(frozen=True)
class Nodes:
    """Open nodes: (K,) their numbers, bounds and depths, (K, n) boxes, (K, m) bases and the last prices seen."""

    number: np.ndarray
    bound: np.ndarray
    depth: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    basis: np.ndarray
    prices: np.ndarray

    def __len__(self) -> int:
        return len(self.number)

    def where(self, which: Any) -> Nodes:
        return Nodes(*(array[which] for array in self.arrays()))

    def arrays(self) -> tuple[np.ndarray, ...]:
        return self.number, self.bound, self.depth, self.lower, self.upper, self.basis, self.prices

    def stored(self, kind: np.dtype[Any]) -> Nodes:
        """With boxes in a smaller type, that there may be many."""
        return replace(self, lower=self.lower.astype(kind), upper=self.upper.astype(kind))

    @staticmethod
    def stack(first: Nodes, second: Nodes) -> Nodes:
        pairs = zip(first.arrays(), second.arrays(), strict=True)
        return Nodes(*(np.concatenate(pair) for pair in pairs))


class Open:
    """The open nodes; places of those taken are used again, so that a batch costs what its own nodes cost."""

    def __init__(self, none: Nodes) -> None:
        """Begins with ``none``: nodes of the right widths, but no rows."""
        self._kept = none
        self._bound = np.zeros(0)  # minus infinity at free places

    def __len__(self) -> int:
        return int(np.isfinite(self._bound).sum())

    @property
    def bound(self) -> float:
        """The best bound of an open node; minus infinity where there is none."""
        return float(self._bound.max(initial=-np.inf))

    def nodes(self) -> Nodes:
        """All that are open."""
        return self._kept.where(np.isfinite(self._bound))

    def below(self, cutoff: float) -> Nodes:
        """The nodes whose bounds are below the cutoff, taken out."""
        return self._out(np.flatnonzero(np.isfinite(self._bound) & (self._bound < cutoff)))

    def take(self, count: int) -> Nodes:
        """At most ``count`` nodes, taken out."""
        at = np.flatnonzero(np.isfinite(self._bound))
        if len(at) > count:
            rank = self._kept.depth[at] if len(at) >= _DIVE else self._bound[at]
            at = at[np.argpartition(rank, len(at) - count)[len(at) - count :]]
        return self._out(at)

    def _out(self, at: np.ndarray) -> Nodes:
        self._bound[at] = -np.inf
        return self._kept.where(at)

    def put(self, nodes: Nodes) -> None:
        free = np.flatnonzero(np.isneginf(self._bound))
        if len(free) < len(nodes):
            self._grow(nodes)
            free = np.flatnonzero(np.isneginf(self._bound))
        at = free[: len(nodes)]
        for kept, new in zip(self._kept.arrays(), nodes.arrays(), strict=True):
            kept[at] = new
        self._bound[at] = nodes.bound

    def _grow(self, nodes: Nodes) -> None:
        """Room for as many nodes again, and these."""
        more = len(self._bound) + len(nodes)
        blank = Nodes(*(np.zeros((more, *array.shape[1:]), dtype=array.dtype) for array in nodes.arrays()))
        self._kept = Nodes.stack(self._kept, blank)
        self._bound = np.concatenate((self._bound, np.full(more, -np.inf)))


class Proof:
    """What became of the nodes: those that were split, and those that hold nothing better at the prices found.

    Children are numbered in pairs as they come; the root is node 0.
    """

    def __init__(self, rows: int) -> None:
        self.nodes = 1
        self._rows = rows
        self._closed: list[tuple[np.ndarray, np.ndarray]] = []
        self._split: list[tuple[np.ndarray, ...]] = []

    def closed(self, number: np.ndarray, prices: np.ndarray) -> None:
        self._closed.append((number, prices))

    def split(self, nodes: Nodes, columns: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
        """(K,) the number of each node's first child; the second has the next one."""
        first = self.nodes + 2 * np.arange(len(nodes))
        self._split.append((nodes.number, nodes.prices, columns, thresholds, first))
        self.nodes += 2 * len(nodes)
        return first

    def tree(self, incumbent: int, waiting: Nodes) -> Branching:
        """The tree so far, breadth first; nodes that are still open are leaves with their parents' prices."""
        columns, thresholds, first = (np.full(self.nodes, -1) for _ in range(3))
        prices = np.zeros((self.nodes, self._rows))
        for number, price in (*self._closed, (waiting.number, waiting.prices)):
            prices[number] = price
        for number, price, column, threshold, child in self._split:
            prices[number], columns[number], thresholds[number], first[number] = price, column, threshold, child
        level, order = np.zeros(1, dtype=np.int64), []
        while len(level):
            order.append(level)
            children = first[level[columns[level] >= 0]]
            level = np.column_stack((children, children + 1)).ravel()
        at = np.concatenate(order)
        return Branching(incumbent=incumbent, columns=columns[at], thresholds=thresholds[at], prices=prices[at])
