"""The parent's side of the worker: start, send, watch the clock and the memory, kill, keep what was found."""

from __future__ import annotations

import atexit
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
from pathlib import Path
from typing import Any

import psutil

from dualgap.engine.environment import cache_folder
from dualgap.engine.wire import read_frame, write_frame

POLL = 0.05
GRACE = 0.4  # seconds past the limit that a solver has to hand in its answer before it is killed
HEADROOM = 0.1  # seconds of the limit kept for the way back


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
        descriptor, name = tempfile.mkstemp(prefix="dualgap-", suffix=".log")
        os.close(descriptor)
        self.log = Path(name)
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "dualgap.engine.worker", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(setting.threads),
            start_new_session=True,
        )
        self.frames: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        while True:
            try:
                self.frames.put(read_frame(self.process.stdout))  # type: ignore[arg-type]
            except (EOFError, ValueError, OSError):
                self.frames.put(None)
                return

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def send(self, data: dict[str, Any]) -> None:
        """Raises:
        _Ended: the worker is gone.
        """
        assert self.process.stdin is not None
        try:
            write_frame(self.process.stdin, data)  # type: ignore[arg-type]
        except OSError:
            raise _Ended("crash") from None

    def kill(self) -> None:
        """Ends the worker and whatever it started."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):  # it ended by itself meanwhile
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.reader.join()
        for stream in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):  # what was still to be sent has nobody to read it
                assert stream is not None
                stream.close()
        self.log.unlink(missing_ok=True)

    def run(
        self,
        request: dict[str, Any],
        deadline: float,
        memory: int | None,
        on_progress: Callable[[dict[str, Any]], None],
    ) -> Reply:
        """Sends a request and waits for its end, within ``deadline`` (monotonic) plus the grace.

        Ctrl-C asks the solver for what it has and waits for it a moment; a second one kills at once.
        """
        self.log.write_bytes(b"")
        self.requests += 1
        request = {"request": self.requests, **request}
        watch = _Watch(self.process.pid, memory)
        interrupted = False
        pending: dict[str, Any] | None = request
        while True:
            try:
                if pending is not None:
                    self.send(pending)
                    pending = None
                frame = self._next(deadline, watch)
                if frame["request"] != request["request"]:
                    continue  # a late word on the request before
                if frame["op"] == "progress":
                    on_progress(frame)
                    continue
            except KeyboardInterrupt:
                if interrupted or pending is not None:
                    self.kill()
                    return Reply(None, "interrupted", peak=watch.peak)
                interrupted = True
                deadline = min(deadline, time.monotonic())
                continue
            except _Ended as end:
                ended = "interrupted" if interrupted else end.reason
                detail = self._last_words() if ended == "crash" else ""
                self.kill()
                return Reply(None, ended, detail, watch.peak)
            return Reply(frame, "interrupted" if interrupted else "finished", peak=watch.peak)

    def _next(self, deadline: float, watch: _Watch) -> dict[str, Any]:
        """The next frame.

        Raises:
            _Ended: there will be none, and why.
        """
        asked = False
        while True:
            try:
                frame = self.frames.get(timeout=POLL)
            except queue.Empty:
                now = time.monotonic()
                if watch.exceeded():
                    raise _Ended("memory") from None
                if now >= deadline and not asked:
                    self._ask_to_stop()
                    asked = True
                if now >= deadline + GRACE:
                    raise _Ended("time") from None
                continue
            if frame is None:
                raise _Ended("crash")
            return frame

    def _ask_to_stop(self) -> None:
        with contextlib.suppress(_Ended):  # where it is gone already, the reader sees the end of its pipe
            self.send({"op": "stop"})

    def _last_words(self) -> str:
        code = self.process.wait()
        how = f"signal {-code} ({signal.Signals(-code).name})" if code < 0 else f"exit code {code}"
        return f"the worker died: {how}{self._tail()}"

    def _tail(self) -> str:
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        lines = [line for line in text.splitlines() if line.strip()][-3:]
        return "; its last words: " + " | ".join(lines) if lines else ""


class _Watch:
    """Polls the resident size of the worker and its children."""

    def __init__(self, pid: int, limit: int | None) -> None:
        self.limit = limit
        self.peak = 0
        try:
            self.process: psutil.Process | None = psutil.Process(pid)
        except psutil.NoSuchProcess:
            self.process = None

    def exceeded(self) -> bool:
        if self.process is None:
            return False
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


class Pool:
    """Warm workers by their setting; at most one waits for each."""

    def __init__(self) -> None:
        self._idle: dict[Setting, WorkerProcess] = {}
        self._lock = threading.Lock()
        self._owner = os.getpid()

    def take(self, setting: Setting) -> WorkerProcess:
        """A warm worker, or a new one."""
        with self._lock:
            if os.getpid() != self._owner:  # after a fork the pipes belong to the parent process
                self._idle, self._owner = {}, os.getpid()
            worker = self._idle.pop(setting, None)
        return worker if worker is not None and worker.alive else WorkerProcess(setting)

    def give_back(self, worker: WorkerProcess) -> None:
        """Keeps a worker warm, or ends it where one waits already."""
        with self._lock:
            if worker.alive and worker.setting not in self._idle:
                self._idle[worker.setting] = worker
                return
        worker.kill()

    def close(self) -> None:
        """Ends the waiting workers."""
        with self._lock:
            idle, self._idle = list(self._idle.values()), {}
        if os.getpid() == self._owner:
            for worker in idle:
                worker.kill()


POOL = Pool()
atexit.register(POOL.close)
