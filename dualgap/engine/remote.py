"""A run in a worker: the request, its progress and its reply, and what becomes of a reply that never comes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dualgap.core import errors
from dualgap.core.claim import Outcome, Start, Stop, Use
from dualgap.core.errors import NoRouteError, UsageError
from dualgap.core.problem import Problem
from dualgap.core.witness import Witness
from dualgap.engine.context import Progress
from dualgap.engine.line import Line
from dualgap.engine.perform import Performance, unfinished
from dualgap.engine.pool import POOL
from dualgap.engine.process import HEADROOM, Reply, Setting
from dualgap.engine.task import Task
from dualgap.plugins.registry import registry

_LEAST_SECONDS = 0.05
_ENDS = {
    "time": (Stop.TIME, "stopped at the time limit"),
    "memory": (Stop.MEMORY, "stopped at the memory limit"),
    "interrupted": (Stop.INTERRUPTED, "interrupted"),
}


def perform_in_worker(task: Task, note: Callable[[Progress], None], line: Line | None = None) -> Performance:
    """Runs the task in a warm worker; whatever happens there comes back as a performance.

    ``note`` is called with what it streams; ``line`` is for another thread to interfere.

    Raises:
        NoRouteError: the solver refuses. UsageError: a parameter or option is wrong.
    """
    problem = task.problem
    worker = POOL.take(Setting(task.settings.threads, tuple(registry().paths)))

    def progress(frame: dict[str, Any]) -> None:
        note(Progress(_answer(problem, frame), frame["bound"], _witness(frame), frame["iterations"]))

    try:
        reply = worker.run(_request(task), task.deadline, task.settings.memory, progress, line)
    except BaseException:
        worker.kill()  # whatever went wrong here, its next answer would be to this request
        raise
    POOL.give_back(worker)
    return _performed(task, reply)


def _request(task: Task) -> dict[str, Any]:
    settings, log = task.settings, task.settings.log
    left = max(task.time_left() - HEADROOM, _LEAST_SECONDS)
    return {
        "op": "solve",
        "kind": task.problem.kind,
        "spec": task.problem.content(),
        "plugins": registry().paths,
        "solver": task.prepared.name,
        "parameters": task.prepared.instance.parameters(),
        "via": task.via,
        "start": _start(task),
        "budget": vars(settings.budget(left)),
        "seconds": left,
        "seed": settings.seed,
        "log": log if log in (None, "-") else str(Path(log).resolve()),
    }


def _start(task: Task) -> dict[str, Any] | None:
    start = task.start
    if start is None:
        return None
    return {
        "answer": start.answer.content() if start.answer is not None else None,
        "witness": start.witness.pack() if start.witness is not None else None,
    }


def _performed(task: Task, reply: Reply) -> Performance:
    """The worker's reply as a performance; its errors become ours."""
    frame = reply.frame
    if frame is None:
        stop, message = _ENDS.get(reply.ended, (Stop.ERROR, reply.detail))
        return unfinished(task, stop, message, peak=reply.peak, error=message if stop is Stop.ERROR else "")
    if frame["op"] == "error":
        raised = getattr(errors, frame["type"], None)
        if isinstance(raised, type) and issubclass(raised, NoRouteError | UsageError):
            raise raised(frame["message"])
        stop = Stop.MEMORY if frame["type"] == "MemoryError" else Stop.ERROR
        detail = frame.get("traceback", frame["message"])
        return unfinished(task, stop, frame["message"], peak=reply.peak, error=detail)
    outcome = Outcome(
        answer=_answer(task.problem, frame),
        feasible=frame["feasible"],
        stop=_stopped(reply, Stop(frame["stop"])),
        value=frame["value"],
        bound=frame["bound"],
        witness=_witness(frame),
        conflict=tuple(frame["conflict"]),
        relation=task.routes[frame["route"]].relation,
        statistics=frame["statistics"],
        message=frame["message"],
        start=Start(**{**frame["start"], "use": Use(frame["start"]["use"])}) if frame["start"] is not None else None,
    )
    return Performance(outcome, frame["seconds"], frame["route"], peak=max(frame["peak"], reply.peak))


def _stopped(reply: Reply, said: Stop) -> Stop:
    """Ctrl-C reaches a worker through us alone: a backend that feels interrupted otherwise was stopped for the time."""
    if reply.ended == "interrupted":
        return Stop.INTERRUPTED
    return Stop.TIME if said is Stop.INTERRUPTED else said


def _answer(problem: Problem, frame: dict[str, Any]) -> Any:
    given = frame["answer"]
    return problem.answer_type.model_validate(given) if given is not None else None


def _witness(frame: dict[str, Any]) -> Witness | None:
    return Witness.unpack(frame["witness"]) if frame["witness"] is not None else None
