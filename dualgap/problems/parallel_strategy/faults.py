"""What can't be in a closed spec, by its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dualgap.core.errors import Fault
from dualgap.problems.parallel_strategy.grid import Point, fault, points
from dualgap.problems.parallel_strategy.plans import SIZES

if TYPE_CHECKING:
    from dualgap.problems.parallel_strategy.spec import ParallelStrategy

_POINTS = 20_000


def faults(problem: ParallelStrategy) -> Iterator[Fault]:
    """Numbers first; where these can be, whether there is a point of the grid."""
    numbers = list(_numbers(problem))
    yield from numbers
    if numbers:
        return
    if not next(points(problem), None):
        yield Fault("search", _why(problem), "other sizes, devices or batch")
    if problem.baseline is not None and (said := fault(problem, problem.baseline.point)):
        yield Fault("baseline", said, "a plan that these devices can run")


def _numbers(problem: ParallelStrategy) -> Iterator[Fault]:
    model, cluster = problem.model, problem.cluster
    wholes = [("model", name, getattr(model, name)) for name in _MODEL]
    wholes += [("cluster", "devices", cluster.devices), ("cluster", "node", cluster.node)]
    yield from _small(wholes)
    yield from _small([("", "global_batch", problem.global_batch), ("", "sequence", problem.sequence)])
    for name in ("memory", "flops", "bandwidth", "link", "network"):
        if not getattr(cluster, name) > 0:
            yield Fault(f"cluster.{name}", f"{getattr(cluster, name)} is none", "a positive number")
    for name in ("weight_bytes", "gradient_bytes", "state_bytes"):
        if getattr(problem, name) < 0:
            yield Fault(name, f"{getattr(problem, name)} is no size", "bytes from 0")
    if not problem.calibration.efficiency > 0 or problem.calibration.overhead < 0 or cluster.latency < 0:
        yield Fault("calibration", "an efficiency or a time that can't be", "efficiency above 0, times from 0")
    sizes = 1
    for name in SIZES:
        values = getattr(problem, name)
        if not values.size or values.dtype.kind not in "iu" or (values < (0 if name == "zero" else 1)).any():
            yield Fault(name, "holds something else than sizes", "whole numbers from 1; zero is 0 or 1")
            return
        sizes *= len(values)
    if sizes > _POINTS:
        yield Fault("search", f"{sizes:,} combinations, beyond {_POINTS:,}", "fewer sizes, or some fixed")


_MODEL = ("layers", "hidden", "heads", "kv_heads", "head_dim", "ffn", "vocabulary")


def _small(named: Sequence[tuple[str, str, int]]) -> Iterator[Fault]:
    for part, name, value in named:
        if not 1 <= value <= 10**9:
            yield Fault(f"{part}.{name}".strip("."), f"{value} isn't from 1", "a whole number from 1 to 10^9")


def _why(problem: ParallelStrategy) -> str:
    """What the first combination founders on."""
    first = Point(*(int(getattr(problem, name)[0]) for name in SIZES))
    return f"no combination of sizes can be; {first.said()}: {fault(problem, first)}"
