"""Each fault that a solver may have is found by the check that is there for it, and an honest solver passes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pytest

import dualgap
from dualgap import Claim, MixedIntegerProgram, Multipliers, Solver, Stop, Trait
from dualgap.core.claim import Claim as ClaimType
from dualgap.solvers.greedy import Greedy
from dualgap.solvers.highs import Highs
from dualgap.testing import Report, cases, check_solver, examine_solver, harness

PROBLEM = dualgap.Knapsack(values=[10, 13, 7, 8], weights=[3, 4, 2, 3], capacity=7)
GIVEN = cases(MixedIntegerProgram)


@dataclass(frozen=True)
class Honest(Solver):
    """HiGHS in disguise, with one thing changed by each subclass."""

    name: ClassVar[str] = "honest"
    summary: ClassVar[str] = "HiGHS in disguise"
    accepts: ClassVar[tuple[type, ...]] = (MixedIntegerProgram,)
    traits: ClassVar[frozenset[Trait]] = Highs.traits

    presolve: bool = True

    def solve(self, form: Any, ctx: Any) -> ClaimType:
        return self.spoil(Highs(self.presolve).solve(form, ctx), form, ctx)

    def spoil(self, claim: ClaimType, form: Any, ctx: Any) -> ClaimType:
        return claim


def failed(report: Report) -> set[str]:
    return {row.check for row in report.failures}


def examined(solver: Any) -> Report:
    return examine_solver(solver, [PROBLEM])


def test_an_honest_solver_passes() -> None:
    report = check_solver(Honest, [PROBLEM])
    assert report.ok
    assert check_solver(Honest(presolve=False), [PROBLEM]).ok
    assert report.offers == ("forms: MixedIntegerProgram", "traits: anytime, bounds, exact, warm")
    assert "passed, 0 failed" in report.render()


def test_check_solver_lists_what_fails() -> None:
    with pytest.raises(
        AssertionError, match=r"(?s)solver liar .*solver liar, bounds never beat the optimum: 0/1 knapsack"
    ):
        check_solver(make("liar", lambda claim, form, ctx: replace(claim, bound=1e9)), [PROBLEM])


def make(name: str, spoil: Any, **attributes: Any) -> type[Solver]:
    made = type("Made", (Honest,), {"name": name, "spoil": lambda self, *given: spoil(*given), **attributes})
    return dataclass(frozen=True)(made)


def scribble(claim: Any, form: Any, ctx: Any) -> Any:
    form.cost[0] = 0
    return claim


def force(claim: Any, form: Any, ctx: Any) -> Any:
    form.cost.setflags(write=True)
    form.cost[0] += 1
    form.cost.setflags(write=False)
    return claim


def shout(claim: Any, form: Any, ctx: Any) -> Any:
    print("solved!")
    return claim


def shout_natively(claim: Any, form: Any, ctx: Any) -> Any:
    os.write(1, b"solved!\n")
    return claim


def crash(claim: Any, form: Any, ctx: Any) -> Any:
    raise ZeroDivisionError("by nought")


def nothing_when_stopped(claim: Any, form: Any, ctx: Any) -> Any:
    if ctx.should_stop():
        raise TimeoutError("no time")
    return claim


def stale(claim: Any, form: Any, ctx: Any) -> Any:
    """Hands the start back as if it were feasible, whatever it is."""
    return claim if ctx.start is None else replace(claim, point=ctx.start + 40, value=None)


DRAWN: Iterator[int] = iter(range(10**6))

SPOILT: dict[str, tuple[Any, str]] = {
    "no claim": (lambda claim, form, ctx: None, "claims are well-typed and honest"),
    "stop as text": (lambda claim, form, ctx: replace(claim, stop="done"), "claims are well-typed and honest"),
    "a NumPy value": (
        lambda claim, form, ctx: replace(claim, value=np.float64(claim.value or 0)),
        "claims are well-typed and honest",
    ),
    "NaN": (lambda claim, form, ctx: replace(claim, bound=float("nan")), "claims are well-typed and honest"),
    "an array among statistics": (
        lambda claim, form, ctx: replace(claim, statistics={"x": np.zeros(2)}),
        "claims are well-typed and honest",
    ),
    "feasible without a point": (
        lambda claim, form, ctx: replace(claim, point=None, feasible=True),
        "claims are well-typed and honest",
    ),
    "a wrong value": (
        lambda claim, form, ctx: replace(claim, value=claim.value and claim.value - 1),
        "claims are well-typed and honest",
    ),
    "an infeasible point": (
        lambda claim, form, ctx: replace(claim, point=form.upper + 1, feasible=True, value=None),
        "claims are well-typed and honest",
    ),
    "a bound too high": (
        lambda claim, form, ctx: replace(claim, bound=claim.bound and claim.bound + 1),
        "bounds never beat the optimum",
    ),
    "a reported bound too high": (
        lambda claim, form, ctx: ctx.report(bound=1e6) or claim,
        "bounds never beat the optimum",
    ),
    "not the optimum": (
        lambda claim, form, ctx: replace(claim, point=np.maximum(form.lower, 0.0), value=None, feasible=False),
        "exact: finds the optimum",
    ),
    "infeasibility overlooked": (
        lambda claim, form, ctx: replace(claim, stop=Stop.FINISHED),
        "exact: finds the optimum",
    ),
    "no bound": (
        lambda claim, form, ctx: replace(claim, bound=None, witness=None),
        "bounds: hands in a bound or a witness",
    ),
    "multipliers of the wrong sign": (
        lambda claim, form, ctx: replace(claim, witness=Multipliers(rows=np.ones(len(form.row_lower)))),
        "witnesses prove what they should",
    ),
    "multipliers that prove little": (
        lambda claim, form, ctx: (
            replace(claim, witness=Multipliers(rows=0.5 * claim.witness.rows))
            if isinstance(claim.witness, Multipliers)
            else claim
        ),
        "witnesses prove what they should",
    ),
    "another answer every time": (
        lambda claim, form, ctx: replace(claim, bound=(claim.bound or 0) - 1e-7 * next(DRAWN)),
        "the same seed gives the same claim",
    ),
    "writes into the form": (scribble, "claims are well-typed and honest"),
    "forces its way into the form": (force, "leaves the form as it is"),
    "prints": (shout, "claims are well-typed and honest"),
    "prints natively": (shout_natively, "claims are well-typed and honest"),
    "raises": (crash, "claims are well-typed and honest"),
    "raises when stopped": (nothing_when_stopped, "asked to stop, it stops"),
    "believes the start": (stale, "warm: takes a start"),
}


@pytest.mark.parametrize("fault", SPOILT)
def test_each_fault_is_found(fault: str) -> None:
    spoil, check = SPOILT[fault]
    assert check in failed(examined(make("spoilt", spoil)))


def test_anytime_means_looking_at_the_clock() -> None:
    @dataclass(frozen=True)
    class Blind(Honest):
        name = "blind"

        def solve(self, form: Any, ctx: Any) -> ClaimType:
            return Highs().solve(form, harness.Observer())

    assert "anytime: has something at a short limit" in failed(examined(Blind))


def test_refusals_are_reasons() -> None:
    def refusing(answer: Any) -> type[Solver]:
        return make("picky", lambda claim, form, ctx: claim, refuses=lambda self, form: answer)

    assert "refuses with a reason, never raises" in failed(examined(refusing(True)))
    assert "refuses with a reason, never raises" in failed(examined(refusing("always")))


def test_a_solver_that_does_not_come_back_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    forever = threading.Event()
    monkeypatch.setattr(harness, "PATIENCE", -29.8)
    waits = make("waits", lambda claim, form, ctx: forever.wait() and claim)
    report = examine_solver(waits, [], GIVEN[:1])
    forever.set()
    assert any("not back after" in row.detail for row in report.failures)


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"summary": ""}, "summary"),
        ({"name": ""}, "name"),
        ({"accepts": ()}, "accepts"),
        ({"requires": "numpy"}, "requires"),
        ({"traits": {"exact"}}, "traits"),
        ({"api": 3}, "plugin interface 3"),
    ],
)
def test_incomplete_classes(attributes: dict[str, Any], said: str) -> None:
    report = examined(make(**{"name": "made", "spoil": None, **attributes}))
    assert failed(report) == {"the class is complete"}
    assert said in report.failures[0].detail


def test_a_parameter_without_a_default() -> None:
    bare = type("Bare", (Solver,), {"__annotations__": {"depth": int}, **vars_of(Honest)})
    report = examined(dataclass(frozen=True)(bare))
    assert "parameters without a default: depth" in report.failures[0].detail


def vars_of(cls: type[Solver]) -> dict[str, Any]:
    return {name: vars(cls)[name] for name in ("name", "summary", "accepts", "traits", "solve")}


def test_a_missing_module_is_a_skip() -> None:
    report = examined(make("needy", None, requires=("a_module_that_is_not_there",)))
    assert report.ok
    assert [row.check for row in report.rows if row.passed is None] == ["solving"]


def test_a_false_claim_on_a_problem() -> None:
    @dataclass(frozen=True)
    class Overfull(Solver):
        name, summary, accepts = "overfull", "packs everything", (dualgap.Knapsack,)

        def solve(self, form: Any, ctx: Any) -> Claim:
            return Claim(point=form.answer_type(counts=np.ones(form.size, dtype=int)), feasible=True)

    assert failed(examined(Overfull)) == {"certified on knapsack #1"}


def test_output_is_captured_from_both_sides() -> None:
    def speak() -> int:
        print("a")
        os.write(1, b"b")
        return 3

    before = sys.stdout
    assert harness.captured(speak) == (3, "a\nb")
    assert sys.stdout is before


def test_a_batched_solver_is_held_to_its_batches() -> None:
    report = examined(Greedy)
    assert [row.passed for row in report.rows if row.check == "batched: certified on Knapsack"] == [True]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda claim: replace(claim, multipliers=claim.multipliers * np.nan), None),
        (lambda claim: replace(claim, points=claim.points + 1), "batched: certified on Knapsack"),
        (lambda claim: claim.no_such_thing, "batched: certified on Knapsack"),
    ],
)
def test_what_a_batch_may_not_be(spoil: Any, said: str | None) -> None:
    @dataclass(frozen=True)
    class Spoilt(Greedy):
        name: ClassVar[str] = "spoilt"

        def solve_batch(self, batch: Any, budget: Any) -> Any:
            return spoil(super().solve_batch(batch, budget))

    assert failed(examined(Spoilt)) == (set() if said is None else {said})
