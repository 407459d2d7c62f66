"""Metrics by split and group, against fairlearn's and by hand; bootstrap intervals against plain resampling."""

from __future__ import annotations

import numpy as np
import pytest

from dualgap.problems.fair_classifier import FairClassifier, Predictions, Table
from dualgap.problems.fair_classifier.bootstrap import percentile, resampled
from dualgap.problems.fair_classifier.metrics import headline, intervals, measures, metrics
from dualgap.problems.fair_classifier.rates import Metric, Tally
from tests.problems.fair_classifier.people import people


def by_hand(rows: list[tuple[int, int, int]]) -> dict[str, float]:
    """Of (group, label, prediction) without weights, by counting."""

    def share(chosen: list[tuple[int, int, int]]) -> float:
        return sum(row[2] for row in chosen) / len(chosen)

    groups = sorted({row[0] for row in rows})
    selection = [share([r for r in rows if r[0] == g]) for g in groups]
    hits = [share([r for r in rows if r[0] == g and r[1] == 1]) for g in groups]
    alarms = [share([r for r in rows if r[0] == g and r[1] == 0]) for g in groups]
    right = [sum(r[1] == r[2] for r in rows if r[0] == g) / sum(r[0] == g for r in rows) for g in groups]
    return {
        "accuracy": sum(r[1] == r[2] for r in rows) / len(rows),
        "worst-group accuracy": min(right),
        "demographic-parity": max(selection) - min(selection),
        "equalized-odds": max(max(hits) - min(hits), max(alarms) - min(alarms)),
        "equal-opportunity": max(hits) - min(hits),
    }


@pytest.mark.parametrize("seed", range(3))
def test_metrics_count_people(seed: int) -> None:
    problem = people(seed, 80, 3, test=30)
    predicted = np.random.default_rng(seed).integers(0, 2, 80).astype(float)
    found = metrics(problem, predicted)
    rows = list(zip(problem.groups.tolist(), problem.label.tolist(), predicted.astype(int).tolist()))
    for split, chosen in (("train", rows[:50]), ("test", rows[50:])):
        assert found[split] == pytest.approx({**by_hand(chosen), "drawn by lot": 0.0})
        for g, name in enumerate("abc"):
            own = [row for row in chosen if row[0] == g]
            told = found[f"{split}: {name}"]
            assert told["n"] == len(own)
            assert told["base rate"] == pytest.approx(np.mean([row[1] for row in own]))
            assert told["selection rate"] == pytest.approx(np.mean([row[2] for row in own]))
            assert told["accuracy"] == pytest.approx(np.mean([row[1] == row[2] for row in own]))


@pytest.mark.parametrize("kind", ["labels", "weights"])
@pytest.mark.parametrize("seed", range(3))
def test_fairlearn_agrees(kind: str, seed: int) -> None:
    theirs = pytest.importorskip("fairlearn.metrics", reason="fairlearn is not installed")
    rng = np.random.default_rng(seed)
    weights = rng.integers(1, 9, 90) if kind == "weights" else np.ones(90, dtype=int)
    problem = people(seed, 90, 3, weights=weights)
    predicted = rng.integers(0, 2, 90)
    given = {
        "y_true": problem.label,
        "y_pred": predicted,
        "sensitive_features": problem.groups,
        "sample_weight": weights,
    }
    tally = problem.tally(predicted.astype(float))
    expected = {
        (Metric.DEMOGRAPHIC_PARITY, "max-min"): theirs.demographic_parity_difference(**given),
        (Metric.DEMOGRAPHIC_PARITY, "to-overall"): theirs.demographic_parity_difference(**given, method="to_overall"),
        (Metric.DEMOGRAPHIC_PARITY, "ratio"): 1.0 - theirs.demographic_parity_ratio(**given),
        (Metric.EQUALIZED_ODDS, "max-min"): theirs.equalized_odds_difference(**given),
        (Metric.EQUALIZED_ODDS, "to-overall"): theirs.equalized_odds_difference(**given, method="to_overall"),
        (Metric.EQUALIZED_ODDS, "ratio"): 1.0 - theirs.equalized_odds_ratio(**given),
        (Metric.EQUAL_OPPORTUNITY, "max-min"): theirs.equal_opportunity_difference(**given),
        (Metric.EQUAL_OPPORTUNITY, "to-overall"): theirs.equal_opportunity_difference(**given, method="to_overall"),
        (Metric.EQUAL_OPPORTUNITY, "ratio"): 1.0 - theirs.equal_opportunity_ratio(**given),
    }
    for (metric, difference), value in expected.items():
        assert tally.gap(metric, difference) == pytest.approx(value, abs=1e-12)
    parts = {"selection rate": theirs.selection_rate, "true positive rate": theirs.true_positive_rate}
    parts["false positive rate"] = theirs.false_positive_rate
    found = metrics(problem, predicted.astype(float))
    for name, function in parts.items():
        for g, group in enumerate(problem.group_names):
            own = problem.groups == g
            value = function(problem.label[own], predicted[own], sample_weight=weights[own])
            assert found[f"train: {group}"][name] == pytest.approx(value, abs=1e-12)


def test_the_specs_own_difference_is_told_too() -> None:
    problem = people(1, difference="ratio", metric="equal-opportunity")
    predicted = np.random.default_rng(1).random(60)
    found = metrics(problem, predicted)["train"]
    tally = problem.tally(predicted)
    assert found["equal-opportunity, ratio"] == tally.gap(Metric.EQUAL_OPPORTUNITY, "ratio")
    assert found["drawn by lot"] == 1.0


def test_rates_without_rows_and_splits_without_predictions_are_left_out() -> None:
    problem = FairClassifier(
        features=np.zeros((6, 1)),
        label=np.array([0, 1, 0, 1, 0, 1]),
        groups=np.array([0, 0, 1, 1, 2, 0]),
        group_names=("a", "b", "c"),
        split=np.array([0, 0, 0, 0, 0, 1]),
        split_names=("train", "test", "unused"),
        min_group=1,
    )
    found = metrics(problem, np.array([0, 1, 1, 1, 0, np.nan]))
    assert "true positive rate" not in found["train: c"]
    assert found["train: c"]["n"] == 1
    assert not {"test", "test: a", "unused"} & found.keys()
    assert "test: b" not in metrics(problem, np.zeros(6))


def test_resampled_tallies_are_those_of_drawn_people() -> None:
    """Means and deviations of every measure, against drawing rows one by one."""
    problem = people(3, 120, 3)
    rng = np.random.default_rng(4)
    positive = np.where(rng.random(120) < 0.4, rng.random(120), rng.integers(0, 2, 120))
    arguments = (problem.groups, problem.label, problem.mass, positive, 3)
    fast = measures(problem, resampled(*arguments, 1500))
    rows = [rng.integers(0, 120, 120) for _ in range(1500)]
    slow = [measures(problem, Tally.of(*(column[row] for column in arguments[:4]), 3)) for row in rows]
    for name, values in fast.items():
        one_by_one = np.array([told[name] for told in slow])
        spread = one_by_one.std()
        assert values.mean() == pytest.approx(one_by_one.mean(), abs=6 * spread / np.sqrt(1500))
        assert values.std() == pytest.approx(spread, rel=0.12)


def test_a_row_that_counts_twice_is_two_people() -> None:
    problem = people(5, 40, 2)
    positive = np.random.default_rng(5).integers(0, 2, 40).astype(float)
    once = (problem.groups, problem.label, np.full(40, 3.0), positive)
    thrice = tuple(np.repeat(column, 3) for column in (*once[:2], np.ones(40), positive))
    left, right = resampled(*once, 2, 50), resampled(*thrice, 2, 50)
    np.testing.assert_array_equal(left.mass, right.mass)
    np.testing.assert_allclose(left.positive, right.positive)


def test_intervals_hold_most_samples_and_need_counts() -> None:
    problem = people(6, 200, 2, test=80)
    values = np.random.default_rng(6).integers(0, 2, 200)
    answer = problem.classifier([Predictions(probabilities=values)])
    found = intervals(problem, answer)
    assert found == intervals(problem, answer)  # the same samples always
    told = metrics(problem, values.astype(float))
    for split in ("train", "test"):
        low, high = found[percentile(split, 2.5)], found[percentile(split, 97.5)]
        assert low["accuracy"] < told[split]["accuracy"] < high["accuracy"]
        assert high["accuracy"] - low["accuracy"] == pytest.approx(
            3.92 * np.sqrt(0.25 / (120 if split == "train" else 80)), rel=0.15
        )
    shares = people(6, 200, weights=np.full(200, 0.5))
    assert intervals(shares, shares.classifier([Predictions(probabilities=values)])) == {}


def test_predictions_of_the_training_split_have_no_other_metrics() -> None:
    problem = people(7, 80, 2, test=20)
    answer = problem.classifier([Predictions(probabilities=np.ones(60))])
    found = problem.evaluate(answer).metrics
    assert "train" in found
    assert "test" not in found
    assert set(intervals(problem, answer)) == {percentile("train", 2.5), percentile("train", 97.5)}
    assert headline(problem, found) == "Fairness is constrained on the training split only."


def test_the_headline_says_what_other_splits_show() -> None:
    problem = people(8, 80, 2, test=30, epsilon=0.1)
    cells = problem.cells.masses
    table = Table(probabilities=(cells[:, 1::2].sum(axis=1) > cells[:, 0::2].sum(axis=1)).astype(float))
    found = problem.evaluate(problem.classifier([table])).metrics
    gap, accuracy = found["test"]["demographic-parity"], found["test"]["accuracy"]
    said = headline(problem, found)
    assert f"On test: accuracy {accuracy:.4f}" in said
    assert f"demographic-parity {gap:.4f}" in said
    assert (", above 0.1" in said) == (gap > 0.1)
    assert said.endswith("Fairness is constrained on the training split only.")
    alone = people(8)
    told = metrics(alone, np.zeros(60))
    assert headline(alone, told) == "Fairness is constrained on the training split only; there is no other."
    assert headline(alone, {}) == ""
