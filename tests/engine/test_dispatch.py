"""Dispatch: choices in turn, what one finds is handed to the next, nothing is lost, nobody's word is taken twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

import dualgap
from dualgap.core.certificate import Evidence, Verdict
from dualgap.core.claim import Claim, Stop
from dualgap.core.errors import NoRouteError, UsageError
from dualgap.core.solver import Choice, Context, Solver, Trait
from dualgap.core.witness import Multipliers
from dualgap.engine.ranking import ranked
from dualgap.plugins import registry as module
from dualgap.problems.examples import examples
from dualgap.problems.knapsack import KnapsackAnswer
from dualgap.solvers.choices import choices

# The optimum is 22 (the last two); at a price of 4 the bound is 2 + 2 + 0 + 20 = 24.
PROBLEM = dualgap.Knapsack(values=[6, 10, 12], weights=[1, 2, 3], capacity=5)

Register = Callable[[Any], Any]


def packed(*items: int) -> KnapsackAnswer:
    counts = np.zeros(3, dtype=np.int64)
    counts[list(items)] = 1
    return KnapsackAnswer(counts=counts)


@dataclass(frozen=True)
class Fake(Solver):
    """Makes one claim; notes what it was given."""

    accepts: ClassVar[tuple[type, ...]] = (dualgap.Knapsack,)
    claim: ClassVar[Claim]
    seen: ClassVar[list[Context]]

    def solve(self, form: Any, ctx: Context) -> Claim:
        self.seen.append(ctx)
        return self.claim


def fake(given: str, claim: Claim = Claim(), **attributes: Any) -> type[Fake]:  # noqa: B008
    return type(given, (Fake,), {"name": given, "claim": claim, "seen": [], **attributes})


@pytest.fixture
def choose(registered: Register, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Registers fakes and makes them the choices, in that order; names stand for solvers that aren't there."""

    def chosen(*solvers: type[Fake] | str) -> None:
        for solver in solvers:
            if not isinstance(solver, str):
                registered(solver)
        picked = [Choice(s if isinstance(s, str) else s.name, "the test says so") for s in solvers]
        monkeypatch.setattr(module._registry, "choices", lambda problem: picked)

    return chosen


def solved(**options: Any) -> dualgap.Run:
    return dualgap.solve(PROBLEM, isolate=False, time=5, **options)


def tried(run: dualgap.Run) -> list[tuple[str, str]]:
    return [(attempt.solver, attempt.verdict) for attempt in run.attempts]


ROUGH = fake("rough", Claim(packed(0, 1), feasible=True, value=16))
GOOD = fake("good", Claim(packed(1, 2), feasible=True, value=22))
BOUNDING = fake("bounding", Claim(witness=Multipliers(rows=np.array([4.0]))))
CLAIMING = fake("claiming", Claim(packed(1, 2), feasible=True, value=22, bound=22))
LYING = fake("lying", Claim(packed(0, 1), feasible=True, value=16, bound=16))
VIOLATING = fake("violating", Claim(packed(0, 1, 2), feasible=True, value=28))
DENYING = fake("denying", Claim(stop=Stop.INFEASIBLE))
REFUSING = fake("refusing", refuses=lambda self, form: "it is Sunday; come back on Monday")
MISSING = fake("missing", requires=("no_such_module",))


def test_the_best_answer_and_the_best_bound_come_together(choose: Callable[..., None]) -> None:
    choose(GOOD, BOUNDING, ROUGH)
    run = solved()
    assert tried(run) == [("good", "feasible"), ("bounding", "feasible"), ("rough", "feasible")]
    assert (run.solver, run.certificate.value, run.certificate.bound) == ("good", 22, 24)
    assert run.certificate.evidence is Evidence.PROVED
    assert "none can exceed 24" in run.certificate.statement
    assert run.witness == BOUNDING.claim.witness
    assert run.certificate.witness == "multipliers"


def test_each_starts_from_the_best_so_far(choose: Callable[..., None]) -> None:
    last = fake("last")
    choose(ROUGH, GOOD, LYING, last)
    solved(start=packed(0))
    assert ROUGH.seen[-1].start == packed(0)
    assert GOOD.seen[-1].start == packed(0, 1)
    assert last.seen[-1].start == packed(1, 2)


def test_a_bound_of_another_closes_the_gap(choose: Callable[..., None]) -> None:
    tight = dualgap.Knapsack(values=[6, 12], weights=[1, 2], capacity=3)
    counts = KnapsackAnswer(counts=np.array([1, 1]))
    choose(
        fake("bound-first", Claim(witness=Multipliers(rows=np.array([6.0])))),
        fake("then-value", Claim(counts, feasible=True, value=18)),
        fake("never", Claim()),
    )
    run = dualgap.solve(tight, isolate=False, time=5)
    assert tried(run) == [("bound-first", "feasible"), ("then-value", "optimal")]
    assert run.certificate.verdict is Verdict.OPTIMAL


def test_the_credit_goes_to_whoever_closes_it() -> None:
    run = dualgap.solve(dualgap.Knapsack.generate(200, 2, family="weak"), isolate=False, time=10)
    closing = [attempt.solver for attempt in run.attempts if attempt.verdict == "optimal"]
    assert closing == [run.solver]


def test_the_requested_gap_ends_it(choose: Callable[..., None]) -> None:
    choose(GOOD, BOUNDING, ROUGH)
    run = solved(gap=0.1)
    assert run.certificate.verdict is Verdict.WITHIN
    assert [name for name, _ in tried(run)] == ["good", "bounding"]


def test_a_vouched_answer_ends_it_and_stays_a_claim(choose: Callable[..., None]) -> None:
    choose(CLAIMING, ROUGH)
    run = solved()
    assert tried(run) == [("claiming", "claimed-optimal")]
    assert run.certificate.verdict is Verdict.CLAIMED_OPTIMAL


def test_a_false_claim_of_infeasibility_ends_nothing(choose: Callable[..., None]) -> None:
    choose(DENYING, GOOD)
    run = solved()
    assert tried(run)[0] == ("denying", "contradicted")
    assert (run.solver, run.certificate.verdict) == ("good", Verdict.FEASIBLE)


def test_a_bound_that_an_answer_at_hand_beats_closes_nothing(choose: Callable[..., None]) -> None:
    choose(GOOD, LYING, BOUNDING)
    run = solved()
    assert tried(run) == [("good", "feasible"), ("lying", "contradicted"), ("bounding", "feasible")]
    assert (run.certificate.value, run.certificate.bound, run.certificate.verdict) == (22, 24, Verdict.FEASIBLE)


def test_a_wrong_answer_is_shown_and_passed_by(choose: Callable[..., None]) -> None:
    choose(VIOLATING, ROUGH)
    run = solved()
    assert tried(run) == [("violating", "violated"), ("rough", "feasible")]
    assert run.certificate.value == 16


def test_those_that_cannot_run_are_passed_over_with_the_reason(choose: Callable[..., None]) -> None:
    choose("nobody", MISSING, REFUSING, GOOD)
    run = solved()
    said = dict(tried(run))
    assert "no solver 'nobody'" in said["nobody"]
    assert "pip install no_such_module" in said["missing"]
    assert "it is Sunday" in said["refusing"]
    assert run.solver == "good"


def test_if_nothing_can_run_every_reason_is_named(choose: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    choose(MISSING, REFUSING)
    for name in list(module._registry.solvers):
        if name not in ("missing", "refusing"):
            del module._registry.solvers[name]
    with pytest.raises(NoRouteError) as caught:
        solved()
    assert "missing: " in str(caught.value)
    assert "it is Sunday" in str(caught.value)


def test_never_nothing_where_a_feasible_answer_is_trivial(choose: Callable[..., None]) -> None:
    def crash(self: Solver, form: Any, ctx: Context) -> Claim:
        raise RuntimeError("boom")

    choose(fake("crashing", solve=crash), fake("idle", Claim(stop=Stop.TIME)))
    run = solved()
    assert (run.certificate.verdict, run.certificate.value) == (Verdict.FEASIBLE, 0)
    assert run.stop is Stop.TIME
    assert len(run.attempts) == 2


@pytest.mark.parametrize("by", ["claim", "exception"])
def test_an_interrupt_ends_it_with_the_best_so_far(choose: Callable[..., None], by: str) -> None:
    def interrupted(self: Solver, form: Any, ctx: Context) -> Claim:
        if by == "exception":
            raise KeyboardInterrupt
        return Claim(packed(0), feasible=True, stop=Stop.INTERRUPTED)

    choose(GOOD, fake("interrupted", solve=interrupted), ROUGH)
    run = solved()
    assert [name for name, _ in tried(run)] == ["good", "interrupted"]
    assert (run.solver, run.certificate.value, run.stop) == ("good", 22, Stop.INTERRUPTED)


def test_time_is_shared_and_the_last_one_gets_the_rest(choose: Callable[..., None]) -> None:
    first, last = fake("first"), fake("last")
    choose(first, last)
    solved()
    assert 0 < first.seen[-1].budget.seconds <= 2.5
    assert 2.5 < last.seen[-1].budget.seconds <= 5.0


def test_without_time_one_solver_still_runs(choose: Callable[..., None]) -> None:
    choose(GOOD, ROUGH)
    run = dualgap.solve(PROBLEM, isolate=False, time=0)
    assert [name for name, _ in tried(run)] == ["good"]


def test_trace_and_progress_are_of_the_whole_sequence(choose: Callable[..., None]) -> None:
    def reporting(self: Solver, form: Any, ctx: Context) -> Claim:
        ctx.report(point=packed(0), bound=40)
        return Claim(packed(0), feasible=True)

    snapshots: list[Any] = []
    choose(GOOD, BOUNDING, fake("reporting", solve=reporting))
    run = solved(on_progress=snapshots.append)
    moments = [point.seconds for point in run.trace]
    assert moments == sorted(moments)
    assert run.trace[-1].value == 22
    assert len(snapshots) == 1
    assert snapshots[0].seconds >= moments[1]


def test_an_unknown_view_is_the_users_mistake(choose: Callable[..., None]) -> None:
    choose(GOOD)
    with pytest.raises(UsageError, match="no view 'upside-down'"):
        solved(via="upside-down")


def test_kinds_without_choices_take_what_reaches_them(choose: Callable[..., None]) -> None:
    exact = fake("exactly", CLAIMING.claim, traits=frozenset({Trait.EXACT, Trait.BOUNDS}))
    choose()
    for name in list(module._registry.solvers):
        if name != "highs":
            del module._registry.solvers[name]
    for solver in (GOOD, exact):
        module._registry.register(solver)
    assert [choice.solver for choice in ranked(PROBLEM)] == ["exactly", "highs", "good"]
    assert [choice.solver for choice in ranked(PROBLEM, "ilp")] == ["highs"]
    run = solved()
    assert run.solver == "exactly"
    assert "exact solver" in run.attempts[0].reason


def test_choices_name_solvers_that_exist_and_a_reason_for_people() -> None:
    several = dualgap.Knapsack(values=[1, 2], weights=[[1, 2], [2, 1]], capacity=[3, 3])
    large = dualgap.Knapsack.generate(1000, 0)
    change = dualgap.CoinChange(coins=[1, 2, 5], amount=11)
    for problem in (PROBLEM, several, large, change):
        for choice in choices(problem):
            assert choice.solver in module.registry().solvers
            assert choice.reason
    assert "or-knapsack" in {choice.solver for choice in choices(PROBLEM)}
    assert "or-knapsack" not in {choice.solver for choice in choices(large)}
    assert [choice.solver for choice in choices(several)] == ["greedy", "lagrangian-core", "highs"]


KNOWN = {
    "knapsack": {"basic": 39, "bounded": 66, "decimals": 5, "stocks": 6, "warehouse": 240, "demo": 40_563_274},
    "coin-change": {"basic": 3, "greedy_fails": 3, "euro": 8, "till": 7, "infeasible": None},
}


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, known in KNOWN.items() for name in known])
def test_the_shipped_examples_have_the_answers_that_they_state(kind: str, name: str) -> None:
    path = examples(module.registry().problem_kinds()[kind])[name]
    run = dualgap.solve(path, isolate=False, time=20)
    value = KNOWN[kind][name]
    proved = Verdict.INFEASIBLE if value is None else Verdict.OPTIMAL
    assert run.certificate.value == value
    assert run.certificate.verdict in ((proved,) if name != "warehouse" else (proved, Verdict.CLAIMED_OPTIMAL))
