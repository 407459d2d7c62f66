"""The first screen as plain content, for every format: what was caught, the sentence, the rows, what reproduces it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from dualgap.core.statement import format_cell, format_gap
from dualgap.study.page import format_seconds
from dualgap.study.review.collect import Review
from dualgap.study.review.sentence import sentence
from dualgap.study.review.tallies import Tally, shift_for
from dualgap.study.statistics.field import Entry

MOST_ROWS = 8
_INFINITE = float("inf")


@dataclass(frozen=True)
class Table:
    """Texts by row; the ``numeric`` columns are aligned to the right."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[int, ...]

    def without(self, names: Sequence[str]) -> Table:
        """The table less some of its columns."""
        kept = [k for k, name in enumerate(self.header) if name not in names]
        rows = (tuple(row[k] for k in kept) for row in self.rows)
        numeric = tuple(place for place, k in enumerate(kept) if k in self.numeric)
        return Table(tuple(self.header[k] for k in kept), tuple(rows), numeric)


@dataclass(frozen=True)
class Summary:
    """What a person reads first.

    Attributes:
        title: what it is about. eyebrow: how much of it there is.
        caught: wrong claims. statement: one sentence.
        table: one row a solver, or one a run where there is a single instance.
        conditions: terms and what they are.
        command: what makes the report again.
    """

    title: str
    eyebrow: str
    caught: tuple[str, ...]
    statement: str
    table: Table
    conditions: tuple[tuple[str, str], ...]
    command: str

    def data(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "statement": self.statement,
            "contradictions": list(self.caught),
            "rows": [dict(zip(self.table.header, row)) for row in self.table.rows],
            "conditions": {name: text for name, text in self.conditions if text},
        }


def summary(review: Review, found: Sequence[Tally], command: str) -> Summary:
    """The first screen of a report."""
    kinds = listed_all(entry.row["kind"] or "not loaded" for entry in review.entries)
    instances, runs, solvers = len(review.known), len(review.entries), len(found)
    names = listed_all(entry.row["instance"] for entry in review.entries)
    single = instances == 1
    return Summary(
        title=names if single else kinds,
        eyebrow=f"{_count(runs, 'run')} of {_count(solvers, 'solver')} on {_count(instances, 'instance')}",
        caught=tuple(review.caught()),
        statement=sentence(review, found),
        table=_run_rows(review) if single else _solver_rows(review, found),
        conditions=tuple(_conditions(review, found)),
        command=command,
    )


def ranked(entries: Sequence[Entry]) -> list[Entry]:
    """The runs of one instance: verified answers first, the best first, the tighter gap first among equals."""
    return sorted(entries, key=lambda e: (not e.verified, e.behind, e.certified, e.row["seconds"], e.solver))


def _run_rows(review: Review) -> Table:
    header = ("solver", "value", "bound", "evidence", "gap", "true gap", "time", "class", "verdict")
    rows = [
        (
            entry.solver,
            format_cell(entry.row["value"]) if entry.row["feasible"] else "–",
            format_cell(entry.row["bound"]) if entry.row["bound"] is not None else "–",
            entry.row["evidence"] if entry.row["bound"] is not None else "–",
            gap_text(entry.certified),
            gap_text(entry.true),
            format_seconds(float(entry.row["seconds"])),
            class_of(review.exact[entry.solver]),
            verdict(entry),
        )
        for entry in ranked(review.entries)
    ]
    return Table(header, tuple(rows), (1, 2, 4, 5, 6))


def verdict(entry: Entry) -> str:
    """The run's verdict in the light of the others."""
    return "contradicted" if entry.contradicted and entry.row["verdict"] != "violated" else str(entry.row["verdict"])


def _solver_rows(review: Review, found: Sequence[Tally]) -> Table:
    within = format_gap(review.gap)
    header = ("solver", "class", f"within {within}", "proved", "gap", "certified", "time", "no answer")
    shift = shift_for(found)
    rows = [
        (
            tally.solver,
            class_of(tally.exact),
            f"{tally.solved:,} of {tally.instances:,}",
            f"{tally.proved(review.gap):,}",
            gap_text(tally.quantile("true", 0.5)),
            gap_text(tally.quantile("certified", 0.5)) + claimed_mark(tally),
            format_seconds(tally.time(shift).value) if tally.cells else "–",
            unanswered(tally),
        )
        for tally in found
    ]
    return Table(header, tuple(rows), (2, 3, 4, 5, 6))


def claimed_mark(tally: Tally) -> str:
    """Says where certified gaps rest on the solver's word."""
    own = [cell for cell in tally.cells if cell.certified < _INFINITE]
    return " claimed" if own and 2 * sum(cell.proved for cell in own) < len(own) else ""


def unanswered(tally: Tally) -> str:
    """How many runs came to nothing, and how."""
    words = {"refuted": "refuted", "failed": "failed", "empty": "empty", "refused": "refused"}
    return ", ".join(f"{getattr(tally, name):,} {word}" for name, word in words.items() if getattr(tally, name)) or "–"


def class_of(exact: bool | None) -> str:
    return "unknown" if exact is None else "exact" if exact else "approximate"


def gap_text(gap: float) -> str:
    """A relative gap, a dash where there is none."""
    return format_gap(gap) if gap < _INFINITE else "–"


def _conditions(review: Review, found: Sequence[Tally]) -> Iterable[tuple[str, str]]:
    rows = [entry.row for entry in review.entries]
    budgets = [json.loads(text) for text in {row["budget"]: None for row in rows}]
    times = sorted({budget["time"] for budget in budgets if budget.get("time")})
    threads = sorted({budget["threads"] for budget in budgets if budget.get("threads")})
    memory = sorted({budget["memory"] for budget in budgets if budget.get("memory")})
    limits = [f"{' or '.join(f'{time:g} s' for time in times)} a run"] if times else []
    limits += [f"{' or '.join(f'{m / 2**30:.3g} GB' for m in memory)}"] if memory else []
    yield "budget", ", ".join(limits)
    yield "threads", " or ".join(map(str, threads))
    yield "seeds", _span(sorted({row["seed"] for row in rows}))
    machines = [json.loads(text) for text in {row["machine"]: None for row in rows}]
    yield (
        "machine",
        listed_all(f"{m['system']} {m['machine']}, {m['cores']} cores" for m in machines if "system" in m),
    )
    versions: dict[str, set[str]] = {}
    for text in {row["versions"] for row in rows}:
        for name, version in json.loads(text).items():
            versions.setdefault(name, set()).add(version)
    yield "versions", ", ".join(f"{name} {' and '.join(sorted(known))}" for name, known in sorted(versions.items()))
    if len(review.known) > 1:
        yield "time", f"geometric mean shifted by {shift_for(found):g} s; instances that weren't solved at their limit"
        missing = sum(known.bound is None for known in review.known.values())
        stand_in = f"; on {missing:,} instances to the best answer, as nobody proves a bound" if missing else ""
        yield "gap", f"median over instances, to the best verified bound of any solver{stand_in}"
        yield "certified", "median gap over instances to the solver's own bound"
        yield "proved", "instances of these where the solver itself proves as much"


def _span(numbers: Sequence[int]) -> str:
    if len(numbers) > 3 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{numbers[0]} to {numbers[-1]}"
    return ", ".join(map(str, numbers))


def listed_all(names: Iterable[str]) -> str:
    """Distinct names, the first few of many."""
    found = list(dict.fromkeys(names))
    return ", ".join(found[:5]) + (f" and {len(found) - 5:,} more" if len(found) > 5 else "")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"
