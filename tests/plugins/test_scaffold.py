"""``plugins new``: what it writes, and the package's whole life: installed, used, tested, uninstalled."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from dualgap.core.errors import UsageError
from dualgap.plugins.scaffold import create, package
from dualgap.testing.check import check
from tests.plugins.fake_plugins import solver_code


def test_every_file_is_filled_in(tmp_path: Path) -> None:
    written = create("tiny-search", tmp_path)
    assert {path.relative_to(tmp_path / "tiny-search").as_posix() for path in written} == {
        "pyproject.toml",
        "README.md",
        "example.toml",
        "tiny_search/__init__.py",
        "tiny_search/solver.py",
        "tiny_search/problem.py",
        "tests/test_plugin.py",
    }
    for path in written:
        text = path.read_text()
        assert "$name" not in text
        assert "$module" not in text
        if path.suffix == ".py":
            compile(text, str(path), "exec")


def test_it_passes_the_conformance_suite_before_it_is_installed(tmp_path: Path) -> None:
    create("tiny-search", tmp_path)
    path, modules = list(sys.path), set(sys.modules)
    report = check(tmp_path / "tiny-search")
    assert report.ok, report.render()
    assert {"solver tiny-search", "problem tiny-search"} <= {row.subject for row in report.rows}
    assert sys.path == path
    assert not {name for name in set(sys.modules) - modules if name.startswith("tiny_search")}


@pytest.mark.parametrize(
    "name",
    ["", "Tiny", "tiny_search", "1st", "-a", "a-", "a--b", "a b", "../a", "for", "json", "numpy", "highs", "knapsack"],
)
def test_names_that_cannot_be(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="take"):
        create(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "tiny").mkdir()
    with pytest.raises(UsageError, match="nothing is overwritten"):
        create("tiny", tmp_path)
    assert list((tmp_path / "tiny").iterdir()) == []


MINE = """
from dataclasses import dataclass
from dualgap import Bridge, Claim, Crossing, MixedIntegerProgram, Relation, Solver, hookimpl

@dataclass(frozen=True)
class Low(Solver):
    name = "low"
    summary = "says nothing"
    accepts = (MixedIntegerProgram,)

    def solve(self, form, ctx):
        return Claim()
"""

BRIDGE = """
SAME = Bridge("same", MixedIntegerProgram, MixedIntegerProgram, Relation.EXACT, lambda form: Crossing(form))

@hookimpl
def dualgap_solvers():
    return {"low": Low}

@hookimpl
def dualgap_bridges():
    return {"same": SAME}
"""


@pytest.mark.parametrize(("code", "offered"), [(MINE, {"solver low"}), (MINE + BRIDGE, {"solver low", "bridge same"})])
def test_a_file_of_ones_own_becomes_a_package(code: str, offered: set[str], tmp_path: Path) -> None:
    file = tmp_path / "low_search.py"
    file.write_text(code)
    written = package(file, tmp_path)
    root = tmp_path / "low-search"
    assert (root / "low_search" / "low_search.py").read_text() == code
    for path in written:
        if path.suffix == ".py":
            compile(path.read_text(), str(path), "exec")
    report = check(root)
    assert report.ok, report.render()
    assert offered <= {row.subject for row in report.rows}
    tests = (root / "tests" / "test_plugin.py").read_text()
    assert "check_solver(Low)" in tests
    assert ("check_bridge(SAME)" in tests) == ("bridge same" in offered)


def test_a_file_that_is_no_plugin_is_not_packaged(tmp_path: Path) -> None:
    file = tmp_path / "nothing_at_all.py"
    file.write_text("x = 1\n")
    with pytest.raises(UsageError, match="defines no dualgap hook"):
        package(file, tmp_path)
    file.write_text(solver_code("low").replace(": Mine", ": 'elsewhere:Mine'"))
    with pytest.raises(UsageError, match="name what is in the file"):
        package(file, tmp_path)
    with pytest.raises(UsageError, match="no such file"):
        package(tmp_path / "nowhere.py", tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir() and path.name != "__pycache__"] == []


Venv = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def beside(tmp_path: Path) -> Venv:
    """Runs ``python -P -m ...`` in a new environment that sees this one's packages, dualgap among them.

    -P as for a console script: the working folder, where a build leaves metadata, is not on the import path.
    """
    place = tmp_path / "environment"
    venv.create(place, with_pip=False, symlinks=True)
    own = Path(sysconfig.get_path("purelib", vars={"base": str(place), "platbase": str(place)}))
    here = sysconfig.get_path("purelib")
    (own / "beside.pth").write_text(f"import site; site.addsitedir({here!r})\n")
    # An environment as a shell would have it, apart from what this test session's own process was told.
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "DUALGAP_PLUGINS")}
    python = place / "bin" / "python"

    def run(*arguments: str, folder: Path = tmp_path, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run([python, "-P", "-m", *arguments], cwd=folder, env=kept, capture_output=True, text=True)
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run


@pytest.mark.slow
def test_a_plugin_from_new_to_uninstalled(tmp_path: Path, beside: Venv) -> None:
    project = tmp_path / "tiny-search"
    beside("dualgap", "plugins", "new", "tiny-search")
    beside("pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", str(project))
    assert "tiny-search" in beside("dualgap", "plugins", "list").stdout
    solved = beside("dualgap", "solve", "example.toml", "-s", "tiny-search", "--json", folder=project)
    run = json.loads(solved.stdout)
    assert run["solver"] == "tiny-search"
    assert run["isolated"], "an installed plugin is found by the worker too"
    assert run["certificate"]["verdict"] == "feasible"
    exact = json.loads(beside("dualgap", "solve", "example.toml", "-s", "highs", "--json", folder=project).stdout)
    assert exact["certificate"]["evidence"] == "proved"
    assert exact["certificate"]["value"] <= run["certificate"]["value"]
    assert "4 passed" in beside("pytest", "-q", "-p", "no:cacheprovider", folder=project).stdout
    beside("pip", "uninstall", "--quiet", "--yes", "tiny-search")
    assert "tiny-search" not in beside("dualgap", "plugins", "list").stdout
    gone = beside("dualgap", "solve", "example.toml", folder=project, code=2)
    assert "unknown kind 'tiny-search'" in gone.stderr
