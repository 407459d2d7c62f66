"""Which solvers to take where nobody names one: the plugins' choices in turn, within one time budget."""

from __future__ import annotations

import time as clock
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dualgap.core.claim import Start, Stop, TracePoint, Use
from dualgap.core.errors import NoRouteError, UsageError
from dualgap.core.exact import Real
from dualgap.core.problem import Problem
from dualgap.core.solver import Choice, Solver
from dualgap.engine.execute import execute
from dualgap.engine.findings import CLOSED, Findings, certificate_of
from dualgap.engine.infeasibility.attach import explained
from dualgap.engine.monitor import Snapshot
from dualgap.engine.prepare import prepare
from dualgap.engine.ranking import ranked
from dualgap.engine.routes import routes
from dualgap.engine.run import Attempt, Run
from dualgap.engine.starts import WarmStart, warm_start
from dualgap.engine.task import Settings
from dualgap.plugins.registry import registry

SHARE = 0.5
"""Of the time that is left, what a solver gets that isn't the last one."""

_UNDIVIDED = 1.5  # seconds: less isn't divided, for starting a worker takes its share too
_LEAST_SECONDS = 0.05


def dispatch(
    problem: Problem,
    settings: Settings,
    *,
    via: str | None = None,
    start: Any = None,
    on_progress: Callable[[Snapshot], None] | None = None,
) -> Run:
    """The best run of the solvers that the plugins would take, one after the other.

    Each starts from the best answer so far, knows every bound that has been verified, and gets half of the time that is
    left (less where its choice says so), the last one all of it. It ends where the certificate is closed, or an exact
    solver vouches for a feasible answer (choices that prove come before those that only claim). A mere claim that
    nothing is feasible ends nothing.
    Solvers that are missing or refuse are passed over; ``attempts`` of the run says why each was taken and what came
    of it.

    Raises:
        UsageError: ``via`` names no view. NoRouteError: nothing can run; says why each solver can't.
    """
    routes(problem, Solver(), (), via)  # an unknown view is the user's mistake, whatever the solver
    sequence = _Sequence(problem, settings, via, warm_start(problem, start), on_progress)
    chosen = registry().choices(problem)
    sequence.run(chosen)
    if sequence.findings.best is None:
        tried = {choice.solver for choice in chosen}
        sequence.run([choice for choice in ranked(problem, via) if choice.solver not in tried])
    return sequence.result()


@dataclass
class _Sequence:
    """Solvers in turn: ``stop`` is how the last one ended, ``started`` what became of the caller's start."""

    problem: Problem
    settings: Settings
    via: str | None
    start: WarmStart | None
    on_progress: Callable[[Snapshot], None] | None
    findings: Findings = field(init=False)
    attempts: list[Attempt] = field(default_factory=list)
    trace: list[TracePoint] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    started: Start | None = None
    stop: Stop | None = None
    began: float = field(default_factory=clock.monotonic)

    def __post_init__(self) -> None:
        self.findings = Findings(self.problem, self.settings)

    def run(self, choices: Sequence[Choice]) -> None:
        """Runs the choices until the certificate is closed, time is up, or somebody interrupts."""
        try:
            for index, choice in enumerate(choices):
                left = self.settings.time - (clock.monotonic() - self.began)
                if self.findings.best is not None and (self._ended() or left < _LEAST_SECONDS):
                    return
                share = left if left < _UNDIVIDED else SHARE * left
                share = left if index == len(choices) - 1 else min(share, choice.seconds)
                self._attempt(choice, max(share, _LEAST_SECONDS))
        except KeyboardInterrupt:
            if self.findings.best is None:
                raise
            self.stop = Stop.INTERRUPTED

    def _attempt(self, choice: Choice, seconds: float) -> None:
        """One solver's run, taken into account; one that can't run is passed over."""
        offset = clock.monotonic() - self.began
        start = self.findings.warm_start or self.start
        try:
            run = execute(
                self.problem,
                prepare(choice.solver, choice.parameters),
                replace(self.settings, time=seconds),
                via=self.via,
                start=start,
                known=self.findings.bounds,
                on_progress=self._forward(offset),
            )
        except (NoRouteError, UsageError) as error:
            self.attempts.append(Attempt(choice.solver, choice.reason, f"passed over: {error}"))
            return
        if not any(earlier.infeasibility for earlier in self.findings.runs):  # once is enough
            run = explained(self.problem, run, replace(self.settings, time=self.settings.time - offset))
        spent = clock.monotonic() - self.began - offset
        if self.start is not None and start is not None and start.answer == self.start.answer:
            self.started = run.start if self.started is None or self.started.use is Use.IGNORED else self.started
        self.findings.take(run)
        self.stop = run.stop
        self.trace += [self._point(offset + point.seconds, point.value, point.bound) for point in run.trace]
        for name, seconds in run.seconds.items():
            self.seconds[name] = self.seconds.get(name, 0.0) + seconds
        said, verdict = certificate_of(run), self.findings.verdict(run)
        self.attempts.append(Attempt(run.name, choice.reason, verdict.value, said.value, said.bound, spent))

    def _ended(self) -> bool:
        return self.stop is Stop.INTERRUPTED or self.findings.settled

    def _point(self, seconds: float, value: Real | None, bound: Real | None) -> TracePoint:
        """A moment of the whole sequence: the best so far of all solvers."""
        last = self.trace[-1] if self.trace else TracePoint(0.0)
        sense = self.problem.sense
        if value is None or (last.value is not None and sense.better(last.value, value)):
            value = last.value
        if bound is None or (last.bound is not None and sense.better(bound, last.bound)):
            bound = last.bound
        return TracePoint(seconds, value, bound)

    def _forward(self, offset: float) -> Callable[[Snapshot], None] | None:
        if self.on_progress is None:
            return None
        show = self.on_progress
        return lambda snapshot: show(replace(snapshot, seconds=offset + snapshot.seconds))

    def result(self) -> Run:
        """The best run, with everything that was tried.

        Raises:
            NoRouteError: nothing could run.
        """
        if self.findings.best is None:
            reasons = "".join(f"\n  {attempt.solver}: {attempt.verdict}" for attempt in self.attempts)
            raise NoRouteError(f"no solver can take this {self.problem.kind}:{reasons or ' none reaches it'}")
        best = self.findings.best
        closed = certificate_of(best).verdict in CLOSED
        return self.findings.joint(
            stop=best.stop if closed else self.stop,
            start=self.started,
            attempts=tuple(self.attempts),
            trace=tuple(self.trace),
            seconds={**self.seconds, "total": clock.monotonic() - self.began - self.seconds.get("explain", 0.0)},
            budget=self.settings.record(),
        )
