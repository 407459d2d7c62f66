"""Comparisons like with like: classes of answers, and the metrics beside them."""

from __future__ import annotations

import numpy as np
import pytest

import dualgap
from dualgap.problems.fair_classifier import FairClassifier, Linear, Predictions, Table, Thresholds
from dualgap.problems.knapsack import Knapsack
from dualgap.study.likeness import further_table, like_with_like

PEOPLE = FairClassifier.generate(40, 0, features=3, levels=3, hypothesis="linear", test=0.3, epsilon=0.02, bias=2.0)


def test_better_is_said_within_a_class_only() -> None:
    found = dualgap.compare(PEOPLE, ["proxy-lagrangian", "logistic-regression"], isolate=False)
    chance = [dict(PEOPLE.classes(run.answer))["randomised"] for run in found.runs]
    assert chance == ["yes", "no"]
    assert "Like with like, the best are randomised: yes: " in found.statement
    assert "group-aware" not in found.statement  # what all share tells nothing apart
    data = found.data()["runs"]
    assert [run["classes"]["randomised"] for run in data] == chance
    assert set(data[0]["measures"]) == {"test accuracy", "worst group", "DP", "EOD", "EOP"}
    shown = further_table(PEOPLE, found.runs)
    assert shown is not None
    assert shown[0] == ["solver", "group-aware", "randomised", "test accuracy", "worst group", "DP", "EOD", "EOP"]
    metrics = found.runs[1].certificate.metrics["test"]
    assert shown[1][1][3] == f"{float(metrics['accuracy']):.4f}"


def test_kinds_without_classes_stay_as_they_were() -> None:
    found = dualgap.compare(Knapsack.generate(8, 0), ["highs", "greedy"], isolate=False)
    assert further_table(found.problem, found.runs) is None
    assert like_with_like(found.problem, found.runs) == ""
    assert "classes" not in found.data()["runs"][0]


@pytest.mark.parametrize("aware", [True, False])
def test_what_an_answer_reads(aware: bool) -> None:
    fields = {**PEOPLE.content(), "group_aware": aware, "score": PEOPLE.features.sum(axis=1)}
    problem = FairClassifier(**fields)
    width = problem.design.shape[1]

    def reads(member: object) -> str:
        return problem.classes(problem.classifier([member]))["group-aware"]  # type: ignore[list-item]

    plain, other = np.zeros(width), np.arange(width, dtype=float)
    assert reads(Linear(coefficients=plain)) == "no"
    assert reads(Linear(coefficients=other)) == ("yes" if aware else "no")
    assert reads(Thresholds(values=np.array([1.0, 1.0]))) == "no"
    assert reads(Thresholds(values=np.array([1.0, 2.0]))) == "yes"
    assert reads(Table(probabilities=np.zeros(len(problem.cells)))) == ("yes" if aware else "no")
    assert reads(Predictions(probabilities=np.zeros(len(problem.label)))) == "unknown"
    assert problem.classes(problem.classifier([Linear(coefficients=np.zeros(width + 1))])) == {}
