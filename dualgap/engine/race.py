"""Several solvers at once on one problem: what they share, and when they end.

Every member runs in a worker, and a thread of its own waits for it; this thread alone verifies. Whatever a member
reports is re-evaluated; a better answer is offered to the others, and whoever starts later starts from it. All end
where the best answer meets the best bound that stands: one that a verified answer of any member beats is out. A member
that crashes, refuses or lies costs the others nothing but its turn.
"""

from __future__ import annotations

import threading
import time as clock
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dualgap.core.certificate import Bound
from dualgap.core.claim import Start, Stop, Use
from dualgap.core.errors import NoRouteError
from dualgap.core.problem import Problem
from dualgap.engine.findings import CLOSED, Findings, certificate_of
from dualgap.engine.known import Known
from dualgap.engine.member import Member
from dualgap.engine.monitor import Snapshot
from dualgap.engine.portfolio import Portfolio
from dualgap.engine.prepare import Prepared
from dualgap.engine.process import GRACE
from dualgap.engine.run import Attempt, Run
from dualgap.engine.starts import WarmStart, warm_start
from dualgap.engine.task import Settings

HEAD_START = 0.5
"""Seconds that solvers which prove no optimum have before those begin that can start from their answer."""

PARTING = 0.1
"""Seconds that the others have to end by themselves once it is decided; a worker that does stays warm."""

_PATIENCE = 2.0  # the same for solvers in this process, which nobody can end
_TICK = 0.05


def race(
    problem: Problem,
    prepared: Prepared,
    settings: Settings,
    *,
    via: str | None = None,
    start: Any = None,
    known: Sequence[Bound] = (),
    on_progress: Callable[[Snapshot], None] | None = None,
) -> Run:
    """Runs the members of a portfolio; ``attempts`` of the run says who took part and what each contributed.

    ``memory`` is shared out among those that run at a time, and so are the threads. A member that waits gets its turn
    after its share of the time at the latest.

    Raises:
        UsageError: a member is unknown, or ``via`` names no view. NoRouteError: nobody can run; says why.
    """
    portfolio = prepared.instance
    assert isinstance(portfolio, Portfolio)
    members = [Member(chosen, reason) for chosen, reason in portfolio.members(problem, via)]
    at_once = portfolio.at_once(settings)
    own = replace(
        settings,
        threads=max(1, settings.threads // at_once),
        memory=None if settings.memory is None else settings.memory // min(at_once, max(len(members), 1)),
    )
    together = Known(problem, settings.gap, on_progress)
    runner = _Race(problem, settings, own, via, warm_start(problem, start), together, members, at_once)
    runner.findings.bounds += known
    runner.run()
    return runner.result(prepared)


@dataclass
class _Race:
    """The members by what they do, what the running ones know together, what the ended ones have found.

    ``over`` is when it was decided or given up, in seconds; ``interrupts`` counts how often somebody interrupted.
    """

    problem: Problem
    settings: Settings
    own: Settings
    via: str | None
    start: WarmStart | None
    known: Known
    waiting: list[Member]
    at_once: int
    running: list[Member] = field(default_factory=list)
    ended: list[Member] = field(default_factory=list)
    findings: Findings = field(init=False)
    interrupts: int = 0
    over: float | None = None
    wake: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.findings = Findings(self.problem, self.settings)
        self.share = self.settings.time / max(1, -(-len(self.waiting) // self.at_once))

    def run(self) -> None:
        """Goes on until it is decided, time is up, or somebody interrupts; then everybody is asked to end."""
        while True:
            try:
                self._launch()
                if not self.running:
                    return
                self.wake.wait(_TICK)
                self.wake.clear()
                self._listen()
                self._watch()
            except KeyboardInterrupt:
                self.interrupts += 1
                self._end()
                if self.interrupts > 1:
                    for member in self.running:
                        member.give_up()

    def _launch(self) -> None:
        """Starts members while there is room."""
        left = self.settings.time - self.known.elapsed
        for member in list(self.waiting):
            if self.over is not None or (left <= 0 and self.ended):
                return
            scouts = any(other.is_scout for other in self.running) and self.known.elapsed < HEAD_START
            if len(self.running) < self.at_once and not (scouts and member.is_warm and self.known.value is None):
                self.waiting.remove(member)
                start = self.start if self.known.value is None else WarmStart(self.known.answer)
                member.from_the_caller = start is self.start
                member.begin(self.problem, replace(self.own, time=max(left, 0.0)), self.via, start, self.wake)
                self.running.append(member)

    def _listen(self) -> None:
        """Takes in what was reported, and whoever has ended; decides."""
        for member in list(self.running):
            heard = member.listen()
            if member.done:
                member.listen()  # what came between the last look and the end
                member.finish(self.findings.bounds, replay=self.over is None)
                if member.run is not None:
                    self.findings.take(member.run)
                self.ended.append(member)
                self.running.remove(member)
            if heard or member.run is not None:
                self.known.weigh(member, [*self.running, *self.ended], self.findings.bounds)
        if self.over is None and (self.findings.settled or self.known.closed):
            self._end()

    def _end(self) -> None:
        """Asks everybody to end; nobody begins any more."""
        self.over = self.known.elapsed if self.over is None else self.over
        for member in self.running:
            member.line.ask()

    def _watch(self) -> None:
        """Sees to it that those who are asked do end, and that those who wait get their turn."""
        if self.over is None and self.known.elapsed > self.settings.time + GRACE:
            self._end()  # workers keep to the limit by themselves; solvers in this process may not
        if self.over is not None:
            parting = GRACE if self.interrupts else PARTING
            for member in self.running:
                if self.known.elapsed - self.over > (parting if member.in_a_worker else _PATIENCE):
                    member.give_up()
        elif self.waiting and len(self.running) >= self.at_once:
            oldest = min(self.running, key=lambda member: member.began)
            if clock.monotonic() - oldest.began > self.share:
                oldest.line.ask()

    def result(self, prepared: Prepared) -> Run:
        """The joint run.

        Raises:
            NoRouteError: nobody could run. KeyboardInterrupt: somebody interrupted before anybody had ended.
        """
        attempts = tuple(self._attempts())
        best = self.findings.best
        if best is None:
            if self.interrupts:
                raise KeyboardInterrupt
            reasons = "".join(f"\n  {attempt.solver}: {attempt.verdict}" for attempt in attempts)
            raise NoRouteError(f"no member can take this {self.problem.kind}:{reasons or ' there is none'}")
        stop = self._stop(best)
        solved = self.over if self.over is not None else self.known.elapsed
        verify = sum(member.run.seconds.get("verify", 0.0) for member in self.ended if member.run is not None)
        return self.findings.joint(
            solver=prepared.name,
            parameters=prepared.instance.parameters(),
            label=prepared.label,
            stop=stop,
            message=best.message if best.stop is stop else "",
            seconds={"solve": solved, "verify": verify, "total": self.known.elapsed},
            peak_memory=sum(run.peak_memory for run in self.findings.runs),
            budget=self.settings.record(),
            trace=tuple(self.known.trace),
            versions={name: version for run in self.findings.runs for name, version in run.versions.items()},
            start=self._started(),
            attempts=attempts,
        )

    def _stop(self, best: Run) -> Stop | None:
        """How it ended: a member that was ended because others had decided it was not interrupted by anybody."""
        if self.interrupts:
            return Stop.INTERRUPTED
        if certificate_of(best).verdict in CLOSED and best.stop is not Stop.INTERRUPTED:
            return best.stop
        if self.findings.settled or self.known.closed:
            return Stop.FINISHED
        stops = [run.stop for run in self.findings.runs]
        return Stop.TIME if Stop.TIME in stops or self.known.elapsed >= self.settings.time else best.stop

    def _started(self) -> Start | None:
        """What became of the caller's start: whoever took it counts."""
        if self.start is None:
            return None
        said = [member.run.start for member in self.ended if member.from_the_caller and member.run is not None]
        reports = [start for start in said if start is not None]
        return next((start for start in reports if start.use is not Use.IGNORED), reports[0] if reports else None)

    def _attempts(self) -> Iterator[Attempt]:
        """Who took part, in the order in which they ended, and what each contributed."""
        bounder = self._bounder()
        for member in (*self.ended, *self.waiting):
            run = member.run
            if run is None:
                said = f"passed over: {member.passed_over}" if member.passed_over else "its turn didn't come"
                yield Attempt(member.name, member.reason, said)
                continue
            certificate = certificate_of(run)
            gave = [word for word, given in (("answer", member is self.known.by), ("bound", run is bounder)) if given]
            yield Attempt(
                member.name,
                member.reason,
                self.findings.verdict(run).value,
                certificate.value,
                certificate.bound,
                member.seconds,
                ", ".join(gave),
            )

    def _bounder(self) -> Run | None:
        """Whose the joint bound is: the first that came with it."""
        said = certificate_of(self.findings.best) if self.findings.best is not None else None
        if said is None or said.bound is None:
            return None
        wanted = (said.bound, said.evidence)
        for run in self.findings.runs:
            if any((bound.value, bound.evidence) == wanted for bound in certificate_of(run).bounds):
                return run
        return None
