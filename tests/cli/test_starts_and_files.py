"""--start, --log and --write-model: what became of a start is said, stdout stays clean, models come out whole."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from tests.cli.conftest import Cli, ended


def test_a_start_is_reported_on_screen_and_in_json(cli: Cli, spec: Path, tmp_path: Path) -> None:
    saved, answer = tmp_path / "run.json", tmp_path / "answer.json"
    cli("solve", spec, "-s", "greedy", "-o", saved)
    answer.write_text(json.dumps({"items": {"tent": 1, "stove": 1, "rope": 1}}))
    result = cli("solve", spec, "-s", "highs", "--start", saved, "--json")
    assert result.json["start"]["use"] in ("used", "ignored")
    assert result.json["start"]["reason"]
    shown = cli("solve", spec, "-s", "greedy", "--start", saved).out
    assert "ignored: greedy takes no starts; it is kept as the answer to beat" in " ".join(shown.split())
    broken = cli("solve", spec, "-s", "highs", "--start", answer, "--json").json["start"]
    assert broken["use"] != "used"
    assert "start" not in [line.split()[0] for line in cli("solve", spec, "-s", "highs").out.splitlines() if line]


def test_multipliers_of_a_run_go_on(cli: Cli, tmp_path: Path) -> None:
    spec, saved = tmp_path / "two.toml", tmp_path / "run.json"
    rows = "[[3, 5, 2, 7, 4], [6, 1, 5, 2, 3]]"
    spec.write_text(f'kind = "knapsack"\nvalues = [9, 8, 6, 9, 5]\nweights = {rows}\ncapacity = [10, 9]\n')
    assert cli("solve", spec, "-s", "dual-ascent", "-o", saved).code == 0
    result = cli("solve", spec, "-s", "dual-ascent[iterations=1]", "--start", saved, "--json")
    assert result.json["start"]["use"] == "used"


def test_a_start_that_cannot_be_read_is_bad_usage(cli: Cli, spec: Path, tmp_path: Path) -> None:
    path = tmp_path / "start.json"
    path.write_text('{"items": {"tnet": 1}}')
    result = cli("solve", spec, "--start", path)
    assert result.code == 2
    assert "items.tnet" in result.err
    assert cli("solve", spec, "--start", tmp_path / "nothing.json").code == 2


def test_the_log_leaves_stdout_to_the_run(spec: Path) -> None:
    result = ended("solve", spec, "-s", "highs", "--json", "--log", "-")
    assert result.json["certificate"]["value"] == 220
    assert "Running HiGHS" in result.err


def test_models_are_written_packed_and_of_relaxed_routes_too(cli: Cli, spec: Path, tmp_path: Path) -> None:
    for solver in ("highs", "dual-ascent"):
        path = tmp_path / f"{solver}.mps.gz"
        assert cli("solve", spec, "-s", solver, "--write-model", path).code == 0
        text = gzip.decompress(path.read_bytes()).decode()
        assert all(name in text for name in ("tent", "stove", "rope", "capacity"))


def test_routes_without_an_integer_program_are_refused_with_a_remedy(cli: Cli, spec: Path, tmp_path: Path) -> None:
    result = cli("solve", spec, "-s", "or-knapsack", "--write-model", tmp_path / "model.mps")
    assert result.code == 2
    assert "take -s highs" in result.err
    assert not (tmp_path / "model.mps").exists()
