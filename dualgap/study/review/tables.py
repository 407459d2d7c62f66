"""The report's tables: they sort and filter where scripts run, and are plain tables where they don't."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from dualgap.core.statement import format_gap, format_value
from dualgap.display.html import Html, join, table, tag
from dualgap.study.page import format_seconds
from dualgap.study.review.collect import Review
from dualgap.study.review.summary import MOST_ROWS, Table, class_of, gap_text, verdict
from dualgap.study.review.tallies import Tally
from dualgap.study.review.trades import Trade
from dualgap.study.statistics.field import Entry
from dualgap.study.statistics.means import Interval

_INFINITE = float("inf")
_MOST_REASON = 160

Cell = tuple[str, float | None]
"""What is shown of a number, and what it is sorted by."""


def first_rows(given: Table) -> Html:
    """The first screen's rows; those beyond eight are further down, among all."""
    return table(given.header, given.rows[:MOST_ROWS], numeric=given.numeric, class_="runs")


def sortable(header: Sequence[str], rows: Iterable[Sequence[str | Cell]], **attributes: str) -> Html:
    """A table whose numbers are sorted by what they are, whatever is shown of them."""
    body, numeric = [], [False] * len(header)
    for row in rows:
        cells = []
        for k, cell in enumerate(row):
            if isinstance(cell, str):
                cells.append(tag("td", cell))
            else:
                numeric[k] = True
                cells.append(tag("td", cell[0], class_="num", data_v="" if cell[1] is None else repr(cell[1])))
        body.append(tag("tr", *cells))
    head = [tag("th", name, scope="col", class_="num" if right else None) for name, right in zip(header, numeric)]
    whole = tag("table", tag("thead", tag("tr", *head)), tag("tbody", *body), class_="sortable", **attributes)
    return tag("div", whole, class_="scroll")


def every_run(review: Review) -> Html:
    """One row a run: none is left out."""
    sized = any(entry.row["size"] is not None for entry in review.entries)
    header = [
        "instance",
        *["size"] * sized,
        "solver",
        "seed",
        "verdict",
        "value",
        "bound",
        "evidence",
        "gap",
        "true gap",
    ]
    return sortable([*header, "time"], (_run(entry, sized) for entry in review.entries), id="runs")


def _run(entry: Entry, sized: bool) -> list[str | Cell]:
    row = entry.row
    return [
        row["instance"],
        *([_number(row["size"])] if sized else []),
        entry.solver,
        (str(row["seed"]), float(row["seed"])),
        verdict(entry),
        _number(row["value"] if row["feasible"] else None),
        _number(row["bound"]),
        row["evidence"] if row["bound"] is not None else "–",
        _gap(entry.certified),
        _gap(entry.true),
        (format_seconds(row["seconds"]), float(row["seconds"])),
    ]


def means(found: Sequence[Tally], shift: float) -> Html:
    """Times, primal integrals and gaps with their intervals, and how many runs came to nothing."""
    header = ["solver", "class", "runs", "solved", "time", "primal integral", "gap"]
    header += ["refuted", "failed", "empty", "refused"]
    rows: list[list[str | Cell]] = []
    for tally in found:
        counts = (tally.refuted, tally.failed, tally.empty, tally.refused)
        rows.append(
            [
                tally.solver,
                class_of(tally.exact),
                _count(tally.runs),
                (f"{tally.solved:,} of {tally.instances:,}", float(tally.solved)),
                _interval(tally.time(shift), format_seconds),
                _interval(tally.integral(), format_gap),
                _interval(tally.gap(), gap_text),
                *map(_count, counts),
            ]
        )
    return sortable(header, rows)


def _interval(given: Interval, write: Any) -> Cell:
    if given.value != given.value:
        return "–", None
    if given.value == given.low == given.high:
        return write(given.value), given.value
    span = tag("span", f"{write(given.low)} to {write(given.high)}", class_="range")
    return join([write(given.value), span]), given.value


def exact_and_approximate(found: Sequence[Trade]) -> Html:
    """Every solver by size beside the exact one."""
    header = ["solver", "size", "instances", "time", "exact time", "speed-up", "true gap", "worst", "certified gap"]
    rows: list[list[str | Cell]] = [
        [
            trade.solver,
            _number(trade.size),
            _count(trade.instances),
            (format_seconds(trade.seconds), trade.seconds),
            (format_seconds(trade.exact_seconds), trade.exact_seconds),
            (f"{'≥ ' if trade.at_least else ''}{trade.speedup:,.3g} x", trade.speedup),
            _gap(trade.true),
            _gap(trade.worst),
            _gap(trade.certified),
        ]
        for trade in found
    ]
    return sortable(header, rows)


def nothing(review: Review) -> Html | None:
    """Refusals, crashes and runs without an answer, counted by reason; None where there are none."""
    counts = Counter(
        (entry.solver, verdict(entry), _reason(review, entry)) for entry in review.entries if not entry.row["feasible"]
    )
    if not counts:
        return None
    rows: list[list[str | Cell]] = [
        [solver, said, _count(number), reason] for (solver, said, reason), number in counts.most_common()
    ]
    return sortable(["solver", "verdict", "runs", "reason"], rows)


def _reason(review: Review, entry: Entry) -> str:
    row, whole = entry.row, review.whole(entry)
    last = row["error"].strip().splitlines()[-1] if row["error"].strip() else ""
    text = row["refused"] or whole.message or last or whole.certificate.get("statement") or row["stop"] or "–"
    return text if len(text) <= _MOST_REASON else text[: _MOST_REASON - 1] + "…"


def _number(value: float | None) -> Cell:
    return (format_value(value), float(value)) if value is not None else ("–", None)


def _count(number: int) -> Cell:
    return f"{number:,}", float(number)


def _gap(gap: float) -> Cell:
    return (format_gap(gap), gap) if gap < _INFINITE else ("–", None)
