"""``verify``: anybody's answer."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.cli.conftest import KNAPSACK, Cli


@pytest.mark.parametrize(
    ("answer", "verdict", "code"),
    [
        ({"items": ["stove", "rope"]}, "feasible", 0),
        ({"items": {"rope": 1}}, "feasible", 0),
        ({"items": ["tent", "stove", "rope"]}, "violated", 5),
    ],
)
def test_bare_answers(cli: Cli, spec: Path, tmp_path: Path, answer: dict[str, object], verdict: str, code: int) -> None:
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(answer))
    result = cli("verify", spec, path, "--json")
    assert (result.json["certificate"]["verdict"], result.code) == (verdict, code)


def test_people_see_the_statement_first(cli: Cli, spec: Path, tmp_path: Path) -> None:
    path = tmp_path / "answer.csv"
    path.write_text("name,count\nrope,1\ntent,1\n")
    result = cli("verify", spec, path)
    assert result.out.startswith("Feasible, checked: total value 180")


def test_an_answer_may_come_through_a_pipe(cli: Cli, spec: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = Thread(target=pipe.write_text, args=('{"items": {"rope": 1}}',), daemon=True)
    writer.start()
    assert cli("verify", spec, pipe).code == 0
    writer.join()


def test_a_bound_is_looked_for(cli: Cli, spec: Path, tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    path.write_text(json.dumps({"items": ["stove", "rope"]}))
    certificate = cli("verify", spec, path, "--bound", "5s", "--json").json["certificate"]
    assert certificate["bound"] >= 220
    assert certificate["evidence"] in ("proved", "numerical")


@pytest.mark.parametrize(
    ("text", "said"),
    [('{"items": ["kettle"]}', "items.kettle"), ("{", "not"), ('{"items": {"rope": 0.5}}', "whole")],
)
def test_bad_answers(cli: Cli, spec: Path, tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "answer.json"
    path.write_text(text)
    result = cli("verify", spec, path)
    assert (result.code, result.out) == (2, "")
    assert said in result.err


def test_absent_answer(cli: Cli, spec: Path) -> None:
    result = cli("verify", spec, "nowhere.json")
    assert result.code == 2
    assert "nowhere.json" in result.err


@pytest.mark.parametrize(
    "tamper",
    [
        lambda run: run["certificate"].update(value=221),
        lambda run: run["certificate"].update(bound=219),
        lambda run: run["certificate"].update(evidence="claimed"),
        lambda run: run["certificate"].update(verdict="feasible"),
        lambda run: run["certificate"].update(gap=1),
        lambda run: run["certificate"].update(relative_gap=0.5),
        lambda run: run["certificate"].update(statement="Optimal, proved: total value 221."),
        lambda run: run["certificate"].update(violations={"capacity": 3}),
        lambda run: run.update(witness={"type": "of the stars", "rows": [1.0]}),
        lambda run: run.update(witness={"type": "replay", "rows": "high"}),
        lambda run: run["answer"].update(items={"rope": 1, "tent": 1}),
        lambda run: run["answer"].update(items={"rope": 1, "tent": 1, "stove": 1}),
        lambda run: run.update(witness={"type": "multipliers", "rows": [100.0]}),
        lambda run: run.update(witness={"type": "multipliers", "rows": [-1.0]}),
    ],
    ids=[
        "value",
        "bound",
        "evidence",
        "verdict",
        "gap",
        "relative",
        "statement",
        "violations",
        "unknown",
        "malformed",
        "worse",
        "infeasible",
        "weaker",
        "invalid",
    ],
)
def test_a_tampered_run_exits_5(cli: Cli, spec: Path, tmp_path: Path, tamper: Callable[[Any], None]) -> None:
    path = tmp_path / "run.json"
    assert cli("solve", spec, "-s", "dynamic-programming", "-o", path).code == 0
    assert cli("verify", spec, path).code == 0
    run = json.loads(path.read_text())
    tamper(run)
    path.write_text(json.dumps(run))
    result = cli("verify", spec, path)
    assert result.code == 5
    assert "check failed: file:" in result.out


def test_a_witness_that_cannot_be_read_is_a_failed_check(cli: Cli, spec: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    cli("solve", spec, "-s", "dynamic-programming", "-o", path)
    run = json.loads(path.read_text())
    run["witness"] = {"type": "of the stars"}
    path.write_text(json.dumps(run))
    graded = cli("verify", spec, path, "--json").json
    (check,) = [check for check in graded["checks"] if check["name"] == "witness"]
    assert (check["passed"], check["detail"]) == (False, "unknown witness type 'of the stars'")
    assert graded["certificate"]["evidence"] == "claimed"
    assert graded["certificate"]["value"] == 220


def test_an_interrupted_run_is_judged_by_its_verdict(cli: Cli, spec: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    cli("solve", spec, "-s", "dynamic-programming", "-o", path)
    run = json.loads(path.read_text())
    run["stop"] = "interrupted"
    path.write_text(json.dumps(run))
    assert cli("verify", spec, path).code == 0
    run["answer"] = {"items": ["tent", "stove", "rope"]}
    path.write_text(json.dumps(run))
    assert cli("verify", spec, path).code == 5


def test_a_tolerance_of_ones_own_is_no_dispute(cli: Cli, spec: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    cli("solve", spec, "-s", "dynamic-programming", "-o", path)
    assert cli("verify", spec, path, "--tolerance", "0.001").code == 0


def test_how_far_from_the_best(cli: Cli, spec: Path, tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    path.write_text(json.dumps({"items": ["tent", "rope"]}))
    run = cli("verify", spec, path, "--bound", "10s", "--json").json
    statement = "Feasible, checked: total value 180, at most 18.2 % from the optimum (none can exceed 220, proved)."
    assert run["certificate"]["statement"] == statement
    assert run["message"].startswith("18.2 % below the best known: total value 220, by ")


def test_the_best_is_recognised(cli: Cli, spec: Path, tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    path.write_text(json.dumps({"items": ["stove", "rope"]}))
    run = cli("verify", spec, path, "--bound", "10s", "--json").json
    assert (run["certificate"]["verdict"], run["message"]) == ("optimal", "")


PLANT = """
kind = "integer-program"
maximize = {chairs = 45, tables = 80}
integer = ["tables"]
[rows]
wood = {terms = {chairs = 5, tables = 20}, le = 400}
labour = {terms = {chairs = 10, tables = 15}, le = 450}
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "name,value\nchairs,24\ntables,14\n"),
        ("a.json", '{"chairs": 24, "tables": 14}'),
        ("a.json", "[24, 14]"),
        ("a.sol", "# Objective value = 2200\nchairs 24\ntables 14\n"),
    ],
)
def test_answers_to_integer_programs(cli: Cli, tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "plant.toml").write_text(PLANT)
    (tmp_path / name).write_text(text)
    result = cli("verify", tmp_path / "plant.toml", tmp_path / name, "--bound", "10s", "--json")
    assert result.json["certificate"]["verdict"] == "optimal"
    assert result.json["certificate"]["value"] == 2200


def test_the_row_that_fails_is_named_with_how_much(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "plant.toml").write_text(PLANT)
    (tmp_path / "a.csv").write_text("name,value\nchairs,24\ntables,14.5\n")
    assert "14.5 is not whole" in cli("verify", tmp_path / "plant.toml", tmp_path / "a.csv").err
    (tmp_path / "a.csv").write_text("name,value\nchairs,24\ntables,15\n")
    result = cli("verify", tmp_path / "plant.toml", tmp_path / "a.csv")
    assert result.code == 5
    assert "violates wood by 20, labour by 15" in " ".join(result.out.split())


AUDITED = """
import dualgap

class Audited(dualgap.Knapsack):
    kind = "audited"

    def audit(self, answer):
        return (dualgap.Audit("packing", bool(answer.counts[2]), "the rope is needed", {"items": 2}, 0.5),)
"""


@pytest.mark.parametrize(("items", "said"), [(["rope"], "passed"), (["tent"], "failed")])
def test_executed_checks_are_shown_and_recorded(cli: Cli, tmp_path: Path, items: list[str], said: str) -> None:
    (tmp_path / "audited.py").write_text(AUDITED)
    (tmp_path / "spec.toml").write_text(KNAPSACK.replace('"knapsack"', '"audited"'))
    (tmp_path / "answer.json").write_text(json.dumps({"items": items}))
    given = ("verify", tmp_path / "spec.toml", tmp_path / "answer.json", "--plugin", tmp_path / "audited.py")
    assert f"executed: packing {said} in 0.50 s: the rope is needed" in cli(*given, "--execute").out
    (audit,) = cli(*given, "--execute", "--json").json["audits"]
    assert (audit["passed"], audit["measures"]) == (said == "passed", {"items": 2})
    assert cli(*given, "--json").json["audits"] == []
