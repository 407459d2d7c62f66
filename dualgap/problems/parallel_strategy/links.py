"""Collectives among devices: rings over the links of a node, or of the network between nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dualgap.problems.parallel_strategy.grid import Point, data

if TYPE_CHECKING:
    from dualgap.problems.parallel_strategy.spec import ParallelStrategy


@dataclass(frozen=True)
class Ring:
    """Collectives among ``size`` devices: a ring's bytes over the slowest link, after a latency."""

    size: int
    bandwidth: float
    latency: float

    def gather(self, bytes_: float) -> float:
        """Seconds to gather, or to reduce and scatter, tensors of so many bytes in all."""
        return 0.0 if self.size == 1 else self.latency + (self.size - 1) / self.size * bytes_ / self.bandwidth

    def reduce(self, bytes_: float) -> float:
        """Seconds to add up tensors of so many bytes and tell everybody."""
        return 0.0 if self.size == 1 else self.latency + 2 * (self.size - 1) / self.size * bytes_ / self.bandwidth


def ring(problem: ParallelStrategy, size: int, stride: int) -> Ring:
    """Of devices that are ``stride`` apart; those of a node share its adapters, each ring among them its part."""
    cluster = problem.cluster
    inside = size * stride <= cluster.node
    shared = min(float(cluster.link), float(cluster.network) / min(stride, cluster.node))
    return Ring(size, float(cluster.link) if inside else shared, float(cluster.latency))


def replicas(problem: ParallelStrategy, point: Point) -> Ring:
    """The devices that hold the same parameters."""
    return ring(problem, data(problem, point) * point.context, point.tensor)
