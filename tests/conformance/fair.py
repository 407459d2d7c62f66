"""Fair classifiers of at most eight cells, with their optimum by enumeration; rates are counted apart from the package.

A class of classifiers is the finite set of its members without chance: labelings of the cells (also by networks that
are wide enough), thresholds of a score, linear functions of bits. With chance, the optimum is a linear program over
their mixtures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import numpy as np
from scipy import optimize

from dualgap.problems.fair_classifier import FairClassifier, Linear, Network, Table, Thresholds

Judge = Callable[[np.ndarray], tuple[bool, float]]

_BITS, _ROWS, _EPSILON, _SLACK = 3, 24, 0.08, 1e-5
_LABELS = {"demographic-parity": [(0, 1)], "equal-opportunity": [(1,)], "equalized-odds": [(1,), (0,)]}


@dataclass(frozen=True)
class _People:
    """Rows of bits, groups, labels, weights and scores, and what is asked of their rates."""

    bits: np.ndarray
    groups: np.ndarray
    labels: np.ndarray
    weights: np.ndarray
    scores: np.ndarray
    metric: str
    difference: str

    @property
    def count(self) -> int:
        return int(self.groups.max()) + 1

    def error(self, positive: np.ndarray) -> float:
        wrong = np.where(self.labels == 1, 1 - positive, positive)
        return float(self.weights @ wrong / self.weights.sum())

    def rates(self, positive: np.ndarray) -> Iterator[tuple[list[float], float]]:
        """(by group, of all) for each rate of the metric."""
        for labels in _LABELS[self.metric]:
            chosen = np.isin(self.labels, labels)

            def share(rows: np.ndarray) -> float:
                return float(self.weights[rows] @ positive[rows] / self.weights[rows].sum())

            yield [share(chosen & (self.groups == g)) for g in range(self.count)], share(chosen)

    def excesses(self, positive: np.ndarray) -> np.ndarray:
        """What must be at most 0; linear in the predictions."""
        found = []
        for rates, overall in self.rates(positive):
            if self.difference == "to-overall":
                found += [sign * (rate - overall) - _EPSILON for rate in rates for sign in (1, -1)]
            elif self.difference == "ratio":
                found += [(1 - _EPSILON) * high - low for high in rates for low in rates]
            else:
                found += [high - low - _EPSILON for high in rates for low in rates]
        return np.array(found)


def fair(
    rng: np.random.Generator,
    hypothesis: str,
    metric: str,
    difference: str,
    *,
    randomized: bool = True,
    aware: bool = False,
    groups: int = 2,
) -> tuple[Any, float, Judge, float]:
    """(Problem, optimum, judge, slack) of a few people."""
    codes, labels = rng.integers(0, groups, _ROWS), rng.integers(0, 2, _ROWS)
    codes[: 2 * groups], labels[: 2 * groups] = np.repeat(np.arange(groups), 2), np.tile([0, 1], groups)
    wide = _BITS - (aware and hypothesis != "threshold")
    bits, weights = rng.integers(0, 2, (_ROWS, wide)), rng.integers(1, 9, _ROWS)
    scores = rng.integers(0, 9, _ROWS) + labels
    people = _People(bits, codes, labels, weights, scores, metric, difference)
    seen = np.hstack([bits, np.eye(groups, dtype=int)[codes]]) if aware else bits
    members = {"table": _tables, "network": _tables, "linear": _linear, "threshold": _thresholds}[hypothesis](
        people, seen, aware
    )
    values = np.array([people.error(member) for member in members])
    excesses = np.array([people.excesses(member) for member in members])
    if randomized:
        rows = np.ones((1, len(values)))
        optimum = float(
            optimize.linprog(values, A_ub=excesses.T, b_ub=np.zeros(excesses.shape[1]), A_eq=rows, b_eq=[1]).fun
        )
    else:
        optimum = float(values[(excesses <= 1e-12).all(axis=1)].min())
    problem = FairClassifier(
        features=bits,
        label=labels,
        groups=codes,
        group_names=tuple("abc"[:groups]),
        weights=weights,
        metric=metric,  # type: ignore[arg-type]
        difference=difference,  # type: ignore[arg-type]
        epsilon=_EPSILON,
        hypothesis=hypothesis,  # type: ignore[arg-type]
        group_aware=aware,
        randomized=randomized,
        min_group=1,
        **({"score": scores} if hypothesis == "threshold" else {}),
    )

    def judge(point: np.ndarray) -> tuple[bool, float]:
        answer = point.item()
        parts = [_predicted(member, seen, people) for member in answer.members]
        positive = np.asarray(answer.weights @ np.array(parts))
        whole = randomized or bool(((positive == 0) | (positive == 1)).all())
        return whole and bool((people.excesses(positive) <= 2e-6).all()), people.error(positive)

    return problem, optimum, judge, _SLACK


def _predicted(member: Any, seen: np.ndarray, people: _People) -> np.ndarray:
    """What a member says of each row."""
    if isinstance(member, Linear):
        return np.asarray(
            seen @ member.coefficients + member.intercept > 1e-9 * np.abs(member.coefficients).max(), float
        )
    if isinstance(member, Network):
        return _through(member, seen)
    if isinstance(member, Thresholds):
        limits = member.values if len(member.values) == 1 else member.values[people.groups]
        return np.asarray(people.scores > limits, dtype=float)
    assert isinstance(member, Table)
    return np.asarray(member.probabilities[_cells(seen)], dtype=float)


def _through(network: Network, seen: np.ndarray) -> np.ndarray:
    """What a network of one hidden layer says of each row."""
    (first, last), (shift, offset) = network.weights, network.biases
    hidden = np.maximum(seen @ first + shift, 0)
    return np.asarray((hidden @ last + offset)[:, 0] > 0, dtype=float)


def _cells(seen: np.ndarray) -> np.ndarray:
    """(n,) cells, numbered as they come."""
    number: dict[tuple[int, ...], int] = {}
    return np.array([number.setdefault(tuple(row), len(number)) for row in seen.tolist()])


def _tables(people: _People, seen: np.ndarray, aware: bool) -> list[np.ndarray]:
    cells = _cells(seen)
    return [np.array(labels, dtype=float)[cells] for labels in product([0, 1], repeat=int(cells.max()) + 1)]


def _linear(people: _People, seen: np.ndarray, aware: bool) -> list[np.ndarray]:
    """What linear functions of the cells say."""
    distinct, cells = np.unique(seen, axis=0, return_inverse=True)
    found = _separable(tuple(map(tuple, distinct.tolist())))
    return [np.array(labels, dtype=float)[cells] for labels in found]


@cache
def _separable(points: tuple[tuple[int, ...], ...]) -> list[tuple[int, ...]]:
    """The labelings that some linear function tells apart: scores of at least 1 in size on the right sides."""
    rows = np.hstack([np.array(points), np.ones((len(points), 1))])

    def fits(labels: tuple[int, ...]) -> bool:
        matrix = np.where(np.array(labels) == 1, -1.0, 1.0)[:, None] * rows
        found = optimize.linprog(np.zeros(rows.shape[1]), A_ub=matrix, b_ub=-np.ones(len(rows)), bounds=(None, None))
        return bool(found.status == 0)

    return [labels for labels in product([0, 1], repeat=len(points)) if fits(labels)]


def _thresholds(people: _People, seen: np.ndarray, aware: bool) -> list[np.ndarray]:
    """One limit for all, or one for each group."""
    limits = np.append(np.unique(people.scores) - 0.5, np.inf)
    each = product(limits, repeat=people.count) if aware else ((limit,) * people.count for limit in limits)
    return [(people.scores > np.array(chosen)[people.groups]).astype(float) for chosen in each]
