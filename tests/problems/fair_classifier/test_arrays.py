"""``dualgap.fair_classifier``: arrays, frames, mappings and estimators are what a spec would have made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dualgap
from dualgap.core.errors import SpecError, UsageError
from dualgap.problems.fair_classifier.data import LOGISTIC
from tests.problems.fair_classifier.test_predictor import people, written


def given(count: int = 200) -> tuple[dict[str, list[Any]], list[Any], list[Any]]:
    """Features, labels, groups."""
    table = people(count)
    return {name: table[name] for name in ("age", "work")}, table["rich"], table["sex"]


def spec(folder: Path, **fields: Any) -> Any:
    written(folder, people())
    raw = {"kind": "fair-classifier", "data": str(folder / "people.csv"), "sensitive": ["sex"], **fields}
    return dualgap.load({"label": {"column": "rich", "positive": "yes"}, "split": {"test": 0}, **raw})


@pytest.mark.parametrize("fields", [{}, {"score": LOGISTIC, "hypothesis": "threshold", "group_aware": True}], ids=str)
def test_a_mapping_is_the_table_of_a_spec(tmp_path: Path, fields: dict[str, Any]) -> None:
    x, y, sex = given()
    found = dualgap.fair_classifier(x, y, sensitive_features={"sex": sex}, epsilon=0.03, **fields)
    assert found.digest() == spec(tmp_path, epsilon=0.03, **fields).digest()


def test_frames_are_mappings() -> None:
    pandas = pytest.importorskip("pandas")
    x, y, sex = given()
    frame, series = pandas.DataFrame(x), pandas.Series(sex, name="sex")
    plain = dualgap.fair_classifier(x, y, sensitive_features={"sex": sex})
    assert dualgap.fair_classifier(frame, pandas.Series(y), sensitive_features=series) == plain
    assert dualgap.fair_classifier(frame, y, sensitive_features=series.to_frame()) == plain


def test_arrays_have_numbered_columns_and_groups_of_all_combinations() -> None:
    rng = np.random.default_rng(0)
    x, y, groups = rng.normal(size=(400, 2)), rng.integers(0, 2, 400), rng.integers(0, 2, (400, 2))
    found = dualgap.fair_classifier(x, y, sensitive_features=groups, min_group=1)
    assert found.feature_names == ("x1", "x2")
    assert found.group_names == ("0 & 0", "0 & 1", "1 & 0", "1 & 1")
    assert found.label.tolist() == y.tolist()
    assert found.split_names == ("train",)


def test_weights_and_splits() -> None:
    x, y, sex = given()
    weights = np.arange(1, 201)
    found = dualgap.fair_classifier(x, y, sensitive_features=sex, sample_weight=weights)
    assert found.people == weights.sum()
    half = ["train" if k % 2 else "test" for k in range(200)]
    assert dualgap.fair_classifier(x, y, sensitive_features=sex, split=half, min_group=1).train.sum() == 100
    drawn = dualgap.fair_classifier(x, y, sensitive_features=sex, split={"test": 0.25, "seed": 1}, min_group=1)
    assert drawn.train.sum() == 150


def test_estimators_score_the_rows_that_they_are_fitted_to() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    rng = np.random.default_rng(1)
    x, sex = rng.normal(size=(300, 3)), rng.integers(0, 2, 300)
    y = (x[:, 0] + 0.5 * sex + rng.normal(size=300) > 0).astype(int)
    settings: dict[str, Any] = {"hypothesis": "threshold", "group_aware": True, "min_group": 1}
    split = ["train"] * 200 + ["test"] * 100
    plain = linear_model.LogisticRegression(C=0.5)
    unfitted = dualgap.fair_classifier(x, y, sensitive_features=sex, score=plain, split=split, **settings)
    assert not hasattr(plain, "coef_")  # a clone was fitted
    fitted = linear_model.LogisticRegression(C=0.5).fit(x[:200], y[:200])
    expected = fitted.predict_proba(x)[:, 1]
    assert unfitted.score == pytest.approx(expected, abs=1e-12)
    assert unfitted.encoding.score == "LogisticRegression(C=0.5)"  # who scored is kept
    again = dualgap.fair_classifier(x, y, sensitive_features=sex, score=fitted, split=split, **settings)
    assert again.score == pytest.approx(expected, abs=0)
    numbers = dualgap.fair_classifier(x, y, sensitive_features=sex, score=expected, split=split, **settings)
    assert numbers.score.tolist() == again.score.tolist()
    run = dualgap.solve(numbers, isolate=False)
    assert run.certificate.verdict is dualgap.Verdict.OPTIMAL
    told = {"x1": x[:, 0], "x2": x[:, 1], "x3": x[:, 2], "sensitive": sex, "score": expected}
    assert set(run.predictor.predict(told).tolist()) <= {0, 1}


@pytest.mark.parametrize(
    "labels", [[0, 1], [-1, 1], [0.5, 1.5], [False, True], ["0.50", "1"], ["no", "yes"]], ids=lambda labels: str(labels)
)
def test_predictions_are_labels_as_they_were_given(labels: list[Any]) -> None:
    rng = np.random.default_rng(3)
    x, sex = rng.normal(size=(120, 2)), rng.integers(0, 2, 120)
    y = np.array(labels)[(x[:, 0] > 0).astype(int)]
    run = dualgap.solve(
        dualgap.fair_classifier(
            x, y, sensitive_features=sex, score=x[:, 0], hypothesis="threshold", epsilon=1, min_group=1
        ),
        isolate=False,
    )
    told = {"x1": x[:, 0], "x2": x[:, 1], "sensitive": sex, "score": x[:, 0]}
    found = run.predictor.predict(told)
    assert found.dtype.kind == y.dtype.kind
    assert (found == y).all()


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"y": [1, 0]}, UsageError, "columns of different lengths: age has 200, .* label has 2"),
        ({"y": [1] * 200}, UsageError, r"y has 1 values \(1\)"),
        ({"y": np.zeros((200, 2))}, UsageError, r"y of shape \(200, 2\)"),
        ({"X": np.zeros((2, 2, 2))}, UsageError, "rows of columns"),
        ({"sensitive_features": ["a"] * 200}, SpecError, "group"),
        ({"sensitive_features": {"age": ["a", "b"] * 100}}, UsageError, "column 'age' of X and of sensitive_features"),
        ({"score": [0.5]}, UsageError, "score has 1 rows, y 200"),
        ({"epsilon": -1}, SpecError, "epsilon"),
        ({"metrics": "demographic-parity"}, SpecError, "metrics"),
    ],
)
def test_what_is_wrong_is_said(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    x, y, sex = given()
    arguments = {"X": x, "y": y, "sensitive_features": {"sex": sex}, **changes}
    with pytest.raises(error, match=message):
        dualgap.fair_classifier(**arguments)


def test_runs_of_other_kinds_predict_nothing() -> None:
    run = dualgap.solve(dualgap.Knapsack(values=[1], weights=[1], capacity=1), isolate=False)
    with pytest.raises(UsageError, match="predicts nothing"):
        run.predictor  # noqa: B018
