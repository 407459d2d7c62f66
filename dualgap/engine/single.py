"""The parts of one solver's run: the task, its performance in a worker or in this process, the certificate."""

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
from dualgap.engine.context import Progress, RunContext
from dualgap.engine.environment import versions
from dualgap.engine.line import Line
from dualgap.engine.log import diverted
from dualgap.engine.monitor import Monitor, Snapshot
from dualgap.engine.perform import Performance, perform, unfinished
from dualgap.engine.prepare import Prepared, check_installed
from dualgap.engine.remote import perform_in_worker
from dualgap.engine.routes import some_routes
from dualgap.engine.run import Run
from dualgap.engine.starts import warm_start
from dualgap.engine.task import Settings, Task
from dualgap.plugins.registry import registry


def task_for(
    problem: Problem, prepared: Prepared, settings: Settings, via: str | None = None, start: Any = None
) -> Task:
    """The task of one solver on one closed problem, its clock started.

    Raises:
        NoRouteError: no route, or a missing backend. UsageError: the start is none.
    """
    began = clock.monotonic()
    check_installed(prepared.instance)
    found = some_routes(problem, prepared.instance, registry().all_bridges(), via)
    return Task(problem, prepared, found, settings, via, warm_start(problem, start), began)


def monitor_of(task: Task, on_progress: Callable[[Snapshot], None] | None = None) -> Monitor:
    """What collects the task's progress, its start being the first incumbent."""
    return Monitor(task.problem, on_progress, task.start.answer if task.start is not None else None)


def is_isolated(task: Task) -> bool:
    """Whether the task runs in a worker: it is meant to, and a worker can find the solver and the problem."""
    known = registry().problems.get(task.problem.kind)
    found = known is not None and not known.plugin.startswith("(")
    return task.settings.isolate and not task.prepared.local and found


def performed(task: Task, note: Callable[[Progress], None], line: Line | None = None) -> Performance:
    """Performs the task, in a worker or here; ``line`` is for another thread to interfere.

    Raises:
        NoRouteError: the solver refuses. UsageError: a parameter or option is wrong.
    """
    return perform_in_worker(task, note, line) if is_isolated(task) else _perform_here(task, note, line)


def certified(task: Task, performance: Performance, monitor: Monitor, known: Sequence[Bound] = ()) -> Run:
    """The run that a performance amounts to, verified; ``known`` are bounds that the verifier has issued before."""
    problem, prepared, settings = task.problem, task.prepared, task.settings
    outcome = monitor.complete(performance.outcome)
    solved = clock.monotonic()
    graded = partial(verify, problem, gap=settings.gap, tolerance=settings.tolerance, known=known)
    try:
        verification = graded(outcome, seconds=settings.verify_seconds)
    except KeyboardInterrupt:  # a replay was cut short; what takes no time to verify still counts
        outcome = replace(outcome, stop=Stop.INTERRUPTED)
        verification = graded(outcome, seconds=0.0)
    verified = clock.monotonic()
    seconds = {**performance.seconds, "verify": verified - solved, "total": verified - task.began}
    return Run(
        kind=problem.kind,
        problem_hash=problem.digest(),
        solver=prepared.name,
        parameters=prepared.instance.parameters(),
        label=prepared.label,
        route=task.routes[performance.route].steps,
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
        isolated=is_isolated(task),
        checks=verification.checks,
        trace=outcome.trace,
        statistics=outcome.statistics,
        versions=versions(prepared.instance.requires),
        conflict=outcome.conflict,
        start=_start(task, outcome),
        error=performance.error,
        problem=problem,
    )


def _start(task: Task, outcome: Outcome) -> Start | None:
    """What became of the start; a run that was cut short can't say."""
    if task.start is None or outcome.start is not None:
        return outcome.start
    return Start(Use.IGNORED, f"the run ended before {task.prepared.name} said what it made of it")


def _perform_here(task: Task, note: Callable[[Progress], None], line: Line | None) -> Performance:
    """Runs the task in this process, where time and memory limits are the solver's own."""
    settings = task.settings
    budget = settings.budget(task.time_left())
    verbose = settings.log is not None
    stop = line.asked if line is not None else threading.Event()
    ctx = RunContext(budget, task.deadline, settings.seed, note, stop, verbose)
    if line is not None:
        line.deliver = ctx.offer
    try:
        with diverted(settings.log):
            return perform(task.problem, task.routes, task.prepared.instance, ctx, task.start)
    except DualgapError:
        raise
    except Exception as error:  # a solver may raise anything; what it streamed before still counts
        return unfinished(task, Stop.ERROR, repr(error), error=traceback.format_exc())
