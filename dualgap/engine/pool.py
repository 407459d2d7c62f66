"""Warm workers, kept between runs: a few, the longest idle one goes first."""

from __future__ import annotations

import atexit
import os
import threading

from dualgap.engine.process import Setting, WorkerProcess

IDLE = 4
"""How many workers wait at most; each holds its libraries in memory (a few hundred megabytes)."""


class Pool:
    """Warm workers, those that came back last at the end."""

    def __init__(self) -> None:
        self._idle: list[WorkerProcess] = []
        self._lock = threading.Lock()
        self._owner = os.getpid()

    def take(self, setting: Setting) -> WorkerProcess:
        """A warm worker, or a new one."""
        with self._lock:
            if os.getpid() != self._owner:  # after a fork the pipes belong to the parent process
                self._idle, self._owner = [], os.getpid()
            worker = self._next(setting)
            if worker is not None:
                self._idle.remove(worker)
        if worker is not None and worker.alive:
            return worker
        if worker is not None:
            worker.kill()  # it died while it waited; its pipes are still ours
        return WorkerProcess(setting)

    def met(self, setting: Setting, solver: str, kind: str) -> bool:
        """Whether the worker that is taken next has begun a run of the solver on the kind before."""
        with self._lock:
            worker = self._next(setting)
            return worker is not None and worker.alive and (solver, kind) in worker.met

    def _next(self, setting: Setting) -> WorkerProcess | None:
        return next((one for one in reversed(self._idle) if one.setting == setting), None)

    def give_back(self, worker: WorkerProcess) -> None:
        """Keeps a worker warm; where too many wait, the longest idle one is ended."""
        surplus = worker
        with self._lock:
            if worker.alive:
                self._idle.append(worker)
                if len(self._idle) <= IDLE:
                    return
                surplus = self._idle.pop(0)
        surplus.kill()

    def close(self) -> None:
        """Ends the waiting workers."""
        with self._lock:
            idle, self._idle = self._idle, []
        if os.getpid() == self._owner:
            for worker in idle:
                worker.kill()


POOL = Pool()
atexit.register(POOL.close)
