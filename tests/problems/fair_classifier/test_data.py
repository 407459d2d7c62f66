"""From raw specs to closed ones, and what is wrong with others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dualgap
from dualgap.cli.app import main
from dualgap.core.errors import SpecError
from dualgap.engine.load import load
from dualgap.problems.fair_classifier import FairClassifier
from dualgap.problems.fair_classifier.folktables import TASKS

ROWS = """age,work,zip,sex,race,income,weight,fold,grade
20,none,1,F,a,low,1,train,0.1
30,full,2,F,b,high,2,train,0.5
40,part,1,M,a,high,1,train,0.9
50,full,2,M,b,low,3,train,0.2
25,part,2,M,a,low,1,test,0.3
35,none,1,F,b,high,0,test,0.4
"""
SPEC = {
    "kind": "fair-classifier",
    "data": "people.csv",
    "label": {"column": "income", "positive": "high"},
    "sensitive": ["sex"],
    "split": {"column": "fold"},
    "min_group": 1,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "people.csv").write_text(ROWS)
    return tmp_path


def closed(folder: Path, **changes: Any) -> FairClassifier:
    given = {name: value for name, value in {**SPEC, **changes}.items() if value is not None}
    found: Any = load(given, base=folder).problem
    return found


def test_columns_become_features_groups_and_splits(folder: Path) -> None:
    problem = closed(folder, drop=["weight", "grade"])
    assert problem.feature_names == ("age", "work=full", "work=none", "work=part", "zip", "race=a", "race=b")
    assert problem.features[1].tolist() == [30, 1, 0, 0, 2, 0, 1]
    assert problem.label.tolist() == [0, 1, 1, 0, 0, 1]
    assert (problem.group_names, problem.groups.tolist()) == (("F", "M"), [0, 0, 1, 1, 1, 0])
    assert (problem.split_names, problem.split.tolist()) == (("train", "test"), [0, 0, 0, 0, 1, 1])
    assert problem.encoding.labels == ("low", "high")
    assert problem.scope == "training split, n = 4"


def test_intersections_weights_categories_and_scores(folder: Path) -> None:
    problem = closed(
        folder, sensitive=["sex", "race"], weight="weight", categories=["zip"], features=["zip", "grade"], score="grade"
    )
    assert problem.group_names == ("F & a", "F & b", "M & a", "M & b")
    assert problem.feature_names == ("zip=1", "zip=2", "grade")
    assert problem.weights.tolist() == [1, 2, 1, 3, 1]  # nobody stands behind the last row
    assert problem.people == 7
    assert problem.scorer is not None
    assert problem.scorer.scores(problem.design).tolist() == problem.score.tolist()


def test_the_built_in_score_is_fitted_to_the_training_split(folder: Path) -> None:
    problem = closed(folder, features=["age"], score="logistic-regression")
    assert problem.scorer is not None
    assert problem.scorer.scores(problem.design) == pytest.approx(problem.score, rel=1e-12)
    text = (folder / "people.csv").read_text().replace("25,part,2,M,a,low,1,test", "99,part,2,M,a,high,1,test")
    (folder / "people.csv").write_text(text)
    again = closed(folder, features=["age"], score="logistic-regression")
    assert again.scorer is not None
    assert again.scorer.coefficients.tolist() == problem.scorer.coefficients.tolist()


def test_drawn_splits_come_again(folder: Path) -> None:
    draws = [closed(folder, split={"test": 0.5, "seed": seed}, drop=["fold"]).split.tolist() for seed in (0, 0, 1, 2)]
    assert draws[0] == draws[1]
    assert {sum(draw) for draw in draws} == {3}
    assert len({tuple(draw) for draw in draws}) > 1


def test_missing_values(folder: Path) -> None:
    (folder / "people.csv").write_text(ROWS.replace("20,none", ",?"))
    with pytest.raises(SpecError, match=r"'age' has no value in row 1.*missing = \"category\""):
        closed(folder)
    named = closed(folder, missing="category", drop=["weight", "grade"])
    assert named.feature_names[:5] == ("age", "age is missing", "work=(missing)", "work=full", "work=none")
    assert named.features[0][:3].tolist() == [0, 1, 1]
    assert len(closed(folder, missing="drop").label) == 5


def test_a_predictor_meets_values_that_it_does_not_know(folder: Path) -> None:
    encoding = closed(folder, features=["work", "age"]).encoding
    assert encoding.encode({"work": ["never"], "age": [3]}).tolist() == [[0, 0, 0, 3]]
    with pytest.raises(SpecError, match=r"work\[0\].*never.*known: full, none, part"):
        encoding.model_copy(update={"unseen": "error"}).encode({"work": ["never"], "age": [3]})
    with pytest.raises(SpecError, match="age: no such column"):
        encoding.encode({"work": ["full"]})
    with pytest.raises(SpecError, match=r"age\[0\].*is no number"):
        encoding.encode({"work": ["full"], "age": ["old"]})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"label": None}, "label: missing"),
        ({"label": "income"}, r"labels are .*high.* not 0 and 1.*positive"),
        ({"label": {"column": "income", "positive": "rich"}}, "label.positive: no label is 'rich'"),
        ({"label": {"column": "wage", "positive": "high"}}, "no column 'wage'"),
        ({"label": {"column": "income", "negative": "low"}}, "label.negative: unknown field"),
        ({"label": "age"}, "not 0 and 1"),
        ({"sensitive": []}, "sensitive: missing"),
        ({"sensitive": ["gender"]}, "sensitive: no column 'gender'"),
        ({"features": ["age", "income"]}, "is no feature"),
        ({"drop": ["nothing"]}, "drop: no column"),
        ({"weight": "work"}, "'work' holds 'none' in row 1"),
        ({"split": {"column": "work"}}, "no row is 'train'"),
        ({"split": {"test": 1.5}}, "split.test"),
        ({"split": {"test": 0.3, "seed": -1}}, "split.seed"),
        ({"split": {"share": 0.3}}, "split.share: unknown field"),
        ({"split": {"test": 0.3}, "weight": "weight"}, "can't be drawn apart"),
        ({"split": 0.3}, "is no split"),
        ({"missing": "guess"}, "missing: 'guess' is no rule"),
        ({"min_group": 30}, "group 'F' has 2 training rows of 30"),
        ({"groups": [0, 1]}, "groups: beside data"),
        ({"score": "work"}, "score"),
        ({"epsilon": 2}, "epsilon"),
        ({"hypothesis": "threshold"}, "score: missing"),
        ({"data": {"file": "people.csv", "type": "folktables", "task": "ACSWealth"}}, "data.task"),
        ({"data": {"file": "people.csv", "type": "folktables", "task": "ACSIncome"}}, "no column COW"),
        ({"data": {"file": "people.csv", "type": "table", "tusk": 1}}, "data.tusk: unknown field"),
    ],
)
def test_faults_name_place_and_remedy(folder: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=said) as found:
        closed(folder, **changes)
    assert all(fault.path and fault.remedy for fault in found.value.faults)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (",M,", ",F,", "one group only"),
        ("low", "high", "all training labels are 1"),
        (",high,", ",,", "'income' is empty in row 2"),
    ],
)
def test_faults_of_the_data(folder: Path, old: str, new: str, said: str) -> None:
    (folder / "people.csv").write_text(ROWS.replace(old, new))
    with pytest.raises(SpecError, match=said):
        closed(folder, drop=["weight", "grade"])


def test_inline_groups_go_by_name() -> None:
    rows = [[0], [1], [1], [0]]
    spec = {"kind": "fair-classifier", "features": rows, "label": [0, 1, 0, 1], "groups": list("xyxy"), "min_group": 1}
    problem: Any = dualgap.load(spec)
    assert (problem.group_names, problem.groups.tolist()) == (("x", "y"), [0, 1, 0, 1])
    with pytest.raises(SpecError, match="is a column of no data"):
        dualgap.load({**spec, "label": "income"})


def test_the_command_line_names_every_fault(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "bad.toml").write_text(
        'kind = "fair-classifier"\ndata = "people.csv"\nlabel = "wage"\nsensitive = ["gender"]\ndorp = ["zip"]\n'
    )
    assert main(["solve", str(folder / "bad.toml")]) == 2
    err = " ".join(capsys.readouterr().err.split())
    assert "no column 'wage'" in err
    assert "no column 'gender'" in err


def people(task: str, count: int = 80) -> str:
    """A file of a survey that never was."""
    rng = np.random.default_rng(0)
    found = TASKS[task]
    names = list(dict.fromkeys([*found.features, found.reads, *found.filters, "SEX", "PWGTP"]))
    high = {"AGEP": 80, "PINCP": 100_000, "WKHP": 60, "JWMNP": 50, "POVPIP": 500, "SCHL": 24}
    rows = [[str(rng.integers(0, high.get(name, 3))) for name in names] for _ in range(count)]
    rows[3][names.index("SCHL")] = ""
    return "\n".join([",".join(names), *(",".join(row) for row in rows)]) + "\n"


@pytest.mark.parametrize("task", TASKS)
def test_folktables_tasks(tmp_path: Path, task: str) -> None:
    (tmp_path / "psam_p06.csv").write_text(people(task, 300))
    data = {"file": "psam_p06.csv", "type": "folktables", "task": task}
    spec = {"kind": "fair-classifier", "data": data, "sensitive": ["SEX"], "min_group": 1, "split": {"test": 0.0}}
    problem: Any = load(spec, base=tmp_path).problem
    names = {column.name for column in problem.encoding.columns}
    assert names == set(TASKS[task].features) - {"SEX"}
    categories = {column.name for column in problem.encoding.columns if column.values}
    assert "AGEP" not in categories
    assert "MAR" in categories or task == "ACSMobility"
    age = problem.features[:, problem.feature_names.index("AGEP")]
    kept = {"ACSIncome": age > 16, "ACSPublicCoverage": age < 65, "ACSMobility": (age > 18) & (age < 35)}
    assert kept.get(task, np.ones(1, bool)).all()
    assert 0 < problem.label.mean() < 1
