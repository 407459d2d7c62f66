"""``solve``: one problem, one solver (or the dispatcher's choice), one run with its certificate."""

from __future__ import annotations

import threading
import time as clock
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from dualgap.core import errors
from dualgap.core.certificate import Bound
from dualgap.core.claim import Outcome, Stop
from dualgap.core.errors import DualgapError, NoRouteError, UsageError
from dualgap.core.problem import Problem
from dualgap.core.solver import Budget, Solver, configure
from dualgap.core.verify import verify
from dualgap.core.witness import Witness
from dualgap.engine.context import Progress, RunContext
from dualgap.engine.environment import versions
from dualgap.engine.load import load
from dualgap.engine.monitor import Monitor, Snapshot
from dualgap.engine.names import parse_solver
from dualgap.engine.perform import Performance, check_installed, perform
from dualgap.engine.process import HEADROOM, POOL, Reply, Setting
from dualgap.engine.routes import Route, routes
from dualgap.engine.run import Run
from dualgap.plugins.registry import registry


@dataclass(frozen=True)
class Settings:
    """What a run is given besides the problem and the solver (see ``solve``)."""

    time: float = 60.0
    gap: float = 0.0
    seed: int = 0
    threads: int = 1
    memory: int | None = None
    tolerance: float | None = None
    verify_seconds: float = 10.0
    isolate: bool = True
    log: str | None = None

    def budget(self, seconds: float) -> Budget:
        return Budget(seconds=max(seconds, 0.0), memory=self.memory, threads=self.threads, gap=self.gap)

    def record(self) -> dict[str, Any]:
        return {"time": self.time, "gap": self.gap, "threads": self.threads, "memory": self.memory}


def solve(
    problem: Problem | Mapping[str, Any] | str | Path,
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
    isolate: bool = True,
    log: str | None = None,
    on_progress: Callable[[Snapshot], None] | None = None,
) -> Run:
    """Solves a problem and certifies the answer.

    Args:
        problem: a ``Problem``, a raw spec, or the path of a spec.
        solver: a name (``"highs"``, ``"highs[presolve=off]"``), an object or a class; None takes what dispatch says.
        parameters: of the solver, by name.
        via: the view to go through.
        start: an answer to start from; solvers with the trait ``warm`` use it.
        time: wall seconds for build, compile and solve together; held within a second where ``isolate`` is true.
        gap: the relative gap that is good enough.
        memory: bytes of resident memory for the worker.
        tolerance: for rows and numerical gaps; 0 on exact data, else 1e-6 by default.
        verify_seconds: for the replay of an exact argument, timed apart.
        isolate: run in a worker process; False runs in this one, where time and memory limits are the solver's own.
        log: where the backend's own log goes: a file, or "-" for stderr.
        on_progress: called with a ``Snapshot`` for every report.

    Raises:
        SpecError: the spec is bad. UsageError: so is an option. NoRouteError: there is no way, or the solver refuses.

    Ctrl-C doesn't raise: the run that comes back holds the best so far and says ``interrupted``.
    """
    settings = Settings(time, gap, seed, threads, memory, tolerance, verify_seconds, isolate, log)
    began = clock.monotonic()
    loaded = load(problem, seed=seed)
    resolve_seconds = clock.monotonic() - began
    if solver is None:
        if parameters:
            raise UsageError(f"parameters belong to a solver: name the one that takes {', '.join(parameters)}")
        from dualgap.engine.dispatch import dispatch

        run = dispatch(loaded.problem, settings, via=via, start=start, on_progress=on_progress)
    else:
        chosen = prepare(solver, parameters)
        run = execute(loaded.problem, chosen, settings, via=via, start=start, on_progress=on_progress)
    seconds = {"resolve": resolve_seconds, **run.seconds}
    return replace(run, seconds=seconds, artefacts=loaded.artefacts)


@dataclass(frozen=True)
class Prepared:
    """A configured solver, and whether a worker can find it by its name."""

    instance: Solver
    name: str
    local: bool
    label: str = ""


def prepare(solver: str | Solver | type[Solver], parameters: Mapping[str, Any] | None = None) -> Prepared:
    """A solver from its name, class or object.

    Raises:
        UsageError: an unknown name or parameter.
    """
    if isinstance(solver, str):
        named = parse_solver(solver)
        name = registry().solver_name(named.name)
        found = registry().solver(name)
        given = {**named.parameters, **(parameters or {})}
        if isinstance(found, Solver):
            if given:
                raise UsageError(f"{name} was registered as an object: its parameters are set already")
            return Prepared(found, name, True, named.label)
        return Prepared(configure(found, given), name, registry().is_local(name), named.label)
    instance = configure(solver, parameters or {}) if isinstance(solver, type) else solver
    known = registry().solvers.get(instance.name)
    local = known is None or registry().is_local(instance.name) or known.resolve() is not type(instance)
    return Prepared(instance, instance.name, local)


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
    found = routes(problem, prepared.instance, registry().all_bridges(), via)
    if not found:
        from dualgap.engine.routes import best_route

        best_route(problem, prepared.instance, registry().all_bridges(), via)
    monitor = Monitor(problem, on_progress)
    isolate = settings.isolate and not prepared.local and problem.kind in registry().problems
    isolate = isolate and not registry().problems[problem.kind].plugin.startswith("(")
    runner = _in_worker if isolate else _in_process
    try:
        performance, peak, error = runner(problem, found, prepared, settings, via, start, began, monitor)
    except KeyboardInterrupt:
        performance, peak, error = _unfinished(found[0], Stop.INTERRUPTED, "interrupted"), 0, ""
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
        peak_memory=peak,
        budget=settings.record(),
        seed=settings.seed,
        isolated=isolate,
        checks=verification.checks,
        trace=outcome.trace,
        statistics=outcome.statistics,
        versions=versions(prepared.instance.requires),
        conflict=outcome.conflict,
        error=error,
    )


_Result = tuple[Performance, int, str]


def _in_process(
    problem: Problem,
    found: list[Route],
    prepared: Prepared,
    settings: Settings,
    via: str | None,
    start: Any,
    began: float,
    monitor: Monitor,
) -> _Result:
    deadline = began + settings.time
    ctx = RunContext(
        settings.budget(deadline - clock.monotonic()),
        deadline,
        settings.seed,
        monitor.note,
        threading.Event(),
        settings.log is not None,
    )
    try:
        return perform(problem, found, prepared.instance, ctx, start), 0, ""
    except DualgapError:
        raise
    except Exception as error:  # a solver may raise anything; what it streamed before still counts
        return _unfinished(found[0], Stop.ERROR, repr(error)), 0, traceback.format_exc()
    finally:
        ctx.flush()


def _in_worker(
    problem: Problem,
    found: list[Route],
    prepared: Prepared,
    settings: Settings,
    via: str | None,
    start: Any,
    began: float,
    monitor: Monitor,
) -> _Result:
    deadline = began + settings.time
    worker = POOL.take(Setting(settings.threads, tuple(registry().paths)))
    left = max(deadline - clock.monotonic() - HEADROOM, 0.05)
    request = {
        "op": "solve",
        "kind": problem.kind,
        "spec": problem.content(),
        "plugins": registry().paths,
        "solver": prepared.name,
        "parameters": prepared.instance.parameters(),
        "via": via,
        "start": start.content() if start is not None else None,
        "budget": vars(settings.budget(left)),
        "seconds": left,
        "seed": settings.seed,
        "log": settings.log if settings.log in (None, "-") else str(Path(settings.log).resolve()),
    }

    def progress(frame: dict[str, Any]) -> None:
        monitor.note(Progress(_answer(problem, frame), frame["bound"], _witness(frame)))

    try:
        reply = worker.run(request, deadline, settings.memory, progress)
    except BaseException:
        worker.kill()  # whatever went wrong here, its next answer would be to this request
        raise
    POOL.give_back(worker)
    return _performed(problem, found, reply)


def _performed(problem: Problem, found: list[Route], reply: Reply) -> _Result:
    """The worker's reply as a performance; its errors become ours."""
    frame = reply.frame
    if frame is None:
        stop = {"time": Stop.TIME, "memory": Stop.MEMORY, "interrupted": Stop.INTERRUPTED}.get(reply.ended, Stop.ERROR)
        message = reply.detail or {
            "time": "stopped at the time limit",
            "memory": "stopped at the memory limit",
            "interrupted": "interrupted",
        }.get(reply.ended, reply.ended)
        return _unfinished(found[0], stop, message), reply.peak, message if stop is Stop.ERROR else ""
    if frame["op"] == "error":
        raised = getattr(errors, frame["type"], None)
        if isinstance(raised, type) and issubclass(raised, NoRouteError | UsageError):
            raise raised(frame["message"])
        stop = Stop.MEMORY if frame["type"] == "MemoryError" else Stop.ERROR
        detail = frame.get("traceback", frame["message"])
        return _unfinished(found[0], stop, frame["message"]), reply.peak, detail
    outcome = Outcome(
        answer=_answer(problem, frame),
        feasible=frame["feasible"],
        stop=_stopped(reply, Stop(frame["stop"])),
        value=frame["value"],
        bound=frame["bound"],
        witness=_witness(frame),
        conflict=tuple(frame["conflict"]),
        relation=found[frame["route"]].relation,
        statistics=frame["statistics"],
        message=frame["message"],
    )
    return Performance(outcome, frame["seconds"], frame["route"]), max(frame["peak"], reply.peak), ""


def _stopped(reply: Reply, said: Stop) -> Stop:
    """Ctrl-C reaches a worker through us alone: a backend that feels interrupted otherwise was stopped for the time."""
    if reply.ended == "interrupted":
        return Stop.INTERRUPTED
    return Stop.TIME if said is Stop.INTERRUPTED else said


def _unfinished(route: Route, stop: Stop, message: str) -> Performance:
    return Performance(Outcome(stop=stop, relation=route.relation, message=message), {})


def _answer(problem: Problem, frame: dict[str, Any]) -> Any:
    given = frame["answer"]
    return problem.answer_type.model_validate(given) if given is not None else None


def _witness(frame: dict[str, Any]) -> Witness | None:
    return Witness.unpack(frame["witness"]) if frame["witness"] is not None else None


__all__ = ["DualgapError", "Prepared", "Settings", "execute", "prepare", "solve"]
