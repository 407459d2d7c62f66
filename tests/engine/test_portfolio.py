"""Portfolios: members share answers and bounds, end together, and hurt nobody when they fail."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

import dualgap
from dualgap.core.certificate import Evidence, Verdict
from dualgap.core.claim import Claim, Start, Stop, Use
from dualgap.core.errors import NoRouteError, UsageError
from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.solver import Budget, Context, Solver, Trait
from dualgap.core.witness import Multipliers
from dualgap.engine.names import parse_solver, split_names
from dualgap.engine.pool import POOL
from dualgap.engine.portfolio import Portfolio
from dualgap.engine.ranking import ranked
from dualgap.engine.task import Settings
from dualgap.plugins.registry import registry
from dualgap.problems.integer_program import IntegerProgram
from dualgap.problems.knapsack import KnapsackAnswer
from dualgap.solvers.highs import Highs
from dualgap.study.grade import grade
from dualgap.study.selection import reachable
from tests.solvers.programs import Recorder

# The optimum is 22 (the last two); at a price of 4 the bound is 2 + 2 + 0 + 20 = 24.
PROBLEM = dualgap.Knapsack(values=[6, 10, 12], weights=[1, 2, 3], capacity=5)
EXACT = frozenset({Trait.EXACT, Trait.WARM})
FAR = 30.0

Register = Callable[[Any], Any]


def packed(*items: int) -> KnapsackAnswer:
    counts = np.zeros(3, dtype=np.int64)
    counts[list(items)] = 1
    return KnapsackAnswer(counts=counts)


def waiting(ctx: Context) -> None:
    """Until somebody asks it to stop."""
    while not ctx.should_stop():
        threading.Event().wait(0.005)


@dataclass(frozen=True)
class Scripted(Solver):
    """Reports what its class says, and perhaps waits to be stopped before it returns its claim."""

    accepts: ClassVar[tuple[type, ...]] = (dualgap.Knapsack,)
    traits: ClassVar[frozenset[Trait]] = EXACT
    reports: ClassVar[tuple[dict[str, Any], ...]] = ()
    claim: ClassVar[Claim] = Claim(stop=Stop.TIME)
    waits: ClassVar[bool] = False
    seen: ClassVar[list[Context]]

    def solve(self, form: Any, ctx: Context) -> Claim:
        self.seen.append(ctx)
        for report in self.reports:
            ctx.report(**report)
        if self.waits:
            waiting(ctx)
        return self.claim


def scripted(given: str, claim: Claim | None = None, *reports: dict[str, Any], **attributes: Any) -> type[Scripted]:
    base = {"name": given, "reports": reports, "seen": [], "claim": claim or Scripted.claim}
    return type(given, (Scripted,), {**base, **attributes})


@pytest.fixture
def race(registered: Register) -> Callable[..., dualgap.Run]:
    """Runs a portfolio of scripted solvers in this process."""

    def run(*solvers: type[Scripted], workers: int = 3, **options: Any) -> dualgap.Run:
        for solver in solvers:
            registered(solver)
        names = tuple(solver.name for solver in solvers)
        portfolio = Portfolio(solvers=names, workers=workers)
        return dualgap.solve(PROBLEM, portfolio, isolate=False, **{"time": FAR, **options})

    return run


def said(run: dualgap.Run) -> dict[str, str]:
    return {attempt.solver: attempt.verdict for attempt in run.attempts}


def gave(run: dualgap.Run) -> dict[str, str]:
    return {attempt.solver: attempt.gave for attempt in run.attempts}


GOOD = scripted("good", Claim(packed(1, 2), feasible=True, value=22))
ROUGH = scripted("rough", Claim(packed(0, 1), feasible=True, value=16))
PROVING = scripted("proving", Claim(witness=Multipliers(rows=np.array([4.0]))))
POINTING = scripted("pointing", None, {"point": packed(1, 2)}, waits=True)
BOUNDING = scripted("bounding", None, {"bound": 22}, waits=True)
LYING = scripted("lying", None, {"point": packed(0, 1), "bound": 16}, waits=True)


def test_answer_of_one_and_bound_of_another_close_the_gap_while_both_run(race: Callable[..., dualgap.Run]) -> None:
    run = race(POINTING, BOUNDING)
    assert (run.certificate.verdict, run.certificate.value, run.certificate.bound) == (Verdict.CLAIMED_OPTIMAL, 22, 22)
    assert run.certificate.evidence is Evidence.CLAIMED
    assert gave(run) == {"pointing": "answer", "bounding": "bound"}
    assert (run.solver, run.stop) == ("portfolio", Stop.FINISHED)
    assert run.seconds["total"] < FAR / 2


def test_a_saved_run_is_verified_again_with_the_same_end(race: Callable[..., dualgap.Run]) -> None:
    """The tightest of several claims is the one that the verdict rests on."""
    loose = scripted("loose", None, {"point": packed(1, 2), "bound": 23}, waits=True)
    run = race(loose, BOUNDING)
    again = grade(PROBLEM, run)
    assert again.certificate.verdict is run.certificate.verdict is Verdict.CLAIMED_OPTIMAL
    assert all(check.passed for check in again.checks)


def test_a_proof_of_one_counts_for_the_answer_of_another(race: Callable[..., dualgap.Run]) -> None:
    run = race(GOOD, PROVING)
    assert (run.certificate.value, run.certificate.bound, run.certificate.evidence) == (22, 24, Evidence.PROVED)
    assert run.certificate.verdict is Verdict.FEASIBLE
    assert run.witness == PROVING.claim.witness


def test_the_requested_gap_is_enough(race: Callable[..., dualgap.Run]) -> None:
    endless = scripted("endless", waits=True)
    run = race(GOOD, PROVING, endless, gap=0.1)
    assert run.certificate.verdict is Verdict.WITHIN
    assert run.seconds["total"] < FAR / 2


def test_a_bound_that_an_answer_beats_is_out(race: Callable[..., dualgap.Run]) -> None:
    """The liar alone would be believed; beside a better answer it is contradicted, and the others go on."""
    run = race(LYING, POINTING, PROVING, time=1.0)
    assert said(run)["lying"] == "contradicted"
    assert (run.certificate.value, run.certificate.bound, run.certificate.verdict) == (22, 24, Verdict.FEASIBLE)
    assert run.stop is Stop.TIME


def test_a_violated_answer_and_a_crash_and_a_refusal_cost_nothing(race: Callable[..., dualgap.Run]) -> None:
    def boom(self: Solver, form: Any, ctx: Context) -> Claim:
        ctx.report(point=packed(0))
        raise RuntimeError("boom")

    violating = scripted("violating", Claim(packed(0, 1, 2), feasible=True, value=28))
    crashing = scripted("crashing", solve=boom)
    refusing = scripted("refusing", refuses=lambda self, form: "it is Sunday; come back on Monday")
    missing = scripted("missing", requires=("no_such_module",))
    run = race(violating, crashing, refusing, missing, GOOD, BOUNDING)
    assert run.certificate.verdict is Verdict.CLAIMED_OPTIMAL
    assert said(run)["violating"] == "violated"
    assert "it is Sunday" in said(run)["refusing"]
    assert "pip install no_such_module" in said(run)["missing"]


def test_if_nobody_can_run_every_reason_is_named(race: Callable[..., dualgap.Run]) -> None:
    refusing = scripted("refusing", refuses=lambda self, form: "it is Sunday; come back on Monday")
    with pytest.raises(NoRouteError, match="refusing: passed over: refusing refuses: it is Sunday"):
        race(refusing)


def test_a_claim_that_nothing_is_feasible_ends_nothing(race: Callable[..., dualgap.Run]) -> None:
    denying = scripted("denying", Claim(stop=Stop.INFEASIBLE))
    run = race(denying, GOOD, workers=1)
    assert said(run) == {"denying": "contradicted", "good": "feasible"}
    assert run.certificate.value == 22


def test_a_better_answer_is_offered_to_those_that_run(race: Callable[..., dualgap.Run]) -> None:
    heard: list[Any] = []

    def listening(self: Solver, form: Any, ctx: Context) -> Claim:
        while not ctx.should_stop():
            news = ctx.news()
            if news is not None:
                heard.append(news)
                return Claim(news, feasible=True, value=22, bound=22)
            threading.Event().wait(0.005)
        return Claim(stop=Stop.TIME)

    run = race(scripted("listening", solve=listening), POINTING)
    assert heard == [packed(1, 2)]
    assert run.certificate.verdict is Verdict.CLAIMED_OPTIMAL
    assert gave(run) == {"listening": "bound", "pointing": "answer"}


def test_whoever_waits_starts_from_the_best_answer(race: Callable[..., dualgap.Run]) -> None:
    last = scripted("last")
    run = race(ROUGH, GOOD, last, workers=1)
    assert last.seen[-1].start == packed(1, 2)
    assert list(said(run)) == ["rough", "good", "last"]


def test_scouts_go_before_those_that_start_from_their_answer(race: Callable[..., dualgap.Run]) -> None:
    scout = scripted("scout", GOOD.claim, traits=frozenset())
    warm = scripted("warm", Claim(packed(1, 2), feasible=True, value=22, bound=22))
    run = race(scout, warm)
    assert warm.seen[-1].start == packed(1, 2)
    assert run.certificate.verdict is Verdict.CLAIMED_OPTIMAL


def test_one_that_waits_gets_its_turn_after_its_share_of_the_time(race: Callable[..., dualgap.Run]) -> None:
    endless = scripted("endless", waits=True)
    run = race(endless, GOOD, BOUNDING, workers=1, time=2.0)
    assert run.certificate.verdict is Verdict.CLAIMED_OPTIMAL
    assert 0.6 < run.seconds["total"] < 2.0


def test_the_callers_start_is_the_first_answer_and_its_use_is_reported(race: Callable[..., dualgap.Run]) -> None:
    idle = scripted("idle", Claim(stop=Stop.TIME, start=Start(Use.USED)))
    run = race(idle, start=packed(0, 1))
    assert run.certificate.value == 16
    assert run.start is not None
    assert run.start.use is Use.USED


def test_progress_and_trace_are_of_all_together(race: Callable[..., dualgap.Run]) -> None:
    snapshots: list[Any] = []
    run = race(POINTING, BOUNDING, on_progress=snapshots.append)
    assert (snapshots[-1].value, snapshots[-1].bound, snapshots[-1].relative_gap) == (22, 22, 0.0)
    assert (run.trace[-1].value, run.trace[-1].bound) == (22, 22)
    moments = [point.seconds for point in run.trace]
    assert moments == sorted(moments)


def test_an_interrupt_keeps_what_there_is(race: Callable[..., dualgap.Run]) -> None:
    def interrupt(snapshot: Any) -> None:
        if snapshot.value == 22:
            raise KeyboardInterrupt

    run = race(POINTING, PROVING, on_progress=interrupt)
    assert (run.stop, run.certificate.value, run.certificate.bound) == (Stop.INTERRUPTED, 22, 24)


def test_members_by_default_are_dispatchs_and_three_exact_ones() -> None:
    members = [prepared.name for prepared, _ in Portfolio().members(PROBLEM)]
    choices = [choice.solver for choice in registry().choices(PROBLEM)]
    assert members[: len(choices)] == list(dict.fromkeys(choices))
    exact = [name for name in members if Trait.EXACT in registry().solver(name).traits]
    assert len(exact) >= 3
    assert "portfolio" not in members
    wide = IntegerProgram.generate(2000, 1, rows=2)
    assert "presolve" in [prepared.name for prepared, _ in Portfolio().members(wide)]


def test_it_is_taken_only_where_somebody_names_it() -> None:
    assert "portfolio" not in {choice.solver for choice in ranked(PROBLEM)}
    found, left_out = reachable(PROBLEM)
    assert "portfolio" not in {prepared.name for prepared in found}
    assert "runs other solvers" in left_out["portfolio"]
    run = dualgap.compare(PROBLEM, ["portfolio", "greedy"], isolate=False, time=5).runs[0]
    assert (run.solver, run.certificate.verdict) == ("portfolio", Verdict.OPTIMAL)


def test_workers_follow_the_threads() -> None:
    assert Portfolio(workers=2).at_once(Settings(threads=8)) == 2
    assert Portfolio().at_once(Settings(threads=8)) == 8
    assert 1 <= Portfolio().at_once(Settings()) <= 3


def test_members_are_named_with_their_parameters() -> None:
    named = parse_solver("portfolio[solvers=highs[presolve=off,threads=2]+cp-sat,workers=2]")
    assert named.parameters == {"solvers": "highs[presolve=off,threads=2]+cp-sat", "workers": 2}
    assert split_names(named.parameters["solvers"], "+") == ["highs[presolve=off,threads=2]", "cp-sat"]


@pytest.mark.parametrize("members", ["portfolio", "nobody", "highs[warp=9]+nobody"])
def test_mistaken_members_are_refused(members: str) -> None:
    with pytest.raises(UsageError):
        dualgap.solve(PROBLEM, "portfolio", parameters={"solvers": members})
    with pytest.raises(UsageError):
        dualgap.solve(PROBLEM, "portfolio", parameters={"workers": -1})


# In workers.
MISBEHAVING = __file__.replace("test_portfolio", "misbehaving")
BIGGER = dualgap.Knapsack(values=[3, 4, 5], weights=[1, 1, 1], capacity=2)


@pytest.fixture
def misbehaving(registered: Register) -> None:
    registry().load_path(MISBEHAVING)


@pytest.mark.usefixtures("misbehaving")
def test_crashes_hangs_and_greed_of_members_hurt_nobody() -> None:
    names = "crash+exit+raise+deaf+hang+highs"
    run = dualgap.solve(BIGGER, "portfolio", parameters={"solvers": names, "workers": 6}, time=FAR)
    assert run.certificate.verdict in (Verdict.OPTIMAL, Verdict.CLAIMED_OPTIMAL)
    assert run.certificate.value == 9
    assert run.seconds["total"] < FAR / 2
    assert set(said(run)) == set(names.split("+"))


@pytest.mark.usefixtures("misbehaving")
def test_the_time_limit_holds_for_members_that_hang() -> None:
    run = dualgap.solve(BIGGER, "portfolio[solvers=hang+chatty+polite,workers=3]", time=1.5)
    assert run.stop is Stop.TIME
    assert run.certificate.value == 7
    assert run.seconds["total"] < 1.5 + 2.0


@pytest.mark.usefixtures("misbehaving")
def test_the_memory_is_shared_out() -> None:
    run = dualgap.solve(BIGGER, "portfolio[solvers=hoard+highs,workers=2]", time=FAR, memory=2**30)
    assert run.certificate.value == 9
    assert len(POOL._idle) >= 1


INTERRUPTED = f"""
import dualgap
from dualgap.plugins.registry import registry
registry().load_path({MISBEHAVING!r})
problem = dualgap.Knapsack(values=[3, 4, 5], weights=[1, 1, 1], capacity=2)
run = dualgap.solve(problem, "portfolio[solvers=hang+polite,workers=2]", time=60,
                    on_progress=lambda snapshot: print("going", snapshot.value, snapshot.bound, flush=True))
print(run.stop, run.certificate.value, len(run.attempts))
"""


def test_ctrl_c_ends_it_with_what_was_found() -> None:
    process = subprocess.Popen([sys.executable, "-c", INTERRUPTED], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("going")
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert out.splitlines()[-1].startswith("interrupted ")
    assert out.splitlines()[-1].endswith(" 2")


class Offering(Recorder):
    """Offers one point as soon as somebody asks."""

    offered: Any = None

    def news(self) -> Any:
        point, self.offered = self.offered, None
        return point


def test_highs_takes_a_point_while_it_runs() -> None:
    """From then on it reports nothing but better ones."""
    rng = np.random.default_rng(0)
    weights = rng.integers(10, 1000, (5, 60))
    values = weights.mean(axis=0).astype(int) + rng.integers(0, 100, 60)
    problem = dualgap.Knapsack(values=values, weights=weights, capacity=weights.sum(axis=1) // 2)
    (view,) = problem.views()
    form = view.build()
    assert isinstance(form, MixedIntegerProgram)
    good = view.encode(dualgap.solve(problem, "dual-ascent", isolate=False, time=5).answer)
    ctx = Offering(budget=Budget(seconds=FAR))
    ctx.offered = good
    claim = Highs(options={"mip_heuristic_effort": 0.0, "mip_max_nodes": 1}).solve(form, ctx)
    assert ctx.offered is None
    assert claim.value <= form.objective(good)
    assert all(form.objective(point) < form.objective(good) for point in ctx.points)
