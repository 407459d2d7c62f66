"""Time and memory of a step against published formulas, and what the stages leave out."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dualgap
from dualgap import ParallelStrategy
from dualgap.core.arrays import as_array
from dualgap.problems.operator_sharding import Sharding
from dualgap.problems.parallel_strategy.grid import Point, in_flight, microbatches
from dualgap.problems.parallel_strategy.links import Ring, ring
from dualgap.problems.parallel_strategy.operators import COMPUTE, NAMES, layer, total, whole_layers
from dualgap.problems.parallel_strategy.plans import SIZES
from dualgap.problems.parallel_strategy.stages import _stage, stages
from dualgap.problems.transformers.calibration import Calibration
from dualgap.problems.transformers.model import MODELS, gpt


def problem(devices: int = 8, model: Any = None, **changed: Any) -> ParallelStrategy:
    """A GPT of four layers on A100s; sizes by name."""
    drawn = ParallelStrategy.generate(4, 0, devices=devices, memory=50.0)
    fields = {name: getattr(drawn, name) for name in ParallelStrategy.model_fields}
    fields |= {name: as_array((changed.pop(name, 1),)) for name in SIZES if name != "zero"}
    fields |= {"model": model or gpt(4, 1024, 16), "sequence": 1024, "zero": as_array((changed.pop("zero", 0),))}
    return ParallelStrategy(**{**fields, **changed})


@settings(max_examples=30, deadline=None)
@given(st.sampled_from([1, 2, 4, 8]), st.integers(1, 4), st.sampled_from([512, 1024, 2048]))
def test_stored_activations_are_those_of_korthikanti(tensor: int, batch: int, sequence: int) -> None:
    """s b h (10 + 24 / t + 5 a s / (h t)) bytes a layer; with the stream split 34 / t; recomputed in full 2 s b h."""
    model = gpt(4, 1024, 16)
    found = problem(tensor=tensor, microbatch=batch, sequence=sequence, global_batch=8 * batch)
    (point,) = found.allowed
    stored = {one.name: one.stored for one in whole_layers(found, point)}
    sbh, scores = sequence * batch * model.hidden, 5 * model.heads * sequence / (model.hidden * tensor)
    assert stored["recompute none"] == pytest.approx(sbh * (10 + 24 / tensor + scores))
    assert stored["recompute selective"] == pytest.approx(sbh * (10 + 24 / tensor))
    assert stored["recompute full"] == pytest.approx(sbh * 2)
    if tensor > 1:
        assert stored["recompute none, split"] == pytest.approx(sbh * (34 / tensor + scores))


def test_products_are_those_of_narayanan() -> None:
    """Forward and backward of a layer 72 s b h^2 (1 + s / (6 h)) operations, 96 where all is recomputed."""
    found = problem(devices=1, global_batch=1)
    (point,) = found.allowed
    flops = {one.name: one.micro[COMPUTE] for one in whole_layers(found, point)}
    peak = float(found.calibration.efficiency) * float(found.cluster.flops)
    s, h = 1024, 1024
    assert flops["recompute none"] * peak == pytest.approx(72 * s * h * h * (1 + s / (6 * h)))
    assert flops["recompute full"] * peak == pytest.approx(96 * s * h * h * (1 + s / (6 * h)))


def test_a_launch_is_the_least_that_a_pass_takes() -> None:
    slow = Calibration(efficiency=0.5, overhead=6.0)
    found = problem(devices=1, global_batch=1, calibration=slow)
    (point,) = found.allowed
    plain = next(one for one in whole_layers(found, point) if one.name == "recompute none")
    assert total(plain.micro) == pytest.approx(3 * len(NAMES))  # a second each


def test_collectives_are_rings() -> None:
    assert Ring(1, 1e9, 1.0).reduce(1e9) == Ring(1, 1e9, 1.0).gather(1e9) == 0.0
    assert Ring(4, 1e9, 0.5).gather(4e9) == pytest.approx(0.5 + 3.0)
    assert Ring(4, 1e9, 0.5).reduce(4e9) == pytest.approx(0.5 + 6.0)
    found = problem(devices=64, global_batch=64)
    link, network = float(found.cluster.link), float(found.cluster.network)
    assert ring(found, 8, 1).bandwidth == link
    assert ring(found, 16, 1).bandwidth == min(link, network)
    assert ring(found, 8, 8).bandwidth == network / 8  # eight rings share a node's adapters


def test_one_forward_one_backward_holds_as_many_as_stages_follow() -> None:
    found = problem(devices=4, pipeline=4, global_batch=16)
    (point,) = found.allowed
    assert microbatches(found, point) == 16
    assert [in_flight(found, point, stage) for stage in range(4)] == [4, 3, 2, 1]
    few = Point(1, 1, 4, 8, 1, 0)
    assert [in_flight(found, few, stage) for stage in range(4)] == [2, 2, 2, 1]
    wide = problem(devices=2, pipeline=2, interleave=2, global_batch=16)
    (two,) = wide.allowed
    assert [in_flight(wide, two, stage) for stage in range(2)] == [2.5, 1.5]


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6))
def test_stages_within_take_no_longer_and_hold_no_more_than_the_first(seed: int) -> None:
    found = problem(devices=4, pipeline=4, global_batch=8, zero=seed % 2)
    (point,) = found.allowed
    first, within = stages(found, point)[0], _stage(found, point, "first", 1 + seed % 2)
    rng = np.random.default_rng(seed)
    choice = np.array([[rng.integers(len(strategies)) for strategies in first.layer.strategies]])
    assert total(within.seconds(choice)) == pytest.approx(total(first.seconds(choice)))
    assert total(within.bytes(choice)) <= total(first.bytes(choice))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_seconds_by_cause_and_bytes_by_part_add_up_to_what_is_minimised(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = {"tensor": int(2 ** rng.integers(0, 3)), "pipeline": int(rng.choice([1, 2]))}
    found = problem(**sizes, global_batch=8, recompute=str(rng.choice(["layer", "operator"])))
    for stage in stages(found, found.allowed[0]):
        width = [len(strategies) for strategies in stage.layer.strategies]
        choice = np.array([[rng.integers(n) for n in width] for _ in range(stage.sharding.layers)])
        judged = stage.sharding.evaluate(Sharding(choice=choice))
        assert total(stage.seconds(choice)) == pytest.approx(float(stage.constant) + float(judged.objective), rel=1e-12)
        used = float(judged.metrics["memory"]["used"]) + total(stage.fixed)
        assert total(stage.bytes(choice)) == pytest.approx(used, rel=1e-12)


def test_operators_one_by_one_are_never_slower_nor_fuller_than_whole_layers() -> None:
    """Whole layers recomputed run the last product again as well, so that only their mask may be less."""
    found = problem(tensor=2, global_batch=8)
    point = found.allowed[0]
    rows = [row for row in product(*layer(found, point).strategies) if row[0].layout == row[3].layout]
    choices = np.array([(sum(total(one.micro) for one in row), sum(one.stored for one in row)) for row in rows])
    mask = 1024 * 1024
    for one in whole_layers(found, point):
        spare = mask if "full" in one.name else 0
        near = (choices[:, 0] <= total(one.micro) * (1 + 1e-9)) & (choices[:, 1] <= one.stored + spare)
        assert near.any(), one.name


def test_presets_have_as_many_parameters_as_published() -> None:
    published = {"gpt3-175b": 175e9, "mt-nlg-530b": 530e9, "gpt-1t": 1008e9, "llama-3-8b": 8.03e9, "llama-2-7b": 6.74e9}
    published |= {"llama-3-70b": 70.6e9, "llama-3-405b": 405e9, "llama-2-70b": 69e9, "gpt2-xl": 1.56e9}
    for name, count in published.items():
        assert MODELS[name][0].parameters == pytest.approx(count, rel=0.01)


def test_the_shorter_way_is_never_slower_than_the_longer_one() -> None:
    """With memory for nothing a bound is met: all is kept."""
    run = dualgap.solve(problem(global_batch=16), "grid-prices", isolate=False)
    assert run.certificate.verdict == "optimal"
    assert run.certificate.evidence == "proved"
    plan = run.answer.plans[0]
    names = [one.name for one in run_layer(run.problem, plan)]
    assert all("recompute" not in name for name in names)


def run_layer(found: Any, plan: Any) -> list[Any]:
    """The strategies of the first layer."""
    strategies = found.stages(plan.point)[0].layer.strategies
    return [strategies[k][int(s)] for k, s in enumerate(plan.first[0])]
