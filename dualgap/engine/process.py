"""The parent's side of the worker: start, send, watch the clock and the memory, kill, keep what was found."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psutil

from dualgap.engine.environment import cache_folder
from dualgap.engine.line import Line
from dualgap.engine.wire import Frame, encoded, read_frame, write_frame

POLL = 0.05
GRACE = 0.4  # seconds past the limit that a solver has to hand in its answer before it is killed
HEADROOM = 0.1  # seconds of the limit kept for the way back
_PARTING = 1.0  # seconds that a process takes to be gone once its pipe is closed, at most
_TAIL = 2**16  # bytes of a log that are read for its last lines


@dataclass(frozen=True)
class Reply:
    """How a request ended: a result or error frame, or why there is none ("time", "memory", "crash", "interrupted")."""

    frame: dict[str, Any] | None
    ended: str
    detail: str = ""
    peak: int = 0


@dataclass(frozen=True)
class Setting:
    """What a worker is started for: its threads, and the local plugins that it has loaded (it can't unload them)."""

    threads: int = 1
    plugins: tuple[str, ...] = ()


class _Ended(Exception):
    """The worker will send nothing more: "time", "memory" or "crash"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class WorkerProcess:
    """One warm worker."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.requests = 0
        self.met: set[tuple[str, str]] = set()  # solvers and kinds whose libraries it has loaded
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 - closed in kill; nameless: nothing is left whoever dies
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "dualgap.engine.worker", str(self.log.fileno())],
            pass_fds=[self.log.fileno()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(setting.threads),
            start_new_session=True,
        )
        self.frames: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self.outbox: queue.SimpleQueue[Frame | None] = queue.SimpleQueue()
        self.threads = [threading.Thread(target=work, daemon=True) for work in (self._read, self._write)]
        for thread in self.threads:
            thread.start()

    def _read(self) -> None:
        try:
            while True:
                self.frames.put(read_frame(self.process.stdout))  # type: ignore[arg-type]
        except Exception:  # the end, or what is no frame: nothing after it can be understood
            self.frames.put(None)

    def _write(self) -> None:
        """In a thread of its own: a worker that doesn't read must not keep its parent from looking at the clock."""
        with contextlib.suppress(OSError):  # it is gone; the reader sees the end of its pipe
            while (frame := self.outbox.get()) is not None:
                write_frame(self.process.stdin, frame)  # type: ignore[arg-type]

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def send(self, data: dict[str, Any]) -> None:
        """Sends what the worker is to read; to one that is gone, nothing."""
        self.outbox.put(encoded(data))

    def kill(self) -> None:
        """Ends the worker and whatever it started, which may live on where it has died by itself."""
        if self.log.closed:
            return  # ended before: its number may be another process's by now
        with contextlib.suppress(ProcessLookupError, PermissionError):  # none is left (macOS: but a zombie)
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.outbox.put(None)
        for thread, stream in zip(self.threads, (self.process.stdout, self.process.stdin), strict=True):
            thread.join(_PARTING)
            if stream is not None and not thread.is_alive():  # else a child that left the group holds the pipe
                with contextlib.suppress(OSError):  # what was still to be sent has nobody to read it
                    stream.close()
        self.log.close()

    def run(
        self,
        request: dict[str, Any],
        deadline: float,
        memory: int | None,
        on_progress: Callable[[dict[str, Any]], None],
        line: Line | None = None,
    ) -> Reply:
        """Sends a request and waits for its end, within ``deadline`` (monotonic) plus the grace.

        Ctrl-C asks the solver for what it has and waits for it a moment; a second one kills at once.
        """
        self._empty_log()
        self.requests += 1
        watch = _Watch(self.process.pid, memory)
        interrupted = asked = False
        number = self.requests
        self.met.add((request["solver"], request["kind"]))
        self.send({"request": number, **request})
        if line is not None:
            line.deliver = lambda answer: self.send({"op": "offer", "request": number, "answer": answer.content()})
        while True:
            try:
                frame = self._next()
                if frame is not None and frame["request"] == self.requests:  # else a late word on the one before
                    if frame["op"] != "progress":
                        return Reply(frame, "interrupted" if interrupted else "finished", peak=watch.peak)
                    on_progress(frame)
                if watch.exceeded():
                    raise _Ended("memory")
                if line is not None and line.asked.is_set():
                    interrupted, deadline = True, min(deadline, time.monotonic())
                    if line.ended.is_set():
                        raise _Ended("interrupted")
                late = time.monotonic() - deadline
                if late >= 0 and not asked:
                    self.send({"op": "stop"})
                    asked = True
                # Frames may wait because whoever follows the progress is slow: the answer may be among them.
                if late >= (GRACE if self.frames.empty() else 2 * GRACE):
                    raise _Ended("time")
            except KeyboardInterrupt:
                if interrupted:
                    self.kill()
                    return Reply(None, "interrupted", peak=watch.peak)
                interrupted = True
                deadline = min(deadline, time.monotonic())
            except _Ended as end:
                ended = "interrupted" if interrupted else end.reason
                detail = self._last_words() if ended == "crash" else ""
                self.kill()
                return Reply(None, ended, detail, watch.peak)

    def _next(self) -> dict[str, Any] | None:
        """The next frame; None where none comes for a moment.

        Raises:
            _Ended: there will be none.
        """
        try:
            frame = self.frames.get(timeout=POLL)
        except queue.Empty:
            if self.alive or not self.frames.empty():
                return None
            raise _Ended("crash") from None  # a child of it holds the pipe open, so that its end can't be seen
        if frame is None:
            raise _Ended("crash")
        return frame

    def _last_words(self) -> str:
        try:
            code = self.process.wait(_PARTING)
        except subprocess.TimeoutExpired:
            return f"the worker closed its pipe{self._tail()}"
        how = f"signal {-code} ({signal.Signals(-code).name})" if code < 0 else f"exit code {code}"
        return f"the worker died: {how}{self._tail()}"

    def _empty_log(self) -> None:
        os.ftruncate(self.log.fileno(), 0)
        os.lseek(self.log.fileno(), 0, os.SEEK_SET)  # the worker's descriptor shares this position

    def _tail(self) -> str:
        size = os.fstat(self.log.fileno()).st_size
        begin = max(size - _TAIL, 0)
        text = os.pread(self.log.fileno(), _TAIL, begin).decode(errors="replace")
        lines = [line for line in text.splitlines() if line.strip()][-3:]
        return "; its last words: " + " | ".join(lines) if lines else ""


class _Watch:
    """Polls the resident size of the worker and its children."""

    def __init__(self, pid: int, limit: int | None) -> None:
        self.limit = limit
        self.peak = 0
        self.next = time.monotonic() + POLL  # a look takes milliseconds: it reads every process of the machine
        try:
            self.process: psutil.Process | None = psutil.Process(pid)
        except psutil.NoSuchProcess:
            self.process = None

    def exceeded(self) -> bool:
        if self.process is None or time.monotonic() < self.next:
            return False
        self.next = time.monotonic() + POLL
        try:
            family = [self.process, *self.process.children(recursive=True)]
            resident = sum(member.memory_info().rss for member in family)
        except psutil.NoSuchProcess:
            return False
        self.peak = max(self.peak, resident)
        return self.limit is not None and resident > self.limit


def _environment(threads: int) -> dict[str, str]:
    """Threads of the numerical libraries, 64-bit JAX with a persistent compilation cache."""
    count = str(threads)
    settings = {
        "OMP_NUM_THREADS": count,
        "OPENBLAS_NUM_THREADS": count,
        "MKL_NUM_THREADS": count,
        "JAX_ENABLE_X64": "1",
        "JAX_COMPILATION_CACHE_DIR": str(cache_folder() / "jax"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }
    if threads == 1:
        flags = os.environ.get("XLA_FLAGS", "")
        settings["XLA_FLAGS"] = f"{flags} --xla_cpu_multi_thread_eigen=false".strip()
    return {**os.environ, **settings}
