"""An interrupt while the answer is being verified keeps what was found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from dualgap import Claim, Knapsack, MixedIntegerProgram, Solver, UsageError, solve
from dualgap.core.certificate import Bound, Evidence, Verdict
from dualgap.core.claim import Stop
from dualgap.core.forms import Form
from dualgap.core.solver import Context
from dualgap.core.witness import Exhaustion, Witness


class Endless(Knapsack):
    """A replay that takes as long as it may, until somebody presses Ctrl-C."""

    kind: ClassVar[str] = "endless-knapsack"

    def bound(self, witness: Witness, seconds: float = 10.0) -> Bound:
        if seconds > 0:
            raise KeyboardInterrupt
        return Bound(3, Evidence.PROVED, "no replay")


@dataclass(frozen=True)
class Packs(Solver):
    name: ClassVar[str] = "packs-first"
    accepts: ClassVar[tuple[type, ...]] = (MixedIntegerProgram,)

    def solve(self, form: Form, ctx: Context) -> Claim:
        return Claim(point=np.array([1.0, 0.0]), feasible=True, witness=Exhaustion())


def test_interrupt_of_a_replay_keeps_the_run(registered: Callable[[Any], Any]) -> None:
    registered(Packs)
    problem = Endless.model_validate({"values": [2, 1], "weights": [1, 1], "capacity": 1})
    run = solve(problem, "packs-first", isolate=False)
    assert run.stop is Stop.INTERRUPTED
    assert run.certificate is not None
    assert (run.certificate.verdict, run.certificate.value, run.certificate.bound) == (Verdict.FEASIBLE, 2, 3)


def test_parameters_without_a_solver_are_refused() -> None:
    with pytest.raises(UsageError, match="name the one that takes speed"):
        solve({"kind": "knapsack", "values": [1], "weights": [1], "capacity": 1}, parameters={"speed": 1})
