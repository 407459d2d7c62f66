"""Points that stand for no answer: they do no harm on the way, and end a run in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from dualgap import Claim, Knapsack, MixedIntegerProgram, Solver, Stop, solve
from dualgap.core.certificate import Evidence, Verdict
from dualgap.core.solver import Context
from dualgap.engine.run import Run

PROBLEM = Knapsack(values=[3, 4, 5], weights=[1, 1, 1], capacity=2)
GOOD = np.array([0.0, 1.0, 1.0])
NAN = np.full(3, np.nan)


@dataclass(frozen=True)
class Odd(Solver):
    """Reports what the test says, then claims it."""

    name: ClassVar[str] = "odd"
    accepts: ClassVar[tuple[type, ...]] = (MixedIntegerProgram,)
    reports: ClassVar[list[dict[str, Any]]] = []
    claim: ClassVar[Claim] = Claim()

    def solve(self, form: Any, ctx: Context) -> Claim:
        for report in self.reports:
            ctx.report(**report)
            ctx.flush()  # type: ignore[attr-defined]
        return self.claim


@pytest.fixture
def odd(registered: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    def run(claim: Claim, *reports: dict[str, Any]) -> Run:
        monkeypatch.setattr(Odd, "claim", claim)
        monkeypatch.setattr(Odd, "reports", list(reports))
        return solve(PROBLEM, Odd(), isolate=False)

    return run


def test_nan_on_the_way_does_no_harm(odd: Callable[..., Run]) -> None:
    run = odd(
        Claim(point=GOOD, feasible=True), {"point": NAN, "bound": np.nan}, {"bound": -9.0}, {"point": 1e30 * GOOD}
    )
    assert run.certificate is not None
    assert (run.certificate.value, run.certificate.bound, run.certificate.evidence) == (9, 9, Evidence.CLAIMED)
    assert run.stop is Stop.FINISHED


@pytest.mark.parametrize(("point", "stop"), [(NAN, Stop.NONFINITE), (1e30 * GOOD, Stop.ERROR)])
def test_of_a_spoiled_claim_its_bound_and_what_was_found_before_remain(
    odd: Callable[..., Run], point: np.ndarray, stop: Stop
) -> None:
    run = odd(Claim(point=point, feasible=True, bound=-9.0), {"point": GOOD})
    assert run.certificate is not None
    assert (run.stop, run.certificate.value, run.certificate.bound) == (stop, 9, 9)
    assert "stands for no answer" in run.message


def test_a_point_of_another_length_is_violated_and_can_be_written(odd: Callable[..., Run]) -> None:
    run = odd(Claim(point=np.ones(7), feasible=True))
    assert run.certificate is not None
    assert run.certificate.verdict is Verdict.VIOLATED
    assert run.answer_data == {"counts": [1] * 7}
    assert len(PROBLEM.render(run.answer)) == 2


class Array(Solver):
    name = "array"
    accepts = (Knapsack,)

    def solve(self, problem: Any, ctx: Context) -> Claim:
        return Claim(point=GOOD, feasible=True)


def test_what_is_no_answer_is_an_error_of_the_solver(registered: Callable[[Any], Any]) -> None:
    run = solve(PROBLEM, Array(), isolate=False)
    assert run.stop is Stop.ERROR
    assert "takes a KnapsackAnswer as its answer, not a ndarray" in run.message
