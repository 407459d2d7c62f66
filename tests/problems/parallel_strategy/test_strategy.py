"""Plans: raw specs and their faults, bounds below every plan, the baseline, what can't fit."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dualgap
from dualgap import ParallelStrategy, SpecError
from dualgap.core.arrays import Rows
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.witness import Exhaustion
from dualgap.problems.parallel_strategy import Plan
from dualgap.problems.parallel_strategy.breakdown import baseline_seconds
from dualgap.problems.parallel_strategy.plans import Baseline, Strategy
from dualgap.problems.parallel_strategy.proofs import StagePrices

RAW: dict[str, Any] = {
    "kind": "parallel-strategy",
    "model": {"layers": 4, "hidden": 1024, "heads": 16},
    "devices": [{"preset": "a100-80gb", "count": 8}],
    "train": {"global_batch": 16, "sequence": 1024},
}
LLAMA = {
    "model_type": "llama",
    "hidden_size": 4096,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "intermediate_size": 14_336,
    "vocab_size": 128_256,
}


def loaded(**changed: Any) -> ParallelStrategy:
    """From a raw spec."""
    found = dualgap.load({**RAW, **changed})
    assert isinstance(found, ParallelStrategy)
    return found


def tight(seed: int, recompute: str = "operator") -> ParallelStrategy:
    """Two layers on two devices, where memory binds or is too little."""
    drawn = ParallelStrategy.generate(2, seed, devices=2, memory=float(np.random.default_rng(seed).uniform(1, 3)))
    return drawn.model_copy(update={"recompute": recompute})


def every_plan(problem: ParallelStrategy) -> list[Plan]:
    """All layers of a stage alike, at every point."""
    found = []
    for point in problem.allowed:
        choices = []
        for stage in problem.stages(point):
            rows = product(*(range(len(strategies)) for strategies in stage.layer.strategies))
            choices.append([np.tile(row, (stage.sharding.layers, 1)) for row in rows])
        sizes = dict(zip(("tensor", "context", "pipeline", "microbatch", "interleave", "zero"), point.row()))
        for first, last in product(choices[0], choices[1] if len(choices) > 1 else [np.zeros((0, 0))]):
            found.append(Plan(plans=(Strategy(**sizes, first=first, last=last),)))
    return found


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 1e-8))
def test_no_prices_prove_more_than_any_plan_takes(seed: int, price: float) -> None:
    problem = tight(seed, "layer")
    rows = np.array([point.row() for point in problem.allowed])
    bound = problem.bound(StagePrices(points=rows, prices=np.full((len(rows), 2), price))).value
    seen = [judged.objective for plan in every_plan(problem) if not (judged := problem.evaluate(plan)).violations]
    assert not seen or bound <= min(Fraction(value) for value in seen)


@pytest.mark.parametrize("solver", ["grid-prices", "grid-tied", "grid-highs"])
@pytest.mark.parametrize("seed", [1, 2])
def test_answers_hold_and_tied_layers_are_the_best_of_all_tied_ones(solver: str, seed: int) -> None:
    problem = tight(seed, "layer")
    run = dualgap.solve(problem, solver, isolate=False)
    seen = [judged.objective for plan in every_plan(problem) if not (judged := problem.evaluate(plan)).violations]
    if not seen:
        assert run.certificate.verdict in ("infeasible", "nothing")
        return
    assert run.certificate.bound is not None
    best = float(min(Fraction(value) for value in seen))
    assert float(run.certificate.bound) <= float(run.certificate.value)
    if solver == "grid-tied":
        assert float(run.certificate.value) == pytest.approx(best)
    else:
        assert float(run.certificate.value) <= best * (1 + 1e-9)


def test_written_specs_are_read_again() -> None:
    problem = loaded(baseline={"tensor": 8, "recompute": "full"}, search={"context": [1, 2]})
    again = dualgap.load({"kind": problem.kind, **problem.written()})
    assert again.digest() == problem.digest()


@pytest.mark.parametrize("stages", [1, 2])
def test_saved_runs_are_read_and_verified(tmp_path: Path, stages: int) -> None:
    problem = loaded(fixed={"pipeline": stages})
    dualgap.solve(problem, "grid-prices", isolate=False).save(tmp_path / "run.json")
    found = dualgap.verify(problem, tmp_path / "run.json")
    assert found.certificate.verdict == "optimal"
    assert all(check.passed for check in found.checks)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model": "gpt-9"}, r"model.preset.*unknown model.*one of gpt2-xl"),
        ({"model": {"layers": 4}}, r"model.hidden.*missing"),
        ({"model": {"layers": 4, "hidden": 1024, "heads": 16, "experts": 8}}, r"model.experts.*unknown field"),
        ({"model": {"layers": True, "hidden": 1024, "heads": 16}}, r"model.layers.*isn't a whole number"),
        ({"model": {"preset": "llama-3-8b", "layers": 0}}, r"model.layers.*isn't from 1"),
        ({"model": {"file": "none.json"}}, r"model.file"),
        ({"devices": []}, r"devices.*expected a table"),
        ({"devices": [{"preset": "a100-80gb"}, {"preset": "l40s"}]}, r"devices\[1\].*attention-placement takes"),
        ({"devices": [{"preset": "tpu-v99"}]}, r"devices\[0\].preset.*one of"),
        ({"devices": [{"count": 8}]}, r"devices\[0\].memory.*no preset"),
        ({"devices": [{"preset": "l40s", "count": 0}]}, r"devices\[0\].count"),
        ({"devices": [{"preset": "l40s", "reserve": 1}]}, r"devices\[0\].reserve.*no share"),
        ({"network": {"speed": 1}}, r"network.speed.*unknown field"),
        ({"train": {"global_batch": 16}}, r"train.sequence"),
        ({"train": {"global_batch": 16, "sequence": 1024, "dtype": "fp8"}}, r"train.dtype.*one of bfloat16"),
        ({"train": {"global_batch": 16, "sequence": 1024, "optimizer": "lion"}}, r"train.optimizer.*one of adam-fp32"),
        ({"train": {"global_batch": 7, "sequence": 1024}, "fixed": {"tensor": 1}}, r"search.*divide a batch of 7"),
        ({"fixed": {"tensor": 3}}, r"search.*doesn't divide 8 devices"),
        ({"fixed": {"tensor": 2}, "search": {"tensor": [1]}}, r"search.tensor.*fixed as well"),
        ({"search": {"experts": [2]}}, r"search.experts.*unknown field"),
        ({"search": {"microbatch": [0]}}, r"microbatch"),
        ({"calibration": {"efficiency": 0.5}}, r"calibration.overhead"),
        ({"calibration": {"efficiency": 0, "overhead": 1e-3}}, r"calibration.efficiency"),
        ({"baseline": {"tensor": 16}}, r"baseline.*doesn't divide 8 devices"),
        ({"baseline": {"recompute": "some"}}, r"baseline.recompute"),
        ({"model": {"preset": []}}, r"model.preset.*unknown model"),
        ({"model": {"preset": "llama-3-8b", "vocabulary": None}}, r"model.vocabulary.*isn't a whole number"),
        ({"devices": [{"preset": {}, "count": 8}]}, r"devices\[0\].preset.*unknown device"),
        ({"train": {"global_batch": 16, "sequence": 1024, "optimizer": []}}, r"train.optimizer.*one of adam-fp32"),
        ({"cluster": {}}, r"devices.*given beside cluster"),
    ],
)
def test_faults_name_their_place(change: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        loaded(**change)


def test_a_closed_cluster_without_devices_is_refused() -> None:
    closed = {"kind": "parallel-strategy", **loaded().written()}
    with pytest.raises(SpecError, match=r"cluster.devices.*isn't from 1"):
        dualgap.load({**closed, "cluster": {**closed["cluster"], "devices": 0}})


def test_hugging_face_configurations_are_read(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(LLAMA))
    found = loaded(model={"file": str(path)})
    assert found.model == loaded(model="llama-3-8b").model
    gpt2 = {"model_type": "gpt2", "n_layer": 12, "n_embd": 768, "n_head": 12, "vocab_size": 50_257, "resid_pdrop": 0.1}
    path.write_text(json.dumps(gpt2))
    found = loaded(model={"file": str(path), "flash": False})
    assert (found.model.ffn, found.model.dropout, found.model.flash) == (3072, True, False)
    for beyond, name in [
        ({"num_local_experts": 8}, "a mixture of experts"),
        ({"kv_lora_rank": 512}, "latent attention"),
        ({"model_type": "mamba"}, "isn't modelled"),
    ]:
        path.write_text(json.dumps(LLAMA | beyond))
        with pytest.raises(SpecError, match=name):
            loaded(model={"file": str(path)})
    path.write_text("{")
    with pytest.raises(SpecError, match="no JSON"):
        loaded(model={"file": str(path)})


def test_what_cannot_fit_says_what_is_missing() -> None:
    found = loaded(devices=[{"preset": "a100-80gb", "count": 8, "memory": 1e8}])
    run = dualgap.solve(found, isolate=False)
    assert run.certificate.verdict == "infeasible"
    said = found.explain_infeasible()
    assert "device holds at least" in said
    assert "GB are missing" in said


def test_the_baseline_is_recomputed_and_explained() -> None:
    found = loaded(baseline={"tensor": 8, "recompute": "full", "zero": 1, "sequence_parallel": True})
    run = dualgap.solve(found, isolate=False)
    seconds, fits = baseline_seconds(found, found.baseline or Baseline())
    assert fits
    shown = run.certificate.metrics
    assert sum(float(v) for v in shown["baseline's time"].values()) == pytest.approx(float(seconds))
    assert sum(float(v) for v in shown["time"].values()) == pytest.approx(float(run.certificate.value))
    assert float(seconds) > float(run.certificate.value)
    said = found.headline(shown)
    assert "times as long, most of it launch" in said  # a microbatch of one sequence
    assert "The cost model was off by 12.3 % on average" in said
    small = loaded(baseline={"microbatch": 2}, devices=[{"preset": "a100-80gb", "count": 8, "memory": 2.5e9}])
    run = dualgap.solve(small, isolate=False)
    assert "The baseline doesn't fit" in small.headline(run.certificate.metrics)


def test_wrong_answers_are_found() -> None:
    found = loaded()
    run = dualgap.solve(found, isolate=False)
    good = run.answer.plans[0]
    assert not found.evaluate(Plan(plans=(good,))).violations
    assert found.evaluate(Plan(plans=())).violations
    for change in (
        {"tensor": 3},
        {"microbatch": 32},
        {"zero": 2},
        {"first": good.first + 99},
        {"first": good.first[:1]},
    ):
        wrong = good.model_copy(update=change)
        assert found.evaluate(Plan(plans=(wrong,))).violations, change
        assert found.evaluate(Plan(plans=(good, wrong))).violations, change  # a runner-up


def test_wrong_witnesses_are_refused() -> None:
    found = loaded()
    for witness, said in [
        (Exhaustion(), "takes no"),
        (StagePrices(points=_rows([1, 1, 1]), prices=_rows([0.0, 0.0])), "six numbers"),
        (StagePrices(points=_rows([[1] * 6]), prices=_rows([[0.0, 0.0]] * 2)), "six numbers"),
        (StagePrices(points=_rows([found.allowed[0].row()]), prices=_rows([[-1.0, 0.0]])), "price"),
    ]:
        with pytest.raises(InvalidWitnessError, match=said):
            found.bound(witness)


def _rows(values: Any) -> Rows:
    return np.array(values)
