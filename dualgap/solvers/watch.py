"""Stopping backends that can't ask by themselves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dualgap.core.solver import Context

INTERVAL = 0.05  # seconds between two questions; the context can only be asked


@contextmanager
def watching(ctx: Context, stop: Callable[[], None]) -> Iterator[None]:
    """Calls ``stop`` from another thread as soon as the context wants the body to end."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(INTERVAL):
            if ctx.should_stop():
                stop()
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
