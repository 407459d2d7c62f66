"""Comparisons over seeds: every seed is run, the spread is told, and retraining reaches its own ceiling."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

import dualgap
import dualgap.study.compare as module
from dualgap.cli.app import app
from dualgap.core.errors import UsageError
from dualgap.engine.run import Run
from dualgap.problems.knapsack import Knapsack
from dualgap.problems.unlearning import Parameters, Unlearning
from dualgap.study.repeats import seeds_table
from dualgap.study.report import report


@pytest.fixture(scope="module")
def comparison() -> dualgap.Comparison:
    problem = Unlearning.generate(40, 1, model="mlp", hidden=16, steps=400, rate=1e-2, flipped=0.3, l2=0.0, models=8)
    solvers = ["retrain", "sgd=fine-tune[batch=16, steps=50]", "whole=fine-tune[batch=0, steps=50]"]
    return dualgap.compare(problem, solvers, seeds=8, isolate=False)


def test_retraining_reaches_the_ceiling_and_a_method_without_chance_has_no_quality(
    comparison: dualgap.Comparison,
) -> None:
    together = {one.name: one.together for one in comparison.repeated}
    share = together["retrain"]["F / ceiling"]
    assert share["2.5 %"] <= 1 <= share["97.5 %"]
    assert together["sgd"]["F"]["value"] < together["retrain"]["F"]["value"]
    assert together["sgd"]["ceiling"]["value"] == together["retrain"]["ceiling"]["value"]
    assert together["whole"] == {}


def test_every_seed_is_run_and_the_first_is_the_comparison(comparison: dualgap.Comparison) -> None:
    assert [run.seed for one in comparison.repeated for run in one.runs] == [*range(8)] * 3
    assert [one.runs[0].certificate.value for one in comparison.repeated if one.runs[0].certificate] == [
        run.certificate.value for run in comparison.runs if run.certificate
    ]
    values = {one.name: {float(value) for value in one.values} for one in comparison.repeated}
    assert len(values["retrain"]) == len(values["sgd"]) == 8
    assert max(values["whole"]) == pytest.approx(min(values["whole"]))


def test_tables_reports_and_data_tell_the_spread(comparison: dualgap.Comparison) -> None:
    found = seeds_table(comparison.repeated)
    assert found is not None
    rows = {row[0]: row[1:] for row in found[1]}
    assert found[0] == ("over 8 seeds", "retrain", "sgd", "whole")
    assert rows["verified answers"] == ("8 of 8",) * 3
    assert rows["times as fast as retrain"][0] == "1"
    assert float(rows["least value"][1]) < float(rows["largest value"][1])
    assert rows["F"][2] == "-"
    assert "over 8 seeds" in report([comparison], "dualgap compare")
    data = json.loads(json.dumps(comparison.data()))
    assert [len(one["runs"]) for one in data["repeated"]] == [8, 8, 8]
    assert data["repeated"][0]["together"]["F"]["models"] == 8


def test_an_interrupted_comparison_keeps_the_seeds_that_ran(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = Knapsack.generate(12, 0)
    execute, calls = module.execute, iter(range(100))

    def interrupted(*given: Any, **named: Any) -> Run:
        if next(calls) == 5:
            raise KeyboardInterrupt
        return execute(*given, **named)

    monkeypatch.setattr(module, "execute", interrupted)
    found = dualgap.compare(problem, ["greedy", "highs"], seeds=4, isolate=False)
    assert found.interrupted
    assert found.exit_code == 130
    assert [len(one.runs) for one in found.repeated] == [3, 2]


def test_few_retrained_models_are_no_reference() -> None:
    problem = Unlearning.generate(30, 0, model="mlp", hidden=8, steps=50, l2=0.0, models=3)
    answers = [Parameters(parameters=problem.trained_model + k) for k in range(5)]
    assert problem.together(answers) == {}


@pytest.mark.parametrize("seeds", [0, -3])
def test_a_number_of_seeds_is_from_one(seeds: int) -> None:
    with pytest.raises(UsageError, match="isn't a number of seeds"):
        dualgap.compare(Knapsack.generate(5, 0), ["greedy"], seeds=seeds)


def test_a_path_takes_one_seed() -> None:
    with pytest.raises(UsageError, match="a path takes one seed"):
        CliRunner().invoke(app, ["compare", "-", "--seeds", "3", "--path", "capacity=1:2:2"], catch_exceptions=False)
