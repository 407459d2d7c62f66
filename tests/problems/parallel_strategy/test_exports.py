"""Plans as files, programs and flags; what a report draws."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dualgap import ParallelStrategy, UsageError
from dualgap.core.arrays import as_array
from dualgap.core.figures import Bars, Pictures
from dualgap.problems.parallel_strategy import Plan
from dualgap.problems.parallel_strategy.figures import schedule
from dualgap.problems.parallel_strategy.spec import SIZES, Strategy
from dualgap.problems.transformers.model import llama

# Runs programs, each whole; prints their differences from one device by name.
_RUN = """
import json, runpy, sys
print(json.dumps({name: runpy.run_path(name)["compared"](0, int(sys.argv[1])) for name in sys.argv[2:]}))
"""


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


FSDP = {"qkv": "keep, FSDP", "project": "keep, FSDP", "up": "recompute, FSDP", "down": "FSDP"}
SPREAD: dict[str, tuple[dict[str, int], list[dict[str, str] | str]]] = {
    "fsdp": ({}, [FSDP, {"attention": "recompute"}]),
    "tensor": ({"tensor": 4}, [{"input": "keep, split", "project": "recompute, split"}, {"input": "recompute"}]),
    "more tensor than keys": ({"tensor": 8}, [{}]),
    "ring": ({"context": 4}, [{"attention": "keep, ring"}, FSDP | {"attention": "recompute, ring"}]),
    "ulysses": ({"context": 2, "tensor": 2}, [{"attention": "keep, ulysses"}, {"attention": "recompute, gather"}]),
    "ring, split": ({"context": 2, "tensor": 2}, [{"input": "keep, split", "attention": "keep, ring"}]),
}


def test_programs_for_jax_do_what_one_device_does(tmp_path: Path) -> None:
    for name, (sizes, wanted) in SPREAD.items():
        problem, plan = planned(sizes, wanted)
        (tmp_path / f"{name}.py").write_bytes(problem.exports()["jax"](plan))
    problem, plan = planned(
        {"pipeline": 2, "tensor": 2}, ["recompute full, split, FSDP", "recompute selective"], "layer"
    )
    (tmp_path / "layers.py").write_bytes(problem.exports()["jax"](plan))
    programs = sorted(str(path) for path in tmp_path.glob("*.py"))
    devices = {
        "XLA_FLAGS": "--xla_force_host_platform_device_count=8 --xla_backend_optimization_level=0",
        "JAX_PLATFORMS": "cpu",
    }
    done = subprocess.run(
        [sys.executable, "-c", _RUN, "2", *programs],
        env={**os.environ, **devices},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found) == len(SPREAD) + 1
    for name, (value, gradient) in found.items():
        assert value < 1e-5, name
        assert gradient < 1e-5, name


def test_a_plan_names_mesh_specs_and_what_is_kept() -> None:
    problem, plan = planned(
        {"context": 2, "tensor": 2, "zero": 1}, [FSDP | {"input": "recompute, split", "attention": "keep, ring"}]
    )
    said = json.loads(problem.exports()["plan"](plan))
    assert said["mesh"] == {"data": 2, "context": 2, "tensor": 2}
    assert said["optimiser"] == ["data", "context"]
    assert said["tokens"] == "zigzag"
    (layer,) = said["stages"][0]["layers"]
    assert layer["kept"] == ["qkv", "attention", "project"]
    assert layer["split"] == ["input"]
    assert layer["exchange"] == "ring"
    assert layer["weights"]["up"] == [["data", "context"], None, "tensor"]
    assert sum(v for k, v in said["bytes"].items() if k not in ("limit", "headroom")) == pytest.approx(
        said["bytes"]["limit"] - said["bytes"]["headroom"]
    )


def test_megatron_has_flags_for_whole_layers_only() -> None:
    problem, plan = planned({"pipeline": 2, "tensor": 4}, ["recompute full, split", "recompute none, split"], "layer")
    flags = problem.exports()["megatron"](plan).decode().splitlines()
    for flag in (
        "--tensor-model-parallel-size 4",
        "--pipeline-model-parallel-size 2",
        "--sequence-parallel",
        "--recompute-granularity full",
        "--recompute-method block",
        "--recompute-num-layers 1",
        "--num-query-groups 4",
        "--swiglu",
    ):
        assert flag in flags
    ring, plan_ = planned({"context": 2}, ["recompute selective, FSDP, ring"], "layer")
    flags = ring.exports()["megatron"](plan_).decode().splitlines()
    assert "--cp-comm-type p2p" in flags
    assert "--recompute-granularity selective" in flags
    assert "--data-parallel-sharding-strategy optim_grads_params" in flags
    for wanted, said in [
        (["recompute none, FSDP", "recompute none"], "FSDP for all layers or for none"),
        (["recompute full", "recompute selective"], "attention or whole layers, and this plan both"),
    ]:
        problem, plan = planned({}, wanted, "layer")  # type: ignore[arg-type]
        with pytest.raises(UsageError, match=said):
            problem.exports()["megatron"](plan)
    problem, plan = planned({}, [{}])
    with pytest.raises(UsageError, match='solve with recompute = "layer"'):
        problem.exports()["megatron"](plan)


@pytest.mark.parametrize(("stages", "count"), [(4, 8), (2, 1), (5, 3)])
def test_passes_are_one_forward_one_backward(stages: int, count: int) -> None:
    """No two at a time, each after the stage before; the bubble is stages - 1 passes each way."""
    found = schedule(stages, count)
    ends = []
    for stage, row in enumerate(found):
        assert [kind for _, kind in row].count("forward") == [kind for _, kind in row].count("backward") == count
        spans = [(start, start + (1 if kind == "forward" else 2)) for start, kind in row]
        assert all(end <= start for (_, end), (start, _) in pairwise(spans))
        held = np.cumsum([1 if kind == "forward" else -1 for _, kind in row])
        assert held.max() == min(count, stages - stage)
        ends.append(spans[-1][1])
    assert max(ends) == 3 * (count + stages - 1)


def test_reports_draw_time_memory_and_the_pipeline() -> None:
    problem, plan = planned({"pipeline": 2}, [{}])
    time, memory, stages = problem.figures(plan)
    assert isinstance(time, Bars)
    assert time.values.sum() == pytest.approx(float(problem.evaluate(plan).objective))
    assert isinstance(memory, Bars)
    assert "limit" not in memory.names
    assert isinstance(stages, Pictures)
    assert set(np.unique(stages.rows[0][1][0].pixels)) == {0.25, 0.65, 1.0}
    assert len(planned({}, [{}])[0].figures(planned({}, [{}])[1])) == 2
