"""What the built-in solvers offer where nobody names one, in the order that measurements suggest.

The cheap and certain comes first: whoever proves ends the sequence, so solvers that prove stand before those whose
word has to be taken. Nothing here is imported but the problem classes.
"""

from __future__ import annotations

from dualgap.core.problem import Problem
from dualgap.core.solver import Choice
from dualgap.problems.coin_change import CoinChange
from dualgap.problems.knapsack import Knapsack

BRANCHING_ITEMS = 100
"""Up to here OR-Tools' branch and bound wins; its reduction takes 0.26 s at 10,000 items and 8 s at 100,000."""


def choices(problem: Problem) -> list[Choice]:
    """Solvers to try in turn; none for kinds that the built-ins have no opinion on."""
    if isinstance(problem, Knapsack):
        return _one_row(problem) if len(problem.capacity) == 1 else _several_rows()
    return _change() if isinstance(problem, CoinChange) else []


def _one_row(problem: Knapsack) -> list[Choice]:
    branching = Choice("or-knapsack", f"branch and bound is quick up to {BRANCHING_ITEMS} items")
    return [
        Choice("greedy", "takes no time, and its bound often proves it"),
        Choice("core-knapsack", "fixes what prices decide, and proves the rest by a list of states"),
        Choice("dynamic-programming", "a table, where lists grow too long"),
        *([branching] if problem.size <= BRANCHING_ITEMS else []),
        Choice("cp-sat", "for stubborn ones, from the best answer so far"),
    ]


def _several_rows() -> list[Choice]:
    return [
        Choice("greedy", "an answer at once"),
        Choice("dual-ascent", "a proved bound close to the linear one, and a better answer to start from"),
        Choice("highs", "branch and cut is the best there is for several capacities"),
    ]


def _change() -> list[Choice]:
    return [
        Choice("dynamic-programming", "proves change-making by a table over amounts or deficits"),
        Choice("cp-sat", "for amounts that are too large for tables"),
    ]
