"""Grading: every format of answer, honest runs, tampered runs, malformed files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dualgap
from dualgap.core.certificate import Evidence, Verdict
from dualgap.core.errors import SpecError
from dualgap.engine.run import Run
from dualgap.problems.coin_change import CoinChange
from dualgap.problems.knapsack import Knapsack
from dualgap.study.grade import disputed, grade, read_answer
from tests.study.liars import packed

SOLUTION = """Model status
Optimal

# Primal solution values
Feasible
Objective 220
# Columns 3
{columns}
# Rows 1
capacity 50
"""


def verdict(run: Run) -> Verdict:
    assert run.certificate is not None
    return run.certificate.verdict


def write(path: Path, content: str) -> Path:
    path.write_text(content)
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", '{"items": {"b": 1, "c": 1}}'),
        ("a.json", '{"items": ["b", "c"]}'),
        ("a.json", '{"counts": [0, 1, 1]}'),
        ("a.json", "[0, 1, 1]"),
        ("a.json", '{"answer": {"items": ["b", "c"]}}'),
        ("a.csv", "name,count\nb,1\nc,1\n"),
        ("a.csv", "b,1\nc,1.0\na,0\n"),
        ("a.csv", "counts\n0\n1\n1\n"),
        ("a.sol", SOLUTION.format(columns="a 0\nb 1\nc 0.9999999999")),
        ("a.sol", SOLUTION.format(columns="C0 0\nC1 1\nC2 1")),
    ],
)
def test_formats(knapsack: Knapsack, tmp_path: Path, name: str, content: str) -> None:
    path = write(tmp_path / name, content)
    run = grade(knapsack, path)
    assert verdict(run) is Verdict.FEASIBLE
    assert run.certificate.value == 220  # type: ignore[union-attr]
    assert read_answer(knapsack, path).counts.tolist() == [0, 1, 1]


def test_arrays_and_objects(knapsack: Knapsack, tmp_path: Path) -> None:
    counts = np.array([0, 1, 1])
    np.savez(tmp_path / "a.npz", counts=counts)
    np.save(tmp_path / "a.npy", counts)
    given: list[Any] = [tmp_path / "a.npz", str(tmp_path / "a.npy"), counts, [0, 1, 1], packed(knapsack, 1, 2)]
    assert [grade(knapsack, item).certificate.value for item in given] == [220] * 5  # type: ignore[union-attr]


def test_a_real_highs_file(knapsack: Knapsack, tmp_path: Path) -> None:
    from dualgap.core.forms import MixedIntegerProgram
    from dualgap.solvers.highs_model import load

    form = knapsack.views()[0].build()
    assert isinstance(form, MixedIntegerProgram)
    highs = load(form, {})
    highs.run()
    highs.writeSolution(str(tmp_path / "x.sol"), 0)
    assert grade(knapsack, tmp_path / "x.sol").certificate.value == 220  # type: ignore[union-attr]


def test_spec_may_be_a_path(tmp_path: Path) -> None:
    spec = write(tmp_path / "c.toml", 'kind = "coin-change"\ncoins = [1, 2, 5]\namount = 11\n')
    run = grade(spec, {"coins": {"5": 2, "1": 1}})
    assert run.certificate.value == 3  # type: ignore[union-attr]


def test_an_infeasible_bare_answer_is_violated(knapsack: Knapsack) -> None:
    run = grade(knapsack, {"items": ["a", "b", "c"]}, bound_seconds=5)
    assert verdict(run) is Verdict.VIOLATED
    assert run.exit_code == 5
    assert dict(run.certificate.violations) == {"capacity": 10}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", "{", "not JSON"),
        ("a.json", '{"things": 1}', "no answer here"),
        ("a.json", '{"items": ["z"]}', "no such name"),
        ("a.json", '{"counts": [0.5, 0, 0]}', "whole"),
        ("a.json", '{"counts": [1]}', "expected 3"),
        ("a.csv", "", "empty"),
        ("a.csv", "a,1,2\n", "3 cells"),
        ("a.csv", "a,1\nb,x\n", "not a number"),
        ("a.csv", "z,1\nb,1\n", "no such name"),
        ("a.csv", "b,0.5\n", "not whole"),
        ("a.npz", "garbage", "can't be read"),
        ("a.sol", "hello", "line 1 has no name and value"),
        ("a.sol", "# Columns 3\na 1\n", "1 columns of 3"),
        ("a.sol", "# Columns 2\na\n", "damaged"),
        ("run.json", '{"schema_version": 99, "problem": {}}', "newer"),
        ("run.json", '{"schema_version": 1, "problem": 7}', "damaged"),
        ("run.json", '{"schema_version": 1, "problem": {"hash": "0"}}', "another problem"),
    ],
)
def test_malformed_files_name_path_and_remedy(
    knapsack: Knapsack, tmp_path: Path, name: str, content: str, message: str
) -> None:
    path = write(tmp_path / name, content)
    with pytest.raises(SpecError, match=message) as caught:
        grade(knapsack, path)
    assert str(path) in str(caught.value)


def test_a_missing_file(knapsack: Knapsack, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no such file"):
        grade(knapsack, tmp_path / "none.json")


def test_an_answer_of_another_kind(knapsack: Knapsack) -> None:
    coins = CoinChange(coins=[1], amount=1)
    with pytest.raises(SpecError, match="takes a KnapsackAnswer"):
        grade(knapsack, packed(coins, 0))
    with pytest.raises(SpecError, match="another problem"):
        grade(knapsack, grade(coins, [1]))


@pytest.fixture
def saved(knapsack: Knapsack, tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    """A run of HiGHS and its JSON data."""
    run = dualgap.solve(knapsack, "highs", isolate=False)
    path = tmp_path / "run.json"
    run.save(path)
    return path, json.loads(path.read_text())


def test_an_honest_run_passes_every_check(knapsack: Knapsack, saved: tuple[Path, dict[str, Any]]) -> None:
    run = grade(knapsack, saved[0])
    assert all(check.passed for check in run.checks)
    assert {check.name for check in run.checks} >= {"file: value", "file: bound", "file: verdict"}
    assert run.solver == "highs"
    assert grade(knapsack, run).certificate == run.certificate


def test_a_run_of_several_solvers_carries_the_witness_of_its_bound(tmp_path: Path) -> None:
    problem = Knapsack(values=[60, 100, 120, 37, 81, 99], weights=[10, 20, 30, 9, 14, 22], capacity=50)
    found = dualgap.solve(problem, isolate=False)
    found.save(tmp_path / "run.json")
    run = grade(problem, tmp_path / "run.json")
    assert verdict(run) is verdict(found) is Verdict.OPTIMAL
    assert all(check.passed for check in run.checks)


@pytest.mark.parametrize(
    ("field", "lie"),
    [("value", 230), ("bound", 221), ("evidence", "proved"), ("verdict", "optimal")],
)
def test_a_tampered_certificate_fails_its_check(
    knapsack: Knapsack, saved: tuple[Path, dict[str, Any]], field: str, lie: Any
) -> None:
    path, data = saved
    assert data["certificate"][field] != lie
    data["certificate"][field] = lie
    path.write_text(json.dumps(data))
    run = grade(knapsack, path)
    assert [check.name for check in run.checks if not check.passed] == [f"file: {field}"]


def test_a_tampered_answer_is_violated(knapsack: Knapsack, saved: tuple[Path, dict[str, Any]]) -> None:
    path, data = saved
    data["answer"] = {"items": {"a": 1, "b": 1, "c": 1}}
    path.write_text(json.dumps(data))
    run = grade(knapsack, path)
    assert verdict(run) is Verdict.VIOLATED
    assert run.exit_code == 5


def test_a_tampered_witness_changes_the_bound(knapsack: Knapsack, saved: tuple[Path, dict[str, Any]]) -> None:
    path, data = saved
    proved = [bound for bound in data["certificate"]["bounds"] if bound["evidence"] == "proved"]
    assert proved
    data["witness"] = {"type": "multipliers", "rows": [-1.0], "equalities": []}
    path.write_text(json.dumps(data))
    run = grade(knapsack, path)
    assert any(check.name == "witness" and not check.passed for check in run.checks)


def test_a_bound_for_a_bare_answer(knapsack: Knapsack, registered: Callable[[Any], Any]) -> None:
    run = grade(knapsack, {"items": ["a", "b"]}, bound_seconds=10)
    assert run.certificate is not None
    assert run.certificate.evidence is Evidence.PROVED
    assert run.certificate.bound is not None
    assert 220 <= run.certificate.bound <= 240
    assert run.attempts


@pytest.mark.parametrize(
    ("path", "odd"),
    [
        (("certificate", "value"), []),
        (("certificate", "exact"), {"value": "1e999999999"}),
        (("certificate", "exact"), {"value": "1/0"}),
        (("certificate", "bounds"), [{"value": None, "evidence": "claimed"}]),
        (("certificate", "metrics"), 7),
        (("parameters",), True),
        (("route",), [1]),
        (("trace",), [5]),
        (("audits",), [{"name": 1}]),
        (("label",), {"$fraction": "1e999999999"}),
        (("label",), {"$fraction": [1]}),
        (("witness",), {"type": "multipliers", "rows": {"$sidecar": "../../etc/passwd"}}),
        (("answer",), {"counts": [1e300, 0, 0]}),
    ],
)
def test_a_damaged_run_is_refused_in_words(
    knapsack: Knapsack, saved: tuple[Path, dict[str, Any]], path: tuple[str, ...], odd: Any
) -> None:
    file, data = saved
    table = data if len(path) == 1 else data[path[0]]
    table[path[-1]] = odd
    file.write_text(json.dumps(data))
    with pytest.raises(SpecError):
        grade(knapsack, file)


@pytest.mark.parametrize("odd", ["inf", "-inf", "nan", 10**400, -(10**400)])
@pytest.mark.parametrize("field", ["value", "bound", "gap", "relative_gap", "tolerance"])
def test_odd_numbers_in_a_run_are_disputed_or_refused(
    knapsack: Knapsack, saved: tuple[Path, dict[str, Any]], field: str, odd: Any
) -> None:
    file, data = saved
    data["certificate"][field] = odd
    data["certificate"]["bounds"] = [{"value": odd, "evidence": "claimed"}]
    data["budget"]["gap"] = odd
    file.write_text(json.dumps(data))
    try:
        run = grade(knapsack, file)
    except SpecError:
        assert field in ("relative_gap", "tolerance")  # floats
        return
    assert disputed(run) or field in ("gap", "relative_gap")
    assert run.json()


def test_a_sidecar_that_claims_to_be_vast_is_refused(knapsack: Knapsack, saved: tuple[Path, dict[str, Any]]) -> None:
    file, data = saved
    data["witness"] = {"type": "multipliers", "rows": {"$sidecar": "a" * 64}}
    file.write_text(json.dumps(data))
    folder = file.with_suffix(".arrays")
    folder.mkdir()
    with (folder / f"{'a' * 64}.npy").open("wb") as stream:
        header = {"descr": "<f8", "fortran_order": False, "shape": (10**13,)}
        np.lib.format.write_array_header_1_0(stream, header)
    with pytest.raises(SpecError, match="can't read"):
        grade(knapsack, file)
