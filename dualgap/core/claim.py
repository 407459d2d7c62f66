"""What a solver says (``Claim``), and how it came to an end (``Stop``). Nothing here is believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from dualgap.core.exact import Real
from dualgap.core.relations import Relation
from dualgap.core.witness import Witness

Scalar = str | int | float | bool | None


class Stop(StrEnum):
    """Why a solver stopped; ``advice`` says what to do about it."""

    FINISHED = "finished"
    TIME = "time"
    ITERATIONS = "iterations"
    MEMORY = "memory"
    DIVERGED = "diverged"
    NONFINITE = "nonfinite"
    INFEASIBLE = "infeasible"
    UNBOUNDED = "unbounded"
    INTERRUPTED = "interrupted"
    ERROR = "error"

    @property
    def advice(self) -> str:
        return _ADVICE[self]


_ADVICE = {
    Stop.FINISHED: "",
    Stop.TIME: "give it more time (--time), or another solver",
    Stop.ITERATIONS: "raise the solver's iteration limit (-p), or take another solver",
    Stop.MEMORY: "raise --memory, or take a solver that needs less",
    Stop.DIVERGED: "lower the step size (-p), or scale the data",
    Stop.NONFINITE: "scale the data: the solver met NaN or infinity",
    Stop.INFEASIBLE: "loosen a constraint",
    Stop.UNBOUNDED: "add the bound that is missing",
    Stop.INTERRUPTED: "to go on from what was found, save it (-o RUN.json) and give it to --start",
    Stop.ERROR: "read the error; dualgap doctor checks the installation",
}


class Use(StrEnum):
    """What became of a start: taken as it was, mended first, or not taken at all."""

    USED = "used"
    REPAIRED = "repaired"
    IGNORED = "ignored"


@dataclass(frozen=True)
class Start:
    """What became of the start that was given, and why. One that isn't feasible is never ``used``."""

    use: Use
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.use}: {self.reason}" if self.reason else str(self.use)


@dataclass(frozen=True)
class TracePoint:
    """A moment of a run: the incumbent's value and the bound, None where there is none.

    ``seconds`` count from the run's start; ``iterations`` are what the solver counts, None where it doesn't.
    """

    seconds: float
    value: Real | None = None
    bound: Real | None = None
    iterations: int | None = None


@dataclass(frozen=True)
class Claim:
    """A solver's answer in the form's own terms.

    Attributes:
        point: a point of the form (an ``Answer`` from solvers that accept a problem class), or None.
        feasible: whether the solver says that the point is feasible for the form.
        stop: why it ended.
        value: the objective that the solver reports for the point.
        bound: a bound on the form's optimum that the solver vouches for (lower, as forms minimise).
        witness: evidence for a bound, or for infeasibility or unboundedness.
        conflict: rows and bounds that can't hold together, in words: ``row NAME <=``, ``bound NAME >=`` (both sides
            without one), ``integer NAME``, by the form's names (x1, x2 ... and r1, r2 ... where it has none).
        statistics: whatever numbers the solver counted.
        message: one line for people.
        start: what it made of ``ctx.start``; None where there was none, or where it can't tell.
    """

    point: Any = None
    feasible: bool = False
    stop: Stop = Stop.FINISHED
    value: Real | None = None
    bound: Real | None = None
    witness: Witness | None = None
    conflict: tuple[str, ...] = ()
    statistics: Mapping[str, Scalar] = field(default_factory=dict)
    message: str = ""
    start: Start | None = None


@dataclass(frozen=True)
class Outcome:
    """A claim carried back along its route to the problem's own terms; still only a claim.

    ``relation`` is the whole route's. ``value`` is None where the route's objective isn't the problem's.
    """

    answer: Any = None
    feasible: bool = False
    stop: Stop = Stop.FINISHED
    value: Real | None = None
    bound: Real | None = None
    witness: Witness | None = None
    conflict: tuple[str, ...] = ()
    relation: Relation = Relation.EXACT
    statistics: Mapping[str, Scalar] = field(default_factory=dict)
    trace: tuple[TracePoint, ...] = ()
    message: str = ""
    start: Start | None = None
