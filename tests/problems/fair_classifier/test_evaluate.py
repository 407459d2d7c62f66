"""What the verifier says of classifiers: the objective, the classes, absurd answers."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

import dualgap
from dualgap.problems.fair_classifier import Classifier, FairClassifier, Linear, Network, Predictions, Table, Thresholds
from dualgap.problems.fair_classifier.evaluate import predicted
from dualgap.problems.fair_classifier.render import figures, table
from dualgap.problems.fair_classifier.separable import separable, widest
from tests.problems.fair_classifier.people import people

HUGE = 1e308


def names(problem: Any, *members: Any, weights: Any = (1.0,)) -> list[str]:
    """The violations of a mixture."""
    return list(problem.evaluate(problem.classifier(members, weights)).violations)


def by_cell(problem: Any, seed: int = 0) -> np.ndarray:
    """0-1 predictions for all rows that depend on the features only."""
    values = np.random.default_rng(seed).integers(0, 2, 2 ** problem.features.shape[1])
    return np.asarray(values[problem.features @ (2 ** np.arange(problem.features.shape[1]))])


def test_a_mixture_is_worth_its_mean() -> None:
    problem = people(0, 50, 2, epsilon=1.0)
    tables = [Table(probabilities=np.random.default_rng(k).random(len(problem.cells))) for k in range(3)]
    weights = np.array([0.2, 0.3, 0.5])
    mixture = problem.evaluate(problem.classifier(tables, weights)).objective
    alone = [problem.evaluate(problem.classifier([member])).objective for member in tables]
    assert mixture == pytest.approx(weights @ alone)


def test_weights_count_people() -> None:
    few = people(1, 40, 2, weights=np.random.default_rng(0).integers(1, 5, 40), epsilon=0.0)
    rows = np.repeat(np.arange(40), few.weights)
    columns = {name: getattr(few, name)[rows] for name in ("features", "label", "groups")}
    each = FairClassifier(**columns, group_names=few.group_names, hypothesis="table", epsilon=0, min_group=1)
    values = by_cell(few)
    left = few.evaluate(few.classifier([Predictions(probabilities=values)]))
    right = each.evaluate(each.classifier([Predictions(probabilities=values[rows])]))
    assert left.objective == right.objective
    assert left.violations == right.violations
    assert left.metrics == right.metrics


@pytest.mark.parametrize("difference", ["max-min", "to-overall", "ratio"])
@pytest.mark.parametrize("metric", ["demographic-parity", "equalized-odds", "equal-opportunity"])
def test_the_gap_beyond_epsilon_is_the_violation(metric: str, difference: str) -> None:
    problem = people(2, 60, 3, metric=metric, difference=difference, epsilon=0.01)
    values = by_cell(problem, 4)
    found = problem.evaluate(problem.classifier([Predictions(probabilities=values)])).violations
    gap = problem.tally(values.astype(float)).gap(problem.rates, difference)
    assert gap > 0.01
    assert found[f"{metric}, {difference}"].amount == pytest.approx(gap - 0.01)
    larger = people(2, 60, 3, metric=metric, difference=difference, epsilon=gap)
    assert not larger.evaluate(larger.classifier([Predictions(probabilities=values)])).violations


def test_classes_are_nested() -> None:
    for hypothesis, largest in (("linear", Linear), ("network", Network), ("table", Table)):
        problem = people(3, epsilon=1.0, hypothesis=hypothesis)
        members = {
            Linear: Linear(coefficients=[1, 0, 0]),
            Network: Network(weights=(np.ones((3, 2)), np.ones((2, 1))), biases=(np.zeros(2), np.zeros(1))),
            Table: Table(probabilities=np.ones(len(problem.cells))),
        }
        order = list(members)
        for kind, member in members.items():
            inside = order.index(kind) <= order.index(largest)
            assert (not names(problem, member)) == inside


def test_equal_rows_must_be_predicted_alike() -> None:
    problem = people(4, 60, 2, test=20, epsilon=1.0)
    values = by_cell(problem).astype(float)
    assert not names(problem, Predictions(probabilities=values))
    assert not names(problem, Predictions(probabilities=values[:40]))
    twin = next(k for k in range(1, 40) if (problem.features[k] == problem.features[0]).all())
    for row in (twin, int(np.flatnonzero(problem.cell_codes[40:] < len(problem.cells))[0]) + 40):
        other = values.copy()
        other[row] = 1 - other[row]
        assert names(problem, Predictions(probabilities=other)) == [
            "features only: equal rows are predicted differently"
        ]
    close = values.copy()
    close[twin] = abs(close[twin] - 1e-9)  # a tool's float32 is forgiven by the verifier's tolerance
    found = problem.evaluate(problem.classifier([Predictions(probabilities=close)])).violations
    assert max(violation.amount for violation in found.values()) == pytest.approx(1e-9)


def test_a_tool_may_read_the_group_where_the_spec_says_so() -> None:
    for aware in (False, True):
        problem = people(5, group_aware=aware, epsilon=1.0)
        assert bool(names(problem, Predictions(probabilities=problem.groups))) != aware


@pytest.mark.parametrize("aware", [False, True])
def test_predictions_are_of_thresholds_where_they_rise_with_the_score(aware: bool) -> None:
    score = np.random.default_rng(6).integers(0, 8, 60)
    problem = people(6, score=score, hypothesis="threshold", group_aware=aware, epsilon=1.0)
    rises = np.clip(score / 7 + 0.2 * problem.groups - 0.3, 0, 1)
    assert (not names(problem, Predictions(probabilities=rises))) == aware
    mixture = [Thresholds(values=[2.5]), Thresholds(values=[5.0])]
    values = predicted(problem, problem.classifier(mixture, [0.3, 0.7]))
    assert not names(problem, Predictions(probabilities=values))
    assert names(problem, Predictions(probabilities=1 - values)) == [
        "hypothesis threshold: a higher score is predicted 1 less often"
    ]
    assert bool(names(problem, Thresholds(values=[1.0, 3.0]))) != aware


def test_thresholds_of_a_column_are_no_classifier_of_other_features() -> None:
    score = np.arange(60)
    problem = people(7, score=score, epsilon=1.0)
    assert "features only: equal rows are predicted differently" in names(problem, Thresholds(values=[30.5]))
    linear = people(7, score=score, epsilon=1.0, hypothesis="linear")
    assert "hypothesis linear: this is a table" in names(linear, Thresholds(values=[30.5]))
    model = Linear(coefficients=[1, 2, 3])
    scored = people(7, score=model.scores(linear.design), scorer=model, epsilon=1.0, hypothesis="linear")
    assert not names(scored, Thresholds(values=[2.5]))


def test_predictions_of_no_linear_classifier_are_found_out() -> None:
    problem = people(8, 60, 2, features=2, hypothesis="linear", epsilon=1.0)
    both = problem.features[:, 0] & problem.features[:, 1]
    either = problem.features[:, 0] ^ problem.features[:, 1]
    fits = problem.evaluate(problem.classifier([Predictions(probabilities=both)]))
    assert not fits.violations
    assert "class" not in fits.metrics
    assert names(problem, Predictions(probabilities=either)) == ["hypothesis linear: no linear classifier predicts so"]
    mixed = problem.evaluate(problem.classifier([Predictions(probabilities=0.5 * both)]))
    assert not mixed.violations
    assert mixed.metrics["class"] == {"not checked": 1}
    assert problem.headline(mixed.metrics).startswith("Predictions don't show whether they are linear. ")
    network = people(8, 60, 2, features=2, hypothesis="network", epsilon=1.0)
    assert network.evaluate(network.classifier([Predictions(probabilities=either)])).metrics["class"]


def test_separable_finds_the_fourteen_linear_functions_of_two_bits() -> None:
    rows = np.array(list(product([0.0, 1.0], repeat=2)))
    found = [separable(rows, np.array(labels)) for labels in product([0, 1], repeat=4)]
    assert found.count(True) == 14
    assert found.count(False) == 2
    scaled = 1e6 * rows + 1e3
    assert [separable(scaled, np.array(labels)) for labels in product([0, 1], repeat=4)] == found
    assert separable(np.zeros((60_000, 2)), np.arange(60_000) % 2) is None


def test_widest_clears_zero_as_far_as_can_be() -> None:
    """Of two bits and the intercept, in coefficients of at most 1 in size, against all multiples of 1/4."""
    points = np.array([(*bits, 1.0) for bits in product([0.0, 1.0], repeat=2)])
    grid = np.array(list(product(np.linspace(-1, 1, 9), repeat=3)))
    for labels in ([0, 0, 0, 1], [0, 1, 1, 1], [0, 0, 1, 1], [1, 0, 0, 0]):
        sides = np.where(np.array(labels) > 0, 1.0, -1.0)
        found = widest(points, np.array(labels))
        assert np.abs(found).max() <= 1 + 1e-9
        assert (sides * (points @ found)).min() >= (sides * (grid @ points.T)).min(axis=1).max() - 1e-9


@pytest.mark.parametrize("members", [[], [Table(probabilities=[0.5])], [Linear(coefficients=[HUGE, HUGE, HUGE])]])
def test_what_does_not_fit_starts_nothing(members: list[Any]) -> None:
    problem = people(13, hypothesis="linear")
    start = Classifier(members=tuple(members), weights=np.ones(len(members)))
    assert all(view.encode is None or view.encode(start) is None for view in problem.views())
    run = dualgap.solve(problem, "highs", start=start, isolate=False)
    assert not run.error
    assert run.certificate.feasible


def test_chance_where_it_is_not_allowed() -> None:
    problem = people(9, randomized=False, epsilon=1.0)
    values = by_cell(problem).astype(float)
    assert not names(problem, Predictions(probabilities=values))
    found = problem.evaluate(problem.classifier([Predictions(probabilities=0.25 + 0.5 * values)])).violations
    assert found["randomized = false: predictions by lot"].amount == 0.25
    pair = [Table(probabilities=np.zeros(len(problem.cells))), Table(probabilities=np.ones(len(problem.cells)))]
    assert names(problem, *pair, weights=[0.5, 0.5]) == ["randomized = false: predictions by lot"]
    same = [Table(probabilities=np.ones(len(problem.cells)))] * 2
    assert not names(problem, *same, weights=[0.1, 0.9])


ABSURD: dict[str, tuple[list[Any], Any]] = {
    "huge coefficients": ([Linear(coefficients=[HUGE, HUGE, -HUGE])], [1]),
    "huge intercept": ([Linear(coefficients=[HUGE, 0, 0], intercept=HUGE)], [1]),
    "too few coefficients": ([Linear(coefficients=[1])], [1]),
    "too many coefficients": ([Linear(coefficients=np.ones(99))], [1]),
    "huge network": ([Network(weights=(np.full((3, 2), HUGE), np.full((2, 1), -HUGE)), biases=([0, 0], [0]))], [1]),
    "layers apart": ([Network(weights=(np.ones((3, 2)), np.ones((5, 1))), biases=([0, 0], [0]))], [1]),
    "no layers": ([Network(weights=(), biases=())], [1]),
    "no score": ([Thresholds(values=[0.5])], [1]),
    "too many thresholds": ([Thresholds(values=np.ones(9))], [1]),
    "probabilities above 1": ([Table(probabilities=np.full(8, 2.0))], [1]),
    "negative predictions": ([Predictions(probabilities=np.full(60, -HUGE))], [1]),
    "one prediction": ([Predictions(probabilities=[1])], [1]),
    "no member": ([], []),
    "no weights": ([Linear(coefficients=[1, 1, 1])], []),
    "weights beyond 1": ([Linear(coefficients=[1, 1, 1])] * 2, [1, 1]),
    "negative weights": ([Linear(coefficients=[1, 1, 1])] * 2, [2, -1]),
    "huge weights": ([Linear(coefficients=[1, 1, 1])] * 2, [HUGE, HUGE]),
}


@pytest.mark.parametrize("name", ABSURD)
def test_absurd_answers_are_wrong_and_shown(name: str) -> None:
    problem = people(10, hypothesis="linear")
    members, weights = ABSURD[name]
    answer = Classifier(members=tuple(members), weights=np.array(weights, dtype=float))
    found = problem.evaluate(answer)
    assert found.violations
    assert found.objective == float("inf")
    assert table(problem, answer)[0] == ("member", "value")
    assert figures(problem, answer) == ()


def test_tiny_and_large_coefficients_say_what_their_signs_say() -> None:
    problem = people(11, hypothesis="linear", epsilon=1.0)
    plain = predicted(problem, problem.classifier([Linear(coefficients=[1, -2, 3], intercept=-0.5)]))
    for scale in (1e-300, 1e300):
        scaled = Linear(coefficients=np.array([1, -2, 3]) * scale, intercept=-0.5 * scale)
        np.testing.assert_array_equal(predicted(problem, problem.classifier([scaled])), plain)


@pytest.mark.parametrize("hypothesis", ["linear", "network", "table", "threshold"])
def test_the_trivial_answer_is_feasible(hypothesis: str) -> None:
    problem = people(12, score=np.arange(60), hypothesis=hypothesis, epsilon=0.0, randomized=False)
    found = problem.evaluate(problem.trivial())
    assert not found.violations
    assert found.objective == pytest.approx(min(problem.label.mean(), 1 - problem.label.mean()))
