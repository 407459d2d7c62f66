"""``doctor``: it passes here, and each failure has its remedy."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from dualgap.cli import checkup
from dualgap.cli.checkup import Finding
from dualgap.plugins.registry import registry
from tests.cli.conftest import PLUGIN, Cli


def by_name(findings: Any) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


def test_everything_works_here(cli: Cli) -> None:
    result = cli("doctor", "--json")
    found = {finding["name"]: finding for finding in result.json}
    assert [finding for finding in result.json if not finding["ok"]] == []
    assert result.code == 0
    for name in ("python", "numpy", "highspy", "highspy before ortools", "solver highs", "worker", "cache"):
        assert name in found


def test_failure_is_shown_with_its_remedy(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Finding("solver highs", False, "it fell over", "pick it up")
    monkeypatch.setattr(checkup, "findings", lambda: iter([Finding("python", True, "3"), broken]))
    result = cli("doctor")
    assert result.code == 1
    for words in ("ok      python", "FAILED  solver highs", "it fell over", "pick it up", "1 of 2 checks failed."):
        assert words in result.out


def test_missing_dependency(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "importlib.metadata.requires", lambda _: ["numpy>=2", "no-such-thing>=1.2,<2", "pandas; extra == 'parquet'"]
    )
    found = by_name(checkup.dependencies())
    assert set(found) == {"numpy", "no-such-thing"}
    assert found["no-such-thing"].remedy == "pip install 'no-such-thing>=1.2,<2'"


def test_clashing_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    def clash(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "Traceback\nImportError: undefined symbol")

    monkeypatch.setattr(subprocess, "run", clash)
    found = list(checkup.imports())
    assert [finding.detail for finding in found] == ["ImportError: undefined symbol"] * 2
    assert all("or-tools#5246" in finding.remedy for finding in found)


@pytest.mark.parametrize(("what", "ok"), [("claim", True), ("violate", False), ("raise", False), ("refuse", False)])
def test_every_solver_is_tried_plugins_too(cli: Cli, tmp_path: Path, what: str, ok: bool) -> None:
    plugin = tmp_path / f"{what}.py"
    text = PLUGIN.read_text().replace('act: str = "claim"', f'act: str = "{what}"')
    plugin.write_text(text.replace('"scripted"', f'"told-to-{what}"'))  # a warm worker may know the other by its name
    assert cli("solvers", "list", "--plugin", plugin).code == 0
    found = checkup.tried(f"told-to-{what}")
    assert found.ok is ok
    assert bool(found.remedy) is not ok


OWN_KIND = """
from dataclasses import dataclass

from dualgap import Claim, CoinChange, Solver


class Till(CoinChange):
    kind = "till"

    @classmethod
    def generate(cls, size, seed, **options):
        {generated}


@dataclass(frozen=True)
class Cashier(Solver):
    name = "cashier"
    accepts = (Till,)

    def solve(self, form, ctx):
        return Claim(point=form.read_answer({{"coins": {{"1": 6}}}}), feasible=True)
"""


@pytest.mark.parametrize(
    ("generated", "ok", "blamed"),
    [
        ("return cls(coins=[1, 3, 4], amount=6)", True, ""),
        ("raise NotImplementedError", False, ""),
        ("raise RuntimeError('no coins left')", False, "RuntimeError: no coins left"),
    ],
)
def test_solver_of_its_plugins_own_kind(cli: Cli, tmp_path: Path, generated: str, ok: bool, blamed: str) -> None:
    plugin = tmp_path / "till.py"
    plugin.write_text(OWN_KIND.format(generated=generated))
    assert cli("solvers", "list", "--plugin", plugin).code == 0
    found = checkup.tried("cashier")
    assert found.ok is ok, found.detail
    assert ok or found.detail == "reaches none of the tiny problems"
    assert registry().plugins["till.py"].error == blamed


def test_unwritable_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    found = checkup.cache()
    assert not found.ok
    assert "XDG_CACHE_HOME" in found.remedy


def test_broken_plugin(cli: Cli) -> None:
    cli("plugins", "list", "--plugin", PLUGIN)
    registry().plugins["scripted.py"].error = "ImportError: gone"
    found = by_name(checkup.plugins())["plugin scripted.py"]
    assert (found.ok, found.detail) == (False, "ImportError: gone")
    assert "DUALGAP_PLUGINS" in found.remedy
