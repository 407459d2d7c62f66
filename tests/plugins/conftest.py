"""Plugins as importlib.metadata finds them: a module and a ``.dist-info`` folder, on ``sys.path`` for one test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from tests.plugins.fake_plugins import Install


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """``install(name, code)`` makes a distribution with one entry point of that name; its modules go after the test."""
    monkeypatch.delenv("DUALGAP_PLUGINS", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)

    def add(name: str, code: str, point: str = "", version: str = "1.2") -> None:
        (tmp_path / f"{name}_plugin.py").write_text(dedent(code))
        info = tmp_path / f"{name}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[dualgap]\n{point or name} = {name}_plugin\n")

    yield add
    for module in set(sys.modules) - before:
        if module.endswith("_plugin") or module.startswith("dualgap_local_"):
            del sys.modules[module]
