"""Lower bounds on the makespan, recomputed in rational arithmetic.

Mathematics: with T seconds a uniform device does at most floor(speed_j T) whole units of work, so that no T with
``sum_j floor(speed_j T) < sum_k work_k N_k`` suffices (integer capacity). For any weights l on devices that sum to 1,
``T >= sum_k N_k min_j l_j p_jk`` (Lagrange; at the best weights the linear relaxation). Some device runs the longest
block: ``T >= max_k min_j p_jk``.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from dualgap.core.arrays import Vector
from dualgap.core.certificate import Bound, Evidence
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.exact import simplest
from dualgap.core.witness import Witness
from dualgap.problems.capacity import least_time

if TYPE_CHECKING:
    from dualgap.problems.attention_placement.spec import AttentionPlacement


class Capacity(Witness):
    """Uniform devices do whole units of work: nothing but the spec is needed."""

    type: ClassVar[str] = "integer-capacity"


class DeviceWeights(Witness):
    """Weights on devices, at least 0; their sum is divided out."""

    type: ClassVar[str] = "device-weights"
    weights: Vector


def prove(problem: AttentionPlacement, witness: Witness) -> Bound:
    """The bound, joined with the longest block.

    Raises:
        InvalidWitnessError: another witness, or weights that say nothing.
    """
    longest = longest_block(problem)
    match witness:
        case Capacity():
            if not problem.uniform:
                raise InvalidWitnessError("devices aren't uniform: there is no capacity in units of work")
            value, said = capacity(problem), "whole units of work on every device"
        case DeviceWeights():
            value, said = weighted(problem, witness.weights), "weights on the devices"
        case _:
            raise InvalidWitnessError(f"attention-placement takes no {witness.type} witness")
    if longest > value:
        return Bound(simplest(longest), Evidence.PROVED, "the longest block on its fastest device")
    return Bound(simplest(value), Evidence.PROVED, said)


def longest_block(problem: AttentionPlacement) -> Fraction:
    """``max_k min_j p_jk`` over types that there are blocks of."""
    times, counts = problem.exact_times, problem.count.tolist()
    return max((min(row[k] for row in times) for k, count in enumerate(counts) if count), default=Fraction(0))


def capacity(problem: AttentionPlacement) -> Fraction:
    """The least T at which whole units of capacity suffice."""
    return least_time(problem.speeds, int(problem.work.astype(object) @ problem.count.astype(object)))


def weighted(problem: AttentionPlacement, weights: np.ndarray) -> Fraction:
    """The Lagrangian at the weights, which floats state exactly.

    Raises:
        InvalidWitnessError: another number of weights, negative ones, or none that counts.
    """
    if weights.shape != (problem.size,) or not np.isfinite(weights).all() or (weights < 0).any():
        raise InvalidWitnessError(f"expected {problem.size} weights, finite and at least 0")
    exact = [Fraction(value) for value in weights.tolist()]
    total = sum(exact, Fraction(0))
    if not total:
        raise InvalidWitnessError("all weights are 0")
    if problem.uniform:
        rate = min(weight / speed for weight, speed in zip(exact, problem.speeds))
        return rate * int(problem.work.astype(object) @ problem.count.astype(object)) / total
    times = problem.exact_times
    least = (
        int(count) * min(weight * row[k] for weight, row in zip(exact, times))
        for k, count in enumerate(problem.count.tolist())
        if count
    )
    return sum(least, Fraction(0)) / total
