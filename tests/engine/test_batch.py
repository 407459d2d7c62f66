"""``solve_batch``: files, time, solvers of one's own, and sharding over eight forced host devices."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import dualgap
from dualgap.cli.app import app
from dualgap.core.batch import BatchClaim
from dualgap.core.solver import Budget, Solver, Trait
from dualgap.engine.batch_files import read_arrays, write_columns

ARRAYS = {"values": np.array([[6, 5, 4], [1, 9, 3]]), "weights": np.array([[3, 2, 2], [4, 4, 4]]), "capacity": [4, 8]}

SHARDED = """
import jax, numpy as np, dualgap
assert jax.device_count() == 8
values, weights = np.random.default_rng(0).integers(1, 1001, (2, 1001, 12))
arrays = {"values": values, "weights": weights, "capacity": weights.sum(axis=1) // 2}
from dualgap.solvers.knapsack import batch_jax
for name in ("dual-ascent", "pgd"):
    run = dualgap.solve_batch(arrays, name, chunk=400)
    print(name, int(run.certificates.values.sum()), int(run.certificates.bounds.sum()))
"""


class Nothing(Solver):
    name, accepts, batches = "nothing", (dualgap.Knapsack,), (dualgap.Knapsack,)
    traits = frozenset({Trait.BATCHED})

    def solve_batch(self, batch: Any, budget: Budget) -> BatchClaim:
        return BatchClaim(np.zeros(batch.values.shape, dtype=np.int8), np.zeros((batch.count, 1)))


@pytest.mark.parametrize("ending", [".npz", ".parquet", ".jsonl"])
def test_files_go_round(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"batch{ending}"
    write_columns(path, {name: np.asarray(array) for name, array in ARRAYS.items()})
    read = read_arrays(path)
    assert {name: np.asarray(array).tolist() for name, array in read.items()} == {
        name: np.asarray(array).tolist() for name, array in ARRAYS.items()
    }
    assert dualgap.solve_batch(path).certificates.values.tolist() == [9, 12]


def test_a_solver_of_ones_own() -> None:
    run = dualgap.solve_batch(ARRAYS, Nothing())
    assert run.certificates.values.tolist() == [0, 0]
    assert run.certificates.bounds.tolist() == [15, 13]
    assert run.summary()["verdicts"] == {"feasible": 2}


def test_time_is_checked_between_chunks() -> None:
    run = dualgap.solve_batch(ARRAYS, chunk=1, time=1e-9)
    assert run.certificates.verdicts.tolist() == ["optimal", "nothing"]
    assert np.isnan(run.certificates.relative_gaps[1])


def test_a_solver_without_batches_is_refused() -> None:
    with pytest.raises(dualgap.NoRouteError, match="greedy"):
        dualgap.solve_batch(ARRAYS, "highs")
    with pytest.raises(dualgap.UsageError, match="no batches"):
        dualgap.solve_batch({}, kind="coin-change")


def test_eight_devices_give_what_one_gives() -> None:
    def said(flags: str) -> str:
        environment = {**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
        code = SHARDED if flags else SHARDED.replace("== 8", "== 1")
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert said("--xla_force_host_platform_device_count=8") == said("")


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.npz", b"hello"), ("a.npz", b""), ("a.jsonl", b"{\n"), ("a.jsonl", b""), ("a.jsonl", b'[1]\n'), ("a.txt", b""),
     ("a.parquet", b"hello"), ("a.jsonl", b"\xff"), ("a.jsonl", b'{"values":[1]}\n{"values":[1,2]}\n')],
)  # fmt: skip
def test_garbage_is_a_clear_error(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / "spec.toml").write_text('kind = "knapsack"\n')
    (tmp_path / name).write_bytes(content)
    done = CliRunner().invoke(app, ["solve", str(tmp_path / "spec.toml"), "--batch", str(tmp_path / name)])
    assert isinstance(done.exception, dualgap.SpecError | dualgap.UsageError)
