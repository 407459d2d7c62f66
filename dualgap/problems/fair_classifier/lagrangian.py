"""The Lagrangian of the fairness rows: for given multipliers, what the best classifier of a class could reach.

With multipliers y of ``Rows``, error plus penalties is linear in the masses that are predicted positive: every unit of
group g and label l costs c[g, l]. So whatever the class of classifiers, its bound is a cost-sensitive classification
problem: cells take the sign of their cost, thresholds a minimum over prefix sums (Agarwal et al., 2018, section 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import fsum

import numpy as np

from dualgap.core.exact import fraction
from dualgap.problems.fair_classifier.rates import Rows

_UNIT = 2.0**-53


@dataclass(frozen=True, eq=False)
class Costs:
    """The Lagrangian at some multipliers: ``constant + sum of cost * positive`` for a classifier with these masses.

    Attributes:
        cost: (G, 2) of a unit predicted positive, rounded to float64.
        constant: what doesn't depend on the classifier, a lower bound of it.
        margin: how much rounding of ``cost``, of products and of sums of them can have added at most.
    """

    cost: np.ndarray
    constant: Fraction
    margin: float


def costs(rows: Rows, mass: np.ndarray, multipliers: np.ndarray, terms: int = 0) -> Costs | None:
    """The Lagrangian at multipliers of the rows, in rational arithmetic up to the rounding of each cost.

    The auxiliary numbers are minimised over [0, 1]. None where a multiplier prices a side that isn't there, and the
    Lagrangian has no minimum.

    The error, rates, auxiliary numbers and sides are at most 1, so the sizes of everything that is added up come to
    ``1 + 4 |multipliers|_1`` at most (4, because a rate less the overall one is a difference of two). Each of these
    carries a bounded number of roundings: of a mass, of a row's entry that was made of masses, of 2 G products.

    Args:
        rows: r rows.
        mass: (G, 2) the groups' masses.
        multipliers: (r,) positive ones price the lower side of a row, negative ones the upper (``dualgap.core.forms``).
        terms: how many weights a mass sums where sums round; 0 where weights are whole numbers.
    """
    total = fraction(float(mass.sum()))
    exact = [Fraction(1) / total if label == 0 else -Fraction(1) / total for _ in mass for label in (0, 1)]
    constant = fraction(float(mass[:, 1].sum())) / total
    auxiliary = [Fraction(0)] * rows.auxiliary.shape[1]
    for r in np.flatnonzero(multipliers).tolist():
        price = Fraction(float(multipliers[r]))
        side = float(rows.lower[r] if price > 0 else rows.upper[r])
        if not np.isfinite(side):
            return None
        constant += price * fraction(side)
        for column in np.flatnonzero(rows.positive[r]).tolist():
            exact[column] -= price * Fraction(float(rows.positive[r, column]))
        for k in np.flatnonzero(rows.auxiliary[r]).tolist():
            auxiliary[k] -= price * Fraction(float(rows.auxiliary[r, k]))
    constant += sum(min(Fraction(0), value) for value in auxiliary)
    cost = np.array([float(value) for value in exact]).reshape(mass.shape)
    size = 1.0 + 4.0 * float(np.abs(multipliers).sum())
    margin = (2 * terms + 2 * mass.size + 16) * _UNIT * size * (1 + 1e-6)
    return Costs(cost, constant, margin)


def over_cells(found: Costs, masses: np.ndarray) -> float:
    """A lower bound of the Lagrangian over all classifiers of cells, randomised ones too.

    Args:
        found: the costs.
        masses: (c, 2 G) each cell's weight by group and label.
    """
    return _sum(found, np.minimum(masses @ found.cost.ravel(), 0.0))


def over_thresholds(found: Costs, above: tuple[np.ndarray, ...]) -> float:
    """A lower bound of the Lagrangian over mixtures of thresholds, one threshold for each set of groups.

    Args:
        found: the costs.
        above: for each threshold that is chosen by itself, (t, 2 G): the masses above its t values.
    """
    return _sum(found, np.array([float((masses @ found.cost.ravel()).min()) for masses in above]))


def _sum(found: Costs, terms: np.ndarray) -> float:
    """The constant and the terms, rounded down."""
    value = float(found.constant) + fsum(terms.tolist())
    slack = found.margin + 4 * _UNIT * (abs(float(found.constant)) + float(np.abs(terms).sum()))
    return float(np.nextafter(value - slack, -np.inf))
