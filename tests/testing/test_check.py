"""``plugins check``: the card of a file or a package, installed or not."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from dualgap.core.errors import UsageError
from dualgap.plugins import registry
from dualgap.plugins.scaffold import create
from dualgap.testing.check import check

GOOD = """
from dataclasses import dataclass
import numpy as np
from dualgap import Claim, Knapsack, Solver, hookimpl

@dataclass(frozen=True)
class Nothing(Solver):
    name = "nothing"
    summary = "packs nothing"
    accepts = (Knapsack,)

    def solve(self, form, ctx):
        return Claim(point=form.trivial(), feasible=True, value=0)
"""


def write(folder: Path, code: str) -> Path:
    file = folder / "mine.py"
    file.write_text(dedent(code))
    return file


def test_a_file(tmp_path: Path) -> None:
    before = registry.registry()
    report = check(write(tmp_path, GOOD))
    assert report.ok, report.render()
    assert report.offers == ("solver nothing; forms: Knapsack; traits: none",)
    assert registry.registry() is before
    assert "nothing" not in before.solvers


def test_a_false_claim_is_on_the_card(tmp_path: Path) -> None:
    report = check(write(tmp_path, GOOD.replace("value=0", "value=5")))
    assert not report.ok
    assert "FAIL  certified on knapsack #1: value: the solver reports 5, recomputed 0" in report.render()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("x = 1", "defines no dualgap hook"),
        (GOOD.replace('"nothing"', '"highs"'), "already offered by dualgap"),
        (GOOD + "@hookimpl\ndef dualgap_readers():\n    return {'.x': 'nowhere:read'}\n", "nowhere"),
        (GOOD + "@hookimpl\ndef dualgap_choices(problem):\n    return [1]\n", "expected dualgap.core.solver.Choice"),
    ],
)
def test_what_cannot_work_is_on_the_card(code: str, said: str, tmp_path: Path) -> None:
    report = check(write(tmp_path, code))
    assert not report.ok
    assert said in report.render()


def test_a_package_without_an_entry_point(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert "add [project.entry-points.dualgap]" in check(tmp_path).render()


def test_a_package_whose_module_is_elsewhere(tmp_path: Path) -> None:
    create("tiny-search", tmp_path)
    (tmp_path / "tiny-search" / "tiny_search" / "__init__.py").unlink()
    (tmp_path / "tiny-search" / "tiny_search" / "solver.py").write_text("import nowhere_at_all\n")
    assert not check(tmp_path / "tiny-search").ok


def test_a_source_folder(tmp_path: Path) -> None:
    create("tiny-search", tmp_path)
    root = tmp_path / "tiny-search"
    (root / "src").mkdir()
    (root / "tiny_search").rename(root / "src" / "tiny_search")
    assert check(root).ok


def test_there_is_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file or folder"):
        check(tmp_path / "nowhere")
    with pytest.raises(UsageError, match=r"no pyproject\.toml"):
        check(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[[[")
    with pytest.raises(UsageError, match=r"pyproject\.toml: "):
        check(tmp_path)
