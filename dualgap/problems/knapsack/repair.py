"""From any point to a feasible packing: round down, drop what overflows, fill greedily, improve by exchanges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from dualgap.problems.knapsack.spec import Knapsack, KnapsackAnswer

_EXCHANGES = 200


def repair(problem: Knapsack, point: Any) -> KnapsackAnswer:
    """A feasible packing near ``point`` (n,): the floor of the point, then greedy by fraction and efficiency.

    Every step keeps the packing feasible in exact arithmetic; the result is at least as good as its start.
    """
    from dualgap.problems.knapsack.spec import KnapsackAnswer

    limits = np.where(problem.limits >= 0, problem.limits, np.iinfo(np.int64).max)
    wanted = np.nan_to_num(np.asarray(point, dtype=np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    counts = np.minimum(np.floor(np.clip(wanted, 0, 2.0**62) + 1e-6).astype(np.int64), limits)
    rank = efficiency(problem)
    scale = max(float(np.abs(rank).max(initial=0.0)), 1e-300)
    order = np.argsort(-(rank / scale + np.clip(wanted - counts, 0.0, 1.0)), kind="stable")
    loads = Loads(problem, counts)
    loads.drop_overflow(order[::-1])
    loads.fill(order)
    loads.fill(np.argsort(-rank, kind="stable"))
    loads.exchange()
    return KnapsackAnswer(counts=loads.counts)


def efficiency(problem: Knapsack) -> np.ndarray:
    """(n,) value per unit of weight, each dimension scaled by its capacity; large where nothing is weighed."""
    capacity = np.maximum(problem.capacity.astype(np.float64), 1e-300)
    load = (problem.weights / capacity[:, None]).sum(axis=0)
    values = problem.values.astype(np.float64)
    return np.where(load > 0, values / np.maximum(load, 1e-300), np.where(values > 0, np.inf, 0.0)).clip(-1e300, 1e300)


class Loads:
    """A packing with the integer room left in every dimension (weights and capacities on common denominators)."""

    def __init__(self, problem: Knapsack, counts: np.ndarray) -> None:
        self.problem = problem
        self.counts = counts.copy()
        self.limits = np.where(problem.limits >= 0, problem.limits, np.iinfo(np.int64).max)
        self.weights = [weights.numerators for weights, _ in problem.exact_rows]
        self.room = [
            int(capacity * weights.denominator) - int(weights.numerators.astype(object) @ self.counts)
            if weights.largest * max(int(self.counts.max(initial=0)), 1) * max(problem.size, 1) >= 2**62
            else int(capacity * weights.denominator) - int(weights.numerators @ self.counts)
            for weights, capacity in problem.exact_rows
        ]

    def drop_overflow(self, order: np.ndarray) -> None:
        """Takes items out, in ``order``, until every dimension fits."""
        for row, weights in enumerate(self.weights):
            if self.room[row] >= 0:
                continue
            packed = order[(self.counts[order] > 0) & (weights[order] > 0)]
            freed = np.cumsum(weights[packed].astype(object) * self.counts[packed])
            enough = int(np.searchsorted(freed.astype(np.float64), -float(self.room[row]))) + 1
            self._take(packed[:enough], -self.counts[packed[:enough]])

    def fill(self, order: np.ndarray) -> None:
        """Packs items of positive value greedily in ``order``: whole runs of the order at a time."""
        values = self.problem.exact_values.numerators
        order = order[(values[order] > 0) & (self.counts[order] < self.limits[order])]
        while order.size:
            copies = self._fitting(order)
            order, copies = order[copies > 0], copies[copies > 0]
            if not order.size:
                return
            prefix = self._prefix(order, copies)
            self._take(order[:prefix], copies[:prefix])
            order = order[prefix:]

    def _fitting(self, items: np.ndarray) -> np.ndarray:
        """How many more copies of each item fit alone."""
        fits = self.limits[items] - self.counts[items]
        for weights, room in zip(self.weights, self.room, strict=True):
            w = weights[items]
            fits = np.where(w > 0, np.minimum(fits, room // np.maximum(w, 1)), fits)
        return fits.astype(np.int64)

    def _prefix(self, items: np.ndarray, copies: np.ndarray) -> int:
        """The longest prefix that fits all at once (at least one item, as each fits alone)."""
        prefix = len(items)
        for weights, room in zip(self.weights, self.room, strict=True):
            load = np.cumsum(weights[items].astype(np.float64) * copies)
            prefix = min(prefix, int(np.searchsorted(load, room * (1 - 1e-12), side="right")))
        return max(prefix, 1)

    def _take(self, items: np.ndarray, copies: np.ndarray) -> None:
        self.counts[items] += copies
        for row, weights in enumerate(self.weights):
            self.room[row] -= int(weights[items].astype(object) @ copies) if len(items) else 0

    def exchange(self) -> None:
        """One-for-one exchanges in a single dimension while they gain (at most a few hundred)."""
        if len(self.weights) != 1:
            return
        values, weights = self.problem.exact_values.numerators, self.weights[0]
        if values.dtype == object or weights.dtype == object:
            return
        for _ in range(_EXCHANGES):
            outside = np.flatnonzero((self.counts < self.limits) & (values > 0))
            inside = np.flatnonzero(self.counts > 0)
            if not outside.size or not inside.size:
                return
            by_weight = outside[np.argsort(weights[outside], kind="stable")]
            best = np.maximum.accumulate(values[by_weight])
            last = np.searchsorted(weights[by_weight], weights[inside] + self.room[0], side="right") - 1
            gain = np.where(last >= 0, best[np.maximum(last, 0)] - values[inside], -1)
            winner = int(gain.argmax())
            if gain[winner] <= 0:
                return
            head = by_weight[: last[winner] + 1]
            entering = head[int(values[head].argmax())]
            self._take(np.array([inside[winner], entering]), np.array([-1, 1]))
