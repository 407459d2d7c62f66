"""Along a path of values: what is achieved and proved at every value and between them, against solving there."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

import dualgap
from dualgap.cli.app import main
from dualgap.core.certificate import Evidence
from dualgap.core.exact import nearest
from dualgap.core.problem import Problem
from dualgap.problems.fair_classifier import FairClassifier
from dualgap.problems.knapsack import Knapsack
from dualgap.study.compare import compare_path
from dualgap.study.frontier import BETWEEN, frontier
from dualgap.study.report import report

PEOPLE = FairClassifier.generate(60, 0, features=3, levels=3, bias=2.0, hypothesis="table")


def test_the_band_holds_the_optimum_everywhere() -> None:
    found = compare_path(PEOPLE, "epsilon", [0.0, 0.1, 0.3], ["highs"], isolate=False)
    places = frontier(found)
    assert len(places) == 3 + 2 * BETWEEN
    assert [place.solved for place in places].count(True) == 3
    for place in places:
        fields = {**PEOPLE.content(), "epsilon": nearest(place.at)}
        optimum = dualgap.solve(FairClassifier(**fields), "highs", isolate=False).certificate.value
        assert place.value is not None
        assert place.bound is not None
        assert place.evidence is Evidence.PROVED
        assert float(place.bound) - 1e-9 <= float(optimum) <= float(place.value) + 1e-9
        if place.solved:
            assert place.relative_gap(PEOPLE.sense) == pytest.approx(0.0, abs=1e-9)
    between = [place for place in places if not place.solved and float(place.at) < 0.1]
    assert {place.found_at for place in between} == {0.0}  # what is fair enough there is fair enough here


def test_maximisation_and_whole_numbers() -> None:
    problem: Problem = Knapsack(values=[60, 100, 120], weights=[10, 20, 30], capacity=50)
    places = frontier(compare_path(problem, "capacity", [20, 25], ["dynamic-programming", "highs"], isolate=False))
    assert [place.at for place in places] == [20, 21, 22, 23, 24, 25]
    values = [place.value for place in places]
    assert values == [100] * 6
    assert all(place.bound is None or place.bound >= 100 for place in places)
    thirds = frontier(compare_path(problem, "capacity", [20, 21], ["highs"], isolate=False))
    assert Fraction(101, 5) in [place.at for place in thirds]


def test_no_path_no_frontier() -> None:
    assert frontier([dualgap.compare(PEOPLE, ["highs"], isolate=False)]) == ()


def test_reports_and_json_show_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = compare_path(PEOPLE, "epsilon", [0.0, 0.2], ["highs"], isolate=False)
    assert "at 6 values of the field, 2 of them solved" in report(found, "dualgap compare")
    spec = tmp_path / "bag.toml"
    spec.write_text('kind = "knapsack"\nvalues = [60, 100, 120]\nweights = [10, 20, 30]\ncapacity = 50\n')
    assert main(["compare", str(spec), "-s", "highs", "--path", "capacity=30:50:2", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert [place["at"] for place in data["path"]] == [30, 34, 38, 42, 46, 50]
    assert data["path"][1]["value"] == 160
    assert main(["compare", str(spec), "-s", "highs", "--path", "capacity=30:50:2"]) == 0
    said = capsys.readouterr().out
    assert "Along capacity" in said
    assert "highs at 30" in said
