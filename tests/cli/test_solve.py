"""``solve``: verdicts and their exit codes, what is printed where, files in and out."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from tests.cli.conftest import KNAPSACK, PLUGIN, Cli


@pytest.mark.parametrize(
    ("what", "verdict", "code"),
    [
        ("claim", "claimed-optimal", 0),
        ("within", "feasible", 0),
        ("feasible", "feasible", 0),
        ("violate", "violated", 5),
        ("infeasible", "contradicted", 5),
        ("unbounded", "claimed-unbounded", 6),
        ("nothing", "feasible", 0),  # the empty knapsack is an answer that nobody had to look for
    ],
)
def test_exit_code_of_each_verdict(act: Cli, what: str, verdict: str, code: int) -> None:
    result = act(what, "--json")
    assert result.json["certificate"]["verdict"] == verdict
    assert result.code == code


@pytest.mark.parametrize("what", ["nothing", "raise", "crash"])
def test_no_answer_exits_4(act: Cli, unpayable: Path, what: str) -> None:
    result = act(what, "--json", on=unpayable)
    assert result.json["certificate"]["verdict"] == "nothing"
    assert result.json["answer"] is None
    assert result.code == 4


def test_claimed_infeasible_exits_6(act: Cli, unpayable: Path) -> None:
    assert act("infeasible", on=unpayable).code == 6


def test_refusal_exits_3_with_reason(act: Cli) -> None:
    result = act("refuse", "--json")
    assert (result.code, result.out) == (3, "")
    assert "told to; take highs" in result.err


@pytest.mark.parametrize(
    ("what", "required", "code"),
    [("claim", "optimal", 0), ("claim", "proved", 4), ("claim", "within", 4), ("feasible", "feasible", 0)],
)
def test_require(act: Cli, what: str, required: str, code: int) -> None:
    result = act(what, "--require", required)
    assert result.code == code
    assert ("--require" in result.err) == (code == 4)


def test_gap_makes_within(act: Cli) -> None:
    result = act("within", "--gap", "10%", "--require", "within", "--json")
    assert result.code == 0
    assert result.json["certificate"]["verdict"] == "within"
    assert result.json["certificate"]["evidence"] == "proved"


def test_statement_comes_first_and_failed_checks_are_shown(act: Cli) -> None:
    result = act("lie about value")
    assert result.out.startswith("Feasible, checked: total value 220")
    assert "check failed: value: the solver reports 1000, recomputed 220" in result.out


def test_violation_is_named(act: Cli) -> None:
    result = act("violate")
    assert result.out.startswith("Wrong: the answer violates capacity by 60")


def test_people_see_everything_within_80_columns(act: Cli) -> None:
    result = act("claim")
    assert max(map(len, result.out.splitlines())) <= 80
    assert "\x1b" not in result.out
    for name in ("value", "bound", "gap", "verdict", "stop", "solver", "route", "seconds", "memory"):
        assert f"\n{name} " in result.out
    assert "220 (claimed: the solver's word)" in result.out
    for cells in ("stove      1    100        20", "rope       1    120        30"):
        assert cells in result.out


def test_long_answers_are_cut_for_people_only(act: Cli, tmp_path: Path) -> None:
    many = tmp_path / "many.json"
    many.write_text(json.dumps({"kind": "knapsack", "values": [1] * 31, "weights": [1] * 31, "capacity": 40}))
    shown = act("claim", "--answer", tmp_path / "answer.csv", on=many)
    assert "... and 10 more; --answer FILE writes all" in shown.out
    assert len((tmp_path / "answer.csv").read_text().splitlines()) == 1 + 30


def test_json_is_one_run(act: Cli) -> None:
    result = act("claim", "--json", "--seed", "7", "--threads", "2", "--memory", "2G", "--time", "1m")
    run = result.json
    assert result.out.count("\n") == 1
    assert run["schema_version"] == 1
    assert run["problem"]["kind"] == "knapsack"
    assert run["solver"] == "scripted"
    assert run["parameters"] == {"act": "claim"}
    assert run["answer"] == {"items": {"stove": 1, "rope": 1}}
    assert (run["seed"], run["budget"]) == (7, {"time": 60.0, "gap": 0.0, "threads": 2, "memory": 2 * 2**30})
    assert {"resolve", "build", "solve", "verify", "total"} <= set(run["seconds"])
    assert run["stop"] == "finished"


def test_stream_is_json_lines_that_end_in_the_run(act: Cli) -> None:
    result = act("slow", "--stream", "--time", "1")
    *events, run = map(json.loads, result.out.splitlines())
    assert events
    assert {event["event"] for event in events} == {"progress"}
    assert (events[-1]["value"], events[-1]["bound"]) == (220, 250.0)
    assert events[-1]["relative_gap"] == pytest.approx(30 / 250)
    assert (run["event"], run["stop"]) == ("run", "time")


def test_json_and_stream_exclude_each_other(act: Cli) -> None:
    assert act("claim", "--json", "--stream").code == 2


def test_parameters_labels_and_local_plugins_before_the_command(cli: Cli, spec: Path) -> None:
    solver = ("-s", "mine=scripted", "-p", "act=within")
    run = cli("--plugin", PLUGIN, "solve", spec, *solver, "--json").json
    assert (run["label"], run["parameters"]) == ("mine", {"act": "within"})


def test_set_overrides_fields(cli: Cli, spec: Path) -> None:
    result = cli("solve", spec, "--plugin", PLUGIN, "-s", "scripted", "--set", "capacity=49", "--json")
    assert result.json["certificate"]["verdict"] == "violated"


@pytest.mark.parametrize("text", [KNAPSACK, json.dumps(tomllib.loads(KNAPSACK))], ids=["toml", "json"])
def test_stdin(cli: Cli, text: str) -> None:
    result = cli("solve", "-", "--plugin", PLUGIN, "-s", "scripted", "--json", stdin=text.encode())
    assert (result.code, result.json["certificate"]["value"]) == (0, 220)


def test_paths_on_stdin_start_in_the_working_directory(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "items.csv").write_text("worth,kg\n60,10\n100,20\n120,30\n")
    monkeypatch.chdir(tmp_path)
    text = b'kind = "knapsack"\ndata = "items.csv"\nvalues = "worth"\nweights = "kg"\ncapacity = 50\n'
    result = cli("solve", "-", "--plugin", PLUGIN, "-s", "scripted", "--json", stdin=text)
    assert result.json["certificate"]["value"] == 220


def test_run_is_saved_and_can_be_verified(act: Cli, cli: Cli, spec: Path, tmp_path: Path) -> None:
    saved = tmp_path / "run.json"
    result = act("claim", "-o", saved, "--json")
    kept = json.loads(saved.read_text())
    assert kept["problem"]["spec"] == spec.name  # beside the file; stdout has no place of its own
    assert kept == result.json | {"problem": kept["problem"]}
    graded = cli("verify", spec, saved, "--plugin", PLUGIN, "--json")
    assert (graded.code, graded.json["certificate"]["value"]) == (0, 220)


@pytest.mark.parametrize("suffix", [".json", ".csv"])
def test_answers_come_back_as_they_went(act: Cli, cli: Cli, spec: Path, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"answer{suffix}"
    act("claim", "--answer", path)
    graded = cli("verify", spec, path, "--json").json
    assert graded["answer"] == {"items": {"stove": 1, "rope": 1}}
    assert act("feasible", "--start", path, "--json").code == 0


def test_no_answer_is_not_written(act: Cli, unpayable: Path, tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    result = act("nothing", "--answer", path, on=unpayable)
    assert "no answer to write" in result.err
    assert not path.exists()


def test_unwritable_outputs_are_found_before_the_work(act: Cli, tmp_path: Path) -> None:
    for option in ("-o", "--answer", "--write-model", "--log"):
        result = act("crash", option, tmp_path / "nowhere" / "file.json")
        assert result.code == 2
        assert "there is no folder" in result.err


def test_a_run_is_no_report(act: Cli, tmp_path: Path) -> None:
    result = act("crash", "-o", tmp_path / "run.html")
    assert result.code == 2
    assert "a report comes from dualgap compare" in " ".join(result.err.split())
    assert not (tmp_path / "run.html").exists()


def test_log_takes_what_the_backend_prints(act: Cli, tmp_path: Path) -> None:
    log = tmp_path / "solver.log"
    result = act("slow", "--time", "1", "--json", "--log", log)
    assert result.json["stop"] == "time"
    assert log.read_text() == "reported\n"


def test_routes_build_and_solve_nothing(act: Cli) -> None:
    rows = act("crash", "--routes", "--json").json
    assert rows == [
        {
            "solver": "scripted",
            "route": ["knapsack", "ilp (exact)", "mixed-integer program"],
            "relation": "exact",
            "problem": "",
        }
    ]


def test_routes_to_every_solver(cli: Cli, spec: Path) -> None:
    result = cli("solve", spec, "--plugin", PLUGIN, "--routes")
    assert result.code == 0
    assert "route from knapsack" in result.out
    assert "\nscripted " in result.out


@pytest.mark.parametrize("suffix", [".mps", ".lp"])
def test_model_is_written(act: Cli, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"model{suffix}"
    result = act("claim", "--write-model", path, "--json")
    assert (result.code, result.json["certificate"]["value"]) == (0, 220)
    assert path.stat().st_size > 0
    assert act("claim", "--write-model", tmp_path / "model.txt").code == 2
