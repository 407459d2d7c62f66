"""Progress on stderr while a solver runs: elapsed time, incumbent, bound and gap. Only on a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from dualgap.cli.screen import ERR
from dualgap.core.statement import format_gap, format_value
from dualgap.engine.monitor import Snapshot

REFRESHES = 8  # a second


class Ticker:
    """One moving line; rich renders it anew several times a second, so that the clock moves without reports."""

    def __init__(self, title: str, limit: float) -> None:
        self.title = title
        self.limit = limit
        self.snapshot: Snapshot | None = None
        self._began = time.monotonic()
        self._spinner = Spinner("dots")

    def update(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    def restart(self, title: str) -> None:
        """The next solver's turn."""
        self.title, self.snapshot, self._began = title, None, time.monotonic()

    def line(self) -> str:
        """What is known now."""
        parts = [self.title, f"{time.monotonic() - self._began:.0f} of {self.limit:g} s"]
        if self.snapshot is not None:
            known = {"incumbent": self.snapshot.value, "bound": self.snapshot.bound}
            parts += [f"{name} {format_value(value)}" for name, value in known.items() if value is not None]
            if self.snapshot.relative_gap is not None:
                parts.append(f"gap {format_gap(self.snapshot.relative_gap)}")
        return "  ".join(part for part in parts if part)

    def __rich__(self) -> Spinner:
        self._spinner.update(text=Text(self.line(), no_wrap=True, overflow="ellipsis"))
        return self._spinner


@contextmanager
def spinning(title: str) -> Iterator[Callable[[str], None] | None]:
    """A spinner while the block runs, and what to call with the latest news; None where stderr is no terminal."""
    if not ERR.is_terminal:
        yield None
        return
    with ERR.status(title) as status:
        yield lambda news: status.update(f"{title}: {news} done")


@contextmanager
def ticking(title: str, limit: float) -> Iterator[Ticker | None]:
    """A ticker while the block runs, or None where stderr is no terminal."""
    if not ERR.is_terminal:
        yield None
        return
    ticker = Ticker(title, limit)
    with Live(ticker, console=ERR, transient=True, refresh_per_second=REFRESHES):
        yield ticker


def listener(
    ticker: Ticker | None, further: Callable[[Snapshot], None] | None = None
) -> Callable[[Snapshot], None] | None:
    """What to hand to ``on_progress``: the ticker, something further, both, or None where nobody listens."""
    heard_by = (ticker.update if ticker is not None else None, further)
    callbacks = [callback for callback in heard_by if callback is not None]
    if not callbacks:
        return None

    def heard(snapshot: Snapshot) -> None:
        for callback in callbacks:
            callback(snapshot)

    return heard
