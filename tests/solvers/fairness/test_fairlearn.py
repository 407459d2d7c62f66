"""fairlearn's methods as solvers: certified like all others, against the exact programs of the same spec."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dualgap
from dualgap import Evidence, Verdict
from dualgap.core.errors import NoRouteError
from dualgap.engine.load import load
from dualgap.problems.fair_classifier import FairClassifier
from tests.solvers.fairness.test_lagrangian import METRICS, optimum, people

pytestmark = pytest.mark.skipif(find_spec("fairlearn") is None, reason="fairlearn is not installed")

GRADIENT, GRID, THRESHOLDS = (
    f"{name}@fairlearn" for name in ("exponentiated-gradient", "grid-search", "threshold-optimizer")
)
COMPAS = Path(dualgap.__file__).parent / "problems" / "fair_classifier" / "examples" / "basic.toml"


def solved(problem: Any, solver: str, **parameters: Any) -> Any:
    run = dualgap.solve(problem, solver, parameters=parameters, isolate=False, time=60)
    assert run.certificate is not None, run.error
    return run


def compas(**settings: Any) -> FairClassifier:
    return load(COMPAS, settings={name: str(value).lower() for name, value in settings.items()}).problem  # type: ignore[return-value]


@pytest.mark.parametrize("metric", METRICS)
def test_reductions_are_fair_and_no_better_than_the_best_linear_mixture(metric: str) -> None:
    problem = people(metric=metric)
    best = optimum(problem)
    for solver in (GRADIENT, GRID):
        certificate = solved(problem, solver).certificate
        assert certificate.verdict is Verdict.FEASIBLE
        assert certificate.value >= best - 1e-5  # the verifier's tolerance of epsilon


def test_the_bound_is_searched_until_the_gap_is_epsilon() -> None:
    """Two groups of one size: their range is twice the distance from the rate of all."""
    problem = people(epsilon=0.05)
    run = solved(problem, GRADIENT)
    assert run.statistics["fits"] > 1
    assert run.certificate.metrics["train"]["demographic-parity"] == pytest.approx(0.05, abs=2e-5)
    once = solved(problem, GRADIENT, fits=1)
    assert once.statistics["bound that was asked for"] == 0.05
    assert "none of 1 fits meets epsilon: the best has a gap of" in once.message
    assert once.answer == problem.trivial()  # which stands where a solver finds nothing


def test_rows_that_count_several_people_are_written_out() -> None:
    problem = people(size=60)
    rng = np.random.default_rng(3)
    weights = rng.integers(1, 4, 60)
    fields = {name: getattr(problem, name) for name in ("features", "label", "groups", "group_names", "epsilon")}
    counted = FairClassifier(**fields, weights=weights, min_group=1)
    each = {name: np.repeat(fields[name], weights, axis=0) for name in ("features", "label", "groups")}
    written = FairClassifier(**{**fields, **each}, min_group=1)
    first, second = (solved(each, GRADIENT).certificate for each in (counted, written))
    assert first.value == pytest.approx(second.value, abs=1e-12)
    halves = FairClassifier(**fields, weights=weights / 2, min_group=1)
    with pytest.raises(NoRouteError, match="it takes no weights"):
        solved(halves, GRADIENT)


@pytest.mark.parametrize("epsilon", [0.0, 0.02])
@pytest.mark.parametrize("metric", ["demographic-parity", "equal-opportunity"])
def test_thresholds_are_those_of_the_exact_program(metric: str, epsilon: float) -> None:
    problem = compas(
        hypothesis="threshold", score="logistic-regression", group_aware=True, metric=metric, epsilon=epsilon
    )
    exact = solved(problem, "highs").certificate
    assert exact.verdict is Verdict.OPTIMAL
    assert exact.evidence is Evidence.PROVED
    theirs = solved(problem, THRESHOLDS, grid=20_000).certificate
    assert theirs.feasible
    assert theirs.value == pytest.approx(exact.value, abs=1e-5)
    assert theirs.value >= exact.bound - 1e-6


def test_equalised_odds_have_no_tolerance_there() -> None:
    settings = {"hypothesis": "threshold", "score": "logistic-regression", "group_aware": True}
    with pytest.raises(NoRouteError, match="epsilon = 0"):
        solved(compas(metric="equalized-odds", epsilon=0.05, **settings), THRESHOLDS)
    alike = compas(metric="equalized-odds", epsilon=0.0, **settings)
    exact, theirs = (solved(alike, solver).certificate for solver in ("highs", THRESHOLDS))
    assert theirs.feasible
    assert exact.value <= theirs.value + 1e-6


@pytest.mark.parametrize("epsilon", [0.01, 0.05])
@pytest.mark.parametrize("metric", ["demographic-parity", "equalized-odds"])
def test_on_compas_the_lagrangian_errs_no_more(metric: str, epsilon: float) -> None:
    problem = compas(hypothesis="linear", group_aware=False, metric=metric, epsilon=epsilon)
    bound = next(
        bound for bound in solved(problem, "proxy-lagrangian").certificate.bounds if bound.evidence is Evidence.PROVED
    )
    ours, theirs = (solved(problem, solver).certificate for solver in ("proxy-lagrangian", GRADIENT))
    assert bound.value <= ours.value <= theirs.value + 1e-9


@pytest.mark.parametrize(
    ("fields", "solver", "reason"),
    [
        ({"randomized": False}, GRADIENT, "its answers are mixtures"),
        ({"metric": "covariance", "randomized": False}, GRID, "it takes rates"),
        ({"margin": 0.1, "randomized": False}, GRID, "margin = 0"),
        ({"hypothesis": "network"}, GRID, "its classifiers are linear"),
        ({}, THRESHOLDS, "it needs a score"),
    ],
)
def test_what_they_refuse(fields: dict[str, Any], solver: str, reason: str) -> None:
    with pytest.raises(NoRouteError, match=reason):
        solved(people(**fields), solver)
