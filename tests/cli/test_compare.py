"""``compare`` on the screen, as JSON, along a path, with a report."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import PLUGIN, Cli, Result

Compare = Callable[..., Result]


@pytest.fixture
def compare(cli: Cli, spec: Path) -> Compare:
    def run(*acts: str, options: tuple[str | Path, ...] = ()) -> Result:
        solvers = [part for act in acts for part in ("-s", f"{act.replace(' ', '-')}=scripted[act={act}]")]
        return cli("compare", spec, "--plugin", PLUGIN, "--time", "5", *solvers, *options)

    return run


def test_joint_statement_first_then_a_row_a_run(compare: Compare) -> None:
    result = compare("claim", "feasible", "refuse")
    assert result.code == 0
    assert result.out.startswith("The best is total value 220 by claim")
    assert max(map(len, result.out.splitlines())) <= 80
    rows = {line.split()[0]: line.split() for line in result.out.splitlines() if line.split()}
    assert rows["claim"][1:4] == ["220", "220", "claimed"]
    assert rows["feasible"][1:4] == ["0", "-", "none"]
    assert "it was told to; take highs" in result.out
    assert "Each solver had 5 s, 1 thread(s), seed 0." in result.out


def test_progress_is_a_line_a_solver_on_stderr(compare: Compare) -> None:
    lines = compare("claim", "refuse").err.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["claim", "refuse"]


def test_contradictions_come_on_top_and_exit_5(compare: Compare) -> None:
    result = compare("claim", "infeasible")
    assert result.code == 5
    assert result.out.startswith("Contradiction: infeasible says infeasible, and total value 220 is feasible.")


def test_json(compare: Compare) -> None:
    data = compare("claim", "within", "refuse", "violate", options=("--json",)).json
    assert [run["label"] for run in data["runs"]] == ["claim", "within", "refuse", "violate"]
    assert "told to" in data["runs"][2]["refused"]
    assert {"value", "bound", "evidence", "relative_gap", "contradictions"} <= set(data["joint"])
    assert (data["joint"]["value"], data["joint"]["bound"], data["joint"]["evidence"]) == (220, 240, "proved")


def test_plain_comparison_says_what_it_left_out(cli: Cli, spec: Path) -> None:
    result = cli("compare", spec, "--time", "5")
    assert result.code == 0
    assert "Left out:" in result.out
    assert "a plain comparison takes" in " ".join(result.out.split())


def test_path(compare: Compare) -> None:
    found = compare("claim", options=("--path", "capacity=50:70:3", "--json")).json["comparisons"]
    assert [one["point"] for one in found] == [{"field": "capacity", "value": value} for value in (50, 60, 70)]


def test_decimals_on_a_path(compare: Compare) -> None:
    found = compare("claim", options=("--path", "capacity=50.5:51:2", "--json")).json["comparisons"]
    assert [one["point"]["field"] for one in found] == ["capacity", "capacity"]


@pytest.mark.parametrize("path", ["capacity", "capacity=1", "capacity=1:2:0", "capacity=a:b:3", "=1:2:3"])
def test_unreadable_path(compare: Compare, path: str) -> None:
    result = compare("claim", options=("--path", path))
    assert (result.code, result.out) == (2, "")
    assert "write FIELD=lo:hi:n" in result.err


def test_several_specs(cli: Cli, spec: Path, unpayable: Path) -> None:
    result = cli("compare", spec, unpayable, "--plugin", PLUGIN, "-s", "scripted[act=nothing]", "--json")
    assert [one["problem"]["kind"] for one in result.json["comparisons"]] == ["knapsack", "coin-change"]
    assert result.code == 4


def test_reference(compare: Compare, tmp_path: Path) -> None:
    best = tmp_path / "best.json"
    best.write_text(json.dumps({"items": ["stove", "rope"]}))
    data = compare("feasible", options=("--reference", best, "--json")).json
    assert data["joint"]["value"] == 220
    assert data["joint"]["value_by"] == ["reference"]


def test_report(compare: Compare, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    result = compare("claim", "within", options=("-o", report))
    assert result.code == 0
    assert f"report written to {report}" in result.err.replace("\n", "")
    assert "<svg" in report.read_text()


def test_all_and_names_exclude_each_other(compare: Compare) -> None:
    assert compare("claim", options=("--all",)).code == 2
