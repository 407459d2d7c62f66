"""Commands by plugin: there with it, gone without it, never in the place of a built-in one, imported when invoked."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dualgap.cli import main
from dualgap.cli.app import COMMANDS
from dualgap.plugins import builtin
from dualgap.plugins.registry import Registry, using
from tests.plugins.fake_plugins import Install

HOOK = """
from dualgap import hookimpl

@hookimpl
def dualgap_commands():
    return {names}
"""
APP = """
import typer
from dualgap import UsageError

app = typer.Typer()

@app.command()
def weigh(what: str):
    '''Weigh something.'''
    if what == "air":
        raise UsageError("air has no weight here; name something else")
    typer.echo(f"{what}: 3")
"""


def offered(install: Install, name: str, names: str) -> None:
    install(name, HOOK.replace("{names}", names))


@pytest.fixture
def scales(install: Install, tmp_path: Path) -> None:
    """A plugin with a command ``weigh`` in a module of its own."""
    (tmp_path / "scales_app_plugin.py").write_text(APP)
    offered(install, "scales", '{"weigh": "scales_app_plugin:app"}')


def test_a_command_comes_and_goes_with_its_plugin(
    scales: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with using(Registry()):
        assert main(["--help"]) == 0
        assert "scales_app_plugin" not in sys.modules
        shown = capsys.readouterr()
        assert "│ weigh " in shown.out
        assert "Of the plugin scales." in shown.out
        assert shown.err == ""
        assert main(["weigh", "tea"]) == 0
        assert capsys.readouterr().out == "tea: 3\n"
        assert main(["weigh", "--help"]) == 0
        assert "Weigh something." in capsys.readouterr().out
        assert main(["plugins", "list"]) == 0
        listed = " ".join(capsys.readouterr().out.split())
        assert "dualgap_commands commands: weigh" in listed
    monkeypatch.setenv("DUALGAP_PLUGINS", "")
    with using(Registry()):
        assert main(["--help"]) == 0
        assert "weigh" not in capsys.readouterr().out
        assert main(["weigh", "tea"]) == 2
        assert "No such command 'weigh'" in capsys.readouterr().err


def test_what_it_raises_on_purpose_is_said_as_dualgap_s_own(scales: None, capsys: pytest.CaptureFixture[str]) -> None:
    with using(Registry()):
        assert main(["weigh", "air"]) == 2
    assert capsys.readouterr().err == "dualgap: air has no weight here; name something else\n"


def test_a_built_in_keeps_its_name(
    scales: None, install: Install, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    offered(install, "rival", '{"solve": "scales_app_plugin:app", "sift": "scales_app_plugin:app"}')
    with using(Registry()) as known:
        assert known.commands["solve"].plugin == "dualgap"
        assert main(["solve", "--help"]) == 0
        assert "Weigh something." not in capsys.readouterr().out
        assert main(["--help"]) == 0
        shown = capsys.readouterr()
        assert shown.err == "plugin rival: the command 'solve' is already offered by dualgap\n"
        assert "Of the plugin rival." in shown.out
        assert main(["sift", "tea"]) == 0


def test_two_plugins_with_one_name_lose_it(scales: None, install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    offered(install, "more", '{"weigh": "scales_app_plugin:app"}')
    with using(Registry()):
        assert main(["weigh", "tea"]) == 2
        said = capsys.readouterr().err
    assert "'weigh' is offered by both more and scales; uninstall one of them" in said


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ('{"odd": "nowhere_plugin:app"}', "No module named 'nowhere_plugin'"),
        ('{"odd": len}', "not a typer.Typer"),
        ("[1]", "expected a mapping"),
    ],
)
def test_a_broken_plugin_costs_a_line(
    names: str, said: str, scales: None, install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    offered(install, "broken", names)
    with using(Registry()):
        assert main(["odd"]) in (2, 3)
        told = capsys.readouterr().err
        assert said in told
        assert "plugin broken" in told
        assert main(["weigh", "tea"]) == 0
        assert capsys.readouterr().out == "tea: 3\n"
        assert main(["solvers", "--help"]) == 0
        assert capsys.readouterr().err == ""


def test_a_local_plugin_has_commands_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "here.py"
    file.write_text(APP + HOOK.replace("{names}", '{"weigh": app}'))
    with using(Registry(third_party=False)):
        assert main(["--plugin", str(file), "weigh", "tea"]) == 0
    assert capsys.readouterr().out == "tea: 3\n"


def test_the_built_in_commands_are_offered_by_their_hook() -> None:
    assert list(builtin.dualgap_commands()) == list(COMMANDS)
    known = Registry(third_party=False)
    assert all(known.commands[name].resolve().info is not None for name in COMMANDS)
