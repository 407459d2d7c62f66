"""The report on many runs: one static HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dualgap.core.certificate import Sense
from dualgap.core.claim import TracePoint
from dualgap.core.statement import format_gap
from dualgap.display.html import Child, Html, facts, join, tag
from dualgap.study.courses import Course, panels, thinned
from dualgap.study.page import COURSES_LEGEND, INTERVALS_LEGEND, alert, asset, document, legend, reproduced
from dualgap.study.review import figures, tables
from dualgap.study.review.bars import first_bars
from dualgap.study.review.collect import Review
from dualgap.study.review.summary import Summary
from dualgap.study.review.tallies import Tally, shift_for
from dualgap.study.review.trades import reference, trades
from dualgap.study.statistics.field import Entry
from dualgap.study.statistics.profiles import data, performance, times

_INFINITE = float("inf")
_GAPS_LEGEND = legend(
    ("true", "gap to the best verified bound"),
    ("verified", "gap to the solver's own bound, verified"),
    ("claimed", "the same on its word"),
    ("value", "median; bars reach from quartile to quartile"),
)


def page(review: Review, found: Sequence[Tally], first: Summary) -> str:
    """The whole page."""
    order = [tally.solver for tally in found if tally.cells]
    several = len(review.known) > 1
    sections = [
        _first_screen(review, found, first),
        _profiles(review, order) if several else None,
        _anytime(review, order),
        _trades(found, order) if several else None,
        _means(review, found) if several else None,
        _nothing(review),
        _runs(review),
    ]
    return document(f"dualgap: {first.title}", *sections, script=asset("tables.js"))


def _first_screen(review: Review, found: Sequence[Tally], first: Summary) -> Html:
    plot = first_bars(review, found)
    caption = _GAPS_LEGEND if len(review.known) > 1 else INTERVALS_LEGEND
    return tag(
        "section",
        tag("header", tag("p", first.eyebrow, class_="eyebrow"), tag("h1", first.title)),
        alert(first.caught),
        tag("p", first.statement, class_="statement"),
        tag("figure", plot.html(), caption) if plot is not None else None,
        tables.first_rows(first.table),
        facts([*first.conditions, reproduced(first.command)]),
    )


def _colours(order: Sequence[str]) -> Html:
    """Who has what colour; those without are in the tables."""
    shown = [(f"line s{k}", name) for k, name in enumerate(order[: figures.MOST_LINES], start=1)]
    rest = len(order) - len(shown)
    return join(
        [legend(*shown), tag("p", f"{rest:,} more solvers are in the tables.", class_="more") if rest else None]
    )


def _section(title: str, words: str, *children: Child) -> Html:
    return tag("section", tag("h2", title), tag("p", words, class_="about"), *children, class_="part")


def _charts(*pairs: tuple[str, Html | None]) -> Html:
    shown = [tag("div", tag("div", tag("b", name), class_="head"), plot) for name, plot in pairs if plot is not None]
    return tag("div", *shown, class_="charts")


def _profiles(review: Review, order: Sequence[str]) -> Html | None:
    found = {name: by for name, by in times(review.entries, review.gap).items() if name in order}
    if not any(seconds < _INFINITE for by in found.values() for seconds in by.values()):
        return None
    words = (
        f"The share of the {len(review.known):,} instances that a solver has within {format_gap(review.gap)}, by a "
        "verified answer. Runs that failed, were refused or made a wrong claim count as unsolved; the time of several "
        "seeds is their median."
    )
    by_ratio = figures.profiles(performance(found), order, seconds=False)
    by_time = figures.profiles(data(found), order, seconds=True)
    charts = _charts(
        ("Performance profile: times the fastest solver's time", by_ratio), ("Data profile: seconds", by_time)
    )
    return _section("Solved by when", words, tag("figure", charts, _colours(order)))


def _anytime(review: Review, order: Sequence[str]) -> Html | None:
    chosen = _richest(review, order)
    if chosen is None:
        return None
    known = review.known[chosen[0].instance]
    courses = [_course(review, entry, known.sense) for entry in chosen]
    shown = panels([course for course in courses if course.points], known.sense, known.value, known.bound)
    drawn = tag("figure", tag("div", *shown, class_="panels"), COURSES_LEGEND) if shown else None
    if len(review.known) == 1:
        return _section("Value and bound against time", "What each run had by when.", drawn)
    mean = figures.mean_gaps(review, order)
    words = (
        "The mean over runs of the incumbent's gap to the best answer that is known, 100 % while there is none. "
        f"Below, {chosen[0].row['instance']}: the instance whose runs streamed most."
    )
    charts = tag("figure", _charts(("Mean gap", mean)), _colours(order))
    return _section("Value and bound against time", words, charts, drawn)


def _richest(review: Review, order: Sequence[str]) -> list[Entry] | None:
    """One run a solver on the instance with most of what was streamed; None where no run has a trace."""
    points: dict[str, int] = {}
    for entry in review.entries:
        points[entry.instance] = points.get(entry.instance, 0) + min(len(review.whole(entry).trace), 50)
    name = max(points, key=lambda name: points[name])
    if not points[name]:
        return None
    found: dict[str, Entry] = {}
    for entry in review.entries:
        if entry.instance == name and review.whole(entry).trace:
            found.setdefault(entry.solver, entry)
    return sorted(found.values(), key=lambda entry: order.index(entry.solver))


def _course(review: Review, entry: Entry, sense: Sense) -> Course:
    """The streamed trace, with the tightest bound that the verifier stands for at its end."""
    points = [TracePoint(float(point[0]), _plain(point[1]), _plain(point[2])) for point in review.whole(entry).trace]
    last, own = points[-1], review.verified.get(entry.row["key"])
    if own is not None and (last.bound is None or sense.better(last.bound, own)):
        points[-1] = replace(last, bound=own)
    return Course(entry.solver, thinned(points), entry.certified if entry.certified < _INFINITE else None)


def _plain(number: float | str | None) -> float | None:
    return float(number) if isinstance(number, str) else number


def _trades(found: Sequence[Tally], order: Sequence[str]) -> Html | None:
    exact = reference(found)
    if exact is None:
        return None
    rows = trades(found, exact)
    if not rows:
        return None
    words = (
        f"Beside {exact.solver}, the exact solver that solves most, on the instances that both ran on. The true gap is "
        "to the best verified bound of anybody, the certified gap to the solver's own. Speed-up is a geometric mean; "
        "≥ where the exact solver came to its time limit."
    )
    plot = figures.scatter(rows, order)
    head = "True gap against speed-up, one dot a size"
    figure = tag("figure", _charts((head, plot)), _colours(order)) if plot is not None else None
    return _section("Exact against approximate", words, figure, tables.exact_and_approximate(rows))


def _means(review: Review, found: Sequence[Tally]) -> Html:
    shift = shift_for(found)
    words = (
        f"Over instances, medians over seeds: geometric means of times shifted by {shift:g} s, instances that weren't "
        "solved at their limit; the mean primal integral in per cent of the time limit; the median gap to the best "
        "verified bound. Below each, its 95 % bootstrap intervals (1,000 samples of instances)."
    )
    return _section("Means", words, tables.means(found, shift))


def _nothing(review: Review) -> Html | None:
    shown = tables.nothing(review)
    if shown is None:
        return None
    return _section("Without an answer", "Refusals, failures and limits, counted everywhere above.", shown)


def _runs(review: Review) -> Html:
    return _section(
        "Every run", "Gap: to the run's own bound. True gap: to the best verified one.", tables.every_run(review)
    )
