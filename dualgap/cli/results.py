"""A run on its way out: for people, as one JSON document or as JSON lines, and as an exit code."""

from __future__ import annotations

from fractions import Fraction

from dualgap.cli.screen import complain, show, show_json
from dualgap.cli.show import run_items
from dualgap.core.claim import Stop
from dualgap.core.exact import Real, nearest
from dualgap.core.problem import Problem
from dualgap.core.serialize import to_json
from dualgap.engine.monitor import Snapshot
from dualgap.engine.run import Run

INTERRUPTED = 130
UNMET = 4


def print_run(problem: Problem, run: Run, *, json: bool = False, stream: bool = False) -> None:
    """Prints a run on stdout; the last line of a stream is marked as an event like the others."""
    if stream:
        show_json({"event": "run", **run.data()})
    elif json:
        show_json(run.data())
    else:
        show(*run_items(problem, run))


def print_snapshot(snapshot: Snapshot) -> None:
    """One line of a stream."""
    line = {
        "event": "progress",
        "seconds": round(snapshot.seconds, 6),
        "value": _number(snapshot.value),
        "bound": _number(snapshot.bound),
        "relative_gap": snapshot.relative_gap,
    }
    show_json(to_json(line))


def _number(value: Real | None) -> Real | None:
    return nearest(value) if isinstance(value, Fraction) and value.denominator > 1 else value


def exit_code(run: Run, required: str | None = None) -> int:
    """The verdict's code, 130 where the run was interrupted, 4 where the verdict is less than ``required``."""
    if run.stop is Stop.INTERRUPTED:
        return INTERRUPTED
    if run.exit_code or required is None or run.certificate is None or run.certificate.meets(required):
        return run.exit_code
    verdict, evidence = run.certificate.verdict, run.certificate.evidence
    complain(f"--require {required}: the verdict is {verdict} (evidence: {evidence})")
    return UNMET
