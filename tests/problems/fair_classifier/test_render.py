"""Classifiers, their metrics and figures as people see them."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualgap.core.figures import Bars
from dualgap.problems.fair_classifier import Linear, Network, Predictions, Table, Thresholds
from dualgap.problems.fair_classifier.encoding import Column, Encoding
from dualgap.problems.fair_classifier.render import figures, table, tables
from tests.problems.fair_classifier.people import people


def named(**spec: Any) -> Any:
    columns = (Column(name="age"), Column(name="sex", values=("f", "m")))
    return people(0, 40, 2, encoding=Encoding(columns=columns, sensitive=("sex",), groups=("a", "b")), **spec)


def test_coefficients_come_by_name_the_largest_first() -> None:
    problem = named(group_aware=True)
    model = Linear(coefficients=[0.5, -2, 0, 1, 0], intercept=-0.25)
    assert table(problem, problem.classifier([model])) == [
        ("member", "value"),
        ("linear", "predicts 1 above 0"),
        ("  intercept", "-0.25"),
        ("  sex=f", "-2"),
        ("  group=a", "1"),
        ("  age", "0.5"),
    ]


def test_long_models_are_cut() -> None:
    problem = people(0, 40, 2, features=50)
    rows = table(problem, problem.classifier([Linear(coefficients=np.arange(50))]))
    assert rows[3] == ("  x50", "49")
    assert len(rows) == 1 + 1 + 1 + 16 + 1
    assert rows[-1] == ("  and 33 more coefficients", "")


def test_members_come_by_weight() -> None:
    problem = named(score=np.arange(40), group_aware=True)
    members = [
        Thresholds(values=[0.5, float("inf")]),
        Network(weights=(np.ones((5, 4)), np.ones((4, 1))), biases=(np.zeros(4), np.zeros(1))),
        Predictions(probabilities=np.ones(40)),
        Thresholds(values=[float("-inf")]),
    ]
    assert table(problem, problem.classifier(members, [0.2, 0.5, 0, 0.3])) == [
        ("member", "value"),
        ("network, weight 0.5", "5-4-1 neurons, ReLU"),
        ("thresholds, weight 0.3", "of the score"),
        ("  everybody", "always 1"),
        ("thresholds, weight 0.2", "of the score"),
        ("  a", "1 above 0.5"),
        ("  b", "always 0"),
    ]
    (_, only) = table(problem, problem.classifier([Predictions(probabilities=np.ones(40))]))
    assert only == ("predictions of a tool", "40 rows")
    (_, scores) = table(problem, problem.classifier([Predictions(probabilities=[0.5] * 10 + [1] * 30)]))
    assert scores[1] == "40 rows, 25.0% by lot (for scores, give 0 and 1)"


def test_tables_show_their_largest_cells() -> None:
    problem = named()
    largest = int(problem.cells.masses.sum(axis=1).argmax())
    chances = np.zeros(len(problem.cells))
    chances[largest] = 0.5
    rows = table(problem, problem.classifier([Table(probabilities=chances)]))
    share = 0.5 * problem.cells.masses.sum(axis=1).max() / 40
    assert rows[1] == ("table", f"{len(chances)} cells, {share:.1%} positive")
    row = problem.features[problem.cells.first[largest]].tolist()
    name = ", ".join([f"age = {row[0]:g}", *(text for text, bit in zip(("sex=f", "sex=m"), row[1:]) if bit)])
    assert rows[2] == (f"  {name}", "0.5")
    wide = people(1, 200, 2, features=6)
    rows = table(wide, wide.classifier([Table(probabilities=np.zeros(len(wide.cells)))]))
    assert rows[-1][0] == f"  and {len(wide.cells) - 8} more cells"


def test_metrics_are_told_with_their_intervals() -> None:
    problem = people(2, 100, 2, test=40, difference="ratio")
    answer = problem.classifier([Predictions(probabilities=problem.label)])
    found = {**problem.evaluate(answer).metrics, **problem.sensitivity(answer, None, False)}
    splits, train, test = tables(problem, found)
    assert splits[0] == ("metric", "train", "test")
    told = {row[0]: row[1:] for row in splits[1:]}
    assert told["accuracy"] == ("1.0000 [1.0000, 1.0000]",) * 2
    gap = found["test"]["demographic-parity, ratio"]
    low, high = (found[f"test, {end} %"]["demographic-parity, ratio"] for end in (2.5, 97.5))
    assert told["demographic-parity, ratio"][1] == f"{gap:.4f} [{low:.4f}, {high:.4f}]"
    assert told["worst group"] == ("a", "a")
    assert told["drawn by lot"] == ("0.0000", "0.0000")
    for rows, split in ((train, "train"), (test, "test")):
        assert rows[0] == (f"{split}: group", "n", "base rate", "selected", "TPR", "FPR", "accuracy")
        for name, people_, base, selected, hits, alarms, right in rows[1:]:
            own = found[f"{split}: {name}"]
            assert people_ == f"{own['n']:g}"
            assert base == selected == f"{own['base rate']:.4f}"
            assert (hits, alarms, right) == ("1.0000", "0.0000", "1.0000")


def test_metrics_without_intervals_or_without_any() -> None:
    problem = people(3, 40, 2)
    found = problem.evaluate(problem.trivial()).metrics
    (splits, _) = tables(problem, found)
    assert splits[1] == ("accuracy", f"{found['train']['accuracy']:.4f}")
    assert tables(problem, {}) == []


def test_covariances_are_told() -> None:
    problem = people(3, 60, 2, metric="covariance", hypothesis="linear", epsilon=1.0, ridge=0.1)
    found = problem.evaluate(problem.classifier([Linear(coefficients=[1, 2, 3])])).metrics
    _, covariances, _ = tables(problem, found)
    (value,) = found["covariance"].values()
    assert covariances == [("training split", "value"), ("covariance with b", f"{value:.4g}")]


def test_rates_are_drawn_by_group_and_split() -> None:
    problem = people(4, 80, 3, test=30, metric="equalized-odds")
    answer = problem.classifier([Predictions(probabilities=problem.label)])
    hits, alarms = figures(problem, answer)
    assert isinstance(hits, Bars)
    assert hits.title == "true positive rate"
    assert hits.names == tuple(f"{group}, {split}" for split in ("train", "test") for group in "abc")
    np.testing.assert_array_equal(hits.values, np.ones(6))
    assert isinstance(alarms, Bars)
    np.testing.assert_array_equal(alarms.values, np.zeros(6))
    assert "training split" in alarms.caption
    (selected,) = figures(*trained_only())
    assert isinstance(selected, Bars)
    assert selected.names == ("a, train", "b, train")


def trained_only() -> tuple[Any, Any]:
    problem = people(5, 60, 2, test=20)
    return problem, problem.classifier([Predictions(probabilities=np.ones(40))])
