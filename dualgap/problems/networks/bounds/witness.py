"""The witness of bounds on margins: how neurons are bounded, and trees of narrowed and split sets with multipliers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from pydantic import field_validator

from dualgap.core.arrays import Rows, Vector, as_array
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.witness import Witness

LEAF, NARROWED = -1, -2

_NONE = as_array(())
_NO_TREES = as_array(np.zeros((0, 4), dtype=np.int64))

Method = Literal["interval", "crown"]


class MarginBounds(Witness):
    """Lower bounds on linear functions of a ReLU network's outputs; the verifier recomputes each of them.

    Trees are stored one after the other; see ``Tree``.

    Attributes:
        method: how neurons' intervals are found, and bounds where no tree is given.
        radii: (n,) at which each input is proved safe, where least radii are asked for; else empty.
        trees: (T, 4) the function bounded (its place in the problem's list), and the numbers of nodes, neurons, and
            nodes with multipliers.
        cutoffs: (T,) what each tree shows its function to be, at least.
        neurons, splits, priced, multipliers: of all trees.
    """

    type: ClassVar[str] = "margin-bounds"
    method: Method
    radii: Vector = _NONE
    trees: Rows = _NO_TREES
    cutoffs: Vector = _NONE
    neurons: Vector = _NONE
    splits: Vector = _NONE
    priced: Vector = _NONE
    multipliers: Vector = _NONE

    @field_validator("trees")
    @classmethod
    def _none_in_json(cls, trees: np.ndarray) -> np.ndarray:
        return _NO_TREES if not trees.size else trees


@dataclass(frozen=True, eq=False)
class Tree:
    """Sets that hold every point where a function is below a cutoff: each is bounded, narrowed or split.

    Nodes come breadth first. A leaf is bounded from below; a narrowed node has one child, the points of its set that
    its bound leaves below the cutoff; a split node has two, where a neuron is active, and where it isn't.

    Attributes:
        row: the function.
        cutoff: nodes that are bounded by it are closed.
        neurons: (U,) that multipliers are given for; increasing numbers through all hidden layers.
        splits: (N,) the neuron that a node is split on; LEAF or NARROWED.
        priced: (N,) 1 where a node has multipliers, 0 where CROWN's are taken.
        multipliers: (priced nodes, U); where a neuron is active, beyond what passes through it.
    """

    row: int
    cutoff: float
    neurons: np.ndarray
    splits: np.ndarray
    priced: np.ndarray
    multipliers: np.ndarray

    def children(self) -> np.ndarray:
        """(N,) each node's first child."""
        counts = np.where(self.splits >= 0, 2, np.where(self.splits == NARROWED, 1, 0))
        return np.asarray(1 + np.cumsum(counts) - counts)


def packed(trees: Sequence[Tree], method: Method = "crown", radii: np.ndarray | None = None) -> MarginBounds:
    """The trees as a witness."""

    def joined(parts: list[np.ndarray]) -> np.ndarray:
        return np.concatenate(parts) if parts else _NONE

    sizes = [(tree.row, len(tree.splits), len(tree.neurons), len(tree.multipliers)) for tree in trees]
    return MarginBounds(
        method=method,
        radii=_NONE if radii is None else radii,
        trees=np.array(sizes, dtype=np.int64).reshape(-1, 4),
        cutoffs=np.array([tree.cutoff for tree in trees], dtype=np.float64),
        neurons=joined([tree.neurons for tree in trees]),
        splits=joined([tree.splits for tree in trees]),
        priced=joined([tree.priced for tree in trees]),
        multipliers=joined([tree.multipliers.ravel() for tree in trees]),
    )


def unpacked(witness: MarginBounds, rows: int, hidden: int) -> list[Tree]:
    """A witness's trees over so many functions and hidden neurons.

    Raises:
        InvalidWitnessError: they are no such trees.
    """
    whole = (witness.trees, witness.neurons, witness.splits, witness.priced)
    if witness.trees.shape[1] != 4 or any(part.size and part.dtype != np.int64 for part in whole):
        raise InvalidWitnessError("trees have a function and three sizes each, in whole numbers")
    if (witness.trees < 0).any() or (witness.trees[:, 0] >= rows).any():
        raise InvalidWitnessError(f"trees bound functions 0 to {rows - 1}")
    _, nodes, neurons, priced = witness.trees.astype(object).T
    if len(witness.cutoffs) != len(nodes):
        raise InvalidWitnessError("every tree has a cutoff")
    pieces = zip(
        witness.trees[:, 0].tolist(),
        witness.cutoffs.tolist(),
        _pieces(witness.neurons, neurons),
        _pieces(witness.splits, nodes),
        _pieces(witness.priced, nodes),
        _pieces(witness.multipliers.astype(np.float64), priced * neurons),
        strict=True,
    )
    trees = [
        Tree(row, cutoff, listed, splits, marks, prices.reshape(-1, max(len(listed), 1)))
        for row, cutoff, listed, splits, marks, prices in pieces
    ]
    for tree in trees:
        _check(tree, hidden)
    return trees


def _pieces(array: np.ndarray, lengths: np.ndarray) -> list[np.ndarray]:
    if int(lengths.sum()) != len(array):
        raise InvalidWitnessError("the trees' arrays don't have the lengths that their sizes say")
    return np.split(array, np.cumsum(lengths)[:-1].astype(np.int64)) if len(lengths) else []


def _check(tree: Tree, hidden: int) -> None:
    nodes, count = len(tree.splits), len(tree.neurons)
    if count and (tree.neurons[0] < 0 or tree.neurons[-1] >= hidden or (np.diff(tree.neurons) <= 0).any()):
        raise InvalidWitnessError(f"a tree's neurons are numbers of [0, {hidden}), increasing")
    if (tree.splits < NARROWED).any() or (tree.splits >= hidden).any():
        raise InvalidWitnessError(f"nodes are split on neurons of [0, {hidden})")
    first = tree.children()
    if (
        nodes == 0
        or tree.splits[-1] != LEAF
        or first[-1] != nodes
        or (first <= np.arange(nodes))[tree.splits != LEAF].any()
    ):
        raise InvalidWitnessError(f"{nodes} nodes are no tree that comes breadth first")
    if not np.isin(tree.priced, (0, 1)).all() or int(tree.priced.sum()) != len(tree.multipliers):
        raise InvalidWitnessError("a node has multipliers, or it has none")
