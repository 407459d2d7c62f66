"""What each strategy of each operator of a layer takes: time by cause, stored activations, parameters.

A layer is six operators: the norm before attention ("input"), the projections to queries, keys and values ("qkv"),
attention itself, the projection back with the residual and the second norm ("project"), and the feed-forward network's
two products ("up", "down").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from dualgap.problems.parallel_strategy.activations import beside, stored, tokens
from dualgap.problems.parallel_strategy.grid import Point
from dualgap.problems.parallel_strategy.links import replicas, ring
from dualgap.problems.parallel_strategy.parameters import held, updated

if TYPE_CHECKING:
    from dualgap.problems.parallel_strategy.spec import ParallelStrategy

NAMES = ("input", "qkv", "attention", "project", "up", "down")
PASSES = 3  # forward, and twice its work backward
COMPUTE, TRAFFIC, OVERHEAD = "matrix products", "memory traffic", "launch"
TENSOR, CONTEXT, WEIGHTS = "tensor collectives", "context exchange", "gathered weights"


@dataclass(frozen=True)
class Strategy:
    """One way to run an operator.

    Attributes:
        name: for people. layout: of the residual stream where the operator touches it ("whole", "split"), else empty.
        micro: seconds of a microbatch, by cause. step: seconds of a step, by cause.
        stored: bytes that a microbatch in flight holds. held: bytes of weights, gradients and the optimiser's states.
    """

    name: str
    layout: str
    micro: Mapping[str, float]
    step: Mapping[str, float]
    stored: float
    held: Mapping[str, float]


@dataclass(frozen=True)
class Layer:
    """Operators with their strategies; ``pairs`` of operators whose layouts of the residual stream should agree, and
    ``moved``, the seconds of a microbatch that it takes where they don't.
    """

    operators: tuple[str, ...]
    strategies: tuple[tuple[Strategy, ...], ...]
    pairs: tuple[tuple[int, int], ...]
    output: int
    moved: float


def layer(problem: ParallelStrategy, point: Point) -> Layer:
    """The strategies at a point of the grid."""
    per_operator = tuple(tuple(_strategies(problem, point, name)) for name in NAMES)
    moved = _residual(problem, point)
    if problem.recompute == "operator":
        return Layer(NAMES, per_operator, ((0, 3),), 3, moved)
    return Layer(("layer",), (tuple(whole_layers(problem, point)),), (), 0, moved)


def whole_layers(problem: ParallelStrategy, point: Point) -> list[Strategy]:
    """All of a layer alike, as Megatron has it: nothing recomputed, attention only, or the whole forward pass."""
    by_name = {name: {one.name: one for one in _strategies(problem, point, name)} for name in NAMES}
    layouts = ("whole", "split") if point.tensor > 1 else ("whole",)
    sharded = (False, True) if replicas(problem, point).size > 1 else (False,)
    found = []
    for again, layout, shard, exchange in product(
        ("none", "selective", "full"), layouts, sharded, _exchanges(problem, point)
    ):
        name = ", ".join(part for part in (f"recompute {again}", _tail(layout, shard, exchange)) if part)
        parts = [by_name[operator][chosen] for operator, chosen in by_operator(name).items()]
        micro = summed([one.micro for one in parts])
        if again == "full":  # Megatron runs the last product again, though nothing needs it
            extra = _forward(problem, point, "down") | {TENSOR: _region(problem, point)}
            micro = summed([micro, extra])
        kept = sum(one.stored for one in parts) + beside(problem, point, again, layout)
        step, holds = summed([one.step for one in parts]), summed([one.held for one in parts])
        found.append(Strategy(name, "", micro, step, kept, holds))
    return found


def passes(again: str, name: str) -> int:
    """Of an operator's forward work, in all, where a layer recomputes so much."""
    return PASSES + int(again == "full" or (again == "selective" and name == "attention"))


def _tail(layout: str, shard: bool, exchange: str) -> str:
    return ", ".join(
        [part for part in (layout if layout == "split" else "", "FSDP" if shard else "", exchange) if part]
    )


def _exchanges(problem: ParallelStrategy, point: Point) -> tuple[str, ...]:
    """How devices that share a sequence attend to all of it."""
    if point.context == 1:
        return ("",)
    keys = max(1, problem.model.kv_heads // point.tensor)
    heads = problem.model.heads // point.tensor
    ulysses = ("ulysses",) if heads % point.context == 0 and keys % point.context == 0 else ()
    return ("ring", "gather", *ulysses)


def by_operator(whole: str) -> dict[str, str]:
    """The operators' strategies of a whole layer's, by their names; what Megatron runs again besides left out."""
    again, *parts = whole.split(", ")
    exchange = next((part for part in parts if part in ("ring", "gather", "ulysses")), "")
    layout = "split" if "split" in parts else "whole"
    redone = {"recompute none": (), "recompute selective": ("attention",), "recompute full": NAMES[:-1]}[again]
    return {name: said(name, layout, "FSDP" in parts, exchange, name in redone) for name in NAMES}


def said(name: str, layout: str, shard: bool, exchange: str, redo: bool) -> str:
    """A strategy's name."""
    parts = [
        "recompute" if redo else "keep" if name != "down" else "",
        "split" if layout == "split" and name in ("input", "project") else "",
        "FSDP" if shard and name in ("qkv", "project", "up", "down") else "",
        exchange if name == "attention" else "",
    ]
    return ", ".join(part for part in parts if part) or "run"


def _strategies(problem: ParallelStrategy, point: Point, name: str) -> list[Strategy]:
    layouts = ("whole", "split") if point.tensor > 1 and name in ("input", "project") else ("whole",)
    weights = problem.model.operator_parameters.get(name, 0) / point.tensor
    sharded = (False, True) if weights and replicas(problem, point).size > 1 else (False,)
    exchanges = _exchanges(problem, point) if name == "attention" else ("",)
    redone = (False, True) if name != "down" else (False,)
    return [
        _strategy(problem, point, name, layout, shard, exchange, redo)
        for layout, shard, exchange, redo in product(layouts, sharded, exchanges, redone)
    ]


def _strategy(
    problem: ParallelStrategy, point: Point, name: str, layout: str, shard: bool, exchange: str, redo: bool
) -> Strategy:
    among = replicas(problem, point)
    weights = problem.model.operator_parameters.get(name, 0) / point.tensor
    passes = PASSES + int(redo)
    micro = {cause: passes * seconds for cause, seconds in _forward(problem, point, name).items()}
    if name in ("input", "project"):
        times = 2 + int(redo and name == "project")  # its input's, forward; its gradient's, backward
        micro[TENSOR] = times * _region(problem, point, layout)
    if exchange:
        micro |= _exchanged(problem, point, exchange, passes)
    zero = 3 if shard else point.zero
    if shard:
        moved = float(problem.weight_bytes) * weights
        micro[WEIGHTS] = 2 * among.gather(moved) + among.gather(float(problem.gradient_bytes) * weights)
    split = point.tensor if layout == "split" else 1
    kept, always = stored(problem, point, name)
    return Strategy(
        name=said(name, layout, shard, exchange, redo),
        layout=layout if name in ("input", "project") else "",
        micro=micro,
        step=updated(problem, weights, point, zero) if weights else {},
        stored=(always + (0.0 if redo else kept)) / split,
        held=held(problem, weights, among.size, zero) if weights else {},
    )


def work(problem: ParallelStrategy, point: Point, name: str) -> tuple[float, float]:
    """Of a microbatch's forward pass: operations of its products, bytes of its tensors."""
    model, n, t = problem.model, tokens(problem, point), point.tensor
    if name == "attention":
        flops = (2 if model.flash else 4) * n * problem.sequence * model.query_width / t
    else:
        flops = 2 * n * model.operator_parameters.get(name, 0) / t
    return flops, sum(stored(problem, point, name))


def _forward(problem: ParallelStrategy, point: Point, name: str) -> dict[str, float]:
    """Seconds of a microbatch's forward pass: products at a share of the peak, stored tensors at the memory's peak;
    where it is over before the next one is launched, the wait.
    """
    flops, bytes_ = work(problem, point, name)
    products = flops / (float(problem.calibration.efficiency) * float(problem.cluster.flops))
    traffic = bytes_ / float(problem.cluster.bandwidth)
    wait = max(0.0, float(problem.calibration.overhead) / len(NAMES) - products - traffic)
    return {COMPUTE: products, TRAFFIC: traffic, OVERHEAD: wait}


def _region(problem: ParallelStrategy, point: Point, layout: str = "whole") -> float:
    """Seconds to bring one pass's partial sums together: an all-reduce, or a reduce-scatter and an all-gather."""
    among, width = ring(problem, point.tensor, 1), 2.0 * tokens(problem, point) * problem.model.hidden
    return among.reduce(width) if layout == "whole" else 2 * among.gather(width)


def _residual(problem: ParallelStrategy, point: Point) -> float:
    """Seconds where the residual stream changes its layout: gathered in one of the two passes."""
    return ring(problem, point.tensor, 1).gather(2.0 * tokens(problem, point) * problem.model.hidden)


def _exchanged(problem: ParallelStrategy, point: Point, exchange: str, passes: int) -> dict[str, float]:
    """Seconds of a microbatch to attend across devices; a ring hides what its products last, in zigzag order, which
    gives every device as much of a causal mask (``gather`` the same).
    """
    model, n, t, c = problem.model, tokens(problem, point), point.tensor, point.context
    among = ring(problem, c, t)
    keys = 2.0 * 2 * n * max(model.key_width // t, model.head_dim)  # keys and values of one device
    if exchange == "gather":
        return {CONTEXT: passes * among.gather(keys * c)}
    if exchange == "ulysses":
        sent = (2.0 * n * (2 * model.query_width / t) + keys) * (c - 1) / c
        return {CONTEXT: (passes - 1) * (2 * among.latency + sent / among.bandwidth)}  # once forward, once backward
    work = _forward(problem, point, "attention")[COMPUTE]
    sent = (c - 1) * (among.latency + keys / among.bandwidth)
    return {CONTEXT: passes * max(0.0, sent - work)}


def summed(parts: list[Mapping[str, float]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for part in parts:
        for cause, seconds in part.items():
            found[cause] = found.get(cause, 0.0) + seconds
    return found


def total(parts: Mapping[str, float]) -> float:
    """Over all causes."""
    return float(np.sum(list(parts.values())))
