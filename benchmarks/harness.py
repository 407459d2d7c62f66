"""What every benchmark shares: rows, process time in medians, a table with ratios or JSON.

A script defines ``rows(quick) -> Iterable[Row]`` and ends with ``main(__doc__, rows)``.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """One measurement, beside its target and a peer's number from the same run.

    Attributes:
        value: what was measured; None where it couldn't be, and ``what`` says why.
        target: the most that value may be (the least, where ``at_least``); None sets no target.
        peer: name of the peer; ``peer_value`` is None where it is missing.
    """

    what: str
    value: float | None
    unit: str = "s"
    target: float | None = None
    peer: str = ""
    peer_value: float | None = None
    at_least: bool = False

    @property
    def ok(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        if self.target is None:
            return None
        if self.value is None:
            return False
        return self.value >= self.target if self.at_least else self.value <= self.target

    @property
    def ratio(self) -> float | None:
        """The peer's number over ours."""
        return self.peer_value / self.value if self.value and self.peer_value is not None else None

    def record(self) -> dict[str, Any]:
        """The row as JSON has it."""
        data = asdict(self)
        del data["at_least"]
        return {**data, "ok": self.ok}


def process_seconds(work: Callable[[], Any], repeats: int = 5, warm: int = 1) -> float:
    """The median process time of ``work()`` (all threads of this process), after ``warm`` calls that don't count."""
    for _ in range(warm):
        work()
    taken = []
    for _ in range(repeats):
        begin = time.process_time()
        work()
        taken.append(time.process_time() - begin)
    return statistics.median(taken)


def main(description: str | None, rows: Callable[[bool], Iterable[Row]], argv: list[str] | None = None) -> int:
    """Runs a benchmark script: ``--quick`` for a minute's worth, ``--json`` for a list of rows. Returns the exit code.

    The code is 1 where a row misses its target.
    """
    parser = argparse.ArgumentParser(description=(description or "").strip().split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="end within a minute on 2 cores")
    parser.add_argument("--json", action="store_true", help="print a JSON list of rows")
    given = parser.parse_args(argv)
    measured = []
    if given.json:
        measured = list(rows(given.quick))
        print(json.dumps([row.record() for row in measured], indent=1))
    else:
        print(f"{'what':<58} {'value':>10} {'target':>10} {'ok':>4}   peer (times ours)")
        for row in rows(given.quick):
            measured.append(row)
            print(_line(row), flush=True)
    return 1 if any(row.ok is False for row in measured) else 0


def _line(row: Row) -> str:
    ok = {True: "yes", False: "NO", None: ""}[row.ok]
    sign = ">= " if row.at_least else "<= "
    target = "" if row.target is None else f"{sign}{row.target:g}"
    peer = ""
    if row.peer:
        number = "missing" if row.peer_value is None else f"{row.peer_value:.4g} {row.unit}"
        ratio = "" if row.ratio is None else f" ({row.ratio:.3g} x)"
        peer = f"{row.peer}: {number}{ratio}"
    value = "-" if row.value is None else f"{row.value:.4g} {row.unit}"
    return f"{row.what:<58} {value:>10} {target:>10} {ok:>4}   {peer}"
