"""One solver on one closed problem: the run, in a worker or in this process, and its certificate."""

from __future__ import annotations

import threading
import time as clock
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from dualgap.core.certificate import Bound
from dualgap.core.claim import Outcome, Start, Stop, Use
from dualgap.core.errors import DualgapError
from dualgap.core.problem import Problem
from dualgap.core.verify import verify
from dualgap.engine.context import RunContext
from dualgap.engine.environment import versions
from dualgap.engine.monitor import Monitor, Snapshot
from dualgap.engine.perform import Performance, perform, unfinished
from dualgap.engine.prepare import Prepared, check_installed
from dualgap.engine.remote import perform_in_worker
from dualgap.engine.routes import some_routes
from dualgap.engine.run import Run
from dualgap.engine.starts import warm_start
from dualgap.engine.task import Settings, Task
from dualgap.plugins.registry import registry


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
    began = clock.monotonic()
    check_installed(prepared.instance)
    found = some_routes(problem, prepared.instance, registry().all_bridges(), via)
    begin = warm_start(problem, start)
    monitor = Monitor(problem, on_progress, begin.answer if begin is not None else None)
    isolate = settings.isolate and not prepared.local and problem.kind in registry().problems
    isolate = isolate and not registry().problems[problem.kind].plugin.startswith("(")
    task = Task(problem, prepared, found, settings, via, begin, began)
    try:
        performance = perform_in_worker(task, monitor.note) if isolate else _perform_here(task, monitor)
    except KeyboardInterrupt:
        performance = unfinished(task, Stop.INTERRUPTED, "interrupted")
    outcome = monitor.complete(performance.outcome)
    solved = clock.monotonic()
    graded = partial(verify, problem, gap=settings.gap, tolerance=settings.tolerance, known=known)
    try:
        verification = graded(outcome, seconds=settings.verify_seconds)
    except KeyboardInterrupt:  # a replay was cut short; what takes no time to verify still counts
        outcome = replace(outcome, stop=Stop.INTERRUPTED)
        verification = graded(outcome, seconds=0.0)
    verified = clock.monotonic()
    seconds = {**performance.seconds, "verify": verified - solved, "total": verified - began}
    return Run(
        kind=problem.kind,
        problem_hash=problem.digest(),
        solver=prepared.name,
        parameters=prepared.instance.parameters(),
        label=prepared.label,
        route=found[performance.route].steps,
        answer=outcome.answer,
        answer_data=problem.write_answer(outcome.answer) if outcome.answer is not None else None,
        certificate=verification.certificate,
        witness=outcome.witness,
        stop=outcome.stop,
        message=outcome.message,
        seconds=seconds,
        peak_memory=performance.peak,
        budget=settings.record(),
        seed=settings.seed,
        isolated=isolate,
        checks=verification.checks,
        trace=outcome.trace,
        statistics=outcome.statistics,
        versions=versions(prepared.instance.requires),
        conflict=outcome.conflict,
        start=_start(task, outcome),
        error=performance.error,
    )


def _start(task: Task, outcome: Outcome) -> Start | None:
    """What became of the start; a run that was cut short can't say."""
    if task.start is None or outcome.start is not None:
        return outcome.start
    return Start(Use.IGNORED, f"the run ended before {task.prepared.name} said what it made of it")


def _perform_here(task: Task, monitor: Monitor) -> Performance:
    """Runs the task in this process, where time and memory limits are the solver's own."""
    settings = task.settings
    budget = settings.budget(task.time_left())
    verbose = settings.log is not None
    ctx = RunContext(budget, task.deadline, settings.seed, monitor.note, threading.Event(), verbose)
    try:
        return perform(task.problem, task.routes, task.prepared.instance, ctx, task.start)
    except DualgapError:
        raise
    except Exception as error:  # a solver may raise anything; what it streamed before still counts
        return unfinished(task, Stop.ERROR, repr(error), error=traceback.format_exc())
