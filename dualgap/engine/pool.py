"""Warm workers, kept between runs."""

from __future__ import annotations

import atexit
import os
import threading

from dualgap.engine.process import Setting, WorkerProcess


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
        if worker is not None and worker.alive:
            return worker
        if worker is not None:
            worker.kill()  # it died while it waited; its pipes are still ours
        return WorkerProcess(setting)

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
