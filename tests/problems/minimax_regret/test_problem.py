"""The kind: specs, answers, certificates; every built-in solver that reaches it, against SciPy."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import dualgap
from dualgap import Evidence, MinimaxRegret, Verdict
from dualgap.core.claim import Outcome
from dualgap.core.errors import InvalidWitnessError, NoRouteError, SpecError, UsageError
from dualgap.core.verify import verify
from dualgap.problems.examples import examples
from dualgap.problems.minimax_regret import GroupWeights, LinearModel
from dualgap.testing import check_problem
from dualgap.testing.pipeline import false_claims
from tests.problems.minimax_regret.references import instances, optimum, score

NAMES = list(instances())
PRECISE = {"clarabel": 1e-6, "scs": 1e-5, "dual-ascent[rule=level]": 1e-6, "augmented-lagrangian": 1e-4}
ROUGH = {
    "dual-ascent": 1e-2,
    "pgd": 1e-2,
    "extragradient": 1e-3,
    "mirror-prox": 1e-3,
    "cvxpy": 1e-6,
    "pooled-fit": float("inf"),
}
SLOW = {
    "cvxpy": ("squared", "logistic"),
    "mirror-prox": ("squared", "logistic"),
    "extragradient": ("squared", "logistic", "denoising"),
}
FOLDER = Path(__file__).resolve().parents[3]


@cache
def known(name: str) -> tuple[MinimaxRegret, float]:
    problem = instances()[name]
    return problem, optimum(problem)


def test_it_keeps_the_contract() -> None:
    given = instances()
    check_problem(MinimaxRegret, [given[name] for name in ("squared", "logistic")])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("solver", [*PRECISE, *ROUGH])
def test_solvers_bracket_the_optimum(solver: str, name: str) -> None:
    if name not in SLOW.get(solver, NAMES):
        pytest.skip("slow: these variants are enough")
    problem, best = known(name)
    run = dualgap.solve(problem, solver, isolate=False, time=20)
    certificate = run.certificate
    assert certificate is not None, run.error
    assert certificate.value is not None
    assert not false_claims(run)
    assert float(certificate.value) >= best - 1e-6
    assert float(certificate.value) <= best + {**PRECISE, **ROUGH}[solver] * max(1.0, best)
    assert certificate.bound is not None
    assert float(certificate.bound) <= best + 1e-6
    if solver in PRECISE:
        assert float(certificate.bound) >= best - 1e-4 * max(1.0, best)
        assert certificate.verdict in (Verdict.OPTIMAL, Verdict.FEASIBLE, Verdict.CLAIMED_OPTIMAL)
    if certificate.evidence is not Evidence.CLAIMED:
        assert certificate.evidence is (Evidence.NUMERICAL if problem.loss == "logistic" else Evidence.PROVED)


@pytest.mark.parametrize("name", NAMES)
def test_dispatch_closes_the_gap(name: str) -> None:
    problem, best = known(name)
    run = dualgap.solve(problem, isolate=False)
    assert run.certificate is not None
    assert run.certificate.verdict is Verdict.OPTIMAL
    assert float(run.certificate.value) == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_any_weights_bound_from_below(name: str) -> None:
    problem, best = known(name)
    rng = np.random.default_rng(0)
    k = len(problem.group_names)
    for weights in [*rng.dirichlet(np.full(k, 0.3), 20), *np.eye(k), 1e-9 + np.eye(k)[0], 1e5 * np.ones(k)]:
        bound = problem.bound(GroupWeights(weights=weights))
        assert float(bound.value) <= best + 1e-7
        assert float(bound.value) > -1e-6


@pytest.mark.parametrize("name", NAMES)
def test_evaluation_is_as_written_out(name: str) -> None:
    problem, _ = known(name)
    rng = np.random.default_rng(0)
    own = problem.risks.optima.upper
    for _ in range(5):
        theta = rng.normal(size=len(problem.coefficient_names))
        found = problem.evaluate(LinearModel(coefficients=theta))
        assert float(found.objective) == pytest.approx(score(problem, theta, own).max(), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    "weights", [[1.0], [1.0, 1.0, 1.0, 1.0], [-0.1, 0.6, 0.5], [0.0, 0.0, 0.0], []], ids=lambda w: str(len(w))
)
def test_weights_that_are_no_mixture_prove_nothing(weights: list[float]) -> None:
    problem, _ = known("squared")
    with pytest.raises(InvalidWitnessError):
        problem.bound(GroupWeights(weights=weights))


def test_a_solver_that_lies_about_the_optima_is_noticed() -> None:
    """Regrets against optima that are too small, or a bound from optima that are too small: both are recomputed."""
    problem, best = known("squared")
    run = dualgap.solve(problem, isolate=False)
    small = float(run.certificate.value) - 0.1
    outcome = Outcome(answer=run.answer, feasible=True, value=small, bound=best + 0.1, witness=run.witness)
    found = verify(problem, outcome)
    assert [check.name for check in found.checks if not check.passed] == ["value", "bound"]
    assert found.certificate.value == run.certificate.value
    assert found.certificate.verdict is Verdict.CONTRADICTED


def test_a_tampered_run_is_noticed(tmp_path: Path) -> None:
    problem, _ = known("squared")
    run = dualgap.solve(problem, isolate=False)
    data = run.data()
    name = problem.coefficient_names[0]
    data["answer"]["coefficients"][name] += 0.1
    (tmp_path / "run.json").write_text(json.dumps(data))
    graded = dualgap.verify(problem, tmp_path / "run.json")
    assert graded.certificate is not None
    assert run.certificate is not None
    assert float(graded.certificate.value) > float(run.certificate.value) + 1e-4


def test_answers_of_another_size_are_violations() -> None:
    problem, _ = known("squared")
    assert problem.evaluate(LinearModel(coefficients=[1.0])).violations
    assert problem.evaluate(LinearModel(coefficients=np.full(4, 1e200))).violations


# Specs.
CSV = "id,hours,age,outcome,site\n7,1,30,yes,north\n8,2,40,no,north\n9,3,35,yes,07\n10,5,50,no,07\n"


def load(folder: Path, **fields: object) -> MinimaxRegret:
    (folder / "data.csv").write_text(CSV)
    (folder / "spec.json").write_text(json.dumps({"kind": "minimax-regret", "data": "data.csv", **fields}))
    problem = dualgap.load(folder / "spec.json")
    assert isinstance(problem, MinimaxRegret)
    return problem


def test_columns_by_name(tmp_path: Path) -> None:
    label = {"column": "outcome", "positive": "yes"}
    problem = load(tmp_path, label=label, groups="site", features=["hours", "age"], loss="logistic")
    assert problem.coefficient_names == ("hours", "age", "intercept")
    assert problem.label.tolist() == [1, 0, 1, 0]
    assert problem.group_names == ("north", "07")
    assert problem.features.tolist() == [[1, 30], [2, 40], [3, 35], [5, 50]]


def test_all_other_columns_are_features(tmp_path: Path) -> None:
    problem = load(tmp_path, label={"column": "outcome", "positive": "yes"}, groups="site", weights="id")
    assert problem.coefficient_names == ("hours", "age", "intercept")
    assert problem.weights.tolist() == [7, 8, 9, 10]
    with pytest.raises(SpecError, match="column 'outcome' isn't numeric"):
        load(tmp_path, label="hours", groups="site")


def test_a_cell_that_is_no_number_is_named(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text(CSV.replace("8,2,40", "8,2,"))
    (tmp_path / "spec.json").write_text(
        json.dumps(
            {"kind": "minimax-regret", "data": "data.csv", "label": "hours", "groups": "site", "features": ["age"]}
        )
    )
    with pytest.raises(SpecError, match="column 'age' has an empty cell in row 2"):
        dualgap.load(tmp_path / "spec.json")


FAULTS = {
    "label: labels are texts": {"label": "outcome", "groups": "site", "features": ["age"], "loss": "logistic"},
    "label.positive: no label is 'maybe'": {
        "label": {"column": "outcome", "positive": "maybe"},
        "groups": "site",
        "features": ["age"],
    },
    "label.yes: unknown field": {"label": {"column": "outcome", "yes": 1}, "groups": "site", "features": ["age"]},
    "groups: no column 'cite'": {"label": "hours", "groups": "cite", "features": ["age"]},
    "groups: missing": {"label": "hours", "features": ["age"]},
    "loss: Input should be": {"label": "hours", "groups": "site", "features": ["age"], "loss": "hinge"},
}


@pytest.mark.parametrize("message", FAULTS)
def test_faults_of_columns(tmp_path: Path, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        load(tmp_path, **FAULTS[message])
    assert message in str(caught.value)


X, EYE = [[1, 2], [3, 4]], [[1.0, 0.0], [0.0, 1.0]]
DATA = {"features": X, "label": [1, 0], "groups": ["a", "b"]}
MISFITS = {
    "features: missing": {},
    "label: 3 entries, but features has 2 rows": {**DATA, "label": [1, 2, 3]},
    "label: labels of logistic loss are 0 and 1": {**DATA, "label": [1, 2], "loss": "logistic"},
    "ridge: 0: groups that can be separated": {**DATA, "loss": "logistic", "ridge": 0},
    "ridge: -1 is negative": {**DATA, "ridge": -1},
    "weights: a negative weight": {**DATA, "weights": [-1, 1]},
    "weights: group 'a' has none": {**DATA, "weights": [0, 1]},
    "names: 1 entries, expected 2": {**DATA, "names": ["p"]},
    "names: 'intercept' twice": {**DATA, "names": ["intercept", "p"]},
    "goal: group 'a' can be fitted without risk": {**DATA, "ridge": 0, "goal": "ratio"},
    "features: an entry of size 1e+99": {**DATA, "features": [[1e99, 2], [3, 4]]},
    "quadratic: missing beside linear": {**DATA, "linear": [[1, 1]]},
    "quadratic: its shape is (2, 2)": {"quadratic": EYE, "linear": [[1, 1]]},
    "quadratic[0]: not symmetric": {"quadratic": [[[1, 1], [0, 1]]], "linear": [[1, 1]]},
    "quadratic[0]: the eigenvalue -1": {"quadratic": [[[1, 2], [2, 1]]], "linear": [[1, 1]]},
    "linear[0]: the risk has no minimum": {"quadratic": [[[1, 0], [0, 0]]], "linear": [[1, 1]]},
    "linear: its shape is (1, 2)": {"quadratic": [EYE, EYE], "linear": [[1, 1]]},
    "constant: its shape is (2,)": {"quadratic": [EYE], "linear": [[1, 1]], "constant": [1, 2]},
    "groups: 1 names for 2 groups": {"quadratic": [EYE, EYE], "linear": X, "groups": ["a", "a"]},
    "label: data beside given quadratics": {"quadratic": [EYE], "linear": [[1, 1]], **DATA},
    "loss: given quadratics have no other loss": {"quadratic": [EYE], "linear": [[1, 1]], "loss": "logistic"},
}


@pytest.mark.parametrize("message", MISFITS)
def test_faults_of_fields(message: str) -> None:
    with pytest.raises(SpecError) as caught:
        MinimaxRegret(**MISFITS[message])
    assert message in str(caught.value)


@pytest.mark.parametrize("options", [{"family": "none"}, {"samples": 0}, {"taps": 3}])
def test_generator_options(options: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        MinimaxRegret.generate(3, 1, **options)


def test_models_by_name() -> None:
    problem, _ = known("squared")
    given = {name: float(k) for k, name in enumerate(problem.coefficient_names)}
    assert problem.read_answer({"coefficients": given}).coefficients.tolist() == [0, 1, 2, 3]
    with pytest.raises(SpecError, match=r"coefficients\.speed: no such"):
        problem.read_answer({"coefficients": {**given, "speed": 1}})
    with pytest.raises(SpecError, match=r"coefficients\.x1: missing"):
        problem.read_answer({"coefficients": {"x2": 1.0}})


# Examples.
def test_the_worst_noise_level_gains_decibels() -> None:
    run = dualgap.solve(examples(MinimaxRegret)["denoising"], isolate=False)
    worst = run.certificate.metrics["worst case"]
    assert run.certificate.verdict is Verdict.OPTIMAL
    assert run.certificate.evidence is Evidence.PROVED
    assert worst["gain over it, dB"] == pytest.approx(4.2154, abs=1e-3)
    assert max(run.certificate.metrics["pooled loss, dB"].values()) == pytest.approx(7.2956, abs=1e-3)
    assert max(run.certificate.metrics["loss, dB"].values()) == pytest.approx(3.0802, abs=1e-3)


def test_the_rare_class_is_found() -> None:
    run = dualgap.solve(examples(MinimaxRegret)["eights"], isolate=False)
    assert run.certificate.verdict is Verdict.OPTIMAL
    worst = run.certificate.metrics["worst case"]
    assert worst["pooled fit: accuracy"] < 0.1
    assert worst["accuracy"] > 0.75
    table = dualgap.load(examples(MinimaxRegret)["eights"]).render_metrics(run.certificate.metrics)
    assert table[0][0][0] == "group"
    assert {row[0] for row in table[0][1:]} == {"eight", "other"}
    assert sum(run.certificate.metrics["weight"].values()) == pytest.approx(1.0)


@pytest.mark.skipif(importlib.util.find_spec("sklearn") is None, reason="needs scikit-learn")
def test_the_shipped_data_come_from_their_script(tmp_path: Path) -> None:
    script = FOLDER / "examples" / "eights.py"
    subprocess.run([sys.executable, str(script), str(tmp_path / "eights.csv")], check=True, timeout=120)
    shipped = examples(MinimaxRegret)["eights"].parent / "eights.csv"
    assert (tmp_path / "eights.csv").read_bytes() == shipped.read_bytes()


def test_every_view_is_reached() -> None:
    problem, _ = known("logistic")
    assert {view.name for view in problem.views()} == {"cones", "weights", "saddle", "epigraph", "smooth-maximum"}
    with pytest.raises(NoRouteError):
        dualgap.solve(problem, "highs", isolate=False)
