"""The first screen's bars: of gaps over many instances, or from value to bound on one."""

from __future__ import annotations

from collections.abc import Sequence

from dualgap.display.bars import Bars
from dualgap.engine.run import certificate_from_data
from dualgap.study.plots import Interval, interval_of, intervals
from dualgap.study.review.collect import Review
from dualgap.study.review.figures import gap_bars
from dualgap.study.review.summary import MOST_ROWS, ranked
from dualgap.study.review.tallies import Tally
from dualgap.study.statistics.field import Entry


def first_bars(review: Review, found: Sequence[Tally]) -> Bars | None:
    """At most as many as the first screen has rows; None where there is nothing to draw."""
    if len(review.known) > 1:
        return gap_bars(found)
    (known,) = review.known.values()
    shown = ranked(review.entries)[:MOST_ROWS]
    return intervals([_interval(review, entry) for entry in shown], known.value, known.bound)


def _interval(review: Review, entry: Entry) -> Interval:
    certificate = review.whole(entry).certificate
    name = entry.solver if len(review.of(entry.solver)) == 1 else f"{entry.solver}, seed {entry.row['seed']}"
    if not certificate:
        return Interval(name, None, None, None)
    value = entry.row["value"] if entry.row["feasible"] else None
    found = interval_of(name, certificate_from_data(certificate), value)
    return Interval(name, found.value, found.verified, found.claimed, entry.contradicted)
