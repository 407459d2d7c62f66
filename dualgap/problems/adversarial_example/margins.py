"""Margins of inputs: the linear functions of the logits whose least value says how far an input is from going wrong."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from dualgap.problems.networks.network import Network

_UNIT = float(np.finfo(np.float64).eps)  # twice the rounding of one operation: covers terms of second order


@dataclass(frozen=True, eq=False)
class Margins:
    """``rows y + constants`` of logits y; an input's margin is the least over its rows, and it holds while that is > 0.

    Attributes:
        item: (P,) the input that each row belongs to; every input has one at least.
        rows: (P, k).
        constants: (P,).
        count: n, the number of inputs.
    """

    item: np.ndarray
    rows: np.ndarray
    constants: np.ndarray
    count: int

    def of(self, logits: np.ndarray) -> np.ndarray:
        """(n, k) logits -> (n,) margins."""
        return self._least(np.einsum("pk,pk->p", self.rows, logits[self.item]) + self.constants)

    def size(self, sizes: np.ndarray) -> np.ndarray:
        """(n,) the sizes of the largest sum of terms, for logits whose terms have (n, k) ``sizes``."""
        return -self._least(-(np.einsum("pk,pk->p", np.abs(self.rows), sizes[self.item]) + np.abs(self.constants)))

    def _least(self, values: np.ndarray) -> np.ndarray:
        found = np.full(self.count, np.inf)
        np.minimum.at(found, self.item, values)
        return found


def class_margins(labels: np.ndarray, targets: np.ndarray, classes: int) -> Margins:
    """``logit[label] - logit[target]``, for every other class where the target is -1."""
    every = np.arange(classes)
    allowed = np.where(targets[:, None] < 0, every != labels[:, None], every == targets[:, None])
    item, target = np.nonzero(allowed)
    rows = np.zeros((len(item), classes))
    rows[np.arange(len(item)), labels[item]] = 1.0
    rows[np.arange(len(item)), target] -= 1.0
    return Margins(item, rows, np.zeros(len(item)), len(labels))


def property_margins(rows: np.ndarray, constants: np.ndarray, count: int) -> Margins:
    """The same rows for every input."""
    return Margins(
        np.repeat(np.arange(count), len(rows)),
        np.tile(rows.astype(np.float64), (count, 1)),
        np.tile(constants.astype(np.float64), count),
        count,
    )


def rounding(network: Network, margins: Margins, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(sizes of the terms that the margins at points sum, bounds on the margins' rounding), (n,) each.

    With u the unit roundoff, a sum of m terms is off by at most m u of the sum of their sizes (Higham, Accuracy and
    Stability of Numerical Algorithms, 2002, section 3.1), and ReLUs enlarge no error; the sizes are those of the same
    network with all its numbers taken without their signs.
    """
    sizes, share = np.abs(points), margins.rows.shape[1] + 2
    for operator in network.operators:
        sizes = (abs(operator.matrix) @ sizes.T).T + np.abs(operator.bias)
        share += operator.matrix.shape[1] + 2
    total = margins.size(sizes)
    return total, share * _UNIT * total


def holds(network: Network, margins: Margins, points: np.ndarray) -> np.ndarray:
    """(n,) whether each margin is positive at its point; exactly: rationals decide where float64 can't."""
    values = margins.of(network.forward(points))
    _, error = rounding(network, margins, points)
    sure: np.ndarray = values > error
    for i in np.flatnonzero(np.abs(values) <= error):
        sure[i] = _exact_margin(network, margins, points, int(i)) > 0
    return sure


def _exact_margin(network: Network, margins: Margins, points: np.ndarray, item: int) -> Fraction:
    now = [Fraction(value) for value in points[item].tolist()]
    last = len(network.operators) - 1
    for place, operator in enumerate(network.operators):
        image = _exact_image(operator.matrix, operator.bias, now)
        now = image if place == last else [max(value, Fraction(0)) for value in image]
    mine = margins.item == item
    return min(_exact_image(margins.rows[mine], margins.constants[mine], now))


def _exact_image(matrix: Any, bias: np.ndarray, x: list[Fraction]) -> list[Fraction]:

    found = [Fraction(value) for value in bias.tolist()]
    from scipy.sparse import coo_array

    entries = coo_array(matrix)
    for row, column, value in zip(*(part.tolist() for part in (*entries.coords, entries.data))):
        found[row] += Fraction(value) * x[column]
    return found
