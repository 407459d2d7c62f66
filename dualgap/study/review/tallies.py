"""What a store says of each solver: counted over instances, medians over seeds, with intervals."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from dualgap.core.certificate import Evidence
from dualgap.study.review.collect import Review
from dualgap.study.statistics.field import Entry
from dualgap.study.statistics.means import Interval, bootstrap, shifted_geometric_mean
from dualgap.study.statistics.traces import primal_integral

_INFINITE = float("inf")
_SLOW = 0.1  # seconds: where the median run takes as long, a second is the shift, as in the literature
_SHIFTS = (1.0, 0.01)


@dataclass(frozen=True)
class Cell:
    """A solver on an instance: medians over its seeds, infinite where half of the runs have none.

    Attributes:
        true: the relative gap to the best verified bound of anybody; to the best answer where nobody has one.
        certified: the relative gap to the solver's own bound. proved: whether that bound is verified.
        seconds: what a run took; ``charged``: the same, at least the time limit where it didn't solve the instance.
        integral: the primal integral; NaN without a trace.
    """

    instance: str
    size: int | None
    solved: bool
    true: float
    certified: float
    proved: bool
    seconds: float
    charged: float
    integral: float


@dataclass(frozen=True)
class Tally:
    """A solver over all instances.

    Attributes:
        cells: one for each instance that it didn't refuse.
        runs: all of them, of which ``failed`` crashed, ``refused`` never ran, ``empty`` found no feasible answer, and
            ``refuted`` made a wrong claim.
        instances: how many there are, whether it ran on them or not.
    """

    solver: str
    exact: bool | None
    cells: tuple[Cell, ...]
    runs: int
    failed: int
    refused: int
    empty: int
    refuted: int
    instances: int

    @property
    def solved(self) -> int:
        return sum(cell.solved for cell in self.cells)

    def proved(self, gap: float) -> int:
        """Solved instances whose gap the solver itself proves."""
        return sum(cell.solved and cell.proved and cell.certified <= gap for cell in self.cells)

    def quantile(self, name: str, share: float) -> float:
        """Of a field over all instances that it ran on: a value that is there; NaN of none."""
        values = sorted(getattr(cell, name) for cell in self.cells)
        return values[min(int(share * len(values)), len(values) - 1)] if values else float("nan")

    def time(self, shift: float) -> Interval:
        """The shifted geometric mean, unsolved instances at their limit."""
        mean = partial(shifted_geometric_mean, shift=shift)
        return bootstrap([cell.charged for cell in self.cells], mean)

    def integral(self) -> Interval:
        """The mean primal integral of the instances with a trace."""
        return bootstrap([cell.integral for cell in self.cells if cell.integral == cell.integral], _mean)

    def gap(self) -> Interval:
        """The median true gap."""
        return bootstrap([cell.true for cell in self.cells], _middle)


def tallies(review: Review) -> list[Tally]:
    """The solver that solves most first, the faster first among equals."""
    found = [_tally(review, solver) for solver in review.solvers]
    shift = shift_for(found)
    return sorted(found, key=lambda tally: (-tally.solved, *_order(tally, shift), tally.solver))


def _order(tally: Tally, shift: float) -> tuple[float, float]:
    if not tally.cells:
        return _INFINITE, _INFINITE
    return shifted_geometric_mean([cell.charged for cell in tally.cells], shift), tally.quantile("true", 0.5)


def shift_for(found: Sequence[Tally]) -> float:
    """Seconds for the shifted geometric mean: a second, or ten milliseconds where that would drown all differences."""
    seconds = [cell.seconds for tally in found for cell in tally.cells]
    return _SHIFTS[0] if seconds and float(np.median(seconds)) >= _SLOW else _SHIFTS[1]


def _tally(review: Review, solver: str) -> Tally:
    entries = review.of(solver)
    by_instance: dict[str, list[Entry]] = {}
    for entry in entries:
        if not entry.refused:
            by_instance.setdefault(entry.instance, []).append(entry)
    return Tally(
        solver=solver,
        exact=review.exact[solver],
        cells=tuple(_cell(review, group) for group in by_instance.values()),
        runs=len(entries),
        failed=sum(entry.failed for entry in entries),
        refused=sum(entry.refused for entry in entries),
        empty=sum(not (entry.row["feasible"] or entry.failed or entry.refused) for entry in entries),
        refuted=sum(entry.contradicted for entry in entries),
        instances=len(review.known),
    )


def _cell(review: Review, group: Sequence[Entry]) -> Cell:
    certified = median([entry.certified for entry in group])
    own = [entry for entry in group if entry.certified <= certified]
    integrals = [integral for entry in group if (integral := _integral(review, entry)) == integral]
    return Cell(
        instance=group[0].instance,
        size=group[0].row["size"],
        solved=median([float(not entry.solved(review.gap)) for entry in group]) == 0.0,
        true=median([to_best(entry) for entry in group]),
        certified=certified,
        proved=bool(own) and all(Evidence(entry.row["evidence"]).verified for entry in own),
        seconds=median([float(entry.row["seconds"]) for entry in group]),
        charged=median([_charged(entry, review.gap) for entry in group]),
        integral=median(integrals) if integrals else float("nan"),
    )


def to_best(entry: Entry) -> float:
    """The relative gap to the best verified bound, or to the best answer where there is none; of verified answers."""
    if not entry.row["feasible"]:
        return _INFINITE
    return entry.behind if entry.true == _INFINITE else entry.true


def _charged(entry: Entry, gap: float) -> float:
    seconds = float(entry.row["seconds"])
    return seconds if entry.solved(gap) else max(seconds, limit(entry))


def limit(entry: Entry) -> float:
    """The run's time limit in seconds; what it took where it had none."""
    return float(json.loads(entry.row["budget"]).get("time") or entry.row["seconds"])


def _integral(review: Review, entry: Entry) -> float:
    best = review.known[entry.instance].value
    trace = review.whole(entry).trace
    return primal_integral(trace, best, limit(entry)) if best is not None and trace else float("nan")


def median(values: Sequence[float]) -> float:
    """The middle value, the larger of two."""
    return sorted(values)[len(values) // 2]


def _mean(sample: np.ndarray) -> float:
    return float(sample.mean())


def _middle(sample: np.ndarray) -> float:
    """The median of numbers that may be infinite."""
    return float(np.partition(sample, sample.size // 2)[sample.size // 2])


Grouped = Mapping[int, Sequence[Cell]]


def by(cells: Sequence[Cell], key: Callable[[Cell], int]) -> dict[int, list[Cell]]:
    """Cells by a whole number, ascending."""
    found: dict[int, list[Cell]] = {}
    for cell in cells:
        found.setdefault(key(cell), []).append(cell)
    return dict(sorted(found.items()))
