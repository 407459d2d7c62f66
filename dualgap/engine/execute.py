"""One solver, or a portfolio of several, on one closed problem: the run and its certificate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dualgap.core.certificate import Bound
from dualgap.core.claim import Stop
from dualgap.core.problem import Problem
from dualgap.engine.monitor import Snapshot
from dualgap.engine.perform import unfinished
from dualgap.engine.portfolio import Portfolio
from dualgap.engine.prepare import Prepared
from dualgap.engine.race import race
from dualgap.engine.run import Run
from dualgap.engine.single import certified, monitor_of, performed, task_for
from dualgap.engine.task import Settings


def execute(
    problem: Problem,
    prepared: Prepared,
    settings: Settings,
    *,
    via: str | None = None,
    start: Any = None,
    known: Sequence[Bound] = (),
    on_progress: Callable[[Snapshot], None] | None = None,
) -> Run:
    """One solver on one closed problem; ``known`` are bounds that the verifier has issued before.

    Raises:
        NoRouteError: no route, a missing backend, or a refusal.
    """
    if isinstance(prepared.instance, Portfolio):
        return race(problem, prepared, settings, via=via, start=start, known=known, on_progress=on_progress)
    task = task_for(problem, prepared, settings, via, start)
    monitor = monitor_of(task, on_progress)
    try:
        performance = performed(task, monitor.note)
    except KeyboardInterrupt:
        performance = unfinished(task, Stop.INTERRUPTED, "interrupted")
    return certified(task, performance, monitor, known)
