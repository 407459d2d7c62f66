"""Which solvers to take where nobody names one: the plugins' choices in turn, within one time budget."""

from __future__ import annotations

import time as clock
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dualgap.core.certificate import Bound, Certificate, Evidence, Sense, Verdict, gaps
from dualgap.core.claim import Outcome, Stop, TracePoint
from dualgap.core.errors import DualgapError, NoRouteError, UsageError
from dualgap.core.exact import Real
from dualgap.core.problem import Problem
from dualgap.core.relations import Relation
from dualgap.core.solver import Choice, Solver, Trait
from dualgap.core.verify import REPORTED_TOLERANCE, verify
from dualgap.core.witness import Witness
from dualgap.engine.execute import execute
from dualgap.engine.monitor import Snapshot
from dualgap.engine.prepare import prepare
from dualgap.engine.routes import routes
from dualgap.engine.run import Attempt, Run
from dualgap.engine.task import Settings
from dualgap.plugins.registry import registry

SHARE = 0.5
"""Of the time that is left, what a solver gets that isn't the last one."""

_LEAST_SECONDS = 0.05
_STRENGTH = (Relation.EXACT, Relation.RELAXATION, Relation.RESTRICTION, Relation.SURROGATE)
_CLOSED = (Verdict.OPTIMAL, Verdict.WITHIN, Verdict.INFEASIBLE, Verdict.UNBOUNDED)
_RANK = {
    **dict.fromkeys(_CLOSED, 0),
    Verdict.CLAIMED_OPTIMAL: 1,
    Verdict.FEASIBLE: 2,
    Verdict.CLAIMED_INFEASIBLE: 3,
    Verdict.CLAIMED_UNBOUNDED: 3,
    Verdict.CONTRADICTED: 4,
    Verdict.NOTHING: 5,
    Verdict.VIOLATED: 6,
}


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
    left, the last one all of it. It ends where the certificate is closed, or an exact solver vouches for a feasible
    answer (choices that prove come before those that only claim). A mere claim that nothing is feasible ends nothing.
    Solvers that are missing or refuse are passed over; ``attempts`` of the run says why each was taken and what came
    of it.

    Raises:
        UsageError: ``via`` names no view. NoRouteError: nothing can run; says why each solver can't.
    """
    routes(problem, Solver(), (), via)  # an unknown view is the user's mistake, whatever the solver
    sequence = _Sequence(problem, settings, via, start, on_progress)
    chosen = registry().choices(problem)
    sequence.run(chosen)
    if sequence.best is None:
        tried = {choice.solver for choice in chosen}
        sequence.run([choice for choice in ranked(problem, via) if choice.solver not in tried])
    return sequence.result()


def ranked(problem: Problem, via: str | None = None) -> list[Choice]:
    """Every registered solver that reaches the problem: exact ones with bounds first, then by the route's relation."""
    found: list[tuple[tuple[int, int, int], Choice]] = []
    for name in registry().solvers:
        try:
            solver = registry().solver(name)
        except DualgapError:
            continue  # broken or offered twice; `plugins list` says so
        ways = routes(problem, solver, registry().all_bridges(), via)
        if ways:
            relation, traits = ways[0].relation, solver.traits
            rank = (
                _STRENGTH.index(relation),
                -len(traits & {Trait.EXACT, Trait.BOUNDS}),
                len(ways[0].steps),
            )
            exact = "an exact solver" if Trait.EXACT in traits else "a solver"
            found.append((rank, Choice(name, f"{exact} that takes it, the relation being {relation}")))
    return [choice for _, choice in sorted(found, key=lambda pair: pair[0])]


@dataclass
class _Sequence:
    """What the solvers before have found.

    ``best`` is the best run, ``bounds`` every verified bound, ``proofs`` the witnesses of new ones, ``value`` the best
    verified value, ``stop`` how the last solver ended.
    """

    problem: Problem
    settings: Settings
    via: str | None
    start: Any
    on_progress: Callable[[Snapshot], None] | None
    best: Run | None = None
    bounds: list[Bound] = field(default_factory=list)
    proofs: list[tuple[Bound, Witness]] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    trace: list[TracePoint] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    value: Real | None = None
    stop: Stop | None = None
    began: float = field(default_factory=clock.monotonic)

    def run(self, choices: Sequence[Choice]) -> None:
        """Runs the choices until the certificate is closed, time is up, or somebody interrupts."""
        try:
            for index, choice in enumerate(choices):
                left = self.settings.time - (clock.monotonic() - self.began)
                if self.best is not None and (self._ended() or left < _LEAST_SECONDS):
                    return
                self._attempt(choice, max(left if index == len(choices) - 1 else SHARE * left, _LEAST_SECONDS))
        except KeyboardInterrupt:
            if self.best is None:
                raise
            self.stop = Stop.INTERRUPTED

    def _attempt(self, choice: Choice, seconds: float) -> None:
        """One solver's run, taken into account; one that can't run is passed over."""
        offset = clock.monotonic() - self.began
        try:
            run = execute(
                self.problem,
                prepare(choice.solver, choice.parameters),
                replace(self.settings, time=seconds),
                via=self.via,
                start=self._start(),
                known=self.bounds,
                on_progress=self._forward(offset),
            )
        except (NoRouteError, UsageError) as error:
            self.attempts.append(Attempt(choice.solver, choice.reason, f"passed over: {error}"))
            return
        spent = clock.monotonic() - self.began - offset
        self._take(run, offset)
        said = _certificate(run)
        verdict = Verdict.CONTRADICTED if self._refutes(run) else said.verdict
        self.attempts.append(Attempt(run.name, choice.reason, verdict.value, said.value, said.bound, spent))

    def _take(self, run: Run, offset: float) -> None:
        said = _certificate(run)
        new = [bound for bound in said.bounds if bound.evidence.verified and bound not in self.bounds]
        self.bounds += new
        self.proofs += [(bound, run.witness) for bound in new if run.witness is not None]
        if said.feasible and said.value is not None:
            better = self.value is None or self.problem.sense.better(said.value, self.value)
            self.value = said.value if better else self.value
        self.trace += [self._point(offset + point.seconds, point.value, point.bound) for point in run.trace]
        for name, seconds in run.seconds.items():
            self.seconds[name] = self.seconds.get(name, 0.0) + seconds
        self.stop = run.stop
        before = [] if self.best is None else [self.best]
        rivals = [run, *before] if said.verdict in _CLOSED else [*before, run]  # a tie goes to whoever closed it
        self.best = min(map(self._graded, rivals), key=lambda rival: _key(rival, self.problem.sense))

    def _refutes(self, run: Run) -> bool:
        """Whether an answer at hand beats a bound that the run's solver vouches for, or its word that there is none."""
        said = _certificate(run)
        denied = said.verdict is Verdict.CLAIMED_INFEASIBLE and self.value is not None
        return denied or any(self._beaten(bound) for bound in said.bounds if bound.evidence is Evidence.CLAIMED)

    def _beaten(self, bound: Bound) -> bool:
        return self.value is not None and gaps(self.problem.sense, self.value, bound.value)[1] < -REPORTED_TOLERANCE

    def _graded(self, run: Run) -> Run:
        """The run, its answer held against all bounds but those that an answer at hand beats."""
        said = _certificate(run)
        if not said.feasible or said.verdict in _CLOSED:
            return run
        claimed = [bound for bound in said.bounds if bound.evidence is Evidence.CLAIMED]
        known = [*self.bounds, *(bound for bound in claimed if not self._beaten(bound))]
        if set(known) == set(said.bounds):
            return run
        verification = verify(
            self.problem,
            Outcome(answer=run.answer, feasible=True, stop=run.stop or Stop.FINISHED, message=run.message),
            gap=self.settings.gap,
            tolerance=self.settings.tolerance,
            known=known,
        )
        return replace(run, certificate=verification.certificate)

    def _start(self) -> Any:
        """The best verified answer, or what the caller gave."""
        return self.best.answer if self.best is not None and _certificate(self.best).feasible else self.start

    def _ended(self) -> bool:
        verdict = _certificate(self.best).verdict if self.best is not None else None
        return self.stop is Stop.INTERRUPTED or verdict in (*_CLOSED, Verdict.CLAIMED_OPTIMAL)

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
        if self.best is None:
            reasons = "".join(f"\n  {attempt.solver}: {attempt.verdict}" for attempt in self.attempts)
            raise NoRouteError(f"no solver can take this {self.problem.kind}:{reasons or ' none reaches it'}")
        seconds = {**self.seconds, "total": clock.monotonic() - self.began}
        certificate = _certificate(self.best)
        closed = certificate.verdict in _CLOSED
        # The run's own witness may give less than the bound that it is graded by: whoever checks it needs that one's.
        witness = next((proof for bound, proof in self.proofs if bound.value == certificate.bound), self.best.witness)
        return replace(
            self.best,
            certificate=replace(certificate, witness=witness.type if witness is not None else ""),
            witness=witness,
            stop=self.best.stop if closed else self.stop,
            attempts=tuple(self.attempts),
            trace=tuple(self.trace),
            seconds=seconds,
            budget=self.settings.record(),
        )


def _certificate(run: Run) -> Certificate:
    assert run.certificate is not None, "a run that came back has been verified"
    return run.certificate


def _key(run: Run, sense: Sense) -> tuple[int, Real]:
    """Sorts runs, the best first: by verdict, then by value."""
    certificate = _certificate(run)
    value = certificate.value if certificate.value is not None else sense.worst
    return _RANK[certificate.verdict], (-value if sense is Sense.MAXIMIZE else value)
