"""``explain``: what is read, what is printed, where it refuses."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.conftest import KNAPSACK, PLUGIN, Cli, ended


@pytest.fixture
def saved(cli: Cli, spec: Path, tmp_path: Path) -> Path:
    """A run of the knapsack, proved by its table."""
    path = tmp_path / "runs" / "run.json"
    path.parent.mkdir()
    assert cli("solve", spec, "-s", "dynamic-programming", "-o", path).code == 0
    return path


def test_a_spec_is_stated_with_its_dual(cli: Cli, spec: Path) -> None:
    result = cli("explain", spec)
    assert result.code == 0
    for line in (
        "    60 tent + 100 stove + 120 rope",
        "    capacity: 10 tent + 20 stove + 30 rope ≤ 50",
        "    tent, stove, rope ∈ {0, 1}",
        "    50 y[capacity] + z[tent ≤] + z[stove ≤] + z[rope ≤]",
        "    rope:   30 y[capacity] + z[rope ≤] ≥ 120",
    ):
        assert line in result.out.splitlines()
    assert "Why nothing" not in result.out


def test_a_run_names_its_spec_and_is_proved_in_numbers(cli: Cli, saved: Path) -> None:
    result = cli("explain", saved)
    assert result.code == 0
    assert result.out.startswith("Optimal, proved: total value 220, and none can exceed it.\n")
    for line in (
        "    objective: 100 · 1 + 120 · 1 = 220",
        "A unit of capacity is worth 4.",
        "    stove: 100 − 20 · 4 = 20   adds 20",
        "    50 · 4 + 20 + 20 = 240",
        "No other item fits in there. So nobody exceeds 220.",
    ):
        assert line in result.out.splitlines()


def test_a_spec_and_a_run_say_the_same_as_the_run(cli: Cli, spec: Path, saved: Path) -> None:
    assert cli("explain", spec, saved).out == cli("explain", saved).out


def test_what_was_set_is_set_again(cli: Cli, spec: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    assert cli("solve", spec, "--set", "capacity=30", "-s", "greedy", "-o", path).code == 0
    assert "capacity: 10 tent + 20 stove + 30 rope ≤ 30" in cli("explain", path).out


def test_a_claimed_bound_is_called_so(cli: Cli, spec: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    assert cli("solve", spec, "-s", "highs", "-o", path).code == 0
    out = " ".join(cli("explain", path).out.split())
    assert "Why nothing exceeds 240" in out
    assert "The bound 220 is the word of highs" in out


def test_a_relaxation_on_the_way_is_named(cli: Cli, spec: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    assert cli("solve", spec, "-s", "dual-ascent", "-o", path).code == 0
    assert "The solver went by dualise-rows: that allows more" in " ".join(cli("explain", path).out.split())


def test_bare_answers_have_no_proof(cli: Cli, spec: Path, tmp_path: Path) -> None:
    path = tmp_path / "answer.csv"
    path.write_text("name,value\ntent,1\nrope,1\n")
    result = cli("explain", spec, path)
    assert result.code == 0
    assert "    objective: 60 · 1 + 120 · 1 = 180" in result.out.splitlines()
    assert "The run holds no witness" in result.out


def test_infeasible_answers_exit_5(cli: Cli, spec: Path, tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    path.write_text(json.dumps({"items": ["tent", "stove", "rope"]}))
    assert cli("explain", spec, path).code == 5


def test_infeasibility_is_redone(cli: Cli, unpayable: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    cli("solve", unpayable, "-o", path)
    result = cli("explain", path)
    assert result.code == 0
    assert "    amount: 5 = 1 · 4 + 1" in result.out.splitlines()


@pytest.mark.parametrize("change", ["value", "witness"])
def test_a_disputed_file_is_recomputed_and_exits_5(cli: Cli, saved: Path, change: str) -> None:
    run = json.loads(saved.read_text())
    if change == "value":
        run["certificate"]["value"] = 221
    else:
        run["witness"] = {"type": "multipliers", "rows": [4.5]}
    saved.write_text(json.dumps(run))
    result = cli("explain", saved)
    assert result.code == 5
    assert "221" not in result.out
    assert "dualgap verify" in result.err


def test_via_and_lines(cli: Cli, spec: Path) -> None:
    assert cli("explain", spec, "--via", "ilp").out == cli("explain", spec).out
    assert "… 2 more columns" in cli("explain", spec, "--lines", "1").out
    wrong = cli("explain", spec, "--via", "conic")
    assert (wrong.code, wrong.out) == (2, "")
    assert "it has: ilp" in wrong.err


def test_latex_is_a_document(cli: Cli, saved: Path) -> None:
    out = cli("explain", saved, "--latex").out
    assert out.startswith("\\documentclass{article}\n")
    assert out.endswith("\\end{document}\n")
    assert r"\text{stove:} & 100 - 20 \cdot 4 & = & 20 & \quad\text{adds 20}" in out


@pytest.mark.parametrize("width", [80, 120])
def test_nothing_is_wider_than_the_terminal(cli: Cli, tmp_path: Path, width: int) -> None:
    path = tmp_path / "big.toml"
    path.write_text('kind = "knapsack"\ngenerate = {size = 200, seed = 3}\n')
    cli("solve", path, "-o", tmp_path / "run.json")
    result = ended("explain", tmp_path / "run.json", env={**os.environ, "COLUMNS": str(width)})
    lines = result.out.splitlines()
    assert max(map(len, lines)) <= width
    assert max(map(len, lines)) > width * 0.8


def test_a_run_without_its_spec_says_what_to_do(cli: Cli, spec: Path, saved: Path, tmp_path: Path) -> None:
    run = json.loads(saved.read_text())
    moved = spec.rename(tmp_path / "moved.toml")
    gone = cli("explain", saved)
    assert gone.code == 2
    assert "write dualgap explain SPEC" in " ".join(gone.err.split())
    assert cli("explain", moved, saved).code == 0
    del run["problem"]["spec"]
    saved.write_text(json.dumps(run))
    assert "doesn't name its spec" in " ".join(cli("explain", saved).err.split())


def test_a_spec_that_changed_is_refused(cli: Cli, spec: Path, saved: Path) -> None:
    spec.write_text(KNAPSACK.replace("60", "61"))
    result = cli("explain", saved)
    assert result.code == 2
    assert "another problem" in result.err


def test_set_goes_with_a_spec(cli: Cli, saved: Path) -> None:
    result = cli("explain", saved, "--set", "capacity=30")
    assert result.code == 2
    assert "--set changes a spec" in result.err


def test_specs_on_stdin(cli: Cli) -> None:
    assert "60 tent" in cli("explain", "-", stdin=KNAPSACK.encode()).out


def test_runs_from_stdin_do_not_name_a_spec(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    cli("solve", "-", "-s", "greedy", "-o", path, stdin=KNAPSACK.encode())
    assert "doesn't name its spec" in " ".join(cli("explain", path).err.split())


def test_a_wrong_claim_exits_5(act: Cli, cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    act("violate", "-o", path)
    assert cli("explain", path, "--plugin", PLUGIN).code == 5


PLUGIN_KIND = '''
import numpy as np
import dualgap
from dualgap.core.views import View

class Shelf(dualgap.Problem):
    """Fill a shelf."""
    kind = "shelf"
    summary = "fill a shelf"
    width: int

    @property
    def sense(self):
        return dualgap.Sense.MAXIMIZE

    def evaluate(self, answer):
        return dualgap.Evaluation(0)

    def views(self):
        from scipy.sparse import csr_array
        form = dualgap.MixedIntegerProgram(
            cost=np.array([-3, -5]), matrix=csr_array(np.array([[2, 4]])), row_lower=np.array([-np.inf]),
            row_upper=np.array([self.width]), lower=np.zeros(2), upper=np.array([np.inf, np.inf]),
            integer=np.array([True, False]), columns=("books", "boxes"), rows=("width",))
        return (View("rows", dualgap.MixedIntegerProgram, dualgap.Relation.EXACT, lambda: form),)
'''


def test_a_plugin_s_problem_is_explained_from_its_view(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "shelf.py").write_text(PLUGIN_KIND)
    (tmp_path / "shelf.toml").write_text('kind = "shelf"\nwidth = 9\n')
    lines = cli("explain", tmp_path / "shelf.toml", "--plugin", tmp_path / "shelf.py").out.splitlines()
    for line in (
        "    3 books + 5 boxes",
        "    width: 2 books + 4 boxes ≤ 9",
        "    9 y[width]",
        "    boxes: 4 y[width] ≥ 5",
    ):
        assert line in lines
