"""Advice: from the nearest runs, and against what hindsight would have taken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dualgap.cli.app import main
from dualgap.core.errors import UsageError
from dualgap.problems.knapsack import Knapsack
from dualgap.study.advice import NEIGHBOURS, Known, Score, advise, evaluate, instances, nearest_to, ranking, size_of
from dualgap.study.review.collect import review
from dualgap.study.sweep.cases import Outcome
from dualgap.study.sweep.store import Store

BAG = Knapsack(values=[60, 100, 120], weights=[10, 20, 30], capacity=50)
LIMIT = 10.0


def run(instance: str, size: int | None, solver: str, seconds: float, solved: bool, refused: str = "") -> Outcome:
    certificate = {
        "sense": "maximize",
        "value": 10.0,
        "bound": 10.0 if solved else 20.0,
        "evidence": "proved",
        "relative_gap": 0.0 if solved else 0.5,
        "verdict": "optimal" if solved else "feasible",
        "bounds": [{"value": 10.0 if solved else 20.0, "evidence": "proved"}],
    }
    if not solved:
        certificate["value"] = 5.0
    data = {
        "problem": {"kind": "knapsack", "hash": instance},
        "solver": solver,
        "certificate": None if refused else certificate,
        "seconds": {"total": seconds},
        "budget": {"time": LIMIT},
        "refused": refused,
        "stop": "" if refused else "finished",
    }
    return Outcome(f"{instance}/{solver}", data, instance, size, 0.0, "")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Dynamic programming wins where instances are small, greedy where they are large; highs refuses the large ones."""
    path = tmp_path / "runs.db"
    with Store.open(path) as opened:
        for k in range(12):
            small, large = f"small {k}", f"large {k}"
            opened.add(run(small, 10, "dynamic-programming", 0.01, True), "s")
            opened.add(run(small, 10, "greedy", 0.001, False), "s")
            opened.add(run(small, 10, "highs", 0.1, True), "s")
            opened.add(run(large, 10_000, "dynamic-programming", LIMIT, False), "s")
            opened.add(run(large, 10_000, "greedy", 0.002, True), "s")
            opened.add(run(large, 10_000, "highs", 0.0, False, refused="too large"), "s")
    return path


def test_the_nearest_size_decides(store: Path) -> None:
    with Store.open(store) as opened:
        runs = review(opened, 0.01)
    small = advise(Knapsack.generate(12, 0), runs)
    assert small.solver == "dynamic-programming"
    assert all(name.startswith("small") for name in small.learned)
    assert [(one.solver, one.solved, one.tried) for one in small.candidates] == [
        ("dynamic-programming", 12, 12),
        ("highs", 12, 12),
        ("greedy", 0, 12),
    ]
    assert small.candidates[0].seconds.low <= small.candidates[0].seconds.value <= small.candidates[0].seconds.high
    large = advise(Knapsack.generate(5000, 0), runs)
    assert large.solver == "greedy"
    assert "12 of the 12" in large.reason
    assert "highs" not in [one.solver for one in large.candidates]  # it refused all of them


def test_held_back_advice_beats_the_single_best_here(store: Path) -> None:
    with Store.open(store) as opened:
        found = evaluate(review(opened, 0.01))
    assert found.instances == 24
    assert found.solved == (24, 12, 24)
    assert found.advice == pytest.approx(found.virtual)
    assert found.virtual < found.single
    # Greedy takes 12 times .002 s and 12 times the penalised limit; the shift is .01 s.
    assert found.single == pytest.approx(((0.002 + 0.01) * (10 * LIMIT + 0.01)) ** 0.5 - 0.01)


def test_an_instance_doesnt_advise_itself(tmp_path: Path) -> None:
    with Store.open(tmp_path / "two.db") as opened:
        for name, quick, slow in (("one", "greedy", "highs"), ("two", "highs", "greedy")):
            opened.add(run(name, 10, quick, 0.01, True), "s")
            opened.add(run(name, 10, slow, 1.0, True), "s")
        found = evaluate(review(opened, 0.01))
    assert found.advice == pytest.approx(1.0)  # each learns from the other, wrongly
    assert found.virtual == pytest.approx(0.01)


def test_neighbours() -> None:
    known = [Known(str(k), "knapsack", size, {"a": Score(True, 1.0, 1.0)}, 100.0) for k, size in enumerate([None] * 3)]
    known += [Known(f"{k}", "knapsack", 100, {}, 100.0) for k in range(NEIGHBOURS + 2)]
    known.append(Known("other", "coin-change", 100, {}, 100.0))
    near = nearest_to("knapsack", 100, known)
    assert len(near) == NEIGHBOURS + 2  # ties are kept, those without a size are far
    assert {one.size for one in near} == {100}
    assert ranking(known[:3])[0].penalised == pytest.approx(1.0)
    assert size_of(BAG) == 3


def test_without_runs_it_says_so(store: Path) -> None:
    assert "No runs were learned from: no store was given" in advise(BAG).reason
    with Store.open(store) as opened:
        runs = review(opened, 0.01)
        assert len(instances(runs)) == 24
    from dualgap.problems.matrix_game import MatrixGame

    found = advise(MatrixGame.generate(3, 0), runs)
    assert not found.candidates
    assert "the store has none that solved a matrix-game" in found.reason


def test_on_the_command_line(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = tmp_path / "bag.toml"
    spec.write_text('kind = "knapsack"\nvalues = [60, 100, 120]\nweights = [10, 20, 30]\ncapacity = 50\n')
    assert main(["advise", str(spec), "--store", str(store), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["solver"] == "dynamic-programming"
    assert main(["advise", str(spec), "--store", str(store)]) == 0
    assert "Learned from 12 instances" in capsys.readouterr().out
    assert main(["advise", "--evaluate", "--store", str(store)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "an unsolved one counts 10 times its limit" in said
    assert "virtual best 24 of 24" in said


@pytest.mark.parametrize(
    "arguments",
    [[], ["--evaluate"], ["bag.toml", "--evaluate", "--store", "runs.db"], ["bag.toml"], ["-", "--store", "none.db"]],
)
def test_bad_usage(arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["advise", *arguments]) == 2


def test_evaluation_needs_instances_of_a_size(tmp_path: Path) -> None:
    with Store.open(tmp_path / "one.db") as opened:
        opened.add(run("one", None, "greedy", 0.01, True), "s")
        with pytest.raises(UsageError, match="generated instances"):
            evaluate(review(opened, 0.01))
