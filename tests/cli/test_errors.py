"""What is said of bad specs, bad options and bugs: one message with a remedy, the right exit code, no traceback."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import pytest

from dualgap.cli import app
from tests.cli.conftest import KNAPSACK, PLUGIN, Cli, Result, started


def assert_refused(result: Result, *said: str, code: int = 2) -> None:
    assert result.code == code
    assert result.out == ""
    assert "Traceback" not in result.err
    for words in said:
        assert words in result.err


BAD_SPECS = {
    "missing field": ('kind = "knapsack"\nvalues = [1]\nweights = [1]', "capacity: missing"),
    "wrong type": (KNAPSACK.replace("50", '"much"'), "capacity"),
    "nan": (KNAPSACK.replace("50", "nan"), "capacity"),
    "infinity": (KNAPSACK.replace("50", "inf"), "capacity"),
    "negative weight": (KNAPSACK.replace("[10,", "[-10,"), "weights: negative weight at index 0"),
    "lengths that differ": (KNAPSACK.replace("[10, ", "["), "weights has 2 items, values 3"),
    "2^63": (KNAPSACK.replace("60", str(2**63)), "values"),
    "empty": ("", "kind: missing"),
    "unknown kind": (KNAPSACK.replace("knapsack", "knapsak"), "did you mean 'knapsack'?"),
    "unknown field": (KNAPSACK + "colour = 1", "colour: unknown field"),
    "not a spec": ("<html>", "not a spec"),
    "a list": ("[1, 2]", "a spec is a table"),
    "truncated": (KNAPSACK[:40], "not a spec"),
    "missing file": (
        'kind = "knapsack"\ndata = "no.csv"\nvalues = "a"\nweights = "b"\ncapacity = 1',
        "no file 'no.csv'",
    ),
    "binary": (b"\xff\xfe\x00\x01", "not text"),
}


@pytest.mark.parametrize("name", BAD_SPECS)
def test_bad_spec(cli: Cli, tmp_path: Path, name: str) -> None:
    text, said = BAD_SPECS[name]
    path = tmp_path / "bad.toml"
    data = text if isinstance(text, bytes) else text.encode()
    path.write_bytes(data)
    assert_refused(cli("solve", path, "--json"), f"{path} can't be used", said)
    assert_refused(cli("solve", "-", stdin=data), "can't be used", said)


def test_every_fault_is_listed(cli: Cli) -> None:
    text = b'kind = "knapsack"\nvalues = [1, nan]\nweights = [1, -2]'
    assert_refused(cli("solve", "-", stdin=text), "\n  values", "\n  weights", "\n  capacity: missing")


def test_absent_spec(cli: Cli, tmp_path: Path) -> None:
    assert_refused(cli("solve", tmp_path / "none.toml"), "no such file", "dualgap problems example")
    assert_refused(cli("solve", tmp_path), "this is a folder")


BAD_OPTIONS = {
    "unknown solver": (("-s", "hihgs"), "highs"),
    "unreadable solver": (("-s", "a[b"), "can't read the solver"),
    "unknown parameter": (("-s", "scripted", "-p", "speed=1"), "no parameter 'speed'; it has: act"),
    "unreadable parameter": (("-s", "scripted", "-p", "act"), "write name=value"),
    "unreadable setting": (("--set", "capacity"), "write FIELD=VALUE"),
    "unknown field": (("--set", "colour=1"), "colour: unknown field"),
    "unknown view": (("-s", "scripted", "--via", "lp"), "no view 'lp'"),
    "unreadable time": (("--time", "soon"), "no time"),
    "no time": (("--time", "0"), "no time"),
    "unreadable memory": (("--memory", "lots"), "no amount of memory"),
    "unreadable gap": (("--gap", "-1"), "no gap"),
    "no threads": (("--threads", "0"), "--threads"),
    "unknown requirement": (("--require", "perfect"), "--require"),
    "unknown option": (("--colour",), "No such option"),
    "absent start": (("-s", "scripted", "--start", "no.json"), "no.json"),
    "absent plugin": (("--plugin", "no.py"), "no such file"),
}


@pytest.mark.parametrize("name", BAD_OPTIONS)
def test_bad_option(cli: Cli, spec: Path, name: str) -> None:
    options, said = BAD_OPTIONS[name]
    assert_refused(cli("solve", spec, "--plugin", PLUGIN, *options), said)


def test_broken_plugin(cli: Cli, spec: Path, tmp_path: Path) -> None:
    plugin = tmp_path / "broken.py"
    plugin.write_text("import nothing_of_this_name\n")
    assert_refused(cli("solve", spec, "--plugin", plugin), "broken.py", "nothing_of_this_name")


def test_unknown_command(cli: Cli) -> None:
    assert_refused(cli("slove"), "Did you mean 'solve'")


def test_unexpected_error_is_one_line(cli: Cli, spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr("dualgap.engine.solve.solve", fail)
    monkeypatch.delenv("DUALGAP_DEBUG", raising=False)
    result = cli("solve", spec)
    assert_refused(result, "unexpected RuntimeError: two lines; please report; DUALGAP_DEBUG=1", code=1)
    assert result.err.count("\n") == 1
    monkeypatch.setenv("DUALGAP_DEBUG", "1")
    assert "Traceback" in cli("solve", spec).err


def test_commands_exist() -> None:
    """Every command that help lists can be imported, and says what help says of it."""
    for name in app.COMMANDS:
        assert importlib.import_module(f"dualgap.cli.{name}").app


@pytest.mark.parametrize("command", [("problems", "schema", "knapsack"), ("problems", "list"), ("--help",)])
def test_a_reader_that_goes_away_is_met_in_silence(command: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = started(*command, stdout=writer)
    os.close(writer)
    _, err = process.communicate()
    assert (process.returncode, err) == (1, "")
