"""Constants from runs of one's own: the terms are the model's, known constants are found again, tables have faults."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dualgap
from dualgap import ParallelStrategy, SpecError
from dualgap.problems.parallel_strategy.breakdown import baseline_seconds
from dualgap.problems.parallel_strategy.measured import NEEDED, Run, calibrated, read, terms
from dualgap.problems.transformers.calibration import Calibration
from dualgap.problems.transformers.devices import Cluster
from dualgap.problems.transformers.model import gpt

KNOWN = Calibration(efficiency=0.55, overhead=1.5e-3)


def cluster() -> Cluster:
    return ParallelStrategy.generate(4, 0).cluster


def columns() -> dict[str, list[Any]]:
    """Two models, every way to spread them over eight devices, with seconds that the cost model gives at KNOWN."""
    rows = []
    for layers, hidden, heads in ((8, 1024, 16), (16, 4096, 32)):
        for tensor, pipeline, microbatch in ((1, 1, 1), (2, 2, 4), (8, 1, 2), (1, 8, 1), (4, 2, 1), (2, 1, 8)):
            sizes = (layers, hidden, heads, 2048, 8, 64, tensor, pipeline, microbatch, 1.0)
            rows.append(dict(zip(NEEDED, sizes)))
    found: dict[str, list[Any]] = {name: [row[name] for row in rows] for name in NEEDED}
    found["recompute"] = ["full", "none", "selective"] * 4
    found["zero"] = [0, 1] * 6
    found["seconds"] = [seconds(run, KNOWN) for run in read(found, cluster(), "runs")]
    return found


def seconds(run: Run, constants: Calibration) -> float:
    """By the stages' own sums."""
    return float(baseline_seconds(run.problem.model_copy(update={"calibration": constants}), run.plan)[0])


@pytest.mark.parametrize(
    "constants", [KNOWN, Calibration(efficiency=0.9, overhead=0), Calibration(efficiency=1, overhead=1)]
)
def test_terms_add_up_to_the_seconds_of_the_stages(constants: Calibration) -> None:
    runs = read(columns(), cluster(), "runs")
    assert terms(runs).seconds(constants) == pytest.approx([seconds(run, constants) for run in runs], rel=1e-9)


def test_known_constants_are_found_again(tmp_path: Path) -> None:
    table = columns()
    found, by_model = calibrated(read(table, cluster(), "runs"), "here")
    assert float(found.efficiency) == pytest.approx(0.55, rel=0.01)
    assert float(found.overhead) == pytest.approx(1.5e-3, rel=0.03)
    assert set(by_model) == {"8 layers of 1024", "16 layers of 4096"}
    assert float(found.error) < 0.02
    with (tmp_path / "runs.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table)
        writer.writerows(zip(*table.values()))
    spec = {
        "kind": "parallel-strategy",
        "model": {"layers": 4, "hidden": 1024, "heads": 16},
        "devices": [{"preset": "a100-80gb", "count": 8}],
        "train": {"global_batch": 16, "sequence": 1024},
        "calibration": str(tmp_path / "runs.csv"),
    }
    problem = dualgap.load(spec)
    assert isinstance(problem, ParallelStrategy)
    assert problem.calibration.efficiency == found.efficiency
    assert problem.calibration.source.endswith("runs.csv")


def test_tables_have_faults_by_row() -> None:
    table = columns()
    for change, said in [
        ({"seconds": None}, "no column seconds"),
        ({"cost": [1] * 12}, "unknown column 'cost'"),
        ({"seconds": [1.0] * 11 + [-1.0]}, "row 12: seconds"),
        ({"tensor": [3, *table["tensor"][1:]]}, "row 1.*divide"),
        ({"recompute": ["some", *table["recompute"][1:]]}, "row 1: recompute"),
        ({"sequence_parallel": [2, *[0] * 11]}, "row 1: sequence_parallel"),
        ({"heads": ["many", *table["heads"][1:]]}, "row 1: heads"),
    ]:
        changed = {name: values for name, values in {**table, **change}.items() if values is not None}
        with pytest.raises(SpecError, match=said):
            read(changed, cluster(), "runs")
    with pytest.raises(SpecError, match="% of the devices' peak"):
        calibrated(read({**table, "seconds": [value / 10 for value in table["seconds"]]}, cluster(), "runs"), "here")
    with pytest.raises(SpecError, match="2 runs can't tell two constants"):
        read({name: values[:2] for name, values in table.items()}, cluster(), "runs")


@pytest.mark.shared_data
def test_runs_that_were_published_fit_in_memory(shared_data: Path) -> None:
    """Table 1 of Narayanan et al. (2021)."""
    with (shared_data / "attention" / "megatron_sc21_table1.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            stages, piece = int(row["pp"]), int(row["virtual_stage_layers"])
            layers = int(row["layers"])
            made = ParallelStrategy(
                model=gpt(layers, int(row["hidden"]), int(row["heads"]), int(row["vocab"])),
                cluster=cluster().model_copy(update={"devices": int(row["gpus"]), "memory": 80 * 10**9}),
                calibration=KNOWN,
                global_batch=int(row["batch"]),
                sequence=int(row["seq"]),
                tensor=np.array([int(row["tp"])]),
                pipeline=np.array([stages]),
                interleave=np.array([layers // stages // piece if piece else 1]),
                microbatch=np.array([int(row["microbatch"])]),
                recompute="layer",
            )
            for stage in made.stages(made.allowed[0]):
                names = [one.name for one in stage.layer.strategies[0]]
                choice = np.full((stage.sharding.layers, 1), names.index("recompute full"))
                assert sum(stage.bytes(choice).values()) < 80e9
