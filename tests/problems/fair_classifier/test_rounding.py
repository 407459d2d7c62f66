"""Bounds stay below the exact Lagrangian, whatever the weights: rational arithmetic says what it is."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from dualgap.core.witness import Multipliers
from dualgap.problems.fair_classifier import FairClassifier
from dualgap.problems.fair_classifier.rates import Rate

ONE, ZERO = Fraction(1), Fraction(0)
WEIGHTS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "people": lambda rng, n: rng.integers(1, 9, n).astype(float),
    "tenths": lambda rng, n: np.full(n, 0.1),
    "uniform": lambda rng, n: rng.random(n) + 1e-3,
    "twelve decades": lambda rng, n: 10.0 ** rng.uniform(-6, 6, n),
    "nearly cancelling": lambda rng, n: np.where(rng.random(n) < 0.5, 1e8 / 3, 1.0 / 3),
    "thirds": lambda rng, n: np.full(n, 1.0) / 3.0 * (1.0 + rng.integers(0, 3, n) * 2.0**-50),
}


def exact(problem: FairClassifier, multipliers: np.ndarray) -> Fraction:
    """The least value of the Lagrangian over the class, in rational arithmetic from the weights on."""
    rows = np.flatnonzero(problem.train).tolist()
    weight = {i: Fraction(float(problem.mass[i])) for i in rows}
    group, label = problem.groups.tolist(), problem.label.tolist()
    total = sum(weight.values(), ZERO)
    assert problem.rates is not None

    def whole(g: int | None, rate: Rate) -> Fraction:
        return sum((weight[i] for i in rows if g in (None, group[i]) and label[i] in rate.labels), ZERO)

    epsilon, y = Fraction(str(problem.epsilon)), iter(map(Fraction, multipliers.tolist()))
    constant = sum((weight[i] for i in rows if label[i] == 1), ZERO) / total
    unit = {(g, k): (ONE if k == 0 else -ONE) / total for g in range(problem.count) for k in (0, 1)}
    for rate in problem.rates.rates:
        helper = ZERO
        for g in range(problem.count):
            if not whole(g, rate):
                continue
            sides: list[tuple[Fraction | None, Fraction | None, Fraction]]
            if problem.difference == "ratio":
                sides = [(None, ZERO, -ONE), (ZERO, None, epsilon - ONE)]
            else:
                sides = [(ZERO, epsilon, -ONE)] if problem.difference == "max-min" else [(-epsilon, epsilon, ZERO)]
            for lower, upper, on_helper in sides:
                price = next(y)
                side = lower if price > 0 else upper
                constant += price * (side or ZERO)
                helper -= price * on_helper
                for k in rate.labels:
                    unit[g, k] -= price / whole(g, rate)
                    for h in range(problem.count) if problem.difference == "to-overall" else ():
                        unit[h, k] += price / whole(None, rate)
        constant += min(ZERO, helper)
    cost = {i: weight[i] * unit[group[i], label[i]] for i in rows}
    if problem.hypothesis != "threshold":
        found: dict[bytes, Fraction] = {}
        for i in rows:
            key = problem.design[i].tobytes()
            found[key] = found.get(key, ZERO) + cost[i]
        return constant + sum((min(ZERO, value) for value in found.values()), ZERO)
    sets = range(problem.count) if problem.group_aware else [None]
    for g in sets:
        own = [i for i in rows if g in (None, group[i])]
        cuts = [-np.inf, *(float(problem.score[i]) for i in own)]
        constant += min(sum((cost[i] for i in own if problem.score[i] > cut), ZERO) for cut in cuts)
    return constant


@pytest.mark.parametrize("weights", list(WEIGHTS))
@pytest.mark.parametrize("difference", ["max-min", "to-overall", "ratio"])
@pytest.mark.parametrize("hypothesis", ["table", "threshold"])
def test_float_weights_make_no_bound_too_large(weights: str, difference: str, hypothesis: str) -> None:
    rng = np.random.default_rng(len(weights))
    base = FairClassifier.generate(
        30, 4, metric="equalized-odds", difference=difference, hypothesis=hypothesis, epsilon=0.07, groups=3
    )
    fields = {name: getattr(base, name) for name in FairClassifier.model_fields}
    problem = FairClassifier(**{**fields, "weights": WEIGHTS[weights](rng, len(base.label)), "min_group": 0})
    fair = problem.fair_rows
    for trial in range(8):
        drawn = rng.normal(size=len(fair.names)) * 0.2 * 10.0 ** rng.integers(-3, 1)
        drawn = np.clip(drawn, np.where(np.isinf(fair.upper), 0, -np.inf), np.where(np.isinf(fair.lower), 0, np.inf))
        truth = exact(problem, drawn if trial else 0 * drawn)
        bound = problem.bound(Multipliers(rows=drawn if trial else 0 * drawn))
        assert Fraction(float(bound.value)) <= max(ZERO, truth)
        assert float(bound.value) == pytest.approx(max(0.0, float(truth)), abs=1e-9)
        assert bound.margin < 1e-10


def test_the_margin_is_needed() -> None:
    """Plain floats do end above the exact value: without the margin the bound would be wrong."""
    rng = np.random.default_rng(0)
    above = 0
    for seed in range(20):
        base = FairClassifier.generate(30, seed, hypothesis="table", epsilon=0.07)
        fields = {name: getattr(base, name) for name in FairClassifier.model_fields}
        problem = FairClassifier(**{**fields, "weights": rng.random(len(base.label)) + 0.1, "min_group": 0})
        y = rng.normal(size=2) * 0.2
        bound = problem.bound(Multipliers(rows=y))
        above += float(bound.value) + bound.margin > exact(problem, y)
    assert above > 0
