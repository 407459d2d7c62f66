"""Logistic loss under bounds on covariances: against cones, SciPy, and any prices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import LinearConstraint, minimize

import dualgap
from dualgap.core.certificate import Evidence, Verdict
from dualgap.core.errors import InvalidWitnessError, NoRouteError, SpecError
from dualgap.core.witness import GradientPoint, Multipliers
from dualgap.problems.fair_classifier import FairClassifier, Linear, Predictions


def people(groups: int = 2, seed: int = 0, **fields: Any) -> FairClassifier:
    chosen = {"metric": "covariance", "epsilon": 0.01, "groups": groups, "features": 4, "levels": 4, **fields}
    return FairClassifier.generate(60, seed, **chosen)


def by_scipy(problem: FairClassifier) -> float:
    """The optimum from the definitions, with SciPy's own gradients."""
    rows = problem.train
    x, y = problem.design[rows], problem.label[rows].astype(float)
    weights = problem.mass[rows] / problem.mass[rows].sum()
    mean = weights @ x
    deviation = np.sqrt(weights @ (x - mean) ** 2)
    x = (x - mean) / deviation
    groups = [problem.groups[rows] == g for g in range(problem.count)][1 if problem.count == 2 else 0 :]
    rates = np.array([(weights * (member - weights @ member)) @ x for member in groups])

    def loss(theta: np.ndarray) -> float:
        scores = x @ theta[:-1] + theta[-1]
        fit = weights @ (np.logaddexp(0, scores) - y * scores)
        return float(fit + 0.5 * float(problem.ridge) * theta[:-1] @ theta[:-1])

    rates = rates[: len(rates) - (problem.epsilon == 0 and len(rates) > 1)]  # they sum to 0: one follows
    limit = LinearConstraint(np.hstack([rates, np.zeros((len(rates), 1))]), -problem.epsilon, problem.epsilon)
    found = minimize(loss, np.zeros(x.shape[1] + 1), method="SLSQP", constraints=[limit], options={"ftol": 1e-14})
    return float(found.fun)


@pytest.mark.parametrize("groups", [2, 3])
@pytest.mark.parametrize("epsilon", [0.0, 0.01, 10.0])
def test_newton_meets_scipy_and_its_own_bound(groups: int, epsilon: float) -> None:
    problem = people(groups, epsilon=epsilon)
    run = dualgap.solve(problem, "covariance-newton", isolate=False)
    assert run.certificate.verdict is Verdict.OPTIMAL
    assert run.certificate.evidence is Evidence.NUMERICAL
    assert run.certificate.value == pytest.approx(by_scipy(problem), abs=1e-7)
    assert float(run.certificate.value) - float(run.certificate.bound) < 1e-9
    covariances = run.certificate.metrics["covariance"].values()
    assert max(abs(float(value)) for value in covariances) <= epsilon + 1e-6


@pytest.mark.parametrize("solver", ["clarabel", "scs"])
def test_other_routes_agree(solver: str) -> None:
    problem = people()
    exact = dualgap.solve(problem, "covariance-newton", isolate=False)
    run = dualgap.solve(problem, solver, isolate=False)
    assert run.certificate.verdict is Verdict.OPTIMAL
    assert run.certificate.value == pytest.approx(exact.certificate.value, abs=1e-6)


@pytest.mark.shared_data
def test_adult_at_half_a_score_between_groups(shared_data: Path) -> None:
    """Published as c = .5 for the difference of the groups' mean scores: epsilon is that times share (1 - share)."""
    spec = {
        "kind": "fair-classifier",
        "data": str(shared_data / "fairness" / "adult.csv.gz"),
        "label": {"column": "income", "positive": ">50K"},
        "sensitive": ["sex"],
        "drop": ["fnlwgt"],
        "split": {"column": "split"},
        "missing": "category",
        "metric": "covariance",
        "epsilon": 0.11068475,
    }
    problem: Any = dualgap.load(spec)
    run = dualgap.solve(problem, "covariance-newton", isolate=False)
    certificate = run.certificate
    assert certificate.verdict is Verdict.OPTIMAL
    assert float(certificate.value) - float(certificate.bound) < 1e-5
    scores = run.answer.members[0].scores(problem.design[problem.train])
    groups = problem.groups[problem.train]
    assert scores[groups == 1].mean() - scores[groups == 0].mean() == pytest.approx(0.5, abs=1e-4)


@pytest.mark.parametrize("groups", [2, 3])
def test_any_prices_bound_it(groups: int) -> None:
    problem = people(groups, seed=1)
    optimum = dualgap.solve(problem, "covariance-newton", isolate=False).certificate.value
    rng = np.random.default_rng(0)
    for size in (1e-3, 0.1, 1.0, 10.0, 1e6):
        prices = size * rng.normal(size=len(problem.surrogate.rows))
        try:
            bound = problem.bound(Multipliers(rows=prices))
        except InvalidWitnessError:
            assert size >= 1e6
            continue
        assert bound.value <= optimum + 1e-12
        assert bound.evidence is Evidence.NUMERICAL


def test_what_it_does_not_take() -> None:
    problem = people()
    with pytest.raises(InvalidWitnessError, match="takes no"):
        problem.bound(GradientPoint(point=np.zeros(2)))
    with pytest.raises(InvalidWitnessError, match="2 multipliers for 1"):
        problem.bound(Multipliers(rows=np.zeros(2)))
    mixed = problem.classifier([Linear(coefficients=np.ones(4)), Linear(coefficients=np.zeros(4))], [0.5, 0.5])
    assert "without chance" in next(iter(problem.evaluate(mixed).violations))
    others = problem.classifier([Predictions(probabilities=np.zeros(120))])
    assert problem.evaluate(others).violations
    unfair = problem.classifier([Linear(coefficients=100 * np.ones(4))])
    assert "covariance with b" in problem.evaluate(unfair).violations
    with pytest.raises(SpecError, match="ridge"):
        FairClassifier(**{**problem.content(), "ridge": 0.0})
    with pytest.raises(SpecError, match="hypothesis"):
        FairClassifier(**{**problem.content(), "hypothesis": "table"})
    with pytest.raises(NoRouteError, match="covariance"):
        dualgap.solve(FairClassifier.generate(30, 0), "covariance-newton", isolate=False)


def test_weights_count_as_rows_do() -> None:
    problem = people()
    times = np.random.default_rng(0).integers(1, 4, 120)
    fields = problem.content()
    counted = FairClassifier(**{**fields, "weights": times})
    repeated = {name: np.repeat(fields[name], times, axis=0) for name in ("features", "label", "groups")}
    several = FairClassifier(**{**fields, **repeated})
    values = [dualgap.solve(p, "covariance-newton", isolate=False).certificate.value for p in (counted, several)]
    assert values[0] == pytest.approx(values[1], abs=1e-10)
