"""Where a backend's own log goes when it runs in this process: never to stdout, which carries data."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterator

STDERR = "-"


def flush() -> None:
    """Empties the buffers of Python and of C, so that what was printed goes where it was printed to."""
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "posix":
        ctypes.CDLL(None).fflush(None)


@contextlib.contextmanager
def diverted(log: str | None) -> Iterator[None]:
    """Sends what is printed inside, by Python or by a library, to a file (appended) or to stderr; None does nothing.

    The descriptor belongs to the whole process: what other threads print meanwhile goes the same way.
    """
    if log is None:
        yield
        return
    flush()
    target = os.dup(2) if log == STDERR else os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    stdout = os.dup(1)
    os.dup2(target, 1)
    try:
        with os.fdopen(target, "w", encoding="utf-8", errors="replace") as text, contextlib.redirect_stdout(text):
            yield
    finally:
        flush()
        os.dup2(stdout, 1)
        os.close(stdout)
