"""Making one run of a sweep, wherever it is made; and what comes of it if it can't be."""

from __future__ import annotations

import os
import platform
import time
import traceback
from dataclasses import replace

from dualgap.core.errors import DualgapError, NoRouteError, UsageError
from dualgap.engine.environment import machine
from dualgap.engine.run import Run
from dualgap.engine.solve import solve
from dualgap.study.sweep.cases import Case, Outcome, problem_digest


def perform(case: Case, key: str, attempts: int = 1) -> Outcome:
    """Runs a case. A refusal or a crash is an outcome like any other, never an exception."""
    began = time.time()
    try:
        run = _run(case)
    except KeyboardInterrupt:
        raise
    except Exception as error:
        detail = "".join(traceback.format_exception(error))
        run = failed(case, f"{type(error).__name__}: {error}", detail)
    worker = f"{platform.node()}:{os.getpid()}"
    return Outcome(key, run.data(), case.instance.name, case.instance.size, began, worker, attempts, machine())


def _run(case: Case) -> Run:
    settings = case.settings
    loaded = case.instance.load(case.seed)
    try:
        run = solve(
            loaded.problem,
            case.solver,
            parameters=dict(case.parameters),
            time=settings.time,
            gap=settings.gap,
            seed=settings.seed,
            threads=settings.threads,
            memory=settings.memory,
            explain_seconds=0.0,
        )
    except (NoRouteError, UsageError) as refusal:
        return replace(_empty(case), refused=str(refusal))
    return replace(run, label=case.label or run.label, artefacts=loaded.artefacts, source=loaded.source)


def failed(case: Case, message: str, detail: str = "") -> Run:
    """The run of a case that came to nothing."""
    return replace(_empty(case), message=message, error=detail or message)


def _empty(case: Case) -> Run:
    kind, digest = "", ""
    solver, parameters, label = case.solver, dict(case.parameters), case.label
    try:
        digest = problem_digest(case.instance, case.seed)
        kind = case.instance.load(case.seed).problem.kind
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
