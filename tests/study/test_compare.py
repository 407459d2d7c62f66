"""Comparisons: every planted lie is caught and named, every refusal is a row, and the joint certificate holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import dualgap
from dualgap.core.certificate import Evidence, Verdict
from dualgap.core.errors import NoRouteError, SpecError, UsageError
from dualgap.core.solver import Trait
from dualgap.plugins.registry import registry
from dualgap.problems.coin_change import CoinChange
from dualgap.problems.knapsack import Knapsack
from dualgap.study.compare import Comparison, compare, compare_path
from tests.study.liars import Honest, packed

pytestmark = pytest.mark.usefixtures("liars")


def standing(comparison: Comparison, name: str) -> tuple[Verdict | None, str]:
    names = [run.name for run in comparison.runs]
    found = comparison.joint.standings[names.index(name)]
    return found.verdict, found.note


def test_invalid_bound_is_contradicted_by_name(knapsack: Knapsack) -> None:
    found = compare(knapsack, ["bound-liar", "modest"], isolate=False)
    assert standing(found, "bound-liar") == (Verdict.CONTRADICTED, "contradicted by modest")
    assert found.runs[0].exit_code == 5
    assert found.exit_code == 5
    assert "modest" in found.runs[0].certificate.statement  # type: ignore[union-attr]
    assert found.joint.claimed is None
    assert "bound-liar is contradicted" in found.statement


def test_alone_the_same_claim_stands(knapsack: Knapsack) -> None:
    found = compare(knapsack, ["bound-liar"], isolate=False)
    assert standing(found, "bound-liar")[0] is Verdict.CLAIMED_OPTIMAL
    assert found.joint.claimed == 160
    assert found.exit_code == 0


def test_false_infeasibility_is_contradicted() -> None:
    problem = CoinChange(coins=[2, 5], amount=7)

    class Payer(Honest):
        name = "payer"

        def solve(self, form: Any, ctx: Any) -> Any:
            return dualgap.Claim(packed(form, 0, 1), feasible=True, value=2)

    found = compare(problem, ["infeasibility-liar", Payer()], isolate=False)
    assert standing(found, "infeasibility-liar") == (Verdict.CONTRADICTED, "contradicted by payer")
    assert found.exit_code == 5
    alone = compare(problem, ["infeasibility-liar"], isolate=False)
    assert standing(alone, "infeasibility-liar")[0] is Verdict.CLAIMED_INFEASIBLE
    assert alone.exit_code == 6


def test_infeasible_point_and_wrong_value_are_shown(knapsack: Knapsack) -> None:
    found = compare(knapsack, ["point-liar", "value-liar", "modest"], isolate=False)
    assert standing(found, "point-liar")[0] is Verdict.VIOLATED
    assert standing(found, "value-liar") == (Verdict.FEASIBLE, "failed checks: value")
    assert found.joint.value == 220
    assert "point-liar handed in an infeasible answer" in found.statement
    assert found.exit_code == 5


def test_different_optima_contradict_each_other_beyond_every_tolerance() -> None:
    big = 10**9
    problem = Knapsack(values=[big, big + 1], weights=[1, 1], capacity=1)

    class Near(Honest):
        name = "near"

        def solve(self, form: Any, ctx: Any) -> Any:
            return dualgap.Claim(packed(form, 0), feasible=True, value=big, bound=float(big))

    registry().register(Near)
    found = compare(problem, ["near", "honest"], isolate=False)
    assert standing(found, "near") == (Verdict.CONTRADICTED, "contradicted by honest")
    assert "is optimal" in found.joint.contradictions[0].reason


def test_proved_by_another(knapsack: Knapsack) -> None:
    problem = Knapsack(values=[3, 2], weights=[1, 1], capacity=1)

    class Prover(Honest):
        name = "prover"

        def solve(self, form: Any, ctx: Any) -> Any:
            return dualgap.Claim(form.trivial(), feasible=True, witness=dualgap.Multipliers(rows=np.array([3.0])))

    class Finder(Honest):
        name = "finder"

        def solve(self, form: Any, ctx: Any) -> Any:
            return dualgap.Claim(packed(form, 0), feasible=True, value=3)

    found = compare(problem, [Prover(), Finder()], isolate=False)
    assert standing(found, "finder") == (Verdict.OPTIMAL, "proved by prover")
    assert found.runs[1].certificate.verdict is Verdict.FEASIBLE  # type: ignore[union-attr]
    assert (found.joint.value, found.joint.bound, found.joint.evidence) == (3, 3, Evidence.PROVED)
    assert found.statement == "Optimal: total value 3 by finder, and none can exceed it (proved by prover)."


def test_best_value_and_best_bound_of_different_runs(knapsack: Knapsack) -> None:
    found = compare(knapsack, ["cautious", "modest"], isolate=False)
    joint = found.joint
    assert (joint.value, joint.value_by, joint.bound, joint.bound_by) == (220, ("modest",), 300, ("cautious",))
    assert joint.gap == 80
    assert joint.relative_gap == float(Fraction(80, 300))
    assert "none can exceed 300 (proved by cautious)" in found.statement


def test_exact_decimals_stay_exact() -> None:
    problem = Knapsack(values=[0.1, 0.2], weights=[0.1, 0.2], capacity=0.3)
    found = compare(problem, ["honest", "cautious"], isolate=False)
    assert found.joint.value == Fraction(3, 10)
    assert isinstance(found.joint.gap, Fraction | int)
    assert found.data()["joint"]["exact"]["value"] == "3/10"


def test_refusals_and_crashes_are_rows(knapsack: Knapsack) -> None:
    seen: list[str] = []
    found = compare(knapsack, ["refuser", "crasher", "modest"], isolate=False, on_run=lambda run: seen.append(run.name))
    assert seen == ["refuser", "crasher", "modest"]
    data = found.data()["runs"]
    assert "never takes anything" in data[0]["refused"]
    assert "ZeroDivisionError" in data[1]["error"]
    assert found.joint.value == 220
    assert found.exit_code == 0


def test_all_refused(knapsack: Knapsack) -> None:
    found = compare(knapsack, ["refuser"], isolate=False)
    assert found.exit_code == 3
    assert found.statement == "No solver could be run."


def test_interrupt_keeps_what_there_is(knapsack: Knapsack) -> None:
    found = compare(knapsack, ["modest", "interrupter", "honest"], isolate=False)
    assert found.interrupted
    assert found.exit_code == 130
    assert found.joint.value == 220
    assert found.left_out == {"honest": "interrupted before its turn"}


def test_labels_are_distinct(knapsack: Knapsack) -> None:
    found = compare(knapsack, ["modest", "modest", "a=modest", "a=modest"], isolate=False)
    assert [run.name for run in found.runs] == ["modest", "modest#2", "a", "a#2"]


def test_plain_comparison_takes_one_exact_and_two_approximate(knapsack: Knapsack) -> None:
    found = compare(knapsack, isolate=False, time=5)
    ran = [run for run in found.runs if not run.refused and not run.error]
    exact = [Trait.EXACT in registry().solver(run.solver).traits for run in ran]
    assert exact.count(True) == 1
    assert exact.count(False) == 2
    assert any("plain comparison" in reason for reason in found.left_out.values())
    assert {run.name for run in found.runs}.isdisjoint(found.left_out)


def test_everything_runs_everybody(knapsack: Knapsack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry(), "choices", lambda problem: [])
    names = {"honest", "cautious", "modest", "value-liar", "point-liar", "bound-liar", "optimist", "crasher", "refuser"}
    for name in set(registry().solvers) - names:
        del registry().solvers[name]
    found = compare(knapsack, everything=True, isolate=False)
    assert {run.name for run in found.runs} == names
    with pytest.raises(UsageError, match="not both"):
        compare(knapsack, ["modest"], everything=True)


def test_nothing_reaches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry(), "choices", lambda problem: [])
    registry().solvers.clear()
    with pytest.raises(NoRouteError, match="no solver reaches knapsack"):
        compare(Knapsack(values=[1], weights=[1], capacity=1))


def test_bad_names_are_usage_errors(knapsack: Knapsack) -> None:
    with pytest.raises(UsageError, match="no solver"):
        compare(knapsack, ["nobody"])
    with pytest.raises(UsageError, match="no solvers to compare"):
        compare(knapsack, [])


def test_reference_is_a_row_and_contradicts(knapsack: Knapsack) -> None:
    found = compare(knapsack, ["bound-liar"], reference={"items": ["b", "c"]}, isolate=False)
    assert found.runs[0].name == "reference"
    assert found.runs[0].certificate.value == 220  # type: ignore[union-attr]
    assert standing(found, "bound-liar") == (Verdict.CONTRADICTED, "contradicted by reference")
    wrong = compare(knapsack, ["modest"], reference={"items": ["a", "b", "c"]}, isolate=False)
    assert standing(wrong, "reference")[0] is Verdict.VIOLATED


def test_path_along_a_field(knapsack: Knapsack) -> None:
    found = compare_path(knapsack, "capacity", [0, 30, 60], ["honest", "cautious"], isolate=False)
    assert [c.point for c in found] == [("capacity", 0), ("capacity", 30), ("capacity", 60)]
    assert [c.joint.value for c in found] == [0, 160, 280]
    assert found[2].data()["point"] == {"field": "capacity", "value": 60}
    with pytest.raises(SpecError):
        compare_path(knapsack, "capacity", [-1], ["honest"], isolate=False)
    with pytest.raises(UsageError):
        compare_path(knapsack, "capacity", [], ["honest"], isolate=False)


def test_path_starts_warm_solvers_from_the_answer_before(knapsack: Knapsack) -> None:
    started: list[Any] = []

    class Warm(Honest):
        name = "warm"
        traits = frozenset({Trait.EXACT, Trait.WARM})

        def solve(self, form: Any, ctx: Any) -> Any:
            started.append(ctx.start)
            return super().solve(form, ctx)

    compare_path(knapsack, "capacity", [30, 50], [Warm()], isolate=False)
    assert started[0] is None
    assert started[1].counts.tolist() == [1, 1, 0]


def test_json_is_strict_and_complete(knapsack: Knapsack) -> None:
    found = compare(knapsack, ["honest", "cautious", "bound-liar", "refuser"], isolate=False)
    data = json.loads(json.dumps(found.data(), allow_nan=False))
    assert data["schema_version"] == 1
    assert data["problem"] == {"kind": "knapsack", "hash": knapsack.digest()}
    assert {"value", "bound", "evidence", "relative_gap", "contradictions"} <= set(data["joint"])
    assert data["joint"]["contradictions"][0]["run"] == "bound-liar"
    assert [run["standing"]["verdict"] for run in data["runs"]] == [
        "claimed-optimal",
        "feasible",
        "contradicted",
        None,
    ]


def test_public_names() -> None:
    from dualgap.study.grade import grade

    assert dualgap.compare is compare
    assert dualgap.verify is grade


def test_highs_on_a_real_problem(knapsack: Knapsack, registered: Callable[[Any], Any]) -> None:
    found = compare(knapsack, ["highs", "modest"], isolate=False)
    assert found.joint.value == 220
    assert found.joint.value_by == ("highs", "modest")
    assert not found.joint.contradictions


def test_tolerance_carries_nobody_past_a_proof() -> None:
    """Where an answer within its rows' tolerance exceeds the proved bound, the one that meets the bound leads."""
    plan = dualgap.IntegerProgram(
        maximize={"chairs": 45, "tables": 80},
        integer=["chairs"],
        rows={"wood": {"terms": {"chairs": 5, "tables": 20}, "le": 400}},
        bounds={"chairs": [0, 24]},
    )
    found = dualgap.compare(plan, ["highs", Beyond], isolate=False)
    assert found.joint.value == 2200
    assert found.joint.value_by == ("highs",)
    assert str(found).startswith("Optimal: objective 2,200 by highs")


class Beyond(dualgap.Solver):
    """A point that breaks a row by less than the tolerance."""

    name, accepts = "beyond", (dualgap.MixedIntegerProgram,)

    def solve(self, form: Any, ctx: Any) -> dualgap.Claim:
        return dualgap.Claim(point=np.array([24.0, 14.0000001]), feasible=True)


@pytest.mark.parametrize(("off", "verdict"), [(1e-10, Verdict.OPTIMAL), (1e-3, Verdict.FEASIBLE)])
def test_beside_an_optimum_of_zero_the_rounding_of_terms_is_no_gap(off: float, verdict: Verdict) -> None:
    rows = {"tie": {"terms": {"x": 1, "y": -1}, "ge": 0}}
    bounds = {"x": [0.5, 200.5], "y": [0.5, 200.5]}
    program = dualgap.IntegerProgram(minimize={"x": 1.0, "y": -1.0}, rows=rows, bounds=bounds)

    class Near(dualgap.Solver):
        name, accepts = "near", (dualgap.MixedIntegerProgram,)

        def solve(self, form: Any, ctx: Any) -> Any:
            return dualgap.Claim(np.array([100.1 + off, 100.1]), feasible=True)

    found = compare(program, [Near(), "highs"], isolate=False)
    assert standing(found, "near")[0] is verdict


@pytest.mark.parametrize(("off", "leaders"), [(2e-16, ("near", "highs")), (1e-9, ("highs",))])
def test_the_last_bits_of_inexact_values_make_no_leader(off: float, leaders: tuple[str, ...]) -> None:
    rows = {"least": {"terms": {"x": 1, "y": 1}, "ge": 1}}
    program = dualgap.IntegerProgram(minimize={"x": 1.0, "y": 2.0}, rows=rows, bounds={"x": [0, 9], "y": [0, 9]})

    class Near(dualgap.Solver):
        name, accepts = "near", (dualgap.MixedIntegerProgram,)

        def solve(self, form: Any, ctx: Any) -> Any:
            return dualgap.Claim(np.array([1 + off, 0.0]), feasible=True)

    found = compare(program, [Near(), "highs"], isolate=False)
    assert found.joint.value_by == leaders
    assert found.joint.value == 1
