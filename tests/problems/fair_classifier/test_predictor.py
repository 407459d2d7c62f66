"""Predictors: what a classifier says of tables, the spec's own and others."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dualgap
from dualgap.cli.app import main
from dualgap.core.errors import SpecError, UsageError
from dualgap.engine.load import load
from dualgap.problems.fair_classifier import Classifier, FairClassifier, Linear, Network, Predictions
from dualgap.problems.fair_classifier.evaluate import predicted
from dualgap.problems.fair_classifier.predictor import load_predictor

WORK = ("none", "part", "full")


def people(count: int = 200, seed: int = 0) -> dict[str, list[Any]]:
    rng = np.random.default_rng(seed)
    sex, work, age = rng.integers(0, 2, count), rng.integers(0, 3, count), rng.integers(20, 30, count)
    rich = (age + 4 * work + 3 * sex + rng.normal(scale=3, size=count)) > 31
    return {
        "age": age.tolist(),
        "work": [WORK[k] for k in work],
        "sex": ["FM"[k] for k in sex],
        "rich": ["yes" if one else "no" for one in rich],
    }


def written(folder: Path, table: dict[str, list[Any]], name: str = "people.csv") -> None:
    rows = [",".join(map(str, row)) for row in zip(*table.values())]
    (folder / name).write_text("\n".join([",".join(table), *rows]) + "\n")


def problem(folder: Path, **fields: Any) -> FairClassifier:
    written(folder, people())
    raw = {
        "kind": "fair-classifier",
        "data": "people.csv",
        "label": {"column": "rich", "positive": "yes"},
        "sensitive": ["sex"],
        "epsilon": 0.03,
        **fields,
    }
    (folder / "fair.json").write_text(json.dumps(raw))
    found: Any = load(folder / "fair.json").problem
    return found


CASES = [
    {"hypothesis": "table"},
    {"hypothesis": "table", "group_aware": True},
    {"hypothesis": "threshold", "score": "logistic-regression"},
    {"hypothesis": "threshold", "score": "logistic-regression", "group_aware": True},
    {"hypothesis": "threshold", "score": "age", "group_aware": True},
    {"hypothesis": "linear"},
    {"hypothesis": "linear", "group_aware": True},
    {"hypothesis": "linear", "randomized": False},
]


PREDICTS = """
import json, sys
sys.path.insert(0, sys.argv[1])
from classifier import FairClassifier
table = json.load(sys.stdin)
model = FairClassifier(random_state=3)
print(json.dumps([model.predict_proba(table)[:, 1].tolist(), model.predict(table).tolist(), "dualgap" in sys.modules]))
"""


@pytest.mark.parametrize("fields", CASES, ids=str)
def test_an_exported_estimator_predicts_the_same_without_dualgap(tmp_path: Path, fields: dict[str, Any]) -> None:
    spec = problem(tmp_path, **fields)
    run = dualgap.solve(spec, isolate=False)
    (tmp_path / "classifier.py").write_bytes(spec.exports()["sklearn"](run.answer))
    others = people(60, 1)
    done = subprocess.run(
        [sys.executable, "-P", "-c", PREDICTS, str(tmp_path)],
        input=json.dumps(others),
        capture_output=True,
        text=True,
        check=True,
    )
    chances, labels, imported = json.loads(done.stdout)
    ours = run.predictor
    ours.random_state = 3
    assert chances == pytest.approx(ours.chances(others), abs=1e-12)
    assert labels == ours.predict(others).tolist()
    assert not imported


@pytest.mark.parametrize("fields", CASES, ids=str)
def test_predictions_are_the_evaluated_ones(tmp_path: Path, fields: dict[str, Any]) -> None:
    spec = problem(tmp_path, **fields)
    run = dualgap.solve(spec, isolate=False)
    assert run.certificate.feasible
    predictor = spec.predictor(run.answer)
    assert predictor.chances(people()) == pytest.approx(predicted(spec, run.answer), abs=1e-12)
    assert predictor.needs_group == (fields.get("group_aware", False) and predictor.needs_group)
    predictor.save(tmp_path / "p.json")
    again = load_predictor(tmp_path / "p.json")
    others = people(50, 1)
    assert again.chances(others).tolist() == predictor.chances(others).tolist()
    assert set(again.predict(others)) <= {"no", "yes"}
    assert again.predict_proba(others).sum(axis=1) == pytest.approx(np.ones(50))
    if not predictor.needs_group:
        del others["sex"]
        assert len(again.predict(others)) == 50


def test_networks_read_raw_columns(tmp_path: Path) -> None:
    spec = problem(tmp_path, hypothesis="network", group_aware=True)
    rng = np.random.default_rng(0)
    width = spec.design.shape[1]
    net = Network(
        weights=(rng.normal(size=(width, 3)), rng.normal(size=(3, 1))), biases=(rng.normal(size=3), np.zeros(1))
    )
    answer = spec.classifier([net])
    assert spec.predictor(answer).chances(people()) == pytest.approx(predicted(spec, answer))


def test_draws_come_again_and_are_fair(tmp_path: Path) -> None:
    spec = problem(tmp_path)
    width = spec.design.shape[1]
    members = [Linear(coefficients=np.zeros(width), intercept=side) for side in (-1.0, 1.0)]
    answer = spec.classifier(members, [0.3, 0.7])
    table = {name: cells * 100 for name, cells in people().items()}
    first, again, other = (spec.predictor(answer, seed).predict(table) for seed in (0, 0, 1))
    assert first.tolist() == again.tolist()
    assert first.tolist() != other.tolist()
    assert (first == "yes").mean() == pytest.approx(0.7, abs=0.01)


def test_frames_and_matrices(tmp_path: Path) -> None:
    spec = FairClassifier.generate(60, 0)
    answer = dualgap.solve(spec, "logistic-regression", isolate=False).answer
    predictor = answer.predictor()
    assert predictor.chances(spec.features) == pytest.approx(predicted(spec, answer))
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(spec.features, columns=list(spec.feature_names))
    assert predictor.chances(frame) == pytest.approx(predicted(spec, answer))
    with pytest.raises(UsageError, match="one column each for x1, x2, x3"):
        predictor.predict(spec.features[:, :2])


def test_what_predicts_nothing(tmp_path: Path) -> None:
    spec = FairClassifier.generate(40, 0, hypothesis="table")
    with pytest.raises(UsageError, match="say nothing of others"):
        spec.classifier([Predictions(probabilities=np.zeros(80))]).predictor()
    with pytest.raises(UsageError, match=r"problem\.predictor"):
        dualgap.solve(spec, isolate=False).answer.predictor()
    for text, said in (
        ("", "not a predictor"),
        ("{}", "not a predictor"),
        ('{"format": "dualgap-predictor"}', "newer"),
    ):
        (tmp_path / "p.json").write_text(text)
        with pytest.raises(SpecError, match=said):
            load_predictor(tmp_path / "p.json")


@pytest.mark.parametrize("fields", [{"hypothesis": "table"}, {"hypothesis": "linear", "group_aware": True}], ids=str)
def test_apply_on_the_command_line(tmp_path: Path, fields: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    spec = problem(tmp_path, **fields)
    run, others = str(tmp_path / "run.json"), str(tmp_path / "others.csv")
    written(tmp_path, people(30, 2), "others.csv")
    assert main(["solve", str(tmp_path / "fair.json"), "-o", run]) == 0
    capsys.readouterr()
    assert main(["apply", run, others, "--chances"]) == 0
    said = capsys.readouterr().out.splitlines()
    answer: Classifier = spec.read_answer(json.loads(Path(run).read_text())["answer"])
    assert said[0] == "probability"
    assert [float(line) for line in said[1:]] == pytest.approx(spec.predictor(answer).chances(people(30, 2)))
    assert main(["export", run, "--to", "predictor", "-o", str(tmp_path / "p.json")]) == 0
    assert main(["apply", str(tmp_path / "p.json"), others, "-o", str(tmp_path / "out.csv")]) == 0
    assert (tmp_path / "out.csv").read_text().splitlines()[0] == "prediction"


def test_applied_to_its_own_data_it_is_graded_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    problem(tmp_path, hypothesis="table", split={"test": 0.0})
    spec, run, data = (str(tmp_path / name) for name in ("fair.json", "run.json", "people.csv"))
    assert main(["solve", spec, "-o", run]) == 0
    assert main(["apply", run, data, "--chances", "-o", str(tmp_path / "p.csv")]) == 0
    capsys.readouterr()
    assert main(["verify", spec, str(tmp_path / "p.csv"), "--json"]) == 0
    graded = json.loads(capsys.readouterr().out)["certificate"]["value"]
    assert graded == pytest.approx(json.loads(Path(run).read_text())["certificate"]["value"], abs=1e-9)


@pytest.mark.parametrize(
    ("change", "said"),
    [("age,work", "years,work"), (",full,", ",,"), ("\n2", "\nold2")],
)
def test_bad_tables_are_faults(tmp_path: Path, change: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    problem(tmp_path, hypothesis="linear", unseen="error")
    run, others = str(tmp_path / "run.json"), tmp_path / "others.csv"
    written(tmp_path, people(30, 2), "others.csv")
    assert main(["solve", str(tmp_path / "fair.json"), "-s", "logistic-regression", "-o", run]) == 0
    others.write_text(others.read_text().replace(change, said))
    capsys.readouterr()
    assert main(["apply", run, str(others)]) == 2
    assert "data can't be used" in " ".join(capsys.readouterr().err.split())
