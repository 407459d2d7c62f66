"""``verify``: anybody's answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
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
        lambda run: run["answer"].update(items={"rope": 1, "tent": 1}),
        lambda run: run["answer"].update(items={"rope": 1, "tent": 1, "stove": 1}),
        lambda run: run.update(witness={"type": "multipliers", "rows": [100.0]}),
        lambda run: run.update(witness={"type": "multipliers", "rows": [-1.0]}),
    ],
    ids=["value", "bound", "evidence", "verdict", "worse", "infeasible", "weaker", "invalid"],
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
