"""``verify``: anybody's answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli


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
