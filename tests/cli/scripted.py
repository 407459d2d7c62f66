"""A plugin for ``--plugin``: one solver that does what its parameter says, honest or not."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from dualgap.core.claim import Claim, Stop
from dualgap.core.forms import Form, MixedIntegerProgram
from dualgap.core.solver import Context, Solver
from dualgap.core.witness import Multipliers


@dataclass(frozen=True)
class Scripted(Solver):
    """Knows the answer of the knapsack in ``conftest``: the last two of three items, worth 220.

    Attributes:
        act: what to do.
    """

    name: ClassVar[str] = "scripted"
    summary: ClassVar[str] = "does what it is told"
    accepts: ClassVar[tuple[type, ...]] = (MixedIntegerProgram,)

    act: str = "claim"

    def refuses(self, form: Form) -> str | None:
        """Whatever it is told to refuse."""
        return "it was told to; take highs" if self.act == "refuse" else None

    def solve(self, form: Form, ctx: Context) -> Claim:
        assert isinstance(form, MixedIntegerProgram)
        best = np.ones(form.size[0])
        best[0] = 0.0
        match self.act:
            case "claim":
                return Claim(point=best, feasible=True, value=-220.0, bound=-220.0)
            case "within":
                return Claim(point=best, feasible=True, witness=Multipliers(rows=np.array([-4.0])))
            case "feasible":
                return Claim(point=0 * best, feasible=True)
            case "lie about value":
                return Claim(point=best, feasible=True, value=-1000.0)
            case "violate":
                return Claim(point=best + 1, feasible=True, value=-500.0)
            case "infeasible" | "unbounded":
                return Claim(stop=Stop(self.act))
            case "nothing":
                return Claim(stop=Stop.TIME)
            case "raise":
                raise RuntimeError("told to raise")
            case "crash":
                os._exit(9)
            case "slow":
                return _slow(best, ctx)
        raise ValueError(f"no such act: {self.act}")


def _slow(best: np.ndarray, ctx: Context) -> Claim:
    """Reports an answer and a bound, says so in its log, and goes on until somebody stops it."""
    ctx.report(point=best, bound=-250.0)
    print("reported", flush=True)
    while not ctx.should_stop():
        time.sleep(0.01)
    return Claim(point=best, feasible=True, stop=Stop.TIME, bound=-250.0)
