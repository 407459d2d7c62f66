"""``solvers``, ``problems``, ``plugins``: what is there, for people and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dualgap.cli.catalogue import parameters_of
from dualgap.plugins.registry import registry
from tests.cli.conftest import PLUGIN, Cli
from tests.cli.scripted import Scripted


def test_solvers_list(cli: Cli) -> None:
    listed = {solver["name"]: solver for solver in cli("solvers", "list", "--plugin", PLUGIN, "--json").json}
    assert set(listed) == {*registry().solvers}
    assert listed["highs"]["accepts"] == ["mixed-integer program"]
    assert listed["highs"]["missing"] == []
    assert {"exact", "bounds"} <= set(listed["highs"]["traits"])
    assert listed["scripted"]["plugin"] == "scripted.py"
    shown = cli("--plugin", PLUGIN, "solvers", "list").out
    assert "(plugin" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_solvers_info(cli: Cli) -> None:
    about = cli("solvers", "info", "scripted", "--plugin", PLUGIN, "--json").json
    assert about["parameters"] == [{"name": "act", "type": "str", "default": "claim", "doc": "what to do."}]
    assert about["refuses"] == "Whatever it is told to refuse."
    assert about["kinds"]["knapsack"] == "ilp (exact) -> mixed-integer program"
    shown = cli("solvers", "info", "highs").out
    assert shown.startswith("highs: ")
    assert "presolve" in shown


def test_every_solver_can_be_told_about(cli: Cli) -> None:
    for name in registry().solvers:
        assert cli("solvers", "info", name).code == 0


def test_unknown_solver(cli: Cli) -> None:
    result = cli("solvers", "info", "hihgs")
    assert (result.code, result.out) == (2, "")
    assert "highs" in result.err


def test_parameters_are_read_off_the_dataclass() -> None:
    assert [parameter["name"] for parameter in parameters_of(Scripted)] == ["act"]


@pytest.mark.parametrize("kind", ["knapsack", "coin-change"])
class TestProblems:
    def test_info(self, cli: Cli, kind: str) -> None:
        about = cli("problems", "info", kind, "--json").json
        assert about["kind"] == kind
        assert about["fields"][0]["default"] == "required"
        assert all(field["doc"] for field in about["fields"])
        assert "ilp" in [view["name"] for view in about["views"]]
        assert "highs" in about["solvers"]
        shown = cli("problems", "info", kind).out
        assert shown.startswith(f"{kind}: ")
        assert max(map(len, shown.splitlines())) <= 80

    def test_schema(self, cli: Cli, kind: str) -> None:
        schema = cli("problems", "schema", kind).json
        assert schema["properties"]["kind"]["const"] == kind

    def test_new_specs_are_solved(self, cli: Cli, kind: str) -> None:
        made = cli("problems", "new", kind, "--size", "7", "--seed", "3")
        assert made.code == 0
        assert made.out == cli("problems", "new", kind, "--size", "7", "--seed", "3").out
        assert made.out != cli("problems", "new", kind, "--size", "7", "--seed", "4").out
        assert cli("solve", "-", "-s", "highs", "--json", stdin=made.out.encode()).code in (0, 6)

    def test_examples_are_solved(self, cli: Cli, kind: str) -> None:
        names = cli("problems", "info", kind, "--json").json["examples"]
        assert names
        for name in names:
            path = cli("problems", "example", kind, name, "--path").out.strip()
            assert cli("problems", "example", kind, name).out == Path(path).read_text(encoding="utf-8")
        assert "data" not in cli("problems", "example", kind).out
        text = cli("problems", "example", kind).out
        assert cli("solve", "-", "-s", "highs", stdin=text.encode()).code == 0


def test_problems_list(cli: Cli) -> None:
    kinds = [problem["kind"] for problem in cli("problems", "list", "--json").json]
    assert kinds == list(registry().problems)
    assert "pack the most valuable items" in cli("problems", "list").out


@pytest.mark.parametrize("command", ["info", "schema", "new", "example"])
def test_unknown_kind(cli: Cli, command: str) -> None:
    result = cli("problems", command, "knapsak")
    assert (result.code, result.out) == (2, "")
    assert "did you mean knapsack?" in result.err


def test_unknown_example(cli: Cli) -> None:
    assert cli("problems", "example", "knapsack", "none").code == 2


def test_unknown_generator_option(cli: Cli) -> None:
    result = cli("problems", "new", "knapsack", "-p", "colour=1")
    assert (result.code, result.out) == (2, "")


def test_plugins_list(cli: Cli) -> None:
    listed = {plugin["name"]: plugin for plugin in cli("plugins", "list", "--plugin", PLUGIN, "--json").json}
    assert listed["scripted.py"]["offers"] == {"solvers": ["scripted"]}
    assert listed["dualgap"]["error"] == ""
    assert "solvers: scripted" in cli("plugins", "list", "--plugin", PLUGIN).out


def test_plugins_new_writes_what_plugins_check_passes(cli: Cli, tmp_path: Path) -> None:
    made = cli("plugins", "new", "mine", "--folder", tmp_path)
    assert made.code == 0
    assert all(Path(line).is_file() for line in made.out.splitlines())
    assert cli("plugins", "new", "mine", "--folder", tmp_path).code == 2
    assert cli("plugins", "check", tmp_path / "mine").code == 0


def test_plugins_check_fails_for_a_liar(cli: Cli, tmp_path: Path) -> None:
    plugin = tmp_path / "liar.py"
    plugin.write_text(PLUGIN.read_text().replace('act: str = "claim"', 'act: str = "infeasible"'))
    result = cli("plugins", "check", plugin, "--json")
    assert (result.code, result.json["ok"]) == (1, False)
    assert json.dumps(result.json["rows"])
