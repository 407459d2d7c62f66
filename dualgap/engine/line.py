"""A hold on a run from another thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any


class Line:
    """What another thread may do to a run while it goes on: offer an answer, ask for what there is, or end it."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.ended = threading.Event()
        self.deliver: Callable[[Any], None] = _nowhere

    def offer(self, answer: Any) -> None:
        """Hands on an answer that somebody else has found, if the run has begun."""
        self.deliver(answer)

    def ask(self) -> None:
        """Asks for what there is; the run has the grace to hand it in."""
        self.asked.set()

    def end(self) -> None:
        """Ends the run at once; what it streamed remains."""
        self.asked.set()
        self.ended.set()


def _nowhere(answer: Any) -> None:
    """Where an answer goes that is offered before the run begins: the start is known then."""
