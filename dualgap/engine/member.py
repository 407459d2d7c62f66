"""A member of a portfolio: a solver's run in a thread that waits for its worker, and what it has said so far."""

from __future__ import annotations

import queue
import threading
import time as clock
import traceback
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dualgap.core.certificate import INFINITY, Bound, Evidence
from dualgap.core.claim import Stop
from dualgap.core.errors import InvalidWitnessError, NoRouteError, UsageError
from dualgap.core.exact import Real, nearest
from dualgap.core.problem import Problem
from dualgap.core.solver import Trait
from dualgap.core.witness import Witness
from dualgap.engine.context import Progress
from dualgap.engine.line import Line
from dualgap.engine.monitor import Monitor
from dualgap.engine.perform import Performance, unfinished
from dualgap.engine.prepare import Prepared
from dualgap.engine.run import Run
from dualgap.engine.single import certified, is_isolated, monitor_of, performed, task_for
from dualgap.engine.starts import WarmStart
from dualgap.engine.task import Settings, Task

_PARTING_REPLAY = 0.1  # seconds: for a proof that comes when the others have decided


class Member:
    """One solver of a portfolio. Its methods are called from the portfolio's thread.

    ``passed_over`` says why it didn't run; ``run`` is there once it has ended and been verified.
    """

    def __init__(self, prepared: Prepared, reason: str) -> None:
        self.prepared = prepared
        self.reason = reason
        self.line = Line()
        self.run: Run | None = None
        self.passed_over = ""
        self.began = clock.monotonic()
        self.seconds = 0.0
        self.from_the_caller = False
        self.monitor: Monitor | None = None
        self._task: Task | None = None
        self._performance: Performance | None = None
        self._reports: queue.SimpleQueue[Progress] = queue.SimpleQueue()
        self._judged: tuple[Witness | None, list[Bound]] = (None, [])

    @property
    def name(self) -> str:
        return self.prepared.label or self.prepared.name

    @property
    def is_scout(self) -> bool:
        """Whether it is quick to end: what finds answers or bounds, and doesn't search for the optimum."""
        return Trait.EXACT not in self.prepared.instance.traits

    @property
    def is_warm(self) -> bool:
        return Trait.WARM in self.prepared.instance.traits

    @property
    def in_a_worker(self) -> bool:
        return self._task is not None and is_isolated(self._task)

    def begin(
        self, problem: Problem, settings: Settings, via: str | None, start: WarmStart | None, wake: threading.Event
    ) -> None:
        """Starts it; ``wake`` is set at every report, and at the end."""
        self.began = clock.monotonic()
        try:
            self._task = task_for(problem, self.prepared, settings, via, start)
        except (NoRouteError, UsageError) as error:
            self.passed_over = str(error)
            return
        self.monitor = monitor_of(self._task)
        threading.Thread(target=self._work, args=(self._task, wake), daemon=True).start()

    def _work(self, task: Task, wake: threading.Event) -> None:
        def note(progress: Progress) -> None:
            self._reports.put(progress)
            wake.set()

        try:
            performance = performed(task, note, self.line)
        except (NoRouteError, UsageError) as error:
            self.passed_over = str(error)
        except BaseException as error:  # whatever happens to one member must not hurt the others
            performance = unfinished(task, Stop.ERROR, repr(error), error=traceback.format_exc())
            self._performance = self._performance or performance
        else:
            self._performance = self._performance or performance
        wake.set()

    @property
    def done(self) -> bool:
        return self._performance is not None or self.passed_over != ""

    def give_up(self) -> None:
        """Ends it at once: its worker is killed; a thread of this process is left behind."""
        self.line.end()
        if self._task is not None and not self.in_a_worker:
            left = unfinished(self._task, Stop.INTERRUPTED, "it didn't stop, and was left behind in this process")
            self._performance = self._performance or left

    def listen(self) -> bool:
        """Takes in what it has reported; whether that was anything."""
        heard = False
        while self.monitor is not None and not self._reports.empty():
            self.monitor.note(self._reports.get())
            heard = True
        return heard

    def finish(self, known: Sequence[Bound], replay: bool) -> None:
        """Verifies what it has come back with; where nothing hangs on it any more, only what is replayed in no time."""
        self.seconds = clock.monotonic() - self.began
        if self._performance is None or self._task is None or self.monitor is None:
            return
        settings = self._task.settings
        if not replay:
            settings = replace(settings, verify_seconds=min(settings.verify_seconds, _PARTING_REPLAY))
        self.run = certified(replace(self._task, settings=settings), self._performance, self.monitor, known)

    @property
    def answer(self) -> tuple[Any, Real] | None:
        """The best verified answer with its value."""
        certificate = self.run.certificate if self.run is not None else None
        if self.run is not None and certificate is not None and certificate.feasible and certificate.value is not None:
            return self.run.answer, certificate.value
        if self.monitor is None or self.monitor.value is None:
            return None
        return self.monitor.answer, self.monitor.value

    @property
    def witness(self) -> Witness | None:
        if self.run is not None:
            return self.run.witness
        return self.monitor.witness if self.monitor is not None else None

    def bounds(self, problem: Problem) -> list[Bound]:
        """What it has bounded so far: verified where its witness says so at no cost, else on its word."""
        if self.run is not None and self.run.certificate is not None:
            return list(self.run.certificate.bounds)
        if self.monitor is None:
            return []
        claimed = self.monitor.bound
        if claimed is not None and isinstance(claimed, float) and abs(claimed) < INFINITY:
            claimed = problem.tighten(claimed)
        known = [] if claimed is None or abs(nearest(claimed)) == INFINITY else [Bound(claimed, Evidence.CLAIMED)]
        return [*self._verified(problem, self.monitor.witness), *known]

    def _verified(self, problem: Problem, witness: Witness | None) -> list[Bound]:
        if witness is not self._judged[0] and witness is not None:
            try:
                self._judged = witness, [problem.bound(witness, 0.0)]
            except InvalidWitnessError:
                self._judged = witness, []
        return self._judged[1]
