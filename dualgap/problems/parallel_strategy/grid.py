"""The outer grid: how many devices share tensors, sequences, stages and batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, dataclass
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dualgap.problems.parallel_strategy.spec import ParallelStrategy


@dataclass(frozen=True, order=True)
class Point:
    """A point of the grid.

    Attributes:
        tensor: devices that share each layer's matrices. context: that share each sequence. pipeline: stages.
        microbatch: sequences of a microbatch. interleave: pieces of a stage that take turns.
        zero: 1 where the optimiser's states are spread over the data-parallel devices, else 0.
    """

    tensor: int
    context: int
    pipeline: int
    microbatch: int
    interleave: int
    zero: int

    def row(self) -> tuple[int, ...]:
        """As numbers."""
        found: tuple[int, ...] = astuple(self)
        return found

    def said(self) -> str:
        """For people; what is 1 is left out."""
        names = ("tensor", "context", "pipeline", "microbatch", "interleave")
        return ", ".join(f"{name} {n}" for name, n in zip(names, self.row()) if n > 1 or name == "microbatch") + (
            f", ZeRO {self.zero}" if self.zero else ""
        )


def data(problem: ParallelStrategy, point: Point) -> int:
    """Replicas of the model; each takes its share of the batch."""
    return problem.cluster.devices // (point.tensor * point.context * point.pipeline)


def microbatches(problem: ParallelStrategy, point: Point) -> int:
    """Of a step, on each replica."""
    return problem.global_batch // (data(problem, point) * point.microbatch)


def fault(problem: ParallelStrategy, point: Point) -> str:
    """Why a point can't be, empty where it can."""
    model, share = problem.model, point.tensor * point.context * point.pipeline
    if min(point.row()[:5]) < 1 or point.zero not in (0, 1):
        return "sizes are from 1, zero is 0 or 1"
    if problem.cluster.devices % share:
        return f"tensor x context x pipeline = {share} doesn't divide {problem.cluster.devices} devices"
    if model.heads % point.tensor or (model.kv_heads % point.tensor and point.tensor % model.kv_heads):
        return f"{model.heads} heads ({model.kv_heads} of keys) can't be split over tensor = {point.tensor}"
    if problem.sequence % (point.context * point.tensor):
        return f"a sequence of {problem.sequence} can't be split over context x tensor"
    together = data(problem, point) * point.microbatch
    if problem.global_batch % together:
        return f"data x microbatch = {together} doesn't divide a batch of {problem.global_batch}"
    if model.layers % (point.pipeline * point.interleave):
        return f"pipeline x interleave = {point.pipeline * point.interleave} doesn't divide {model.layers} layers"
    if point.interleave > 1 and (point.pipeline == 1 or microbatches(problem, point) % point.pipeline):
        return "interleaving needs stages, and microbatches that they divide"
    return ""


def points(problem: ParallelStrategy) -> Iterator[Point]:
    """Every point that can be, by the sizes that the spec allows."""
    named = (problem.tensor, problem.context, problem.pipeline, problem.microbatch, problem.interleave, problem.zero)
    for sizes in product(*([int(n) for n in values] for values in named)):
        point = Point(*sizes)
        if not fault(problem, point):
            yield point


def in_flight(problem: ParallelStrategy, point: Point, stage: int) -> float:
    """Microbatches of all of the stage's layers whose activations are held at once, by the one-forward-one-backward
    schedule (Narayanan et al., 2021), interleaved ones in pieces of a stage.
    """
    count, stages, pieces = microbatches(problem, point), point.pipeline, point.interleave
    if pieces == 1:
        return float(min(count, stages - stage))
    return min(count * pieces, 2 * (stages - stage - 1) + (pieces - 1) * stages + 1) / pieces
