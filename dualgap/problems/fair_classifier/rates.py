"""Rates of a classifier by group, how far apart they are, and the linear rows that hold them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import numpy as np

Difference = Literal["max-min", "to-overall", "ratio"]

_ROUNDING = 1e-12  # of the terms of a sum: masses are sums of many weights


class Rate(StrEnum):
    """A share of rows that are predicted positive: of all, of those whose label is 1, of those whose label is 0."""

    SELECTION = "selection rate"
    TRUE_POSITIVE = "true positive rate"
    FALSE_POSITIVE = "false positive rate"

    @property
    def labels(self) -> tuple[int, ...]:
        """The labels of the rows that it is a share of."""
        return {Rate.SELECTION: (0, 1), Rate.TRUE_POSITIVE: (1,), Rate.FALSE_POSITIVE: (0,)}[self]


class Metric(StrEnum):
    """Which rates must be alike in all groups (Hardt, Price and Srebro, 2016)."""

    DEMOGRAPHIC_PARITY = "demographic-parity"
    EQUALIZED_ODDS = "equalized-odds"
    EQUAL_OPPORTUNITY = "equal-opportunity"

    @property
    def rates(self) -> tuple[Rate, ...]:
        return {
            Metric.DEMOGRAPHIC_PARITY: (Rate.SELECTION,),
            Metric.EQUALIZED_ODDS: (Rate.TRUE_POSITIVE, Rate.FALSE_POSITIVE),
            Metric.EQUAL_OPPORTUNITY: (Rate.TRUE_POSITIVE,),
        }[self]


@dataclass(frozen=True, eq=False)
class Tally:
    """What every rate is made of; tallies of several samples have leading axes (...).

    Attributes:
        mass: (..., G, 2) the weight of the rows of each group with label 0 and 1.
        positive: (..., G, 2) how much of it is predicted positive, in expectation.
    """

    mass: np.ndarray
    positive: np.ndarray

    @staticmethod
    def of(groups: np.ndarray, labels: np.ndarray, weights: np.ndarray, positive: np.ndarray, count: int) -> Tally:
        """From rows: (n,) group codes below ``count``, labels 0 and 1, weights, probabilities of predicting 1."""
        code = 2 * groups + labels
        return Tally(
            np.bincount(code, weights, 2 * count).reshape(count, 2),
            np.bincount(code, weights * positive, 2 * count).reshape(count, 2),
        )

    @property
    def error(self) -> float:
        """The share of the weight that is predicted wrongly."""
        return float(self.errors)

    @property
    def errors(self) -> np.ndarray:
        """(...,) the share of the weight that is predicted wrongly."""
        wrong = self.positive[..., 0] + self.mass[..., 1] - self.positive[..., 1]
        return np.asarray(wrong.sum(axis=-1) / self.mass.sum(axis=(-2, -1)))

    @property
    def accuracies(self) -> np.ndarray:
        """(..., G) by group; NaN for groups without rows."""
        right = self.mass[..., 0] - self.positive[..., 0] + self.positive[..., 1]
        return _ratio(right, self.mass.sum(axis=-1))

    def rates(self, rate: Rate) -> np.ndarray:
        """(..., G) by group; NaN where a group has no row that the rate is a share of."""
        columns = list(rate.labels)
        return _ratio(self.positive[..., columns].sum(axis=-1), self.mass[..., columns].sum(axis=-1))

    def overall(self, rate: Rate) -> np.ndarray:
        """(...,) the rate of all groups together."""
        columns = list(rate.labels)
        return _ratio(self.positive[..., columns].sum(axis=(-2, -1)), self.mass[..., columns].sum(axis=(-2, -1)))

    def gap(self, metric: Metric, difference: Difference = "max-min") -> float:
        """The largest gap of a rate between groups; 0 is parity. Groups in which a rate has no rows don't count.

        ``max-min``: the largest less the smallest; ``to-overall``: the largest distance from the rate of all;
        ``ratio``: 1 less the smallest over the largest, 0 where all are 0.
        """
        return float(self.gaps(metric, difference))

    def gaps(self, metric: Metric, difference: Difference = "max-min") -> np.ndarray:
        """(...,) as ``gap``, of each sample."""
        return np.asarray(np.max([self._gaps(rate, difference) for rate in metric.rates], axis=0))

    def _gaps(self, rate: Rate, difference: Difference) -> np.ndarray:
        found = self.rates(rate)
        known = ~np.isnan(found)
        low, high = np.where(known, found, np.inf).min(axis=-1), np.where(known, found, -np.inf).max(axis=-1)
        low, high = (np.where(known.any(axis=-1), end, 0.0) for end in (low, high))
        if difference == "to-overall":
            middle = np.where(known.any(axis=-1), self.overall(rate), 0.0)
            return np.asarray(np.maximum(high - middle, middle - low))
        if difference == "ratio":
            return np.where(high > 0, 1.0 - low / np.where(high > 0, high, 1.0), 0.0)
        return np.asarray(high - low)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(part / whole)


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows ``lower <= A p + B m <= upper`` that say that no gap exceeds epsilon.

    p is the flattened ``Tally.positive``, m in [0, 1] one auxiliary number for each rate: the smallest of the groups'
    rates for ``max-min``, the largest for ``ratio``. Multipliers of these rows are the witness of a bound.

    Attributes:
        positive: (r, 2 G) A.
        auxiliary: (r, k) B; k is 0 for ``to-overall``.
        lower, upper: (r,) with infinities.
        names: (r,) for people.
    """

    positive: np.ndarray
    auxiliary: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    names: tuple[str, ...]

    def of(self, masses: np.ndarray) -> np.ndarray:
        """(r, c) what each of the masses (c, 2 G) adds to each row; what cancels but for rounding is 0."""
        added = self.positive @ masses.T
        terms = np.abs(self.positive) @ masses.T
        return np.where(np.abs(added) > _ROUNDING * terms, added, 0.0)


def rows(mass: np.ndarray, metric: Metric, difference: Difference, epsilon: float, groups: Sequence[str]) -> Rows:
    """The rows for groups with these masses (G, 2), by rate and group; a rate that has no rows in a group has none."""
    built: list[tuple[np.ndarray, np.ndarray, float, float, str]] = []
    kinds = metric.rates
    for k, rate in enumerate(kinds):
        shares = _shares(mass, rate)
        unit = np.eye(len(kinds))[k] * (difference != "to-overall")
        whole = mass[:, list(rate.labels)].sum()
        overall = np.zeros_like(mass)
        overall[:, list(rate.labels)] = 1.0 / whole if whole else 0.0
        for g in np.flatnonzero(mass[:, list(rate.labels)].sum(axis=1) > 0).tolist():
            own, name = np.zeros_like(mass), f"{rate} of {groups[g]}"
            own[g] = shares[g]
            if difference == "max-min":
                built.append((own, -unit, 0.0, epsilon, name))
            elif difference == "to-overall":
                built.append((own - overall, unit, -epsilon, epsilon, name))
            else:
                built.append((own, -unit, -np.inf, 0.0, f"{name}, at most the largest"))
                built.append((own, -(1.0 - epsilon) * unit, 0.0, np.inf, f"{name}, at least its share of the largest"))
    auxiliary = np.array([row[1] for row in built]).reshape(len(built), len(kinds))
    return Rows(
        positive=np.array([row[0].ravel() for row in built]).reshape(len(built), mass.size),
        auxiliary=auxiliary if difference != "to-overall" else auxiliary[:, :0],
        lower=np.array([row[2] for row in built]),
        upper=np.array([row[3] for row in built]),
        names=tuple(row[4] for row in built),
    )


def _shares(mass: np.ndarray, rate: Rate) -> np.ndarray:
    """(G, 2) what a unit of positive weight adds to the group's rate."""
    kept = np.isin([0, 1], rate.labels) * np.ones_like(mass)
    with np.errstate(divide="ignore"):
        return np.where(kept > 0, 1.0 / (mass * kept).sum(axis=1, keepdims=True), 0.0)
