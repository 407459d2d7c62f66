"""A knapsack in any number of dimensions as a program for proofs by branching, with a column that counts.

How many items are packed is a column of its own, ``z = sum_j x_j``: splitting on it first cuts off more than splitting
on an item does (Vasquez and Hao, A hybrid approach for the 0-1 multidimensional knapsack problem, 2001), and its price,
of either sign, fixes items.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.exact import Exact
from dualgap.problems.branching import Whole, scale

if TYPE_CHECKING:
    from dualgap.problems.knapsack.spec import Knapsack

_EXACT = 2**53


def counted(problem: Knapsack) -> Whole | None:
    """The items and their count as columns, capacities and the count as rows; values are in steps of the objective.

    None where an item is worth packing without end, or numbers are too large for exact sums in float64.
    """
    values = problem.exact_values
    worth = values.numerators > 0
    if ((problem.limits < 0) & worth).any() or _largest(problem) >= _EXACT:
        return None
    limits = np.where(worth, problem.limits, 0).astype(np.int64)
    step = int((problem.step or Fraction(1)) * values.denominator)
    steps = np.where(worth, values.numerators // step, 0).astype(np.float64)
    loads = [(weights.numerators, int(capacity * weights.denominator)) for weights, capacity in problem.exact_rows]
    sides = [min(room, int(Exact(weights).dot(Exact(limits)))) for weights, room in loads]  # never beyond what matters
    rows = np.array([weights for weights, _ in loads], dtype=np.float64)
    program = Whole(
        values=np.append(steps, 0.0),
        matrix=np.block([[rows, np.zeros((len(rows), 1))], [np.ones((1, problem.size)), -np.ones((1, 1))]]),
        row_lower=np.append(np.full(len(rows), -np.inf), 0.0),
        row_upper=np.append(np.array(sides, dtype=np.float64), 0.0),
        lower=np.zeros(problem.size + 1),
        upper=np.append(limits, limits.sum()).astype(np.float64),
        scale=scale(float(steps @ limits)),
    )
    return program if program.exact else None


def _largest(problem: Knapsack) -> int:
    return max(problem.exact_values.largest, *(weights.largest for weights, _ in problem.exact_rows))
