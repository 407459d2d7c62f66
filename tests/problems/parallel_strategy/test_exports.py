"""Plans as files, programs and flags; what a report draws."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest

from dualgap import UsageError
from dualgap.core.figures import Bars, Timeline
from dualgap.problems.parallel_strategy.figures import schedule
from tests.problems.parallel_strategy.plans import FSDP, planned


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
    assert isinstance(stages, Timeline)
    assert [name for name, _ in stages.rows] == ["stage 1", "stage 2"]
    assert stages.rows[1][1][:2] == ((1.0, 2.0, "forward"), (2.0, 4.0, "backward"))
    assert len(planned({}, [{}])[0].figures(planned({}, [{}])[1])) == 2
