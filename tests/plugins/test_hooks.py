"""Every hook is documented, and implementations are held to their argument names."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import dualgap
from dualgap.plugins import builtin, hookspecs
from dualgap.plugins.registry import Registry
from tests.plugins.fake_plugins import SOLVER, Install

PAGE = Path(__file__).resolve().parents[2] / "docs" / "write-a-solver.md"
HOOKS = {name: hook for name, hook in vars(hookspecs).items() if name.startswith("dualgap_")}


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_is_documented(name: str) -> None:
    arguments = ", ".join(inspect.signature(HOOKS[name]).parameters)
    assert f"`{name}({arguments})`" in PAGE.read_text(encoding="utf-8")
    assert inspect.getdoc(HOOKS[name])


@pytest.mark.parametrize("name", HOOKS)
def test_the_built_ins_come_through_every_hook(name: str) -> None:
    assert inspect.signature(getattr(builtin, name)) == inspect.signature(HOOKS[name])
    assert Registry(third_party=False)._implementations(name, "dualgap")


@pytest.mark.parametrize("name", HOOKS)
def test_arguments_that_a_hook_does_not_have_are_an_error(name: str, install: Install) -> None:
    install("odd", f"from dualgap import hookimpl\n@hookimpl\ndef {name}(weather):\n    return None\n")
    registry = Registry()
    assert "weather" in registry.plugins["odd"].error
    assert name in registry.plugins["odd"].error


def test_a_reader_of_a_plugin_is_used(tmp_path: Path, registered: object) -> None:
    from dualgap.plugins.registry import registry

    (tmp_path / "bags.py").write_text(
        "from dualgap import hookimpl\n"
        "def read(path):\n"
        "    values, weights = (list(map(int, line.split())) for line in path.read_text().splitlines())\n"
        "    return {'kind': 'knapsack', 'values': values, 'weights': weights, 'capacity': 4}\n"
        "@hookimpl\n"
        "def dualgap_readers():\n"
        "    return {'.bag': read}\n"
    )
    (tmp_path / "one.bag").write_text("3 4\n2 3\n")
    registry().load_path(tmp_path / "bags.py")
    assert dualgap.load(tmp_path / "one.bag") == dualgap.Knapsack(values=[3, 4], weights=[2, 3], capacity=4)


def test_the_worker_loads_the_same_file(tmp_path: Path, registered: object) -> None:
    from dualgap.plugins.registry import registry

    (tmp_path / "mine.py").write_text(SOLVER.format(name="mine", cls="Mine"))
    registry().load_path(tmp_path / "mine.py")
    run = dualgap.solve(dualgap.Knapsack(values=[3], weights=[1], capacity=1), "mine", time=20)
    assert run.isolated
    assert run.certificate is not None
    assert run.certificate.value == 0


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own, with ``folder`` among the places where distributions are found."""
    path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH", "")]))
    environment = {**os.environ, "PYTHONPATH": path}
    environment.pop("DUALGAP_PLUGINS", None)
    return subprocess.run(
        [sys.executable, "-P", "-m", "dualgap", *arguments], env=environment, capture_output=True, text=True
    )


def test_help_shows_nothing_that_a_plugin_prints(install: Install, tmp_path: Path) -> None:
    install("loud", "import sys\nprint('loud!')\nprint('loud!', file=sys.stderr)\nraise RuntimeError('broken')\n")
    for arguments in (["--help"], ["solve", "--help"], ["plugins", "--help"]):
        helped = command(tmp_path, *arguments)
        assert helped.returncode == 0
        assert "loud!" not in helped.stdout + helped.stderr


def test_a_broken_plugin_leaves_stdout_to_the_data(install: Install, tmp_path: Path) -> None:
    install("loud", "print('loud!')\nraise RuntimeError('broken')\n")
    listed = command(tmp_path, "plugins", "list", "--json")
    found = {plugin["name"]: plugin["error"] for plugin in json.loads(listed.stdout)}
    assert found["loud"] == "RuntimeError: broken"
    solved = command(tmp_path, "solvers", "list", "--json")
    assert "highs" in {solver["name"] for solver in json.loads(solved.stdout)}
