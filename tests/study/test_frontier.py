"""Along a path of values: what is achieved and proved at every value and between them, against solving there."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import pytest

import dualgap
from dualgap.cli.app import main
from dualgap.core.certificate import Evidence
from dualgap.core.errors import SpecError, UsageError
from dualgap.core.exact import nearest
from dualgap.core.problem import Problem
from dualgap.problems.fair_classifier import FairClassifier
from dualgap.problems.knapsack import Knapsack
from dualgap.problems.log_sum_exp_ball import LogSumExpBall
from dualgap.study.compare import compare_path
from dualgap.study.frontier import BETWEEN, frontier
from dualgap.study.report import report

SVG = "{http://www.w3.org/2000/svg}"
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
    between = [place for place in places if not place.solved]
    mixed = {(place.found_at, place.mixed_with) for place in between}
    assert {(0.0, 0.1), (0.1, 0.3)} <= mixed <= {(0.0, 0.1), (0.1, 0.3), (0.3, None)}  # from somewhere on, .3 is met


def test_without_chance_nothing_is_mixed() -> None:
    people = FairClassifier(**{**PEOPLE.content(), "randomized": False})
    places = frontier(compare_path(people, "epsilon", [0.0, 0.1], ["highs"], isolate=False))
    assert {place.found_at for place in places} == {0.0, 0.1}  # what is fair enough at 0 is fair enough between
    assert all(place.mixed_with is None for place in places)


def test_a_mixture_is_worth_what_its_parts_are() -> None:
    first, second = (
        dualgap.solve(FairClassifier(**{**PEOPLE.content(), "epsilon": e}), "highs", isolate=False) for e in (0.0, 0.3)
    )
    mixed = PEOPLE.mixture(first.answer, second.answer, 0.25)
    expected = 0.75 * float(first.certificate.value) + 0.25 * float(second.certificate.value)
    assert float(PEOPLE.evaluate(mixed).objective) == pytest.approx(expected, abs=1e-12)


def test_along_a_radius_the_band_holds_what_is_solved_there() -> None:
    ball = LogSumExpBall.generate(6, 1)
    places = frontier(compare_path(ball, "radius", [0.5, 1.0], ["clarabel"], isolate=False))
    assert len(places) == 2 + BETWEEN
    for place in places:
        fields = {**ball.content(), "radius": nearest(place.at)}
        certificate = dualgap.solve(type(ball)(**fields), "clarabel", isolate=False).certificate
        assert place.value is None or not ball.sense.better(place.value, float(certificate.bound) + 1e-9)
        assert place.bound is None or float(place.bound) <= float(certificate.value) + 1e-9


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


def bag(folder: Path) -> str:
    spec = folder / "bag.toml"
    spec.write_text('kind = "knapsack"\nvalues = [60, 100, 120]\nweights = [10, 20, 30]\ncapacity = 50\n')
    return str(spec)


def test_the_plot_and_the_table_as_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["compare", bag(tmp_path), "-s", "greedy", "--path", "capacity=30:50:2", "-o"]
    assert main([*command, str(tmp_path / "path.svg")]) == 0
    drawn = ElementTree.parse(tmp_path / "path.svg").getroot()
    assert [shape.get("class") for shape in drawn.iter(f"{SVG}path")] == ["band"]
    assert {"value", "bound"} <= {shape.get("class") for shape in drawn.iter(f"{SVG}line")}
    assert len(list(drawn.iter(f"{SVG}circle"))) == 4  # a value and a bound at either end
    assert main([*command, str(tmp_path / "path.tex")]) == 0
    table = (tmp_path / "path.tex").read_text()
    assert "usepackage" not in table
    rows = [line.strip().rstrip("\\").split(" & ") for line in table.splitlines() if " & " in line]
    assert [row[0] for row in rows] == ["capacity", "30", "34*", "38*", "42*", "46*", "50"]
    assert rows[-1][4].strip() == r"8.33 \%"
    assert "table written to" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("foo=1:2:3", "foo: unknown field"),
        ("values=1:2:3", "values: expected 1 dimension"),
        ("copies=1:2:3", "copies"),
        ("capacity=9:1:3", "must rise"),
        ("capacity=3:3:3", "must rise"),
        ("capacity=1:2:1", "2 to 10,000 values"),
        ("capacity=1:2:99999999999", "2 to 10,000 values"),
        ("capacity=a:b:c", "write FIELD=lo:hi:n"),
        ("capacity=1:nan:3", "write FIELD=lo:hi:n"),
        ("capacity=1:2", "write FIELD=lo:hi:n"),
        ("=1:2:3", "write FIELD=lo:hi:n"),
        ("capacity=-5:5:3", "negative capacity"),
        ("capacity.x=1:2:2", "capacity is not a table"),
    ],
)
def test_bad_paths(path: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", bag(tmp_path), "-s", "greedy", "--path", path]) == 2
    shown = capsys.readouterr()
    assert said in shown.err
    assert shown.out == ""  # nothing ran


def test_fields_that_hold_no_such_number() -> None:
    with pytest.raises(UsageError, match="randomized of fair-classifier holds no number"):
        compare_path(PEOPLE, "randomized", [0, 1], ["highs"], isolate=False)
    with pytest.raises(SpecError, match=r"min_group: .*fractional"):
        compare_path(PEOPLE, "min_group", [1, Fraction(3, 2), 2], ["highs"], isolate=False)


def test_plots_are_of_paths(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", bag(tmp_path), "-s", "greedy", "-o", str(tmp_path / "path.svg")]) == 2
    assert "ends in .html" in capsys.readouterr().err
