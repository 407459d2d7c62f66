"""The best single classifier at hand, for problems that allow no chance."""

from __future__ import annotations

from itertools import product

import numpy as np

from dualgap.problems.fair_classifier import FairClassifier
from dualgap.problems.fair_classifier.rates import Rate, Tally
from dualgap.solvers.fairness.mixture import Column, Pool, Scored

_SPACED = 400  # thresholds of a group that are looked at
_WINDOWS = {1: 400, 2: 40}  # places of the window of each rate, by how many rates there are


def best_single(pool: Pool, problem: FairClassifier) -> Column | None:
    """The least error among thresholds of the pool's scores whose rates differ by epsilon at most; None for none.

    One threshold for all: every one is looked at. One for each group: for windows of the rates, each group takes its
    cheapest threshold within, so the best pair may be missed by the windows' grid.
    """
    best: tuple[float, Column] | None = None
    for number, scored in enumerate(pool.scores):
        places = _each(pool, problem, scored) if len(scored.above) == 1 else _windows(pool, problem, scored)
        for error, place in places[:1]:
            if best is None or error < best[0]:
                best = error, Column(number, place)
    return best[1] if best is not None else None


def _each(pool: Pool, problem: FairClassifier, scored: Scored) -> list[tuple[float, tuple[int, ...]]]:
    """The first that is fair enough, by error."""
    above = scored.above[0]
    errors = _errors(pool, above)
    for place in np.argsort(errors, kind="stable").tolist():
        if _fair(pool, problem, above[place]):
            return [(float(errors[place]), (place,))]
    return []


def _windows(pool: Pool, problem: FairClassifier, scored: Scored) -> list[tuple[float, tuple[int, ...]]]:
    assert problem.rates is not None
    rates, epsilon = problem.rates.rates, float(problem.epsilon)
    spaced = [np.unique(np.linspace(0, len(above) - 1, _SPACED).astype(int)) for above in scored.above]
    parts = [above[places] for above, places in zip(scored.above, spaced)]
    levels = [[_rate(pool, part, rate, g) for rate in rates] for g, part in enumerate(parts)]
    grid = np.linspace(0.0, 1.0, _WINDOWS[len(rates)])
    errors = [_errors(pool, part) for part in parts]
    found: list[tuple[float, tuple[int, ...]]] = []
    for window in product(grid, repeat=len(rates)):
        chosen = []
        for g in range(len(parts)):
            inside = np.all(
                [(level >= low) & (level <= low + epsilon) for level, low in zip(levels[g], window)], axis=0
            )
            if not inside.any():
                break
            chosen.append(int(np.where(inside, errors[g], np.inf).argmin()))
        if len(chosen) == len(parts):
            masses = np.asarray(sum(part[k] for part, k in zip(parts, chosen)))
            if _fair(pool, problem, masses):
                place = tuple(int(places[k]) for places, k in zip(spaced, chosen))
                found.append((float(_errors(pool, masses[None])[0]), place))
    return sorted(found)[:1]


def _errors(pool: Pool, above: np.ndarray) -> np.ndarray:
    """(t,) training errors of the masses above, as if all others were predicted 0."""
    gain = above[:, 0::2].sum(axis=1) - above[:, 1::2].sum(axis=1)
    return np.asarray((gain + pool.mass[:, 1].sum()) / pool.mass.sum())


def _fair(pool: Pool, problem: FairClassifier, masses: np.ndarray) -> bool:
    assert problem.rates is not None
    tally = Tally(pool.mass, masses.reshape(pool.mass.shape))
    return tally.gap(problem.rates, problem.difference) <= float(problem.epsilon)


def _rate(pool: Pool, above: np.ndarray, rate: Rate, group: int) -> np.ndarray:
    """(t,) the group's rate; 0 where no row of the group has one."""
    columns = list(rate.labels)
    whole = pool.mass[group, columns].sum()
    part = above.reshape(len(above), -1, 2)[:, group, columns].sum(axis=1)
    return np.asarray(part / whole) if whole else np.zeros(len(above))
