"""Bounds from multipliers, against linear programs and enumeration."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog

from dualgap.problems.fair_classifier.cells import Cells, cells
from dualgap.problems.fair_classifier.lagrangian import costs, over_cells, over_thresholds
from dualgap.problems.fair_classifier.rates import Difference, Metric, Rows, Tally, rows

METRICS = list(Metric)
DIFFERENCES: list[Difference] = ["max-min", "to-overall", "ratio"]


def drawn(seed: int, n: int = 60, groups: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    seen = rng.integers(0, 2, (n, 3)).astype(float)
    codes, labels = rng.integers(0, groups, n), rng.integers(0, 2, n)
    codes[: 2 * groups], labels[: 2 * groups] = np.repeat(np.arange(groups), 2), np.tile([0, 1], groups)
    return seen, codes, labels, rng.integers(1, 5, n).astype(float)


def program(found: Cells, mass: np.ndarray, fair: Rows) -> tuple[float, np.ndarray]:
    """The least error over all randomised classifiers of the cells, and the rows' multipliers."""
    total, share = mass.sum(), found.masses.sum(axis=1)
    cost = (found.masses[:, 0::2].sum(axis=1) - found.masses[:, 1::2].sum(axis=1)) / total
    k = fair.auxiliary.shape[1]
    matrix = np.hstack([fair.positive @ found.masses.T, fair.auxiliary])
    above, below = np.isfinite(fair.lower), np.isfinite(fair.upper)
    solved = linprog(
        np.concatenate([cost, np.zeros(k)]),
        A_ub=np.vstack([matrix[below], -matrix[above]]),
        b_ub=np.concatenate([fair.upper[below], -fair.lower[above]]),
        bounds=[(0, 1)] * (len(share) + k),
    )
    assert solved.success
    multipliers = np.zeros(len(fair.lower))
    duals = solved.ineqlin.marginals
    multipliers[below] += duals[: below.sum()]
    multipliers[above] -= duals[below.sum() :]
    return float(solved.fun + mass[:, 1].sum() / total), multipliers


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("difference", DIFFERENCES)
@pytest.mark.parametrize("seed", range(4))
def test_the_cells_bound_meets_the_linear_program(metric: Metric, difference: Difference, seed: int) -> None:
    seen, codes, labels, weights = drawn(seed)
    found = cells(seen, codes, labels, weights, 3)
    mass = Tally.of(codes, labels, weights, np.zeros(len(codes)), 3).mass
    fair = rows(mass, metric, difference, 0.05, "abc")
    optimum, multipliers = program(found, mass, fair)
    at = costs(fair, mass, multipliers)
    assert at is not None
    bound = over_cells(at, found.masses)
    assert bound <= optimum + 1e-12
    assert bound == pytest.approx(optimum, abs=1e-8)
    rng = np.random.default_rng(seed)
    for _ in range(20):  # any multipliers bound it
        other = costs(
            fair, mass, multipliers + rng.normal(size=len(multipliers)) * np.isfinite(fair.lower + fair.upper)
        )
        assert other is not None
        assert over_cells(other, found.masses) <= optimum + 1e-12


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("difference", DIFFERENCES)
def test_rows_say_what_the_gap_says(metric: Metric, difference: Difference) -> None:
    """The rows can be met with some auxiliary numbers just where the gap is at most epsilon."""
    _, codes, labels, weights = drawn(7, 40)
    rng = np.random.default_rng(0)
    both = set()
    for _ in range(60):
        lean = rng.uniform(-0.3, 0.3) * (codes - 1)
        predicted = np.clip(rng.random() + lean + rng.uniform(-0.1, 0.1, 40), 0, 1)
        tally = Tally.of(codes, labels, weights, predicted, 3)
        fair = rows(tally.mass, metric, difference, 0.15, "abc")
        activity = fair.positive @ tally.positive.ravel()
        k = fair.auxiliary.shape[1]
        rates = [tally.rates(rate) for rate in metric.rates]
        helper = np.array([r.max() if difference == "ratio" else r.min() for r in rates])[:k]
        total = activity + fair.auxiliary @ helper
        met = bool((total >= fair.lower - 1e-12).all() and (total <= fair.upper + 1e-12).all())
        assert met == (tally.gap(metric, difference) <= 0.15 + 1e-12)
        both.add(met)
    assert both == {True, False}


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("aware", [True, False])
def test_the_thresholds_bound_holds_for_every_threshold(metric: Metric, aware: bool) -> None:
    rng = np.random.default_rng(3)
    _, codes, labels, weights = drawn(5, 30, 2)
    score = rng.integers(0, 5, 30).astype(float)
    mass = Tally.of(codes, labels, weights, np.zeros(30), 2).mass
    fair = rows(mass, metric, "max-min", 0.1, "ab")
    cuts = [-1.0, 0.0, 1.0, 2.0, 3.0, 4.0]

    def above(part: np.ndarray) -> np.ndarray:
        positive = [Tally.of(codes, labels, weights, (score > cut) & part, 2).positive.ravel() for cut in cuts]
        return np.array(positive)

    sets = tuple(above(codes == g) for g in range(2)) if aware else (above(np.ones(30, dtype=bool)),)
    best = np.inf
    for choice in product(range(len(cuts)), repeat=len(sets)):
        tally = Tally(mass, sum(part[t] for part, t in zip(sets, choice)).reshape(2, 2))
        if tally.gap(metric) <= 0.1:
            best = min(best, tally.error)
    for _ in range(50):
        at = costs(fair, mass, rng.normal(size=len(fair.lower)) * 0.3)
        assert at is not None
        assert over_thresholds(at, sets) <= best


def test_a_price_on_a_side_that_is_not_there_bounds_nothing() -> None:
    _, codes, labels, weights = drawn(1)
    mass = Tally.of(codes, labels, weights, np.zeros(len(codes)), 3).mass
    fair = rows(mass, Metric.DEMOGRAPHIC_PARITY, "ratio", 0.1, "abc")
    assert costs(fair, mass, np.where(np.isinf(fair.lower), 1.0, 0.0)) is None


def test_groups_without_rows_of_a_label_have_no_row_and_do_not_count() -> None:
    mass = np.array([[3.0, 0.0], [2.0, 2.0]])
    tally = Tally(mass, np.array([[1.0, 0.0], [0.0, 1.0]]))
    assert tally.gap(Metric.EQUAL_OPPORTUNITY) == 0.0
    assert rows(mass, Metric.EQUALIZED_ODDS, "max-min", 0.1, "ab").names == (
        "true positive rate of b",
        "false positive rate of a",
        "false positive rate of b",
    )
