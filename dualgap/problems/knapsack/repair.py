"""From any point to a feasible packing: round down, drop what overflows, fill greedily, improve by exchanges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from dualgap.problems.knapsack.spec import Knapsack, KnapsackAnswer

_EXCHANGES = 50
_EXCHANGE_WORK = 200_000  # items looked at, over all exchanges: some tens of milliseconds
_LAST = 0.9  # quantile of the efficiencies left outside that stands for the one at which packing stops
_SAFE = 2**61


def repair(problem: Knapsack, point: Any) -> KnapsackAnswer:
    """A feasible packing near ``point`` (n,): the floor of the point, then greedy by fraction and efficiency.

    Every step keeps the packing feasible in exact arithmetic; the result is at least as good as its start. An item that
    weighs nothing and has no limit stays where the point puts it.
    """
    from dualgap.problems.knapsack.spec import KnapsackAnswer

    wanted = np.nan_to_num(np.asarray(point, dtype=np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    counts = np.floor(np.clip(wanted, 0, 2.0**61) + 1e-6).astype(np.int64)
    counts = np.where(problem.limits >= 0, np.minimum(counts, problem.limits), counts)
    counts = np.where(problem.values > 0, counts, 0)
    rank = efficiency(problem)
    usual = float(np.median(rank[rank > 0])) if (rank > 0).any() else 1.0
    score = np.maximum(rank, 0.0) / (np.maximum(rank, 0.0) + usual)  # 1/2 for an item of the usual efficiency
    order = np.argsort(-(score + np.clip(wanted - counts, 0.0, 1.0)), kind="stable")
    loads = Loads(problem, counts)
    loads.drop_overflow(order[::-1])
    loads.fill(order)
    loads.exchange()
    return KnapsackAnswer(counts=loads.counts if len(problem.capacity) == 1 else _exchanged(problem, loads.counts))


def _exchanged(problem: Knapsack, counts: np.ndarray) -> np.ndarray:
    """A packing in several dimensions, improved around the efficiency at which it stops."""
    from dualgap.problems.knapsack.packings import Packer
    from dualgap.problems.knapsack.several import counted

    program = counted(problem)
    if program is None or (counts > np.maximum(problem.limits, 0)).any():
        return counts
    rank, packed = efficiency(problem), np.minimum(counts, program.upper[:-1])
    outside = rank[(packed == 0) & (program.upper[:-1] > 0)]
    last = float(np.quantile(outside, _LAST)) if outside.size else 0.0
    values = program.values[:-1]
    reduced = np.where(rank > 0, values * (1.0 - last / np.maximum(rank, 1e-300)), 0.0)
    packer = Packer(values, program.matrix[:-1, :-1], program.row_upper[:-1], program.upper[:-1], reduced)
    return packer.improved(packed).astype(np.int64)


def efficiency(problem: Knapsack) -> np.ndarray:
    """(n,) value per unit of weight, each dimension scaled by its capacity; 1e300 where nothing is weighed."""
    capacity = np.maximum(problem.capacity.astype(np.float64), 1e-300)
    load = (problem.weights / capacity[:, None]).sum(axis=0)
    values = problem.values.astype(np.float64)
    return np.where(load > 0, values / np.maximum(load, 1e-300), np.where(values > 0, np.inf, 0.0)).clip(-1e300, 1e300)


class Loads:
    """A packing with the integer room left in every dimension (weights and capacities on common denominators).

    Everything is exact: int64 where no sum can overflow, Python integers elsewhere.
    """

    def __init__(self, problem: Knapsack, counts: np.ndarray) -> None:
        self.problem = problem
        self.counts = counts.copy()
        self.limits = np.where(problem.limits >= 0, problem.limits, counts)
        self.weights: list[np.ndarray] = []
        self.room: list[int] = []
        most = np.maximum(self.limits, counts).astype(np.float64)
        for weights, capacity in problem.exact_rows:
            room = int(capacity * weights.denominator)
            wide = float(weights.numerators.astype(np.float64) @ most) >= _SAFE or room >= _SAFE
            numerators = weights.numerators.astype(object) if wide else weights.numerators
            self.weights.append(numerators)
            self.room.append(room - int(numerators @ self.counts))

    def drop_overflow(self, order: np.ndarray) -> None:
        """Takes items out, in ``order``, until every dimension fits; of the last no more copies than needed."""
        for row, weights in enumerate(self.weights):
            if self.room[row] >= 0:
                continue
            packed = order[(self.counts[order] > 0) & (weights[order] > 0)]
            freed = np.cumsum(weights[packed] * self.counts[packed])
            last = int(np.searchsorted(freed, -self.room[row]))
            out = self.counts[packed[: last + 1]].copy()
            spare = (int(freed[last]) + self.room[row]) // int(weights[packed[last]])
            out[-1] -= spare
            self._take(packed[: last + 1], -out)

    def fill(self, order: np.ndarray) -> None:
        """Packs items of positive value greedily in ``order``: whole runs of the order at a time."""
        values = self.problem.exact_values.numerators
        order = order[(values[order] > 0) & (self.counts[order] < self.limits[order])]
        while order.size:
            copies = self._fitting(order)
            order, copies = order[copies > 0], copies[copies > 0]
            if order.size:
                prefix = self._prefix(order, copies)
                self._take(order[:prefix], copies[:prefix])
                order = order[prefix:]

    def _fitting(self, items: np.ndarray) -> np.ndarray:
        """How many more copies of each item fit alone."""
        fits = self.limits[items] - self.counts[items]
        for weights, room in zip(self.weights, self.room):
            weight = weights[items]
            fits = np.where(weight > 0, np.minimum(fits, room // np.maximum(weight, 1)), fits)
        return np.asarray(fits, dtype=np.int64)

    def _prefix(self, items: np.ndarray, copies: np.ndarray) -> int:
        """The longest prefix that fits all at once (at least one item, as each fits alone)."""
        prefix = len(items)
        for weights, room in zip(self.weights, self.room):
            load = np.cumsum(weights[items[:prefix]] * copies[:prefix])
            prefix = int(np.searchsorted(load, room, side="right"))
        return prefix

    def _take(self, items: np.ndarray, copies: np.ndarray) -> None:
        self.counts[items] += copies
        for row, weights in enumerate(self.weights):
            self.room[row] -= int(weights[items] @ copies)

    def exchange(self) -> None:
        """One-for-one exchanges in a single dimension while they gain (a few dozen at most)."""
        if len(self.weights) != 1:
            return
        values, weights = self.problem.exact_values.numerators, self.weights[0]
        if values.dtype == object or weights.dtype == object:
            return
        by_weight = np.argsort(weights, kind="stable")
        for _ in range(min(_EXCHANGES, 1 + _EXCHANGE_WORK // max(len(weights), 1))):
            outside = by_weight[(self.counts[by_weight] < self.limits[by_weight]) & (values[by_weight] > 0)]
            inside = np.flatnonzero(self.counts > 0)
            if not outside.size or not inside.size:
                return
            best = np.maximum.accumulate(values[outside])
            last = np.searchsorted(weights[outside], weights[inside] + self.room[0], side="right") - 1
            gain = np.where(last >= 0, best[np.maximum(last, 0)] - values[inside], -1)
            winner = int(gain.argmax())
            if gain[winner] <= 0:
                return
            head = outside[: last[winner] + 1]
            entering = head[int(values[head].argmax())]
            self._take(np.array([inside[winner], entering]), np.array([-1, 1]))
