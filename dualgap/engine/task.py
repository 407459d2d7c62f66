"""What a run is given: the problem, the routes to a configured solver, the limits."""

from __future__ import annotations

import time as clock
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dualgap.core.problem import Problem
from dualgap.core.solver import Budget
from dualgap.engine.prepare import Prepared
from dualgap.engine.routes import Route
from dualgap.engine.starts import WarmStart


@dataclass(frozen=True)
class Settings:
    """What a run is given besides the problem and the solver (see ``solve``)."""

    time: float = 60.0
    gap: float = 0.0
    seed: int = 0
    threads: int = 1
    memory: int | None = None
    tolerance: float | None = None
    verify_seconds: float = 10.0
    isolate: bool = True
    log: str | None = None
    explain_seconds: float = 10.0

    def budget(self, seconds: float) -> Budget:
        return Budget(seconds=max(seconds, 0.0), memory=self.memory, threads=self.threads, gap=self.gap)

    def record(self) -> dict[str, Any]:
        return {"time": self.time, "gap": self.gap, "threads": self.threads, "memory": self.memory}


@dataclass(frozen=True)
class Task:
    """One run to be made. ``began`` is monotonic time; ``routes`` are tried in order."""

    problem: Problem
    prepared: Prepared
    routes: Sequence[Route]
    settings: Settings
    via: str | None
    start: WarmStart | None
    began: float

    @property
    def deadline(self) -> float:
        return self.began + self.settings.time

    def time_left(self) -> float:
        return max(self.deadline - clock.monotonic(), 0.0)
