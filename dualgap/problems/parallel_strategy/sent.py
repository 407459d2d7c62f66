"""What a layer of a plan sends: as the cost model counts it, and as XLA on a CPU is known to send it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from dualgap.core.arrays import as_array
from dualgap.problems.parallel_strategy.hlo import ALL_GATHER, ALL_REDUCE, ALL_TO_ALL, PERMUTE, REDUCE_SCATTER
from dualgap.problems.parallel_strategy.operators import CONTEXT, PASSES, TENSOR, WEIGHTS, Strategy, layer
from dualgap.problems.parallel_strategy.parameters import GRADIENTS

if TYPE_CHECKING:
    from dualgap.problems.parallel_strategy.spec import ParallelStrategy

_EXACT = 2  # activations have two bytes in plans, and four in the program


@dataclass(frozen=True)
class Part:
    """Bytes on a device's wire: ``times`` collectives of a type, and why XLA sends ``instead`` of them, of ``types``.

    Attributes:
        type: of the collectives as planned. bytes: of one. times: how many.
        instead: (type, bytes) in all that XLA sends; None for what was planned. reason: for people.
    """

    type: str
    bytes: float
    times: int = 1
    instead: tuple[str, float] | None = None
    reason: str = ""


SCATTERED = "XLA on a CPU has no reduce-scatter and adds up for everybody, twice the bytes"
TRIPLED = "gradients by queries, keys and values are added up one by one, where one product needs it once"
AGAIN = "what is split is gathered again where the norm before it is recomputed"
ONCE = "keys are sent once for both passes, where a kernel that keeps no scores sends them again"
MERGED = "a recomputed exchange is found to be the first one's, but for the queries"
ROUNDS = "gradients are added up over data and context one after the other"
BOTH = "split weights are gathered to recompute a product, and again for its gradients"
MOVED = "where the residual changes its layout it is gathered once more"


def small(problem: ParallelStrategy, mesh: Mapping[str, int]) -> ParallelStrategy:
    """The sizes of the program's small model, on devices whose links carry a byte a second without latency and that
    compute in no time: seconds of collectives are bytes.
    """
    wide, sequence = 8 * math.prod(mesh.values()), 4 * mesh["context"] * mesh["tensor"]
    links = {"devices": math.prod(mesh.values()), "node": 10**9, "link": 1.0, "network": 1.0, "latency": 0.0}
    sizes = dict.fromkeys(("pipeline", "interleave"), 1) | {"tensor": mesh["tensor"], "context": mesh["context"]}
    sizes |= {"microbatch": 2, "zero": 0}
    fields = {name: getattr(problem, name) for name in type(problem).model_fields}
    fields |= {
        "model": problem.model.model_copy(update={"layers": 1, "hidden": wide, "head_dim": 4, "ffn": wide}),
        "cluster": problem.cluster.model_copy(update={**links, "flops": 1e60}),
        "global_batch": 2 * mesh["data"],
        "sequence": sequence,
        "weight_bytes": 4,
        "gradient_bytes": 4,
        "recompute": "operator",
        "baseline": None,
    }
    return type(problem)(**fields | {name: as_array((size,)) for name, size in sizes.items()})


def planned(problem: ParallelStrategy, mesh: Mapping[str, int], strategies: Mapping[str, list[str]]) -> list[Part]:
    """Of one microbatch of a layer, its gradients added up over replicas.

    Args:
        mesh: devices by axis. strategies: what is said of each operator's.
    """
    of = small(problem, mesh)
    table = layer(of, of.allowed[0])
    chosen = [
        next(one for one in known if sorted(one.name.split(", ")) == sorted(strategies[name]))
        for name, known in zip(table.operators, table.strategies)
    ]
    found: list[Part] = []
    rounds, merged = _rounds(mesh), "keep" in strategies["qkv"]
    for name, one in zip(table.operators, chosen):
        redo = "recompute" in strategies[name]
        found += _tensors(name, one, redo)
        found += _weights(one, redo and mesh["tensor"] > 1, rounds)
        found += _exchanged(of, one, redo, merged)
        found += _gradients(one, rounds)
    layouts = [one.layout for one in chosen if one.layout]
    changes = sum(one != other for one, other in pairwise([*layouts, layouts[0]]))
    if changes:
        moved = _EXACT * table.moved
        found += [Part(ALL_GATHER, moved, changes, (ALL_GATHER, (changes + 1) * moved), MOVED)]
    return found


def _tensors(name: str, one: Strategy, redo: bool) -> Iterator[Part]:
    seconds = _EXACT * one.micro.get(TENSOR, 0.0)
    if not seconds:
        return
    times = 2 + int(redo and name == "project")
    each = seconds / times
    if one.layout == "split":
        yield Part(ALL_GATHER, each / 2, times)
        yield Part(REDUCE_SCATTER, each / 2, times, (ALL_REDUCE, times * each), SCATTERED)
        if name == "input" and redo:
            yield Part(ALL_GATHER, 0.0, 0, (ALL_GATHER, each / 2), AGAIN)
    else:
        yield Part(ALL_REDUCE, each, times)
    if name == "input":
        yield Part(ALL_REDUCE, 0.0, 0, (ALL_REDUCE, 2 * each), TRIPLED)


def _weights(one: Strategy, twice: bool, rounds: float) -> Iterator[Part]:
    if seconds := one.micro.get(WEIGHTS, 0.0):
        each = seconds / PASSES
        yield Part(ALL_GATHER, each, 2, (ALL_GATHER, 3 * each) if twice else None, BOTH)
        reason = f"{SCATTERED}, {ROUNDS}" if rounds > 1 else SCATTERED
        yield Part(REDUCE_SCATTER, each, 1, (ALL_REDUCE, 2 * rounds * each), reason)


def _exchanged(of: ParallelStrategy, one: Strategy, redo: bool, merged: bool) -> Iterator[Part]:
    seconds = _EXACT * one.micro.get(CONTEXT, 0.0)
    if not seconds:
        return
    said, passes = one.name.split(", "), PASSES + int(redo)
    each = seconds / passes
    if "ring" in said:
        yield Part(PERMUTE, each, passes, (PERMUTE, 2 * each), ONCE)
    elif "gather" in said:
        yield Part(ALL_GATHER, each, passes - 1, (ALL_GATHER, each), ONCE)
        yield Part(REDUCE_SCATTER, each, 1, (ALL_REDUCE, 2 * each), SCATTERED)
    else:
        each = seconds / (passes - 1)
        yield Part(ALL_TO_ALL, each, 2)
        if redo:
            queries = each * of.model.heads / (2 * (of.model.heads + of.model.kv_heads))
            yield Part(ALL_TO_ALL, each, 1, (ALL_TO_ALL, queries) if merged else None, MERGED)


def _gradients(one: Strategy, rounds: float) -> Iterator[Part]:
    if seconds := one.step.get(GRADIENTS, 0.0):
        yield Part(ALL_REDUCE, seconds, 1, (ALL_REDUCE, rounds * seconds) if rounds > 1 else None, ROUNDS)


def _rounds(mesh: Mapping[str, int]) -> float:
    """How many times as much is sent where replicas add up over data, then over context, as over both at once."""
    sizes = [mesh["data"], mesh["context"]]
    both = math.prod(sizes)
    return sum((size - 1) / size for size in sizes) * both / (both - 1) if min(sizes) > 1 else 1.0


def by_type(parts: Iterable[Part]) -> dict[str, float]:
    """Bytes as planned."""
    return _summed((part.type, part.times * part.bytes) for part in parts)


def by_xla(parts: Iterable[Part]) -> tuple[dict[str, float], list[str]]:
    """Bytes that XLA is known to send, and the reasons where that is something else."""
    every = list(parts)
    reasons = list(dict.fromkeys(part.reason for part in every if part.instead is not None))
    return _summed(part.instead or (part.type, part.times * part.bytes) for part in every), reasons


def _summed(pairs: Iterable[tuple[str, float]]) -> dict[str, float]:
    found: Counter[str] = Counter()
    for kind, bytes_ in pairs:
        found[kind] += bytes_  # type: ignore[assignment]
    return {kind: float(bytes_) for kind, bytes_ in found.items()}
