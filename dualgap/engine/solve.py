"""``solve``: one problem, one solver (or the dispatcher's choice), one run with its certificate."""

from __future__ import annotations

import time as clock
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from dualgap.core.certificate import Verdict
from dualgap.core.errors import UsageError
from dualgap.core.solver import Solver
from dualgap.engine.dispatch import dispatch
from dualgap.engine.execute import execute
from dualgap.engine.infeasibility.attach import explained
from dualgap.engine.load import Source, load
from dualgap.engine.monitor import Snapshot
from dualgap.engine.prepare import prepare
from dualgap.engine.run import Run
from dualgap.engine.task import Settings
from dualgap.engine.unbounded import directed, settled
from dualgap.models.model import Found, Model


def solve(
    problem: Source,
    solver: str | Solver | type[Solver] | None = None,
    *,
    parameters: Mapping[str, Any] | None = None,
    via: str | None = None,
    start: Any = None,
    time: float = 60.0,
    gap: float = 0.0,
    seed: int = 0,
    threads: int = 1,
    memory: int | None = None,
    tolerance: float | None = None,
    verify_seconds: float = 10.0,
    explain_seconds: float = 10.0,
    isolate: bool = True,
    log: str | None = None,
    on_progress: Callable[[Snapshot], None] | None = None,
) -> Run:
    """Solves a problem and certifies the answer.

    Args:
        problem: a ``Problem``, a raw spec, the path of a spec, or a model of PuLP or CVXPY; a model gets the values,
            duals, status and ``certificate`` back.
        solver: a name (``"highs"``, ``"highs[presolve=off]"``), an object or a class; None takes what dispatch says.
        parameters: of the solver, by name.
        via: the view to go through.
        start: an answer, its plain data or an earlier run to start from; ``Run.start`` says what became of it. One that
            is feasible is never answered by a worse one, unless the solver vouches for an answer that breaks a row.
        time: wall seconds for build, compile and solve together; held within a second where ``isolate`` is true.
        gap: the relative gap that is good enough.
        memory: bytes of resident memory for the worker.
        tolerance: for rows and numerical gaps; 0 on exact data, else 1e-6 by default.
        verify_seconds: for the replay of an exact argument, timed apart.
        explain_seconds: for why a problem is infeasible or unbounded, at most and of the time that is left; 0 for not
            at all. Timed apart too.
        isolate: run in a worker process; False runs in this one, where time and memory limits are the solver's own.
        log: where the backend's own log goes: a file, or "-" for stderr.
        on_progress: called with a ``Snapshot`` for every report.

    Raises:
        SpecError: the spec is bad. UsageError: so is an option. NoRouteError: there is no way, or the solver refuses.

    A run that ends infeasible says why (``Run.infeasibility``), an unbounded one where to (``Run.direction``).
    Ctrl-C doesn't raise: the run that comes back holds the best so far and says ``interrupted``.
    """
    settings = Settings(time, gap, seed, threads, memory, tolerance, verify_seconds, isolate, log, explain_seconds)
    began = clock.monotonic()
    loaded = load(problem, seed=seed)
    resolve_seconds = clock.monotonic() - began
    if solver is None:
        if parameters:
            raise UsageError(f"parameters belong to a solver: name the one that takes {', '.join(parameters)}")
        run = dispatch(loaded.problem, settings, via=via, start=start, on_progress=on_progress)
    else:
        chosen = prepare(solver, parameters)
        run = execute(loaded.problem, chosen, settings, via=via, start=start, on_progress=on_progress)
    run = explained(loaded.problem, settled(loaded.problem, run, settings), settings)
    run = directed(loaded.problem, run)
    seconds = {"resolve": resolve_seconds, **run.seconds}
    if loaded.model is not None:
        loaded.model.fill(_found(loaded.model, run))
    return replace(run, seconds=seconds, artefacts=loaded.artefacts, source=loaded.source)


def _found(model: Model, run: Run) -> Found:
    """What a model is told of the run on it."""
    certificate = run.certificate
    assert certificate is not None, "a run that came back has been verified"
    values = np.asarray(run.answer.values, dtype=np.float64) if certificate.feasible else None
    optimal = certificate.verdict in (Verdict.OPTIMAL, Verdict.CLAIMED_OPTIMAL)
    return Found(certificate, run.stop, run.requested_gap, values, model.priced(run.witness) if optimal else None)
