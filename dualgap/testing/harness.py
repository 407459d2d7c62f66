"""Running a solver under observation: a context that keeps what is reported, captured output, a hard limit."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from dualgap.core.claim import Claim
from dualgap.core.exact import Real
from dualgap.core.solver import Budget, Solver
from dualgap.core.witness import Witness
from dualgap.engine.prepare import prepare
from dualgap.testing.report import ensure

PATIENCE = 60.0  # seconds past its limit after which a solver is given up; it should need a fraction of one


class Observer:
    """A ``dualgap.Context`` that keeps what the solver reports and whether it looked at the clock."""

    def __init__(self, seconds: float = 30.0, seed: int = 0, start: Any = None, stopped: bool = False) -> None:
        self.budget = Budget(seconds=seconds)
        self.seed = seed
        self.start = start
        self.start_witness: Witness | None = None
        self.verbose = False
        self.points: list[Any] = []
        self.bounds: list[Real] = []
        self.witnesses: list[Witness] = []
        self.asked = 0
        self._stopped = stopped
        self._deadline = time.monotonic() + seconds

    def report(
        self,
        point: Any = None,
        bound: Real | None = None,
        witness: Witness | None = None,
        iterations: int | None = None,
    ) -> None:
        if point is not None:
            self.points.append(point)
        if bound is not None:
            self.bounds.append(bound)
        if witness is not None:
            self.witnesses.append(witness)

    def news(self) -> Any:
        return None

    def should_stop(self) -> bool:
        self.asked += 1
        return self._stopped or time.monotonic() >= self._deadline

    def time_left(self) -> float:
        self.asked += 1
        return 0.0 if self._stopped else max(0.0, self._deadline - time.monotonic())

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        yield

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
        left = self.time_left() if seconds is None else min(seconds, self.time_left())
        inner = Observer(left, self.seed, start, stopped=self._stopped)
        inner.budget = replace(self.budget, seconds=left)
        claim = instance.solve(form, inner)
        if report is not None:
            for point in inner.points:
                report(point=point)
        return claim


def observed(solver: Solver, form: Any, ctx: Observer) -> Claim:
    """The solver's claim.

    Raises:
        AssertionError: it isn't back long after its limit, printed to stdout, or returned no ``Claim``.
    """
    claim, printed = captured(lambda: within(lambda: solver.solve(form, ctx), ctx.budget.seconds + PATIENCE))
    ensure(not printed.strip(), f"prints to stdout: {printed.strip()[:80]!r} (print only where ctx.verbose is set)")
    ensure(isinstance(claim, Claim), f"solve returned {type(claim).__name__}, not a Claim")
    kept: Claim = claim
    return kept


def within(action: Callable[[], Any], seconds: float) -> Any:
    """What ``action`` returns or raises, run in a thread that is left behind after ``seconds``.

    Raises:
        AssertionError: it isn't done by then.
    """
    ended: list[tuple[bool, Any]] = []

    def run() -> None:
        try:
            ended.append((True, action()))
        except BaseException as error:  # raised again where somebody waits for it
            ended.append((False, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    ensure(bool(ended), f"not back after {seconds:.0f} s: solvers stop near ctx.time_left() and ctx.should_stop()")
    succeeded, result = ended[0]
    if not succeeded:
        raise result
    return result


def captured(action: Callable[[], Any]) -> tuple[Any, str]:
    """(result, what was printed to stdout): through ``sys.stdout`` and, by native code, through file descriptor 1."""
    text = io.StringIO()
    sys.stdout.flush()
    with tempfile.TemporaryFile() as file:
        kept = os.dup(1)
        os.dup2(file.fileno(), 1)
        try:
            with contextlib.redirect_stdout(text):
                result = action()
        finally:
            os.dup2(kept, 1)
            os.close(kept)
        file.seek(0)
        native = file.read().decode(errors="replace")
    return result, text.getvalue() + native
