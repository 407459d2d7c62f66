"""A pipeline's stages as sharding problems: the fullest one, which is the first, and the last one, with the logits.

Every other stage has as many layers as the first, fewer microbatches in flight and no embedding: the first stage's plan
fits there and lasts as long. With T_s the seconds of a microbatch on stage s, a step takes the largest of

    (m + (p - 1) / v) T_s + what stage s does once a step,

m microbatches on each replica, p stages, v pieces of a stage (Narayanan et al., 2021).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.exact import fraction
from dualgap.problems.operator_sharding import OperatorSharding, Sharding
from dualgap.problems.parallel_strategy.activations import tokens
from dualgap.problems.parallel_strategy.grid import Point, data, in_flight, microbatches
from dualgap.problems.parallel_strategy.links import replicas, ring
from dualgap.problems.parallel_strategy.operators import Layer, Strategy, layer, summed, total
from dualgap.problems.parallel_strategy.parameters import held, updated

if TYPE_CHECKING:
    from fractions import Fraction

    from dualgap.problems.parallel_strategy.spec import ParallelStrategy

LOGITS, TRANSFERS, BUBBLE, RESHARDING = "logits", "stage transfers", "bubble", "resharding"
ACTIVATIONS, WORKSPACE = "activations", "workspace"


@dataclass(frozen=True)
class Stage:
    """A stage at a point of the grid.

    Attributes:
        name: "first", "last" or "only". layer: its layers' strategies.
        rounds: m + (p - 1) / v. count: m. in_flight: microbatches whose activations are held.
        micro: seconds of a microbatch beside the layers', by cause. step: seconds of a step, likewise.
        fixed: bytes beside the layers', by part.
        sharding: the layers' problem: seconds of a step, bytes, within what ``fixed`` leaves.
    """

    name: str
    layer: Layer
    rounds: float
    count: int
    in_flight: float
    micro: Mapping[str, float]
    step: Mapping[str, float]
    fixed: Mapping[str, float]
    sharding: OperatorSharding

    @property
    def constant(self) -> Fraction:
        """Seconds of a step beside the layers'."""
        return fraction(self.rounds * total(self.micro) + total(self.step))

    @property
    def fits(self) -> bool:
        """Whether the leanest strategies fit."""
        return self.sharding.least_memory <= fraction(self.sharding.limit)

    def seconds(self, choice: np.ndarray) -> dict[str, float]:
        """Seconds of a step by cause, of (layers, operators) strategies; float64."""
        chosen = self._chosen(choice)
        micro = summed([one.micro for one in chosen] + [self.micro])
        found = {cause: self.count * seconds for cause, seconds in micro.items()}
        step = summed([one.step for one in chosen] + [self.step])
        moved = float(self.sharding.evaluate(Sharding(choice=choice)).metrics["time"]["resharding"])
        found |= {BUBBLE: (self.rounds - self.count) * total(micro), RESHARDING: moved}
        return {cause: seconds for cause, seconds in summed([found, step]).items() if seconds}

    def bytes(self, choice: np.ndarray) -> dict[str, float]:
        """Bytes of a device by part."""
        chosen = self._chosen(choice)
        parts = summed([one.held for one in chosen] + [self.fixed])
        return {**parts, ACTIVATIONS: self.in_flight * sum(one.stored for one in chosen)}

    def _chosen(self, choice: np.ndarray) -> list[Strategy]:
        return [self.layer.strategies[k][int(s)] for row in choice for k, s in enumerate(row)]


def stages(problem: ParallelStrategy, point: Point) -> tuple[Stage, ...]:
    """The stages that decide: one without a pipeline, else the first and the last."""
    if point.pipeline == 1:
        return (_stage(problem, point, "only", 0),)
    return _stage(problem, point, "first", 0), _stage(problem, point, "last", point.pipeline - 1)


def _stage(problem: ParallelStrategy, point: Point, name: str, place: int) -> Stage:
    model, cluster = problem.model, problem.cluster
    layers, table = model.layers // point.pipeline, layer(problem, point)
    count, n = microbatches(problem, point), tokens(problem, point)
    rounds, flying = count + (point.pipeline - 1) / point.interleave, in_flight(problem, point, place)
    embedding = model.vocabulary * model.hidden / point.tensor * (1 if model.tied or name != "only" else 2)
    among = replicas(problem, point)
    micro: dict[str, float] = {}
    if point.pipeline > 1:
        between = ring(problem, point.pipeline, point.tensor * point.context * data(problem, point))
        sent = 2.0 * n * model.hidden / point.tensor
        micro[TRANSFERS] = 2 * point.interleave * (between.latency + sent / between.bandwidth)
    step = updated(problem, embedding, point, point.zero)
    fixed = summed([held(problem, embedding, among.size, point.zero)])
    kept = sum(max(one.stored for one in choices) for choices in table.strategies)
    gathered = max(model.operator_parameters.values()) / point.tensor if among.size > 1 else 0.0
    fixed[WORKSPACE] = kept + 2 * float(problem.weight_bytes) * gathered
    if name != "first":
        peak = float(problem.calibration.efficiency) * float(cluster.flops)
        step[LOGITS] = count * 3 * 2 * n * model.hidden * model.vocabulary / point.tensor / peak
        fixed[LOGITS] = 6.0 * n * model.vocabulary / point.tensor
    room = max(0.0, float(cluster.memory) - total(fixed))
    sharding = _sharding(table, layers, rounds, flying, room)
    return Stage(name, table, rounds, count, flying, micro, step, fixed, sharding)


def _sharding(table: Layer, layers: int, rounds: float, flying: float, room: float) -> OperatorSharding:
    every = [one for choices in table.strategies for one in choices]
    moves = [
        np.array([[rounds * table.moved * (one.layout != other.layout) for other in second] for one in first])
        for first, second in ((table.strategies[i], table.strategies[j]) for i, j in (*table.pairs, *_next(table)))
    ]
    return OperatorSharding(
        layers=layers,
        strategies=np.array([len(choices) for choices in table.strategies]),
        seconds=np.array([rounds * total(one.micro) + total(one.step) for one in every]),
        memory=np.array([flying * one.stored + total(one.held) for one in every]),
        limit=room,
        pairs=np.array(table.pairs, dtype=np.int64).reshape(-1, 2) if table.pairs else np.array([]),
        output=table.output,
        heads=np.array([j for _, j in _next(table)], dtype=np.int64),
        resharding=np.concatenate([move.ravel() for move in moves]) if moves else np.array([]),
        operators=table.operators,
        names=tuple(one.name for one in every),
    )


def _next(table: Layer) -> tuple[tuple[int, int], ...]:
    """From a layer's output to the next layer, which takes the same stream."""
    return tuple((table.output, i) for i, _ in table.pairs)
