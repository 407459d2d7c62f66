"""``export``: each format is read again by the tool that it is for, and by us."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

PLANT = """
kind = "integer-program"
maximize = {chairs = 45, "big tables" = 80}
integer = ["big tables"]
[rows]
wood = {terms = {chairs = 5, "big tables" = 20}, le = 400}
labour = {terms = {chairs = 10, "big tables" = 15}, le = 450}
"""


@pytest.fixture
def run(cli: Cli, spec: Path, tmp_path: Path) -> Path:
    path = tmp_path / "run.json"
    assert cli("solve", spec, "-s", "dynamic-programming", "-o", path).code == 0
    return path


def test_csv(cli: Cli, run: Path) -> None:
    result = cli("export", run)
    assert (result.code, result.out) == (0, "name,value\nstove,1\nrope,1\n")


@pytest.mark.parametrize("to", ["csv", "sol"])
def test_what_is_exported_verifies(cli: Cli, spec: Path, run: Path, tmp_path: Path, to: str) -> None:
    path = tmp_path / f"answer.{to}"
    assert cli("export", run, "--to", to, "-o", path).out == ""
    graded = cli("verify", spec, path, "--json").json
    assert (graded["certificate"]["value"], graded["certificate"]["verdict"]) == (220, "feasible")


def test_highs_reads_the_model_and_the_solution(cli: Cli, run: Path, tmp_path: Path) -> None:
    import highspy

    for to in ("mps", "sol"):
        assert cli("export", run, "--to", to, "-o", tmp_path / f"x.{to}").code == 0
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.readModel(str(tmp_path / "x.mps"))
    assert highs.readSolution(str(tmp_path / "x.sol"), 0) == highspy.HighsStatus.kOk
    assert list(highs.getSolution().col_value) == [0, 1, 1]
    assert [highs.getColName(j)[1] for j in range(3)] == ["tent", "stove", "rope"]
    highs.run()
    assert highs.getInfo().objective_function_value == -220


def test_latex_is_what_explain_prints(cli: Cli, run: Path) -> None:
    assert cli("export", run, "--to", "latex").out == cli("explain", run, "--latex").out


def test_a_spec_alone_gives_its_model(cli: Cli, spec: Path) -> None:
    assert " stove obj -100" in cli("export", spec, "--to", "mps").out.splitlines()


def test_names_that_a_format_cannot_hold_are_said_to_be_lost(cli: Cli, tmp_path: Path) -> None:
    spec = tmp_path / "plant.toml"
    spec.write_text(PLANT)
    cli("solve", spec, "-o", tmp_path / "run.json")
    for to in ("mps", "sol"):
        result = cli("export", tmp_path / "run.json", "--to", to)
        assert result.code == 0
        assert "can't hold the column name 'big tables'" in " ".join(result.err.split())
    assert "big tables,14" in cli("export", tmp_path / "run.json").out


def test_an_answer_of_any_kind_is_converted(cli: Cli, spec: Path, tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    path.write_text(json.dumps({"items": ["tent", "stove", "rope"]}))
    result = cli("export", spec, path, "--to", "sol")
    assert result.code == 0
    assert "Infeasible\nObjective -280" in result.out
    assert "violates capacity by 10" in " ".join(result.err.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--to", "xlsx"), "unknown format 'xlsx'; knapsack is exported to: csv, sol, mps, latex"),
        (("--to", "mps", "--via", "conic"), "no view 'conic'; it has: ilp"),
        (("-o", "nowhere/x.csv"), "there is no folder nowhere"),
    ],
)
def test_refusals_name_a_remedy(cli: Cli, run: Path, arguments: tuple[str, ...], said: str) -> None:
    result = cli("export", run, *arguments)
    assert (result.code, result.out) == (2, "")
    assert said in " ".join(result.err.split())


def test_a_spec_has_no_answer(cli: Cli, spec: Path) -> None:
    result = cli("export", spec, "--to", "sol")
    assert result.code == 2
    assert "name a run" in result.err


def test_a_run_without_an_answer(cli: Cli, unpayable: Path, tmp_path: Path) -> None:
    cli("solve", unpayable, "-o", tmp_path / "run.json")
    result = cli("export", tmp_path / "run.json")
    assert result.code == 2
    assert "found no answer" in result.err


OWN = """
import dualgap

class Labelled(dualgap.Knapsack):
    kind = "labelled"

    def exports(self):
        return {"labels": lambda answer: ("+".join(self.names[j] for j in answer.counts.nonzero()[0]) + "\\n").encode()}
"""


def test_a_problem_s_own_formats(cli: Cli, spec: Path, tmp_path: Path) -> None:
    plugin = tmp_path / "labelled.py"
    plugin.write_text(OWN)
    spec.write_text(spec.read_text().replace('"knapsack"', '"labelled"'))
    (tmp_path / "answer.json").write_text('{"items": ["tent", "rope"]}')
    given = ("export", spec, tmp_path / "answer.json", "--plugin", plugin)
    assert cli(*given, "--to", "labels").out == "tent+rope\n"
    assert "csv, sol, mps, latex, labels" in " ".join(cli(*given, "--to", "x").err.split())
