"""The context that a running solver gets, and the events that it streams."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from dualgap.core.certificate import INFINITY
from dualgap.core.claim import Claim
from dualgap.core.errors import NoRouteError
from dualgap.core.exact import Real
from dualgap.core.solver import Budget, Solver
from dualgap.core.witness import Witness
from dualgap.engine.prepare import check_installed, prepare
from dualgap.engine.routes import BuiltRoute

REPORT_INTERVAL, REPORT_SHARE = 0.2, 0.25
"""Seconds between incumbents that are handed on, at most; early on this share of the time that has passed."""


@dataclass(frozen=True)
class Progress:
    """Something a running solver has found, in the problem's terms; unverified."""

    answer: Any = None
    bound: Real | None = None
    witness: Witness | None = None
    iterations: int | None = None


class RunContext:
    """See ``dualgap.core.solver.Context``. Incumbents are decoded and handed to ``sink``, in growing intervals."""

    def __init__(
        self,
        budget: Budget,
        deadline: float,
        seed: int,
        sink: Callable[[Progress], None],
        stop: threading.Event,
        verbose: bool = False,
    ) -> None:
        self.budget = budget
        self.seed = seed
        self.start: Any = None
        self.start_witness: Witness | None = None
        self.verbose = verbose
        self.phases: dict[str, float] = {}
        self._deadline = deadline
        self._sink = sink
        self._stop = stop
        self._built: BuiltRoute | None = None
        self._lock = threading.Lock()
        self._pending: dict[str, Any] = {}
        self._began = time.monotonic()
        self._sent = float("-inf")
        self._timer: threading.Timer | None = None
        self._closed = False
        self._offered: Any = None

    def attach(self, built: BuiltRoute) -> None:
        """Reports are carried back along this route from now on."""
        self._built = built
        self._began = time.monotonic()

    def keep(self, answer: Any) -> None:
        """Hands on an answer that is known before the solver begins, if there is one."""
        if answer is not None:
            self._sink(Progress(answer=answer))

    def report(
        self,
        point: Any = None,
        bound: Real | None = None,
        witness: Witness | None = None,
        iterations: int | None = None,
    ) -> None:
        given = {"point": point, "bound": bound, "witness": witness, "iterations": iterations}
        with self._lock:
            if self._closed:
                return
            self._pending.update({name: value for name, value in given.items() if value is not None})
            now = time.monotonic()
            wait = self._sent + min(REPORT_INTERVAL, REPORT_SHARE * (now - self._began)) - now
            if wait > 0:
                if self._timer is None:
                    self._timer = threading.Timer(wait, self.flush)
                    self._timer.daemon = True
                    self._timer.start()
                return
        self.flush()

    def flush(self) -> None:
        """Sends what waits."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            pending, self._pending = self._pending, {}
            if not pending or self._built is None:
                return
            self._sent = time.monotonic()
            carries = self._built.route.relation.carries_bounds
            try:
                answer = self._built.answer(pending.get("point"))
            except ValueError:
                answer = None  # NaN on the way to something better does no harm
            progress = Progress(
                answer=answer,
                bound=self._built.lift_bound(pending.get("bound")) if carries else None,
                witness=self._built.lift_witness(pending.get("witness")),
                iterations=pending.get("iterations"),
            )
            self._sink(progress)

    def close(self) -> None:
        """Sends what waits; whatever a solver's threads report from now on comes too late, and is dropped."""
        self.flush()
        with self._lock:
            self._closed = True
            self._pending = {}
            if self._timer is not None:
                self._timer.cancel()

    def offer(self, answer: Any) -> None:
        """An answer that somebody else has found; the solver may ask for it (called from any thread)."""
        self._offered = answer

    def news(self) -> Any:
        offered, self._offered = self._offered, None
        return self._built.point(offered) if self._built is not None else None

    def should_stop(self) -> bool:
        return self._stop.is_set() or time.monotonic() >= self._deadline

    def time_left(self) -> float:
        return 0.0 if self._stop.is_set() else max(0.0, self._deadline - time.monotonic())

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.phases[name] = self.phases.get(name, 0.0) + time.perf_counter() - begin

    def subsolve(
        self,
        form: Any,
        solver: Solver | str,
        *,
        start: Any = None,
        seconds: float | None = None,
        report: Callable[..., None] | None = None,
    ) -> Claim:
        instance = prepare(solver).instance
        check_installed(instance)
        reason = instance.refuses(form)
        if reason:
            raise NoRouteError(f"{instance.name} refuses: {reason}")
        inner = _Inner(self, start, min(self.time_left(), INFINITY if seconds is None else seconds), report)
        claim = instance.solve(form, inner)
        for name, spent in inner.phases.items():
            self.phases[name] = self.phases.get(name, 0.0) + spent
        return claim


class _Inner(RunContext):
    """The context of a solver that runs inside another one's run."""

    def __init__(self, outer: RunContext, start: Any, seconds: float, report: Callable[..., None] | None) -> None:
        budget, deadline = replace(outer.budget, seconds=seconds), time.monotonic() + seconds
        super().__init__(budget, deadline, outer.seed, lambda progress: None, outer._stop, outer.verbose)
        self.start = start
        self._report = report

    def report(
        self,
        point: Any = None,
        bound: Real | None = None,
        witness: Witness | None = None,
        iterations: int | None = None,
    ) -> None:
        if self._report is not None:
            self._report(point=point, bound=bound, witness=witness)
