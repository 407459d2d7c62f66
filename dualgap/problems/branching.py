"""Proofs by branching: a tree of boxes whose Lagrangian bounds together bound an integer program.

For ``max v'x, row_lower <= Wx <= row_upper`` over whole x in a box, prices y on the rows give every x in the box

    v'x <= sum_i y_i b_i + sum_j max over x_j of (v - W'y)_j x_j,

``b_i`` the upper side of row i where ``y_i > 0`` and its lower side where ``y_i < 0`` (Geoffrion 1974). Whatever beats
an incumbent lies in a smaller box yet: where a step away from a column's better end costs |v - W'y|_j, few steps can be
afforded (Dantzig, Fulkerson and Johnson 1954). A tree that splits boxes column by column, with prices at every node,
proves the largest of the incumbent and its leaves' bounds, whatever columns, thresholds and prices it has.

Boxes are taken in blocks, and all numbers are whole and below 2^53: float64 and BLAS add them up exactly, in any order.
Prices are rounded to whole multiples of 1 / scale.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import cached_property
from math import floor, log2
from typing import ClassVar

import numpy as np

from dualgap.core.arrays import Array, Vector
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.witness import Witness

_EXACT = 2.0**53
_HEADROOM = 2.0**16  # of prices that close boxes where nothing is feasible, over usual ones
_FINEST = 2.0**30
_BLOCK = 2**15  # entries of boxes at a time: they stay in the cache


class Branching(Witness):
    """A binary tree, breadth first: the i-th node that is split (from 0) has the children 2 i + 1 and 2 i + 2.

    Attributes:
        incumbent: in steps of the objective; boxes are narrowed to what is better.
        columns: (N,) the column that a node is split on, -1 at leaves.
        thresholds: (N,) the first child has ``x_j <= threshold``, the second the rest.
        prices: (N, m) on the rows.
    """

    type: ClassVar[str] = "branching"
    incumbent: int
    columns: Vector
    thresholds: Vector
    prices: Array


@dataclass(frozen=True)
class Whole:
    """``max offset + values'x, row_lower <= matrix x <= row_upper, lower <= x <= upper``, all whole numbers in float64.

    Attributes:
        values, lower, upper: (n,) finite.
        matrix: (m, n).
        row_lower, row_upper: (m,) with infinities.
        scale: prices are whole multiples of 1 / scale (a power of two).
    """

    values: np.ndarray
    matrix: np.ndarray
    row_lower: np.ndarray
    row_upper: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    scale: float
    offset: float = 0.0

    @cached_property
    def most(self) -> float:
        """No point is worth more than this, nor less than its negative."""
        return float(np.abs(self.values) @ self._reach) + abs(self.offset)

    @property
    def exact(self) -> bool:
        """Whether numbers are small enough for sums in float64 without rounding."""
        return self.scale >= 1.0 and float(self._weight.max(initial=0.0)) < 0.5 * _EXACT

    @cached_property
    def _reach(self) -> np.ndarray:
        reach: np.ndarray = np.maximum(np.abs(self.lower), np.abs(self.upper))
        return reach

    @cached_property
    def _weight(self) -> np.ndarray:
        """(m,) what a unit of a row's price may add up to."""
        sides = [np.where(np.isfinite(side), np.abs(side), 0.0) for side in (self.row_lower, self.row_upper)]
        weight: np.ndarray = np.abs(self.matrix) @ self._reach + np.maximum(*sides)
        return weight

    def rounded(self, prices: np.ndarray) -> np.ndarray:
        """(K, m) whole prices, times ``scale``; 0 on sides that aren't there, and where sums would not be exact."""
        whole = np.rint(np.clip(np.nan_to_num(prices), -_EXACT, _EXACT) * self.scale)
        absent = (whole > 0) & np.isinf(self.row_upper) | (whole < 0) & np.isinf(self.row_lower)
        whole = np.where(absent, 0.0, whole)
        exact = np.abs(whole) @ self._weight + self.scale * self.most < 0.5 * _EXACT  # these sums are rounded
        return np.where(exact[:, None], whole, 0.0)

    @cached_property
    def _halves(self) -> tuple[np.ndarray, np.ndarray]:
        return np.maximum(self.matrix, 0.0).T, np.minimum(self.matrix, 0.0).T

    def overfull(self, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        """(K,) whether a single row can't hold in a box."""
        up, down = self._halves
        least, most = lower @ up + upper @ down, upper @ up + lower @ down
        return np.asarray(((least > self.row_upper) | (most < self.row_lower)).any(axis=1))

    def restricted(self, columns: np.ndarray, point: np.ndarray) -> Whole:
        """The program in some columns, the others fixed as in ``point`` (n,); prices mean the same."""
        fixed = np.ones(len(self.values), dtype=bool)
        fixed[columns] = False
        load = self.matrix[:, fixed] @ point[fixed]
        return replace(
            self,
            values=self.values[columns],
            matrix=np.ascontiguousarray(self.matrix[:, columns]),
            row_lower=self.row_lower - load,
            row_upper=self.row_upper - load,
            lower=self.lower[columns],
            upper=self.upper[columns],
            offset=self.offset + float(self.values[fixed] @ point[fixed]),
        )


def scale(most: float) -> float:
    """The scale of prices where points are worth at most ``most``: a power of two, below 1 for huge values."""
    return float(min(_FINEST, 2.0 ** floor(log2(_EXACT / _HEADROOM / max(most, 1.0)))))


@dataclass(frozen=True)
class Boxes:
    """What is left of K boxes.

    Attributes:
        bounds: (K,) the most that a point in the box is worth, in steps of 1 / scale; -inf where there is none.
        alive: (K,) whether something better than the incumbent may be inside.
        lower, upper: (A, n) of those that are alive, narrowed to what is better.
    """

    bounds: np.ndarray
    alive: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


def narrowed(program: Whole, lower: np.ndarray, upper: np.ndarray, prices: np.ndarray, incumbent: float) -> Boxes:
    """Boxes (K, n) at rounded prices (K, m), narrowed to the points that are worth more than ``incumbent`` steps."""
    reduced = program.scale * program.values - prices @ program.matrix
    sides = np.where(prices > 0, program.row_upper, np.where(prices < 0, program.row_lower, 0.0))
    bounds = np.einsum("km,km->k", prices, sides) + np.einsum("kn,kn->k", reduced, np.where(reduced > 0, upper, lower))
    bounds += program.scale * program.offset
    bounds[(lower > upper).any(axis=1) | program.overfull(lower, upper)] = -np.inf
    slack = bounds - program.scale * (incumbent + 1)
    alive: np.ndarray = slack >= 0
    reduced, lower, upper, slack = reduced[alive], lower[alive], upper[alive], slack[alive, None]
    # A quotient of whole numbers, correctly rounded, is never below a whole number that the true one reaches.
    steps = np.where(reduced == 0, np.inf, np.floor(slack / np.maximum(np.abs(reduced), 0.5)))
    return Boxes(
        bounds=bounds,
        alive=alive,
        lower=np.where(reduced > 0, np.maximum(lower, upper - steps), lower),
        upper=np.where(reduced < 0, np.minimum(upper, lower + steps), upper),
    )


def replay(program: Whole, tree: Branching, seconds: float) -> int:
    """The bound that a tree proves, in steps of the objective.

    Raises:
        InvalidWitnessError: it isn't a tree over this program, or takes longer than ``seconds``.
    """
    split = _checked(program, tree)
    incumbent = float(min(max(tree.incumbent, -int(program.most) - 1), int(program.most)))
    root = narrowed(program, program.lower[None], program.upper[None], program.rounded(tree.prices[:1]), incumbent)
    if not root.alive[0]:
        return int(incumbent)
    columns = np.union1d(np.flatnonzero(root.lower[0] < root.upper[0]), tree.columns[split])
    place = np.searchsorted(columns, tree.columns)  # of the split columns in the part
    part = program.restricted(columns, root.lower[0])
    first = 2 * np.cumsum(split) - 1  # of a split node's children
    deadline, at_once = time.monotonic() + seconds, max(1, _BLOCK // max(len(columns), 1))
    waiting = [(np.zeros(1, dtype=np.int64), root.lower[:, columns], root.upper[:, columns])]
    best = program.scale * incumbent
    while waiting:
        if time.monotonic() > deadline:
            raise InvalidWitnessError(f"replaying a tree of {len(split):,} nodes took longer than {seconds:g} s")
        nodes, lower, upper = waiting.pop()
        if len(nodes) > at_once:
            waiting.append((nodes[at_once:], lower[at_once:], upper[at_once:]))
            nodes, lower, upper = nodes[:at_once], lower[:at_once], upper[:at_once]
        boxes = narrowed(part, lower, upper, program.rounded(tree.prices[nodes]), incumbent)
        best = boxes.bounds[boxes.alive & ~split[nodes]].max(initial=best)
        inner = split[nodes[boxes.alive]]
        nodes = nodes[boxes.alive][inner]
        if len(nodes):
            at = tree.thresholds[nodes].astype(np.float64)
            below, above = halves(boxes.lower[inner], boxes.upper[inner], place[nodes], at)
            children = np.concatenate((first[nodes], first[nodes] + 1))
            waiting.append((children, below, above))
    return int(best // program.scale)


def halves(
    lower: np.ndarray, upper: np.ndarray, column: np.ndarray, threshold: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The boxes with ``x_column <= threshold``, then those with more; together they are the boxes given."""
    count, here = len(lower), np.arange(len(lower))
    low, high = np.vstack((lower, lower)), np.vstack((upper, upper))
    high[here, column] = np.minimum(upper[here, column], threshold)
    low[here + count, column] = np.maximum(lower[here, column], threshold + 1)
    return low, high


def _checked(program: Whole, tree: Branching) -> np.ndarray:
    """(N,) which nodes are split."""
    nodes, (rows, columns) = len(tree.columns), program.matrix.shape
    if nodes == 0 or tree.thresholds.shape != (nodes,) or tree.prices.shape != (nodes, rows):
        raise InvalidWitnessError(f"a tree over this program has a column, a threshold and {rows} prices a node")
    if tree.columns.dtype != np.int64 or tree.thresholds.dtype != np.int64:
        raise InvalidWitnessError("columns and thresholds of a tree are whole numbers")
    split: np.ndarray = tree.columns >= 0
    if 2 * int(split.sum()) + 1 != nodes or (tree.columns >= columns).any():
        raise InvalidWitnessError(f"{nodes} nodes, {int(split.sum())} of them split, are no binary tree")
    return split
