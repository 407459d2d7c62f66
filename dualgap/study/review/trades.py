"""Exact against approximate: what a solver gives up, and what it saves, beside an exact one on the same instances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dualgap.study.review.tallies import Cell, Tally, median


@dataclass(frozen=True)
class Trade:
    """A solver on the instances of one size that the exact one ran on, too.

    Attributes:
        size: None where instances have none.
        seconds, exact_seconds: medians.
        speedup: the geometric mean of how many times as fast as the exact solver.
        at_least: whether the exact one came to its limit unfinished somewhere: then it is at least so many times.
        true: the median relative gap to the best verified bound of anybody. worst: the largest one.
        certified: the median relative gap to the solver's own bound; infinite where it has none.
    """

    solver: str
    size: int | None
    instances: int
    seconds: float
    exact_seconds: float
    speedup: float
    at_least: bool
    true: float
    worst: float
    certified: float


def reference(tallies: Sequence[Tally]) -> Tally | None:
    """The exact solver that the others are held against: the one that solves most instances."""
    return next((tally for tally in tallies if tally.exact and tally.solved), None)


def trades(tallies: Sequence[Tally], exact: Tally) -> list[Trade]:
    """Every other solver by size of the instances, ascending."""
    beside = {cell.instance: cell for cell in exact.cells}
    found = []
    for tally in tallies:
        common = [cell for cell in tally.cells if cell.instance in beside]
        if tally is exact or not common:
            continue
        for size in sorted({cell.size for cell in common}, key=lambda size: (size is None, size or 0)):
            found.append(
                _trade(tally.solver, size, [(cell, beside[cell.instance]) for cell in common if cell.size == size])
            )
    return found


def _trade(solver: str, size: int | None, pairs: Sequence[tuple[Cell, Cell]]) -> Trade:
    ratios = [exact.charged / max(cell.seconds, 1e-9) for cell, exact in pairs]
    return Trade(
        solver=solver,
        size=size,
        instances=len(pairs),
        seconds=median([cell.seconds for cell, _ in pairs]),
        exact_seconds=median([exact.charged for _, exact in pairs]),
        speedup=float(np.exp(np.mean(np.log(np.maximum(ratios, 1e-12))))),
        at_least=any(not exact.solved for _, exact in pairs),
        true=median([cell.true for cell, _ in pairs]),
        worst=max(cell.true for cell, _ in pairs),
        certified=median([cell.certified for cell, _ in pairs]),
    )
