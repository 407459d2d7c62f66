"""The worker process: ``python -P -m dualgap.engine.worker LOG`` takes closed specs on stdin and answers on its stdout.

File descriptor 1 is kept for the protocol under another number; whatever a backend prints goes to the file with the
descriptor ``LOG``. The process dies with its parent: end of file on stdin ends its whole process group.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any, BinaryIO

from dualgap.core.errors import DualgapError, UsageError
from dualgap.core.problem import Problem
from dualgap.core.solver import Budget, configure
from dualgap.core.witness import Witness
from dualgap.engine.context import Progress, RunContext
from dualgap.engine.log import flush
from dualgap.engine.perform import perform
from dualgap.engine.routes import routes
from dualgap.engine.starts import WarmStart
from dualgap.engine.wire import encoded, read_frame, write_frame
from dualgap.plugins.registry import registry


def main() -> None:
    """Serves requests until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = os.fdopen(os.dup(1), "wb")
    console = os.dup(2)
    log = int(sys.argv[1])
    os.dup2(log, 1)
    os.dup2(log, 2)
    requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
    server = _Server(out, log, console)
    threading.Thread(target=_listen, args=(requests, server), daemon=True).start()
    while True:
        server.serve(requests.get())


def _listen(requests: queue.SimpleQueue[Any], server: _Server) -> None:
    while True:
        try:
            frame = read_frame(sys.stdin.buffer)
        except EOFError:
            os.killpg(0, signal.SIGKILL)
        if frame["op"] == "stop":
            server.stop.set()
        elif frame["op"] == "offer":
            server.offer(frame)
        else:
            server.stop.clear()
            requests.put(frame)


class _Server:
    def __init__(self, out: BinaryIO, log: int, console: int) -> None:
        self.out = out
        self.stop = threading.Event()
        self.running: tuple[int, Problem, RunContext] | None = None
        self.log = log
        self.console = console
        self.request = 0
        self.lock = threading.Lock()

    def send(self, data: dict[str, Any]) -> None:
        with self.lock:
            write_frame(self.out, encoded({"request": self.request, **data}))

    def offer(self, frame: dict[str, Any]) -> None:
        """An answer from elsewhere for the run that goes on; one that comes too late is dropped."""
        if self.running is not None and self.running[0] == frame["request"]:
            _, problem, ctx = self.running
            ctx.offer(problem.answer_type.model_validate(frame["answer"]))

    def serve(self, request: dict[str, Any]) -> None:
        """Answers one request with a result or an error; never dies of one."""
        _reset_peak()
        self.request = request["request"]
        target = self._redirect(request.get("log"))
        try:
            self._solve(request)
        except DualgapError as error:
            self.send({"op": "error", "type": type(error).__name__, "message": str(error)})
        except MemoryError:
            self.send({"op": "error", "type": "MemoryError", "message": "out of memory"})
        except Exception as error:  # a solver may raise anything; the parent reports it with the traceback
            detail = traceback.format_exc()
            self.send({"op": "error", "type": type(error).__name__, "message": repr(error), "traceback": detail})
        finally:
            self.running = None
            flush()
            if target is not None:
                os.dup2(self.log, 1)
                os.dup2(self.log, 2)
                os.close(target)

    def _redirect(self, log: str | None) -> int | None:
        if log is None:
            return None
        target = os.dup(self.console) if log == "-" else os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        os.dup2(target, 1)
        os.dup2(target, 2)
        return target

    def _solve(self, request: dict[str, Any]) -> None:
        plugins = registry()
        for path in request["plugins"]:
            plugins.load_path(path)
        kind = request["kind"]
        if kind not in plugins.problems:
            raise UsageError(f"the worker finds no plugin for {kind!r}; install it, or run with isolate=False")
        problem: Problem = plugins.problem_kinds()[kind].model_validate(request["spec"])
        solver = configure(plugins.solver(request["solver"]), request["parameters"])
        found = routes(problem, solver, plugins.all_bridges(), request["via"])
        start = _start(problem, request["start"])
        budget = Budget(**request["budget"])
        ctx = RunContext(
            budget,
            time.monotonic() + request["seconds"],
            request["seed"],
            lambda progress: self._progress(progress),
            self.stop,
            request.get("log") is not None,
        )
        self.running = (self.request, problem, ctx)
        performance = perform(problem, found, solver, ctx, start)
        outcome = performance.outcome
        self.send(
            {
                "op": "result",
                "answer": outcome.answer.content() if outcome.answer is not None else None,
                "witness": outcome.witness.pack() if outcome.witness is not None else None,
                "feasible": outcome.feasible,
                "stop": outcome.stop,
                "value": outcome.value,
                "bound": outcome.bound,
                "conflict": list(outcome.conflict),
                "statistics": dict(outcome.statistics),
                "message": outcome.message,
                "start": vars(outcome.start) if outcome.start is not None else None,
                "seconds": dict(performance.seconds),
                "route": performance.route,
                "peak": _peak(),
            }
        )

    def _progress(self, progress: Progress) -> None:
        self.send(
            {
                "op": "progress",
                "answer": progress.answer.content() if progress.answer is not None else None,
                "bound": progress.bound,
                "witness": _packed(progress.witness),
                "iterations": progress.iterations,
            }
        )


def _start(problem: Problem, given: dict[str, Any] | None) -> WarmStart | None:
    if given is None:
        return None
    answer, witness = given["answer"], given["witness"]
    return WarmStart(
        problem.answer_type.model_validate(answer) if answer is not None else None,
        Witness.unpack(witness) if witness is not None else None,
    )


def _packed(witness: Witness | None) -> dict[str, Any] | None:
    return witness.pack() if witness is not None else None


def _reset_peak() -> None:
    """Starts the peak of the resident size anew, where the system lets us (Linux)."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def _peak() -> int:
    """Peak resident size in bytes since ``_reset_peak``."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    main()
