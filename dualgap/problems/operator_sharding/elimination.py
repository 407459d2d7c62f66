"""The cheapest strategies at a price of memory, exactly: elimination inside a layer, a recursion over layers.

Mathematics: within a layer operators are eliminated one by one; what is left is a table over the strategies of the last
layer's output and of this one's, the same for all layers. Layers then form a chain. An operator that k others are left
with costs the product of k + 1 numbers of strategies.

Source: Dechter, Bucket elimination (1999); the order is by fewest neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dualgap.problems.operator_sharding.spec import OperatorSharding

LARGEST_TABLE = 2**22  # entries; a layer whose operators are joined more closely is refused
_BEFORE = -1  # stands for the last layer's output among a layer's operators


@dataclass(frozen=True)
class Layered:
    """The cheapest strategies at a price.

    Attributes:
        value: seconds, and memory times the price. choice: (layers, operators) strategies that reach it.
    """

    value: float
    choice: np.ndarray


@dataclass(frozen=True)
class _Step:
    """An operator that went, the others that its best strategy depends on, and that strategy for each of theirs."""

    operator: int
    others: tuple[int, ...]
    best: np.ndarray


Table = tuple[tuple[int, ...], np.ndarray]


def widest(problem: OperatorSharding) -> int:
    """Entries of the largest table that elimination makes."""
    sizes = {**dict(enumerate(problem.sizes)), _BEFORE: problem.sizes[problem.output]}
    return max(
        int(np.prod([float(sizes[one]) for one in scope])) for scope in _scopes(problem, {_BEFORE, problem.output})
    )


def cheapest(problem: OperatorSharding, price: float) -> Layered:
    """The cheapest strategies at a price of memory, in seconds a unit; float64 sums of numbers that aren't negative."""
    nodes = [seconds + price * memory for seconds, memory in zip(problem.node_seconds, problem.node_memory)]
    inner: list[Table] = [((k,), node) for k, node in enumerate(nodes)]
    inner += [((i, j), table) for (i, j), table in problem.inner]
    later: list[Table] = [((_BEFORE, head), table) for head, table in problem.links]
    first_table, first_steps = _eliminated(inner, {problem.output})
    table, steps = _eliminated([*inner, *later], {_BEFORE, problem.output})
    done = _spread(first_table, (problem.output,), problem)
    between = _spread(table, (_BEFORE, problem.output), problem)
    came = np.zeros((problem.layers, len(done)), dtype=np.int64)
    for layer in range(1, problem.layers):
        through = done[:, None] + between
        came[layer] = through.argmin(axis=0)
        done = through.min(axis=0)
    last = int(done.argmin())
    choice = np.zeros((problem.layers, len(problem.sizes)), dtype=np.int64)
    at = last
    for layer in range(problem.layers - 1, -1, -1):
        before = int(came[layer, at])
        chosen = {problem.output: at, _BEFORE: before}
        for step in reversed(first_steps if layer == 0 else steps):
            chosen[step.operator] = int(step.best[tuple(chosen[one] for one in step.others)])
        choice[layer] = [chosen[k] for k in range(len(problem.sizes))]
        at = before
    return Layered(float(done[last]), choice)


def additions(problem: OperatorSharding) -> int:
    """At most so many float64 operations stand between the spec's numbers and a value."""
    return problem.layers * (3 * len(problem.sizes) + len(problem.inner) + len(problem.links) + 1)


def _eliminated(tables: Sequence[Table], kept: set[int]) -> tuple[list[Table], list[_Step]]:
    """What is left over the kept operators, and how to choose the others."""
    left, steps = list(tables), list[_Step]()
    while True:
        neighbours = _neighbours([scope for scope, _ in left])
        goes = sorted(set(neighbours) - kept)
        if not goes:
            return left, steps
        operator = min(goes, key=lambda one: (len(neighbours[one]), one))
        others = tuple(sorted(neighbours[operator]))
        scope = (*others, operator)
        total = sum(_aligned(table, scope) for table in left if operator in table[0])
        joined = np.asarray(total)
        steps.append(_Step(operator, others, joined.argmin(axis=-1)))
        left = [table for table in left if operator not in table[0]]
        left.append((others, joined.min(axis=-1)))


def _scopes(problem: OperatorSharding, kept: set[int]) -> list[tuple[int, ...]]:
    """The operators of each table that elimination makes, without making them."""
    left: list[tuple[int, ...]] = [(one,) for one in {*kept, *range(len(problem.sizes))}]
    left += [pair for pair, _ in problem.inner] + [(_BEFORE, head) for head, _ in problem.links]
    found = [tuple(sorted(kept))]
    while True:
        neighbours = _neighbours(left)
        goes = sorted(set(neighbours) - kept)
        if not goes:
            return found
        operator = min(goes, key=lambda one: (len(neighbours[one]), one))
        others = tuple(sorted(neighbours[operator]))
        found.append((*others, operator))
        left = [scope for scope in left if operator not in scope] + [others]


def _neighbours(scopes: Sequence[tuple[int, ...]]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {one: set() for scope in scopes for one in scope}
    for scope in scopes:
        for one, other in combinations(scope, 2):
            found[one].add(other)
            found[other].add(one)
    return found


def _aligned(table: Table, scope: tuple[int, ...]) -> np.ndarray:
    """The table with an axis for each operator of the scope, of length 1 where it doesn't depend on it."""
    names, values = table
    order = sorted(range(len(names)), key=lambda axis: scope.index(names[axis]))
    present = {names[axis] for axis in order}
    shape = iter(values.transpose(order).shape)
    return values.transpose(order).reshape([next(shape) if one in present else 1 for one in scope])


def _spread(tables: Sequence[Table], scope: tuple[int, ...], problem: OperatorSharding) -> np.ndarray:
    """The sum of tables over the whole scope."""
    shape = tuple(problem.sizes[problem.output if one == _BEFORE else one] for one in scope)
    total = np.zeros(shape)
    for table in tables:
        total = total + _aligned(table, scope)
    return total
