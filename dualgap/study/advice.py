"""Which solver for a problem: what the nearest instances in a store of runs say, else what dispatch does.

An instance is as near as the ratio of its size to the problem's, among those of its kind. A solver is worth the shifted
geometric mean of its times there, an unsolved instance counting ten times the limit (PAR10).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from math import inf, log
from typing import Any

import numpy as np

from dualgap.core.errors import NoRouteError, UsageError
from dualgap.core.problem import Problem
from dualgap.engine.prepare import Prepared
from dualgap.plugins.registry import registry
from dualgap.study.review.collect import Review
from dualgap.study.review.tallies import limit, median
from dualgap.study.selection import is_exact, reachable
from dualgap.study.statistics.field import Entry
from dualgap.study.statistics.means import Interval, bootstrap, shifted_geometric_mean

NEIGHBOURS = 10
"""Instances that advice is from, and all others that are as near as the last of them."""
PENALTY = 10.0
"""An unsolved instance counts so many times its limit (PAR10)."""
SHIFT = 0.01
"""Seconds, of the geometric means."""


@dataclass(frozen=True)
class Score:
    """A solver on an instance: medians over its seeds; ``charged`` is penalised where it is unsolved."""

    solved: bool
    seconds: float
    charged: float


@dataclass(frozen=True)
class Known:
    """An instance of the store: its kind, its size if it has one, every solver's score, and its penalised limit."""

    name: str
    kind: str
    size: int | None
    scores: Mapping[str, Score]
    worst: float

    def charged(self, solver: str) -> float:
        """The worst for a solver that refused it, or that nobody ran on it."""
        return self.scores[solver].charged if solver in self.scores else self.worst


@dataclass(frozen=True)
class Candidate:
    """A solver on the nearest instances: solved of ``tried``, its median time there with its 95 % interval, PAR10."""

    solver: str
    solved: int
    tried: int
    seconds: Interval
    penalised: float


@dataclass(frozen=True)
class Advice:
    """Which solver, and why.

    Attributes:
        solver: the one to take. reason: a sentence.
        candidates: what is known of each, the best first; empty where no runs were learned from.
        learned: the names of the instances that it is from.
    """

    solver: str
    reason: str
    candidates: tuple[Candidate, ...] = ()
    learned: tuple[str, ...] = ()

    def data(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Evaluation:
    """Advice on held-back instances: shifted geometric means of penalised seconds, and how many were solved.

    ``single`` is the best solver of each kind, chosen with the held-back instances in view; ``virtual`` the best on
    each instance, which nobody can beat.
    """

    instances: int
    advice: float
    single: float
    virtual: float
    solved: tuple[int, int, int]


def advise(problem: Problem, review: Review | None = None) -> Advice:
    """The solver to take, of those that reach the problem and are installed.

    Raises:
        NoRouteError: no solver reaches the problem.
    """
    usable, left_out = reachable(problem)
    if not usable:
        reasons = "; ".join(left_out.values()) or "none takes it or one of its forms"
        raise NoRouteError(f"no solver reaches {problem.kind}: {reasons}")
    known = instances(review) if review is not None else []
    names = {prepared.name for prepared in usable}
    labels = {entry.solver for entry in review.entries if entry.row["solver"] in names} if review is not None else set()
    size = size_of(problem)
    near = nearest_to(problem.kind, size, known)
    candidates = [one for one in ranking(near) if one.solver in labels]
    if not candidates or not candidates[0].solved:
        return _untaught(problem, usable, review is not None)
    best = candidates[0]
    sizes = [one.size for one in near if one.size is not None]
    of_size = f" of size {min(sizes):,} to {max(sizes):,}" if sizes else ""
    seconds = best.seconds
    reason = (
        f"{best.solver}: it solved {best.solved} of the {best.tried} nearest {problem.kind} instances{of_size} "
        f"(this one: {size:,}) in a median of {seconds.value:.3g} s [{seconds.low:.3g}, {seconds.high:.3g}]."
    )
    return Advice(best.solver, reason, tuple(candidates), tuple(one.name for one in near))


def _untaught(problem: Problem, usable: Sequence[Prepared], asked: bool) -> Advice:
    """The first exact solver among dispatch's choices, which look at the size; else the first one that there is."""
    reasons = {choice.solver: choice.reason for choice in reversed(registry().choices(problem))}
    exact = (prepared for prepared in usable if prepared.name in reasons and is_exact(prepared))
    first = next(exact, usable[0])
    because = reasons.get(first.name) or f"{'an exact solver' if is_exact(first) else 'a solver'} that reaches it"
    lack = f"the store has none that solved a {problem.kind}" if asked else "no store was given"
    return Advice(first.name, f"{first.name}: {because}. No runs were learned from: {lack}.")


def size_of(problem: Problem) -> int:
    """The longest side of its arrays and lists, which is what generators call size for most kinds."""
    sides = [1]
    for value in problem.content().values():
        if isinstance(value, np.ndarray):
            sides += value.shape
        elif isinstance(value, list | tuple):
            sides.append(len(value))
    return max(sides)


def instances(review: Review) -> list[Known]:
    """Every instance of a store with all solvers' scores."""
    groups: dict[str, dict[str, list[Entry]]] = {}
    for entry in review.entries:
        groups.setdefault(entry.instance, {}).setdefault(entry.solver, []).append(entry)
    found = []
    for solvers in groups.values():
        scores = {
            name: _score(entries, review.gap)
            for name, entries in solvers.items()
            if not all(e.refused for e in entries)
        }
        every = [entry for entries in solvers.values() for entry in entries]
        row = every[0].row
        worst = PENALTY * max(map(limit, every))
        found.append(Known(row["instance"], row["kind"], row["size"], scores, worst))
    return found


def _score(entries: Sequence[Entry], gap: float) -> Score:
    solved = median([float(not entry.solved(gap)) for entry in entries]) == 0.0
    charged = [float(e.row["seconds"]) if e.solved(gap) else PENALTY * limit(e) for e in entries]
    return Score(solved, median([float(entry.row["seconds"]) for entry in entries]), median(charged))


def nearest_to(kind: str, size: int, known: Sequence[Known]) -> list[Known]:
    """The nearest instances of a kind; those without a size are the farthest."""
    distance: Callable[[Known], float] = partial(_distance, size)
    same = sorted((one for one in known if one.kind == kind), key=distance)
    if len(same) <= NEIGHBOURS:
        return same
    last = distance(same[NEIGHBOURS - 1])
    return [one for one in same if distance(one) <= last]


def _distance(size: int, one: Known) -> float:
    return inf if one.size is None else abs(log(max(one.size, 1)) - log(max(size, 1)))


def ranking(near: Sequence[Known]) -> list[Candidate]:
    """Every solver that ran on one of the instances, the best first."""
    found = [_candidate(name, near) for name in sorted({name for one in near for name in one.scores})]
    return sorted(found, key=lambda one: (one.penalised, one.solver))


def _candidate(solver: str, near: Sequence[Known]) -> Candidate:
    scores = [one.scores[solver] for one in near if solver in one.scores]
    seconds = bootstrap([score.seconds for score in scores], _median)
    return Candidate(solver, sum(score.solved for score in scores), len(scores), seconds, _mean_charge(solver, near))


def _median(sample: np.ndarray) -> float:
    return float(np.median(sample))


def _mean_charge(solver: str, on: Sequence[Known]) -> float:
    return shifted_geometric_mean([one.charged(solver) for one in on], SHIFT)


def evaluate(review: Review) -> Evaluation:
    """Advice for each instance from all the others, beside the best single solver and the virtual best.

    Raises:
        UsageError: no kind has two instances of a known size.
    """
    known = [one for one in instances(review) if one.size is not None and one.scores]
    known = [one for one in known if sum(other.kind == one.kind for other in known) > 1]
    if not known:
        raise UsageError("advice is evaluated on generated instances, two or more of a kind: this store has none such")
    singles = {kind: ranking([one for one in known if one.kind == kind])[0].solver for kind in {o.kind for o in known}}
    chosen = [
        (
            ranking(nearest_to(one.kind, one.size or 1, [other for other in known if other is not one]))[0].solver,
            singles[one.kind],
            min(one.scores, key=one.charged),
        )
        for one in known
    ]
    means = [
        shifted_geometric_mean([one.charged(names[k]) for one, names in zip(known, chosen)], SHIFT) for k in range(3)
    ]
    solved = [sum(_solves(one, names[k]) for one, names in zip(known, chosen)) for k in range(3)]
    return Evaluation(len(known), means[0], means[1], means[2], (solved[0], solved[1], solved[2]))


def _solves(one: Known, solver: str) -> bool:
    return solver in one.scores and one.scores[solver].solved
