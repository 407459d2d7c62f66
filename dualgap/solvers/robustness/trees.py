"""A tree that grows: what became of every node, and the witness that it becomes."""

from __future__ import annotations

import numpy as np

from dualgap.problems.networks.bounds.witness import LEAF, NARROWED, Tree


class Growing:
    """Nodes by the order in which they come; the root is node 0."""

    def __init__(self, neurons: np.ndarray, cutoff: float) -> None:
        self._neurons, self._cutoff = neurons, cutoff
        self._kind = [LEAF]
        self._first = [0]
        self._prices: list[np.ndarray | None] = [None]

    @property
    def nodes(self) -> int:
        return len(self._kind)

    def bounded(self, number: int, multipliers: np.ndarray | None) -> None:
        """A leaf's multipliers, or a narrowed node's; None for CROWN's."""
        self._prices[number] = multipliers

    def narrowed(self, number: int, multipliers: np.ndarray | None) -> int:
        """The node's child."""
        self.bounded(number, multipliers)
        return self._children(number, NARROWED, 1)

    def split(self, number: int, neuron: int) -> int:
        """The first of the node's children; the second has the next number."""
        return self._children(number, neuron, 2)

    def built(self, row: int = 0) -> Tree:
        """The tree, breadth first."""
        order = [0]
        for number in order:  # which grows meanwhile
            count = 2 if self._kind[number] >= 0 else int(self._kind[number] == NARROWED)
            order += range(self._first[number], self._first[number] + count)
        prices = [self._prices[number] for number in order]
        given = [price for price in prices if price is not None]
        return Tree(
            row=row,
            cutoff=self._cutoff,
            neurons=self._neurons,
            splits=np.array([self._kind[number] for number in order], dtype=np.int64),
            priced=np.array([price is not None for price in prices], dtype=np.int64),
            multipliers=np.array(given, dtype=np.float64).reshape(len(given), len(self._neurons)),
        )

    def _children(self, number: int, kind: int, count: int) -> int:
        first = len(self._kind)
        self._kind[number], self._first[number] = kind, first
        self._kind += [LEAF] * count
        self._first += [0] * count
        self._prices += [None] * count
        return first
