"""Small plans by the names of their strategies."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualgap import ParallelStrategy
from dualgap.core.arrays import as_array
from dualgap.problems.parallel_strategy import Plan
from dualgap.problems.parallel_strategy.plans import SIZES, Strategy
from dualgap.problems.transformers.model import llama

FSDP = {"qkv": "keep, FSDP", "project": "keep, FSDP", "up": "recompute, FSDP", "down": "FSDP"}


def planned(
    sizes: dict[str, int], wanted: list[dict[str, str] | str], recompute: Any = "operator"
) -> tuple[ParallelStrategy, Plan]:
    """A small Llama on eight devices, and a plan with a layer for each of ``wanted``: what is said of its operators."""
    drawn = ParallelStrategy.generate(2, 0, memory=500.0)
    fields = {name: getattr(drawn, name) for name in ParallelStrategy.model_fields}
    every = dict.fromkeys(SIZES, 1) | {"zero": 0} | sizes
    fields |= {name: as_array((size,)) for name, size in every.items()} | {"global_batch": 64, "sequence": 2048}
    layers = len(wanted) * every["pipeline"]
    problem = ParallelStrategy(**fields | {"model": llama(layers, 512, 8, 4, 1024, 1000), "recompute": recompute})
    (point,) = problem.allowed
    choices = []
    for stage in problem.stages(point):
        names = [[one.name for one in strategies] for strategies in stage.layer.strategies]
        rows = [
            [
                known.index(said if isinstance(said, str) else said.get(name, known[0]))
                for name, known in zip(stage.layer.operators, names)
            ]
            for said in wanted
        ]
        choices.append(np.array(rows))
    last = {"last": choices[1]} if len(choices) > 1 else {}
    plan = Plan(plans=(Strategy(**every, first=choices[0], **last),))
    assert not problem.evaluate(plan).violations
    return problem, plan
