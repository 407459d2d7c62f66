"""What is known while a run goes on: the best incumbent (re-evaluated), the best bound, the trace."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from dualgap.core.certificate import gaps
from dualgap.core.claim import Outcome, TracePoint
from dualgap.core.exact import Real
from dualgap.core.problem import Problem
from dualgap.core.verify import DEFAULT_TOLERANCE
from dualgap.core.witness import Witness
from dualgap.engine.context import Progress


@dataclass(frozen=True)
class Snapshot:
    """For progress displays: seconds, the incumbent's recomputed value, the solver's bound, the gap between them."""

    seconds: float
    value: Real | None
    bound: Real | None
    relative_gap: float | None


class Monitor:
    """Collects progress; every value in it has been recomputed by the problem.

    A start that is feasible is the first incumbent, so no run ends with less than it was given.
    """

    def __init__(
        self, problem: Problem, on_progress: Callable[[Snapshot], None] | None = None, start: Any = None
    ) -> None:
        self.problem = problem
        self.on_progress = on_progress
        self.began = time.monotonic()
        self.value: Real | None = self._feasible_value(start) if start is not None else None
        self.answer: Any = start if self.value is not None else None
        self.start = self.answer
        self.bound: Real | None = None
        self.witness: Witness | None = None
        self.trace: list[TracePoint] = []

    def note(self, progress: Progress) -> None:
        """Takes a report in."""
        seconds = time.monotonic() - self.began
        if progress.answer is not None:
            value = self._feasible_value(progress.answer)
            if value is not None and (self.value is None or self.problem.sense.better(value, self.value)):
                self.answer, self.value = progress.answer, value
        bound = progress.bound
        if (
            bound is not None
            and bound == bound
            and (self.bound is None or self.problem.sense.better(self.bound, bound))
        ):
            self.bound = bound  # never NaN: nothing would be tighter
        if progress.witness is not None:
            self.witness = progress.witness
        self.trace.append(TracePoint(seconds, self.value, self.bound, progress.iterations))
        if self.on_progress is not None:
            relative = None
            if self.value is not None and self.bound is not None:
                relative = gaps(self.problem.sense, self.value, self.bound)[1]
            self.on_progress(Snapshot(seconds, self.value, self.bound, relative))

    def _feasible_value(self, answer: Any) -> Real | None:
        evaluation = self.problem.evaluate(answer)
        tolerance = 0.0 if evaluation.exact else DEFAULT_TOLERANCE
        held = all(v.amount <= tolerance * max(1.0, v.scale) for v in evaluation.violations.values())
        number = evaluation.objective == evaluation.objective  # nothing is better than NaN, so it would stay
        return evaluation.objective if held and number else None

    def complete(self, outcome: Outcome) -> Outcome:
        """The outcome, with what was streamed where the end of the run lost it, and the whole trace.

        An answer that the solver vouches for is never replaced by a better-looking one: if it is wrong, that is shown.
        """
        final = self._feasible_value(outcome.answer) if outcome.answer is not None else None
        vouched = outcome.feasible and outcome.relation.carries_points and outcome.answer is not None
        lost = self.value is not None and (final is None or self.problem.sense.better(self.value, final))
        if lost and not (vouched and final is None):
            parts = (outcome.message, "nothing better than the start was found" if self.answer is self.start else "")
            message = "; ".join(part for part in parts if part)
            outcome = replace(outcome, answer=self.answer, value=None, feasible=True, message=message)
            final = self.value
        if final is None and not vouched:
            outcome = self._trivial(outcome)
        bound = self.bound if outcome.bound is None else outcome.bound
        witness = self.witness if outcome.witness is None else outcome.witness
        counted = outcome.statistics.get("iterations")
        iterations = counted if isinstance(counted, int) else None
        end = TracePoint(time.monotonic() - self.began, final, bound, iterations)
        return replace(outcome, bound=bound, witness=witness, trace=(*self.trace, end))

    def _trivial(self, outcome: Outcome) -> Outcome:
        """Never nothing where a feasible answer is free (but a claim of infeasibility is left to the verifier)."""
        if outcome.stop.value in ("infeasible", "unbounded"):
            return outcome
        trivial = self.problem.trivial()
        if trivial is None:
            return outcome
        note = "; ".join(
            part for part in (outcome.message, "the solver found nothing, the trivial answer stands") if part
        )
        return replace(outcome, answer=trivial, value=None, feasible=False, message=note)
