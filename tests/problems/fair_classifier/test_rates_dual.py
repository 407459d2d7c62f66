"""The rates' dual: its maximum is the program's minimum, and its points become fair classifiers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dualgap
from dualgap.core.certificate import Evidence, Verdict
from dualgap.core.relations import Relation
from dualgap.core.witness import Multipliers
from dualgap.problems.fair_classifier import FairClassifier
from dualgap.problems.fair_classifier.cells_program import repair as repaired_cells
from dualgap.problems.fair_classifier.rates_dual import directions, program
from dualgap.problems.fair_classifier.thresholds_program import repair as repaired_thresholds
from dualgap.solvers.dual_ascent import DualAscent

METRICS = ["demographic-parity", "equalized-odds", "equal-opportunity"]
DIFFERENCES = ["max-min", "to-overall", "ratio"]


def drawn(seed: int, **options: Any) -> FairClassifier:
    return FairClassifier.generate(40, seed, **{"epsilon": 0.05, **options})


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("difference", DIFFERENCES)
@pytest.mark.parametrize("hypothesis", ["table", "threshold"])
def test_it_meets_the_program(metric: str, difference: str, hypothesis: str) -> None:
    """Strong duality: both ways end at the same number, proved."""
    problem = drawn(3, metric=metric, difference=difference, hypothesis=hypothesis, groups=3)
    simplex = dualgap.solve(problem, "highs", isolate=False).certificate
    ascent = dualgap.solve(problem, DualAscent(rule="level"), isolate=False).certificate
    assert simplex is not None
    assert ascent is not None
    assert ascent.evidence is Evidence.PROVED
    assert ascent.bound == pytest.approx(simplex.value, abs=1e-6)
    assert ascent.value == pytest.approx(simplex.value, abs=1e-5)
    assert float(ascent.value) >= float(simplex.bound) - 1e-9  # type: ignore[arg-type]


@pytest.mark.parametrize("difference", ["max-min", "to-overall"])
@pytest.mark.parametrize("metric", ["demographic-parity", "equal-opportunity"])
@pytest.mark.parametrize("hypothesis", ["table", "threshold"])
def test_two_groups_have_one_multiplier(difference: str, metric: str, hypothesis: str) -> None:
    problem = drawn(1, metric=metric, difference=difference, hypothesis=hypothesis, epsilon=0.02)
    assert directions(problem).basis.shape[1] == 1
    simplex = dualgap.solve(problem, "highs", isolate=False).certificate
    bisection = dualgap.solve(problem, "bisection", isolate=False).certificate
    assert simplex is not None
    assert bisection is not None
    assert bisection.verdict is Verdict.OPTIMAL
    assert bisection.value == pytest.approx(simplex.value, abs=1e-8)


@pytest.mark.parametrize("difference", DIFFERENCES)
@pytest.mark.parametrize("hypothesis", ["table", "threshold"])
def test_supergradients_bound_the_dual(difference: str, hypothesis: str) -> None:
    """``q(z) <= q(y) + g(y)'(z - y)`` for all multipliers of the right signs, and q is what the verifier proves."""
    problem = drawn(5, metric="equalized-odds", difference=difference, hypothesis=hypothesis, groups=3)
    form, view = program(problem), next(view for view in problem.views() if view.name == "rates-dual")
    assert view.lift_witness is not None
    assert view.encode_witness is not None
    rng = np.random.default_rng(0)
    points = [form.nearest(rng.normal(size=form.dimension) * (rng.random(form.dimension) < 0.7)) for _ in range(12)]
    for y in points:
        here = form.inner(y)
        for z in points:
            assert form.inner(z).value <= here.value + here.supergradient @ (z - y) + 1e-9
        lifted = view.lift_witness(Multipliers(rows=y))
        assert lifted is not None
        assert float(problem.bound(lifted).value) == pytest.approx(max(0.0, here.value), abs=1e-9)
        back = view.encode_witness(lifted)
        assert isinstance(back, Multipliers)
        np.testing.assert_allclose(back.rows, y, atol=1e-12)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("difference", DIFFERENCES)
@pytest.mark.parametrize("randomized", [True, False])
def test_any_point_becomes_fair(metric: str, difference: str, randomized: bool) -> None:
    rng = np.random.default_rng(2)
    options: dict[str, Any] = {"metric": metric, "difference": difference, "randomized": randomized, "groups": 3}
    table, ranked = drawn(7, hypothesis="table", **options), drawn(7, hypothesis="threshold", **options)
    count = sum(len(above) for above in ranked.above)
    for _ in range(10):
        answer = repaired_cells(table, rng.random(len(table.cells)))
        assert not any(v.amount > 6e-7 for v in table.evaluate(answer).violations.values())
        answer = repaired_thresholds(ranked, rng.random(count) if not randomized else _few(ranked, rng))
        assert not any(v.amount > 6e-7 for v in ranked.evaluate(answer).violations.values())


def _few(problem: FairClassifier, rng: np.random.Generator) -> np.ndarray:
    """Weights of the thresholds that the view keeps."""
    return rng.random(problem.views()[0].build().size[0])  # type: ignore[attr-defined,no-any-return]


def test_a_fair_point_stays_as_it_is() -> None:
    problem = drawn(0, hypothesis="table", epsilon=1.0)
    values = np.random.default_rng(0).random(len(problem.cells))
    (member,) = repaired_cells(problem, values).members
    np.testing.assert_array_equal(member.probabilities, values)  # type: ignore[union-attr]


def test_what_it_says_of_other_classes() -> None:
    relations = {
        "table": Relation.EXACT,
        "threshold": Relation.EXACT,
        "linear": Relation.RELAXATION,
        "network": Relation.RELAXATION,
    }
    for hypothesis, relation in relations.items():
        (view,) = [view for view in drawn(0, hypothesis=hypothesis).views() if view.name == "rates-dual"]
        assert view.relation is relation
    (sure,) = [view for view in drawn(0, hypothesis="table", randomized=False).views() if view.name == "rates-dual"]
    assert sure.relation is Relation.RELAXATION
