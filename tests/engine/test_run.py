"""Runs as JSON: strict, whole, readable again, refused where they are of another problem or a newer schema."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

import dualgap
from dualgap.core.errors import SpecError
from dualgap.engine.run import certificate_from_data, read_run
from tests.contract.matrix_game import Game

PROBLEM = dualgap.Knapsack(values=[3, 1, 2], weights=[5, 4, 3], capacity=8, names=["lamp", "book", "rope"])


@pytest.fixture(scope="module")
def run():
    return dualgap.solve(PROBLEM, "highs", isolate=False)


def test_the_json_is_strict_and_has_what_the_design_promises(run):
    data = json.loads(run.json(), parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert data["schema_version"] == 1
    assert data["problem"] == {"kind": "knapsack", "hash": PROBLEM.digest()}
    assert data["answer"] == {"items": {"lamp": 1, "rope": 1}}
    for key in ("solver", "parameters", "route", "certificate", "seconds", "stop", "versions", "seed", "checks"):
        assert key in data
    assert {"sense", "value", "bound", "evidence", "gap", "relative_gap", "verdict", "statement"} <= set(
        data["certificate"]
    )


def test_a_saved_run_comes_back(run, tmp_path):
    run.save(tmp_path / "run.json")
    again = read_run(tmp_path / "run.json", PROBLEM)
    assert again.data() == run.data()
    assert again.answer == run.answer


def test_large_arrays_go_to_sidecars_and_are_checked(tmp_path):
    problem = dualgap.Knapsack(values=np.arange(1, 10001), weights=np.ones(10000), capacity=3)
    run = replace(dualgap.solve(problem, "highs", isolate=False), witness=dualgap.Multipliers(rows=np.arange(10000.0)))
    run.save(tmp_path / "run.json")
    (sidecar,) = (tmp_path / "run.arrays").iterdir()
    assert read_run(tmp_path / "run.json", problem).witness == run.witness
    np.save(sidecar, np.arange(9.0))
    with pytest.raises(SpecError, match="has been changed"):
        read_run(tmp_path / "run.json", problem)
    sidecar.unlink()
    with pytest.raises(SpecError, match="keep the run's"):
        read_run(tmp_path / "run.json", problem)


def test_unknown_keys_are_ignored_and_newer_schemas_refused(run, tmp_path):
    path = tmp_path / "run.json"
    path.write_text(json.dumps({**run.data(), "added_later": 1}))
    assert read_run(path, PROBLEM).answer == run.answer
    path.write_text(json.dumps({**run.data(), "schema_version": 2}))
    with pytest.raises(SpecError, match="update dualgap"):
        read_run(path, PROBLEM)


def test_a_run_of_another_problem_is_refused(run, tmp_path):
    run.save(tmp_path / "run.json")
    other = dualgap.Knapsack(values=[3, 1, 2], weights=[5, 4, 3], capacity=9)
    with pytest.raises(SpecError, match="another problem"):
        read_run(tmp_path / "run.json", other)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null", "\x00\x01"])
def test_what_is_no_run_is_refused(text, tmp_path):
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(SpecError):
        read_run(tmp_path / "run.json", PROBLEM)


def test_exact_fractions_survive():
    run = dualgap.solve(Game(payoff=[[0, 1, -2], [-1, 0, 1], [1, -1, 0]]), "highs", via="lp", isolate=False)
    certificate = run.certificate
    assert isinstance(certificate.bound, Fraction)
    data = json.loads(run.json())
    assert isinstance(data["certificate"]["bound"], float)
    assert certificate_from_data(data["certificate"]).bound == certificate.bound


def test_what_a_certificate_says_of_infinities_comes_back(run):
    metrics = {"test": {"log loss": float("inf"), "accuracy": 0.5}, "train": {"lift": float("-inf")}}
    violations = {"row": float("inf")}
    certificate = replace(run.certificate, metrics=metrics, violations=violations)
    again = certificate_from_data(json.loads(replace(run, certificate=certificate).json())["certificate"])
    assert (again.metrics, again.violations) == (metrics, violations)


def test_attempts_and_audits_come_back(run, tmp_path):
    attempt = dualgap.engine.run.Attempt("greedy", "first", "feasible", Fraction(1, 3), float("inf"), 0.5)
    audit = dualgap.Audit("shards", True, "agree", {"error": Fraction(1, 3), "most": float("inf")}, 1.5)
    replace(run, attempts=(attempt,), audits=(audit,)).save(tmp_path / "run.json")
    again = read_run(tmp_path / "run.json", PROBLEM)
    assert again.audits == (audit,)
    assert again.attempts == (replace(attempt, value=1 / 3),)


def test_infinities_are_words():
    problem = dualgap.CoinChange(coins=[6, 10], amount=7)
    from dualgap.core.claim import Outcome, Stop
    from dualgap.core.verify import verify
    from dualgap.problems.coin_change.proofs import Divisor

    certificate = verify(problem, Outcome(stop=Stop.INFEASIBLE, witness=Divisor(divisor=2))).certificate
    run = dualgap.Run("coin-change", problem.digest(), "test", certificate=certificate)
    assert json.loads(run.json())["certificate"]["bound"] == "inf"
    assert certificate_from_data(json.loads(run.json())["certificate"]).bound == float("inf")


def test_a_trace_counts_iterations_where_the_solver_does(tmp_path):
    problem = dualgap.Knapsack.generate(30, 1)
    run = dualgap.solve(problem, "pgd", isolate=False)
    counted = [point.iterations for point in run.trace if point.iterations is not None]
    assert counted == sorted(counted)
    assert counted[-1] == run.statistics["iterations"]
    run.save(tmp_path / "run.json")
    again = read_run(tmp_path / "run.json", problem)
    assert [point.iterations for point in again.trace] == [point.iterations for point in run.trace]
