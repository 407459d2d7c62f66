"""The integer program with one binary for each strategy, resharding by marginals.

Mathematics: e_pq for a pair of strategies of joined operators, with sum_q e_pq = s_p and sum_p e_pq = s_q, is the
product of the two where s is whole; e may stay continuous.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.relations import Relation
from dualgap.core.views import View
from dualgap.core.witness import Multipliers, Witness
from dualgap.problems.operator_sharding.proofs import MemoryPrice

if TYPE_CHECKING:
    from dualgap.problems.operator_sharding.spec import OperatorSharding, Sharding


def views(problem: OperatorSharding) -> tuple[View, ...]:
    """``one-hot``."""

    def lifted(witness: Witness) -> Witness | None:
        if not isinstance(witness, Multipliers):
            return None
        return MemoryPrice(price=max(0.0, -float(witness.rows[0])))

    return (
        View(
            name="one-hot",
            form_type=MixedIntegerProgram,
            relation=Relation.EXACT,
            build=lambda: program(problem),
            decode=lambda point: decode(problem, point),
            encode=lambda answer: encode(problem, answer),
            lift_witness=lifted,
        ),
    )


def program(problem: OperatorSharding) -> MixedIntegerProgram:
    """Binaries layer by layer, then the marginals; the first row is memory, then one strategy each, then marginals."""
    from scipy.sparse import coo_array, csr_array

    layers, width, count = problem.layers, len(problem.seconds), len(problem.sizes)
    nodes = layers * width
    entries: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    owner = np.repeat(np.arange(count), problem.sizes)
    every = np.arange(nodes)
    entries.append((np.zeros(nodes, dtype=np.int64), every, np.tile(problem.memory.astype(np.float64), layers)))
    entries.append((1 + (every // width) * count + owner[every % width], every, np.ones(nodes)))
    row, column, costs = 1 + layers * count, nodes, [np.tile(problem.seconds.astype(np.float64), layers)]
    for (layer, i, before, j), table in _edges(problem):
        p, q = np.indices(table.shape).reshape(2, -1)
        at = column + np.arange(table.size)
        for side, place, size, start in ((p, i, table.shape[0], layer), (q, j, table.shape[1], before)):
            base = start * width + int(problem.starts[place])
            entries.append((row + side, at, np.ones(table.size)))
            entries.append((row + np.arange(size), base + np.arange(size), -np.ones(size)))
            row += size
        costs.append(table.ravel())
        column += table.size
    rows, columns, values = (np.concatenate(parts) for parts in zip(*entries))
    right = np.zeros(row)
    right[0] = float(problem.limit)
    right[1 : 1 + layers * count] = 1.0
    lower = right.copy()
    lower[0] = -np.inf
    return MixedIntegerProgram(
        cost=np.concatenate(costs),
        matrix=csr_array(coo_array((values, (rows, columns)), shape=(row, column))),
        row_lower=lower,
        row_upper=right,
        lower=np.zeros(column),
        upper=np.ones(column),
        integer=np.arange(column) < nodes,
    )


def decode(problem: OperatorSharding, point: Any) -> Sharding:
    """The largest binary of each operator; where memory is short, those go that save it for the least time."""
    from dualgap.problems.operator_sharding.spec import Sharding

    width = len(problem.seconds)
    values = np.nan_to_num(np.asarray(point, dtype=np.float64)[: problem.layers * width]).reshape(-1, width)
    parts = np.split(values, problem.starts[1:].tolist(), axis=1)
    return Sharding(choice=_fitted(problem, np.stack([part.argmax(axis=1) for part in parts], axis=1)))


def _fitted(problem: OperatorSharding, choice: np.ndarray) -> np.ndarray:
    """Operators go to their strategies of least memory, the cheapest savings first, until all fits."""
    least = np.tile(problem.leanest, (problem.layers, 1))
    seconds, memory = problem.seconds.astype(np.float64), problem.memory.astype(np.float64)
    before, after = choice + problem.starts, least + problem.starts
    saved = (memory[before] - memory[after]).ravel()
    lost = (seconds[after] - seconds[before]).ravel()
    worth = np.divide(lost, saved, out=np.full(lost.shape, np.inf), where=saved > 0)
    order = np.argsort(worth, kind="stable")
    over = float(memory[before].sum()) - float(problem.limit)
    changed = order[: int(np.searchsorted(np.cumsum(saved[order]), over)) + 1] if over > 0 else order[:0]
    fitted = choice.ravel().copy()
    fitted[changed] = least.ravel()[changed]
    return fitted.reshape(choice.shape)


def encode(problem: OperatorSharding, answer: Any) -> np.ndarray:
    """Binaries and their products."""
    choice = np.asarray(answer.choice).astype(np.int64)
    width = len(problem.seconds)
    binary = np.zeros((problem.layers, width))
    np.put_along_axis(binary, choice + problem.starts, 1.0, axis=1)
    parts = [binary.ravel()]
    for (layer, i, other, j), table in _edges(problem):
        joined = np.zeros(table.shape)
        joined[choice[layer, i], choice[other, j]] = 1.0
        parts.append(joined.ravel())
    return np.concatenate(parts)


def _edges(problem: OperatorSharding) -> list[tuple[tuple[int, int, int, int], np.ndarray]]:
    """(layer, operator, layer, operator) of each joined pair, and its table."""
    out, links = problem.output, problem.links
    inner = [((n, i, n, j), table) for n in range(problem.layers) for (i, j), table in problem.inner]
    return [*inner, *(((n - 1, out, n, head), table) for n in range(1, problem.layers) for head, table in links)]
