"""Making one run of a sweep, wherever it is made; and what comes of it if it can't be."""

from __future__ import annotations

import os
import platform
import time
import traceback
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dualgap.core.claim import Stop
from dualgap.core.errors import DualgapError, NoRouteError, UsageError
from dualgap.core.problem import Problem
from dualgap.engine.environment import machine
from dualgap.engine.pool import POOL
from dualgap.engine.process import Setting
from dualgap.engine.run import Run
from dualgap.engine.solve import solve
from dualgap.engine.task import Settings
from dualgap.plugins.registry import registry
from dualgap.study.sweep.cases import Case, Job, Outcome, problem_identity

_START = 5.0
"""Seconds that a worker has to start and to load libraries, and a rehearsal to go on after that."""


def perform(job: Job) -> Outcome:
    """Makes a run. A refusal or a crash is an outcome like any other, never an exception.

    Raises:
        KeyboardInterrupt: somebody interrupted: what a run found in half its time says nothing about its budget.
    """
    began = time.time()
    try:
        _check(job)
        run = _run(job.case)
    except Exception as error:
        detail = "".join(traceback.format_exception(error))
        run = failed(job.case, f"{type(error).__name__}: {error}", detail)
    if run.stop is Stop.INTERRUPTED:
        raise KeyboardInterrupt
    return _outcome(job, run, began)


def failed(case: Case, message: str, detail: str = "") -> Run:
    """The run of a case that came to nothing."""
    return replace(_empty(case), message=message, error=detail or message)


def written(run: Run) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The run's data and its large arrays, by SHA-256."""
    with TemporaryDirectory() as folder:
        data = run.data(Path(folder))
        return data, {path.stem: path.read_bytes() for path in Path(folder).glob("*.npy")}


def _check(job: Job) -> None:
    """A key stands for files and versions: a worker that has others must not fill its place.

    Raises:
        DualgapError: it has others, or lacks a plugin.
    """
    for path in job.plugins:
        registry().load_path(path)
    if job.case.key() != job.key:
        here = f"{platform.node()}, {os.getcwd()}"
        raise DualgapError(f"this worker ({here}) has other files or versions than the sweep: give it the same ones")


def _run(case: Case) -> Run:
    settings = case.settings
    loaded = case.instance.load(case.seed)
    worker = Setting(settings.threads, tuple(registry().paths))
    try:
        if not POOL.met(worker, case.prepared.name, loaded.problem.kind):
            rehearsed = _solve(case, loaded.problem, _rehearsal(settings))
            if rehearsed.stop is Stop.INTERRUPTED:
                return rehearsed
        run = _solve(case, loaded.problem, settings)
    except (NoRouteError, UsageError) as refusal:
        return replace(_empty(case), refused=str(refusal))
    return replace(run, label=case.label or run.label, artefacts=loaded.artefacts, source=loaded.source)


def _rehearsal(settings: Settings) -> Settings:
    """For a run that doesn't count, in a worker that has yet to load the solver's libraries: the first answer will do.

    Else whoever comes first, or after a run that had to be killed, pays for the start.
    """
    return replace(settings, time=min(settings.time, _START) + _START, gap=1.0, verify_seconds=0.0)


def _solve(case: Case, problem: Problem, settings: Settings) -> Run:
    return solve(
        problem,
        case.solver,
        parameters=dict(case.parameters),
        time=settings.time,
        gap=settings.gap,
        seed=settings.seed,
        threads=settings.threads,
        memory=settings.memory,
        verify_seconds=settings.verify_seconds,
        explain_seconds=0.0,
    )


def _empty(case: Case) -> Run:
    kind, digest = "", ""
    solver, parameters, label = case.solver, dict(case.parameters), case.label
    try:
        kind, digest = problem_identity(case.instance, case.seed)
        prepared = case.prepared
        solver, parameters, label = prepared.name, prepared.instance.parameters(), case.label or prepared.label
    except DualgapError:
        pass  # the case failed for that reason, and the run says so
    return Run(
        kind=kind,
        problem_hash=digest,
        solver=solver,
        parameters=parameters,
        label=label,
        budget=case.settings.record(),
        seed=case.seed,
    )


def _outcome(job: Job, run: Run, began: float) -> Outcome:
    data, arrays = written(run)
    instance = job.case.instance
    worker = f"{platform.node()}:{os.getpid()}"
    return Outcome(
        job.key, data, instance.name, instance.size, began, worker, job.attempts + 1, machine(), arrays=arrays
    )
