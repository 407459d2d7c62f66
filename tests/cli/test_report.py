"""``dualgap report`` as people call it, and as they get it wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.study.review.conftest import runs, stored


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return stored(tmp_path / "runs.db", {f"instance {k}": runs(f"{k:064x}", k) for k in range(1, 4)})


def test_a_store_is_summed_up_and_written(cli: Cli, store: Path, tmp_path: Path) -> None:
    found = cli("report", store, "-o", tmp_path / "x.html")
    assert found.code == 0
    assert "Over 3 instances, dynamic-programming is within 1 %" in found.out
    assert found.err.count("wrong claim") == 3
    assert (tmp_path / "x.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    data = cli("report", store, "--gap", "5%", "--json").json
    assert len(data["contradictions"]) == 3
    assert next(row for row in data["rows"] if row["solver"] == "greedy")["within 5 %"] == "3 of 3"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.db"], "no store none.db"),
        (["runs.db", "-o", "x.pdf"], "name a file that ends in .html"),
        (["runs.db", "-o", "none/x.html"], "there is no folder none"),
        (["runs.db", "other.db"], "one store, or runs"),
        (["text.db"], "can't use text.db as a store"),
        (["bad.json"], "not a run"),
    ],
)
def test_mistakes_are_told(
    cli: Cli, store: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(store.parent)
    Path("text.db").write_text("no database " * 100)
    Path("bad.json").write_text("[1")
    found = cli("report", *arguments)
    assert found.code == 2
    assert said in found.err
