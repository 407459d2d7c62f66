"""Plans: points of the grid with strategies for their operators, and the user's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from pydantic import Field, field_validator

from dualgap.core.arrays import Matrix
from dualgap.core.problem import Answer
from dualgap.core.record import Record
from dualgap.problems.parallel_strategy.grid import Point

SIZES = ("tensor", "context", "pipeline", "microbatch", "interleave", "zero")


def _nothing() -> np.ndarray:
    return np.zeros((0, 0), dtype=np.int64)


class Strategy(Record):
    """A point of the grid, and strategies for the operators of its stages.

    Attributes:
        tensor, context, pipeline, microbatch, interleave, zero: see ``grid.Point``.
        first: (layers of a stage, operators) places among the operator's strategies, of the first stage and all that
            have no logits. last: likewise, of the last stage; empty where there is only one.
    """

    tensor: int
    context: int
    pipeline: int
    microbatch: int
    interleave: int
    zero: int
    first: Matrix
    last: Matrix = Field(default_factory=_nothing)

    @field_validator("last", mode="before")
    @classmethod
    def _empty(cls, value: Any) -> Any:
        """An empty table is written as an empty list."""
        return _nothing() if isinstance(value, Sequence) and not value else value

    @property
    def point(self) -> Point:
        """The point of the grid."""
        return Point(*(getattr(self, name) for name in SIZES))

    @property
    def choices(self) -> tuple[np.ndarray, ...]:
        """Of the stages that decide."""
        return (self.first,) if self.pipeline == 1 else (self.first, self.last)


class Plan(Answer):
    """How a step is spread: the plan, then the runners-up, all of which must be feasible."""

    plans: tuple[Strategy, ...]


class Baseline(Record):
    """The user's present plan, all layers alike.

    Attributes:
        recompute: as Megatron has it. sequence_parallel: whether the residual stream is split like tensors are.
        exchange: of devices that share a sequence. fsdp: whether weights are spread over replicas.
    """

    tensor: int = 1
    context: int = 1
    pipeline: int = 1
    microbatch: int = 1
    interleave: int = 1
    zero: int = 0
    recompute: Literal["none", "selective", "full"] = "none"
    sequence_parallel: bool = False
    exchange: Literal["", "ring", "ulysses", "gather"] = ""
    fsdp: bool = False

    @property
    def point(self) -> Point:
        """The point of the grid."""
        return Point(*(getattr(self, name) for name in SIZES))
