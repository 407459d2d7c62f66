"""Models written to files come back as they were, read by HiGHS; what a format can't hold is said."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dualgap.core.errors import UsageError
from dualgap.core.forms import MixedIntegerProgram
from dualgap.solvers.highs import Highs
from dualgap.solvers.model_files import write_model
from tests.solvers.programs import INF, Recorder, program, random_program


def shop() -> MixedIntegerProgram:
    """Every kind of row and bound, with names and an offset."""
    form = program(
        [-3, -2, 1, 0.1],
        [[2, 3, 0, 0], [1, 0, -1, 0], [0, 1, 0, 1 / 3], [1, 1, 1, 1], [1, 0, 0, 0]],
        [-INF, 0, 1, -2, -INF],
        [7, INF, 1, 30, INF],
        lower=[0, 0, -INF, -4],
        upper=[5, INF, INF, 9.5],
        integer=[True, True, False, False],
        offset=10.5,
    )
    return replace(form, columns=("tea", "milk_2", "x.3", "5"), rows=("cap", "link", "even", "range", "obj"))


def read(path: Path) -> Any:
    """The file as HiGHS reads it; its wheels can't unpack."""
    import highspy

    if path.suffix == ".gz":
        path, packed = path.with_suffix(""), path
        path.write_bytes(gzip.decompress(packed.read_bytes()))
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    assert highs.readModel(str(path)) == highspy.HighsStatus.kOk
    return highs


@pytest.mark.parametrize("suffix", [".mps", ".mps.gz"])
def test_written_models_are_the_same_program(tmp_path: Path, suffix: str) -> None:
    form, path = shop(), tmp_path / f"model{suffix}"
    assert write_model(form, path) == ""
    model = read(path).getLp()
    assert tuple(model.col_names_) == form.columns
    assert tuple(model.row_names_) == ("cap", "link", "even", "range", "obj")[: len(model.row_names_)]
    for name, array in (("col_cost_", form.cost), ("col_lower_", form.lower), ("col_upper_", form.upper)):
        assert list(getattr(model, name)) == array.tolist()
    kept = len(model.row_lower_)  # HiGHS drops rows without a side
    assert kept == 4
    assert list(model.row_lower_) == form.row_lower[:kept].tolist()
    assert list(model.row_upper_) == form.row_upper[:kept].tolist()
    assert model.offset_ == 10.5
    assert [str(kind) for kind in model.integrality_] == [
        f"HighsVarType.{'kInteger' if whole else 'kContinuous'}" for whole in form.integer
    ]


def test_packed_files_are_the_same_every_time(tmp_path: Path) -> None:
    write_model(shop(), tmp_path / "a.mps.gz")
    write_model(shop(), tmp_path / "b.mps.gz")
    assert (tmp_path / "a.mps.gz").read_bytes() == (tmp_path / "b.mps.gz").read_bytes()


@pytest.mark.parametrize("suffix", [".mps", ".lp"])
def test_random_models_keep_their_optimum(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"model{suffix}"
    for seed in range(15):
        form = random_program(seed, decimals=1)
        claim = Highs().solve(form, Recorder())
        write_model(form, path)
        highs = read(path)
        highs.run()
        if claim.feasible:
            assert highs.getInfo().objective_function_value == pytest.approx(claim.value), seed
        else:
            assert highs.modelStatusToString(highs.getModelStatus()) == "Infeasible", seed


def test_a_width_that_rounds_becomes_a_pair_of_rows(tmp_path: Path) -> None:
    form = program([1.0], [[1.0]], [0.2], [0.9], integer=False)
    assert 0.2 + (0.9 - 0.2) != 0.9
    assert "1 rows with two sides" in write_model(form, tmp_path / "a.mps")
    model = read(tmp_path / "a.mps").getLp()
    assert (list(model.row_lower_), list(model.row_upper_)) == ([0.2, -INF], [INF, 0.9])


def test_what_a_format_cannot_hold_is_said(tmp_path: Path) -> None:
    form = replace(program([1, 2], upper=1), columns=("5", "10"))
    assert "'5'" in write_model(form, tmp_path / "a.lp")
    assert write_model(form, tmp_path / "a.mps") == ""
    spaced = replace(form, columns=("a tent", "b"))
    assert "'a tent'" in write_model(spaced, tmp_path / "a.mps")
    assert list(read(tmp_path / "a.mps").getLp().col_names_) == ["c0", "c1"]
    assert "twice" in write_model(replace(form, columns=("a", "a")), tmp_path / "a.mps")
    with pytest.raises(UsageError, match=r"\.mps, \.mps\.gz, \.lp"):
        write_model(form, tmp_path / "a.txt")
    for name in ("a.mps", "a.lp"):
        with pytest.raises(UsageError, match="folder"):
            write_model(form, tmp_path / "nowhere" / name)


def test_whole_numbers_stay_whole(tmp_path: Path) -> None:
    form = program(np.array([2**62 + 1]), upper=1)
    write_model(form, tmp_path / "a.mps")
    assert str(2**62 + 1) in (tmp_path / "a.mps").read_text()
