"""A knapsack in one dimension as integers: the items worth a decision, on common units."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.exact import Exact, lattice_step, narrow

if TYPE_CHECKING:
    from dualgap.problems.knapsack.spec import Knapsack


@dataclass(frozen=True)
class Packing:
    """The items worth a decision, as integers: values in steps of the objective, weights by their common divisor.

    Attributes:
        index: (k,) where they stand in the spec; they have positive value and weight and fit alone.
        values, weights, limits: (k,) positive integers.
        capacity: an integer.
        gratis: (n,) counts of what weighs nothing and is worth something: packed anyway.
        extra: what that is worth, in steps.
        unit: of a multiplier, in the problem's value per weight.
    """

    index: np.ndarray
    values: np.ndarray
    weights: np.ndarray
    limits: np.ndarray
    capacity: int
    gratis: np.ndarray
    extra: int
    unit: Fraction

    def whole(self, counts: np.ndarray) -> np.ndarray:
        """(n,) counts in the spec's order."""
        everything = self.gratis.copy()
        everything[self.index] = counts
        return everything

    def worth(self, counts: np.ndarray) -> int:
        """The value of (k,) counts and what is gratis, in steps."""
        return self.extra + dot(self.values, counts)


def dot(left: np.ndarray, right: np.ndarray) -> int:
    """The exact inner product of integer vectors."""
    return int(Exact(left).dot(Exact(right)))


def packing(problem: Knapsack) -> Packing:
    """The integers of a one-dimensional problem; nothing in it may be worth packing without end."""
    (weights, capacity), values = problem.exact_rows[0], problem.exact_values
    gratis = np.where((weights.numerators == 0) & (values.numerators > 0), problem.limits, 0).astype(np.int64)
    index = np.flatnonzero((values.numerators > 0) & (weights.numerators > 0) & (problem.limits > 0))
    step = problem.step or Fraction(1)
    divisor = int(lattice_step(Exact(weights.numerators[index]))) or 1
    grain = int(step * values.denominator)
    whole_values = values.numerators // grain
    return Packing(
        index=index,
        values=_narrowed(whole_values[index]),
        weights=_narrowed(weights.numerators[index] // divisor),
        limits=problem.limits[index],
        capacity=int(capacity * weights.denominator) // divisor,
        gratis=gratis,
        extra=dot(whole_values, gratis),
        unit=step * weights.denominator / divisor,
    )


def _narrowed(integers: np.ndarray) -> np.ndarray:
    return narrow(integers.tolist(), integers.shape) if integers.dtype == object else integers
