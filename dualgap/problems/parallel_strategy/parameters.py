"""A device's parameters: what they hold, and what a step does to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dualgap.problems.parallel_strategy.grid import Point
from dualgap.problems.parallel_strategy.links import replicas

if TYPE_CHECKING:
    from dualgap.problems.parallel_strategy.spec import ParallelStrategy

GRADIENTS, OPTIMISER = "gradients", "optimiser"


def held(problem: ParallelStrategy, parameters: float, spread: int, zero: int) -> dict[str, float]:
    """Bytes of parameters on a device; ``zero`` 1 spreads the optimiser's states, 3 all of them."""
    states, others = (spread if zero else 1), (spread if zero == 3 else 1)
    return {
        "weights": float(problem.weight_bytes) * parameters / others,
        "gradients": float(problem.gradient_bytes) * parameters / others,
        "optimiser": float(problem.state_bytes) * parameters / states,
    }


def updated(problem: ParallelStrategy, parameters: float, point: Point, zero: int) -> dict[str, float]:
    """Seconds of a step to bring gradients together and to update so many parameters of a device."""
    among = replicas(problem, point)
    gradients, weights = float(problem.gradient_bytes) * parameters, float(problem.weight_bytes) * parameters
    touched = gradients + 2 * float(problem.state_bytes) * parameters + weights  # states are read and written
    traffic = touched / float(problem.cluster.bandwidth) / (among.size if zero else 1)
    if zero == 3:
        return {OPTIMISER: traffic}
    together = among.gather(gradients) + among.gather(weights) if zero else among.reduce(gradients)
    return {GRADIENTS: together, OPTIMISER: traffic}
