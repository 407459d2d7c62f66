"""Two measures of answers against each other, in the report of a comparison."""

from __future__ import annotations

import re

import dualgap
from dualgap import Knapsack, Unlearning
from dualgap.study.plane import plane


def test_every_answer_stands_beside_retraining() -> None:
    problem = Unlearning.generate(30, 0, flipped=0.2)
    runs = [dualgap.solve(problem, name, isolate=False) for name in ("retrain", "neg-grad")]
    drawn = str(plane(problem, runs))
    assert re.findall(r"<title>([^:<]+):", drawn) == ["retrain", "neg-grad", "retrained", "nothing done"]
    places = re.findall(r'<circle[^>]*cx="([\d.]+)%" cy="([\d.]+)%"', drawn)
    assert len(places) == 4
    assert places[0] == places[2]  # retraining is where retraining is
    assert places[1] != places[2]
    assert "Across: forget accuracy. Up: retain accuracy." in drawn


def test_without_retraining_there_is_nothing_to_stand_beside() -> None:
    problem = Unlearning.generate(30, 0, models=0)
    assert plane(problem, [dualgap.solve(problem, "retrain", isolate=False)]) is None


def test_other_kinds_have_none() -> None:
    problem = Knapsack.generate(5, 0)
    assert plane(problem, [dualgap.solve(problem, "greedy", isolate=False)]) is None
