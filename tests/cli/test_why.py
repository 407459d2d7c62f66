"""What people see, unasked, of an infeasible or an unbounded problem."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli

WORKSHOP = """\
kind = "integer-program"
maximize = {chairs = 45, tables = 80}
integer = "all"
bounds = {chairs = [0, 40]}
[rows]
wood = {terms = {chairs = 5, tables = 20}, le = 400}
labour = {terms = {chairs = 10, tables = 15}, le = 450}
orders = {terms = {chairs = 1, tables = 1}, ge = 45}
"""
ENDLESS = """\
kind = "integer-program"
maximize = {chairs = 45, tables = 80}
[rows]
mix = {terms = {chairs = 2, tables = -3}, ge = 1}
"""
PLUGIN = """\
from dualgap.core.claim import Claim, Stop
from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.solver import Solver
from dataclasses import dataclass


@dataclass(frozen=True)
class Denier(Solver):
    name = "denier"
    accepts = (MixedIntegerProgram,)

    def solve(self, form, ctx):
        return Claim(stop=Stop.INFEASIBLE, conflict=("row wood", "row orders >="))


solvers = [Denier]
"""


@pytest.fixture
def workshop(tmp_path: Path) -> Path:
    path = tmp_path / "workshop.toml"
    path.write_text(WORKSHOP)
    return path


def test_the_conflict_and_the_least_change_are_shown(cli: Cli, workshop: Path) -> None:
    result = cli("solve", workshop, "-s", "highs")
    assert result.code == 6
    for line in (
        "10 chairs + 15 tables <= 450",
        "Irreducible: without any one of them the others can hold, checked.",
        "row orders >=   45    43   2",
    ):
        assert line in result.out
    assert "Less can't do, proved." in " ".join(result.out.split())
    assert "explain" in result.out


def test_json_has_them(cli: Cli, workshop: Path) -> None:
    result = cli("solve", workshop, "-s", "highs", "--json")
    assert result.code == 6
    found = result.json["infeasibility"]
    assert found["conflict"]["members"] == ["row labour <=", "row orders >=", "bound chairs <="]
    assert found["relaxation"]["point"] == {"chairs": 40, "tables": 3}
    assert result.json["direction"] is None


def test_unboundedness_names_the_direction(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "endless.toml"
    path.write_text(ENDLESS)
    result = cli("solve", path, "-s", "highs")
    assert result.code == 6
    assert "It runs away along this direction (verified)" in result.out
    assert "chairs <= ... or tables <= ..." in " ".join(result.out.split())
    direction = cli("solve", path, "-s", "highs", "--json").json["direction"]
    assert direction["missing"] == ["bound chairs <=", "bound tables <="]


def test_verify_proves_the_conflict_again_and_believes_no_file(cli: Cli, workshop: Path, tmp_path: Path) -> None:
    workshop.write_text(WORKSHOP.replace("ge = 45}", "eq = 7}").replace("{chairs = 1, tables = 1}", "{chairs = 2}"))
    saved = tmp_path / "run.json"
    first = cli("solve", workshop, "-s", "highs", "-o", saved)
    assert first.code == 6
    assert "chairs whole" in first.out
    saved.write_text(saved.read_text().replace("2 chairs = 7", "forged"))
    result = cli("verify", workshop, saved)
    assert result.code == 6
    assert "Infeasible, proved: orders and whole numbers" in " ".join(result.out.split())
    assert "forged" not in result.out


def test_a_bogus_conflict_is_called_one(cli: Cli, workshop: Path, tmp_path: Path) -> None:
    plugin = tmp_path / "denier.py"
    plugin.write_text(PLUGIN)
    result = cli("solve", workshop, "--plugin", plugin, "-s", "denier")
    assert result.code == 6
    assert "The solver's conflict isn't one: a point meets all of it." in " ".join(result.out.split())
    assert "10 chairs + 15 tables <= 450" in result.out
