"""A plan as a file, as a program for JAX, and as Megatron's flags."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dualgap.core.errors import UsageError
from dualgap.core.serialize import to_json
from dualgap.problems.parallel_strategy.breakdown import MEMORY
from dualgap.problems.parallel_strategy.grid import data, microbatches
from dualgap.problems.parallel_strategy.operators import NAMES, by_operator
from dualgap.problems.parallel_strategy.stages import Stage

if TYPE_CHECKING:
    import numpy as np

    from dualgap.problems.parallel_strategy.plans import Strategy
    from dualgap.problems.parallel_strategy.spec import ParallelStrategy

_SPREAD = ["data", "context"]
_EXCHANGES = ("ring", "gather", "ulysses")


def plan(problem: ParallelStrategy, answer: Any) -> dict[str, Any]:
    """The best plan as data: a stage's mesh, the model's shape, and for each layer of each sort of stage where weights
    are (a PartitionSpec each), what is kept for the backward pass, split and exchanged; the fullest device's bytes.
    """
    best: Strategy = answer.plans[0]
    point = best.point
    stages = [
        {"name": stage.name, "times": times, "layers": [_layer(problem, best, row) for row in named(stage, choice)]}
        for stage, choice, times in zip(problem.stages(point), best.choices, (max(1, point.pipeline - 1), 1))
    ]
    names = ("layers", "hidden", "heads", "kv_heads", "head_dim", "ffn", "gated", "vocabulary")
    return {
        "mesh": {"data": data(problem, point), "context": point.context, "tensor": point.tensor},
        "pipeline": point.pipeline,
        "interleave": point.interleave,
        "microbatch": point.microbatch,
        "microbatches": microbatches(problem, point),
        "optimiser": _SPREAD if point.zero else [],
        "tokens": "zigzag" if point.context > 1 else "in order",
        "model": {name: getattr(problem.model, name) for name in names},
        "stages": stages,
        "bytes": to_json(problem.evaluate(answer).metrics[MEMORY]),
    }


def named(stage: Stage, choice: np.ndarray) -> list[dict[str, list[str]]]:
    """By layer and operator: what is said of its strategy."""
    return [{name: said.split(", ") for name, said in row.items()} for row in _rows(stage, choice)]


def _rows(stage: Stage, choice: np.ndarray) -> Iterator[dict[str, str]]:
    names = [[one.name for one in strategies] for strategies in stage.layer.strategies]
    for row in choice:
        chosen = [known[int(s)] for known, s in zip(names, row)]
        yield by_operator(chosen[0]) if len(names) == 1 else dict(zip(stage.layer.operators, chosen))


def _layer(problem: ParallelStrategy, best: Strategy, said: dict[str, list[str]]) -> dict[str, Any]:
    fsdp = {name: _SPREAD if "FSDP" in said[name] else None for name in NAMES}
    keys = "tensor" if problem.model.kv_heads % best.tensor == 0 else None
    return {
        "kept": [name for name in NAMES[:-1] if "keep" in said[name]],
        "split": [name for name in ("input", "project") if "split" in said[name]],
        "exchange": next((one for one in _EXCHANGES if one in said["attention"]), ""),
        "weights": {
            "q": [fsdp["qkv"], "tensor", None],
            "k": [fsdp["qkv"], keys, None],
            "v": [fsdp["qkv"], keys, None],
            "project": ["tensor", None, fsdp["project"]],
            "up": [fsdp["up"], None, "tensor"],
            "down": ["tensor", fsdp["down"]],
        },
    }


def as_plan(problem: ParallelStrategy, answer: Any) -> bytes:
    """JSON."""
    return (json.dumps(plan(problem, answer), indent=1) + "\n").encode()


def as_jax(problem: ParallelStrategy, answer: Any) -> bytes:
    """Python's text of a program that runs a stage's layers as planned, and checks itself, without dualgap."""
    return program(plan(problem, answer))


def program(said: Mapping[str, Any]) -> bytes:
    """The program of a plan."""
    text = (Path(__file__).parent / "standalone.py").read_text(encoding="utf-8")
    noted = "# ``dualgap export RUN --to jax`` writes this module, with the plan in place of PLAN's {}.\n\n"
    given = f"PLAN: dict[str, Any] = json.loads({json.dumps(said)!r})"
    parts = ((noted, ""), ("PLAN: dict[str, Any] = {}", given), ("import math\n", "import json\nimport math\n"))
    for part, instead in parts:
        assert text.count(part) == 1
        text = text.replace(part, instead)
    return text.encode()


def as_megatron(problem: ParallelStrategy, answer: Any) -> bytes:
    """Megatron-LM's flags, a line each.

    Raises:
        UsageError: it has no flag for something of the plan, with a remedy.
    """
    if problem.recompute != "layer":
        said = "Megatron recomputes whole layers, and this plan operators one by one"
        raise UsageError(f'{said}; solve with recompute = "layer", or export to jax or plan')
    best: Strategy = answer.plans[0]
    rows = [
        [set(stage.layer.strategies[0][int(s)].name.split(", ")) for s in choice[:, 0]]
        for stage, choice in zip(problem.stages(best.point), best.choices)
    ]
    every = [row for stage in rows for row in stage]
    model, point = problem.model, best.point
    flags: dict[str, Any] = {
        "tensor-model-parallel-size": point.tensor,
        "context-parallel-size": point.context,
        "pipeline-model-parallel-size": point.pipeline,
        "micro-batch-size": point.microbatch,
        "global-batch-size": problem.global_batch,
        "seq-length": problem.sequence,
        "num-layers": model.layers,
        "hidden-size": model.hidden,
        "num-attention-heads": model.heads,
        "kv-channels": model.head_dim,
        "ffn-hidden-size": model.ffn,
    }
    if model.kv_heads < model.heads:
        flags |= {"group-query-attention": "", "num-query-groups": model.kv_heads}
    if model.gated:
        flags["swiglu"] = ""
    if model.flash:
        flags["use-flash-attn"] = ""
    if not model.tied:
        flags["untie-embeddings-and-output-weights"] = ""
    if point.interleave > 1:
        flags["num-layers-per-virtual-pipeline-stage"] = model.layers // point.pipeline // point.interleave
    if _all_or_none(every, "FSDP"):
        flags |= {"use-megatron-fsdp": "", "data-parallel-sharding-strategy": "optim_grads_params"}
    if point.zero:
        flags["use-distributed-optimizer"] = ""
    if _all_or_none(every, "split"):
        flags["sequence-parallel"] = ""
    exchanges = {one for row in every for one in _EXCHANGES if one in row}
    if len(exchanges) > 1:
        raise UsageError(f"Megatron has one exchange for all layers, and this plan {' and '.join(sorted(exchanges))}")
    for one in exchanges:
        flags["cp-comm-type"] = {"ring": "p2p", "gather": "all_gather", "ulysses": "a2a"}[one]
    noted = _recomputed(rows, flags)
    return "".join([*(f"--{name} {value}".strip() + "\n" for name, value in flags.items()), *noted]).encode()


def _all_or_none(rows: list[set[str]], what: str) -> bool:
    """Whether all layers have it.

    Raises:
        UsageError: only some do.
    """
    having = sum(what in row for row in rows)
    if 0 < having < len(rows):
        said = f"Megatron has {what} for all layers or for none, this plan for {having} of {len(rows)}"
        raise UsageError(f"{said}; export to jax or plan")
    return having > 0


def _recomputed(rows: list[list[set[str]]], flags: dict[str, Any]) -> list[str]:
    """Adds the flags; notes on what they can't say."""
    full = [sum("recompute full" in row for row in stage) for stage in rows]
    chosen = [sum("recompute selective" in row for row in stage) for stage in rows]
    if any(full) and any(chosen):
        raise UsageError("Megatron recomputes attention or whole layers, and this plan both; export to jax or plan")
    if any(full):
        flags |= {"recompute-granularity": "full", "recompute-method": "block", "recompute-num-layers": max(full)}
        if len(set(full)) > 1:
            return [f"# The plan recomputes {full[-1]} layers of the last stage; Megatron as many of each.\n"]
    elif any(chosen):
        flags["recompute-granularity"] = "selective"
        if sum(chosen) < sum(len(stage) for stage in rows):
            return [f"# The plan recomputes attention in {chosen} layers of its stages; Megatron in all.\n"]
    return []
