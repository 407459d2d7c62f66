"""Choices of strategies made faster within memory: one operator, or one layer, at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dualgap.problems.operator_sharding import OperatorSharding

_WORTH = 1e-12  # of the time: less isn't gained


@dataclass(frozen=True)
class Costs:
    """A problem's numbers, for choices of (layers, operators) strategies."""

    problem: OperatorSharding

    def memory(self, choice: np.ndarray) -> float:
        """Of all layers."""
        return float(self.layer_memory(choice).sum())

    def time(self, choice: np.ndarray) -> float:
        """Of all layers, with resharding."""
        return float(self.layer_time(choice).sum() + self.between(choice[:-1], choice[1:]).sum())

    def layer_memory(self, plans: np.ndarray) -> np.ndarray:
        """(n,) of (n, K) plans of a layer."""
        return np.asarray(sum(part[plans[:, k]] for k, part in enumerate(self.problem.node_memory)))

    def layer_time(self, plans: np.ndarray) -> np.ndarray:
        """(n,) of (n, K) plans of a layer, without the layer before."""
        run = sum(part[plans[:, k]] for k, part in enumerate(self.problem.node_seconds))
        return np.asarray(run + sum(table[plans[:, i], plans[:, j]] for (i, j), table in self.problem.inner))

    def between(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """(...) resharding from plans (..., K) of a layer to those of the next."""
        total = np.zeros(np.broadcast_shapes(first.shape[:-1], second.shape[:-1]))
        for head, table in self.problem.links:
            total = total + table[first[..., self.problem.output], second[..., head]]
        return total


def mixed(costs: Costs, first: np.ndarray, second: np.ndarray) -> np.ndarray | None:
    """The fastest of: so many layers of one choice, the rest of the other; None where none fits into memory."""
    found, best = None, np.inf
    limit = float(costs.problem.limit)
    for one, other in ((first, second), (second, first)):
        for layers in range(len(first) + 1):
            choice = np.vstack([one[:layers], other[layers:]])
            if costs.memory(choice) <= limit and (time := costs.time(choice)) < best:
                found, best = choice, time
    return found


def improved(costs: Costs, choice: np.ndarray, plans: np.ndarray, should_stop: Callable[[], bool]) -> np.ndarray:
    """The choice after changes of one operator, or of a whole layer to one of the (n, K) plans, while it gets faster.

    Of the changes that fit, the one that gains the most is made.
    """
    choice = choice.copy()
    least = _WORTH * max(costs.time(choice), 1e-300)
    layer_time, layer_memory = costs.layer_time(plans), costs.layer_memory(plans)
    while not should_stop():
        room = float(costs.problem.limit) - costs.memory(choice)
        gain, change = _best_layer(costs, choice, plans, layer_time, layer_memory, room)
        for operator in range(choice.shape[1]):
            found, layer, strategy = _best_strategy(costs, choice, operator, room)
            if found < gain:
                row = choice[layer].copy()
                row[operator] = strategy
                gain, change = found, (layer, row)
        if gain >= -least:
            break
        before = costs.memory(choice)
        choice[change[0]] = change[1]
        assert costs.memory(choice) <= before + room * (1 + 1e-9) + 1e-300
    return choice


def _best_layer(
    costs: Costs,
    choice: np.ndarray,
    plans: np.ndarray,
    layer_time: np.ndarray,
    layer_memory: np.ndarray,
    room: float,
) -> tuple[float, tuple[int, np.ndarray]]:
    """(Change of time, (layer, its plan)) of the best change of a layer."""
    time = layer_time[None, :] - costs.layer_time(choice)[:, None]
    memory = layer_memory[None, :] - costs.layer_memory(choice)[:, None]
    now = costs.between(choice[:-1], choice[1:])
    time[1:] += costs.between(choice[:-1, None], plans[None]) - now[:, None]
    time[:-1] += costs.between(plans[None], choice[1:, None]) - now[:, None]
    time[memory > room] = np.inf
    layer, plan = np.unravel_index(int(time.argmin()), time.shape)
    return float(time[layer, plan]), (int(layer), plans[plan])


def _best_strategy(costs: Costs, choice: np.ndarray, operator: int, room: float) -> tuple[float, int, int]:
    """(Change of time, layer, strategy) of the best change of one operator in one layer."""
    problem = costs.problem
    here = choice[:, operator]
    time = np.tile(problem.node_seconds[operator], (len(choice), 1))
    for (i, j), table in problem.inner:
        if i == operator:
            time += table[:, choice[:, j]].T
        elif j == operator:
            time += table[choice[:, i]]
    for head, table in problem.links:
        if head == operator == problem.output:
            time[1:] += table[choice[:-1, operator]]
            time[:-1] += table[:, choice[1:, operator]].T
        elif head == operator:
            time[1:] += table[choice[:-1, problem.output]]
        elif operator == problem.output:
            time[:-1] += table[:, choice[1:, head]].T
    rows = np.arange(len(choice))
    time -= time[rows, here][:, None]
    memory = problem.node_memory[operator][None, :] - problem.node_memory[operator][here][:, None]
    time[memory > room] = np.inf
    layer, strategy = np.unravel_index(int(time.argmin()), time.shape)
    return float(time[layer, strategy]), int(layer), int(strategy)
