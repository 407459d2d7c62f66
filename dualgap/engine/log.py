"""Where a backend's own log goes when it runs in this process: never to stdout, which carries data."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading
from collections.abc import Iterator

STDERR = "-"


def flush() -> None:
    """Empties the buffers of Python and of C, so that what was printed goes where it was printed to."""
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "posix":
        ctypes.CDLL(None).fflush(None)


class _Diversion:
    """Descriptor 1 while it leads elsewhere; solvers side by side share the first one's way, the last restores it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.users = 0
        self.undo = contextlib.ExitStack()

    def enter(self, log: str) -> None:
        with self.lock:
            if self.users == 0:
                self._divert(log)
            self.users += 1

    def leave(self) -> None:
        with self.lock:
            self.users -= 1
            if self.users == 0:
                self.undo.close()

    def _divert(self, log: str) -> None:
        flush()
        target = os.dup(2) if log == STDERR else os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        stdout = os.dup(1)
        os.dup2(target, 1)
        self.undo.callback(os.close, stdout)
        self.undo.callback(os.dup2, stdout, 1)
        text = self.undo.enter_context(os.fdopen(target, "w", encoding="utf-8", errors="replace"))
        self.undo.enter_context(contextlib.redirect_stdout(text))
        self.undo.callback(flush)


_DIVERSION = _Diversion()


@contextlib.contextmanager
def diverted(log: str | None) -> Iterator[None]:
    """Sends what is printed inside, by Python or by a library, to a file (appended) or to stderr; None does nothing.

    The descriptor belongs to the whole process: what other threads print meanwhile goes the same way.
    """
    if log is None:
        yield
        return
    _DIVERSION.enter(log)
    try:
        yield
    finally:
        _DIVERSION.leave()
