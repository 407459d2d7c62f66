"""Adult whole: tens of thousands of cells and of thresholds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import dualgap
from dualgap.core.certificate import Evidence, Verdict
from dualgap.engine.run import Run
from dualgap.problems.fair_classifier import FairClassifier, Thresholds

SPEC: dict[str, Any] = {
    "kind": "fair-classifier",
    "label": {"column": "income", "positive": ">50K"},
    "sensitive": ["sex"],
    "drop": ["fnlwgt"],
    "split": {"column": "split"},
    "missing": "category",
    "score": "logistic-regression",
    "hypothesis": "threshold",
    "group_aware": True,
}


@pytest.fixture(scope="module")
def adult(shared_data: Path) -> FairClassifier:
    problem = dualgap.load({**SPEC, "data": str(shared_data / "fairness" / "adult.csv.gz")})
    assert isinstance(problem, FairClassifier)
    return problem


def solved(problem: FairClassifier, solver: str = "highs", **fields: Any) -> Run:
    given = {name: getattr(problem, name) for name in FairClassifier.model_fields}
    run = dualgap.solve(FairClassifier(**{**given, **fields}), solver, isolate=False)
    assert run.certificate is not None
    assert run.certificate.verdict is Verdict.OPTIMAL
    assert run.certificate.evidence is Evidence.PROVED
    return run


@pytest.mark.shared_data
@pytest.mark.parametrize(("metric", "error"), [("demographic-parity", 0.0753), ("equalized-odds", 0.0252)])
def test_cells_are_mostly_single_people_and_their_bound_says_so(
    adult: FairClassifier, metric: str, error: float
) -> None:
    fields: dict[str, Any] = {"hypothesis": "table", "group_aware": False, "epsilon": 0.01, "scorer": None}
    certificate = solved(adult, metric=metric, **fields).certificate
    assert certificate is not None
    assert certificate.value == pytest.approx(error, abs=1e-4)
    assert certificate.argument.startswith("weak: mostly unique rows")


@pytest.mark.shared_data
@pytest.mark.parametrize("metric", ["demographic-parity", "equalized-odds"])
def test_thresholds_need_few_members(adult: FairClassifier, metric: str) -> None:
    """A vertex mixes hardly more thresholds than rows bind; bisection or ascent end at the same number."""
    run = solved(adult, metric=metric, epsilon=0.01)
    members = run.answer.members
    assert all(isinstance(member, Thresholds) for member in members)
    assert len(members) <= 4
    if metric == "demographic-parity":
        other = solved(adult, "bisection", metric=metric, epsilon=0.01).certificate
        assert other is not None
        assert run.certificate is not None
        assert other.value == pytest.approx(run.certificate.value, abs=1e-7)
