"""A strategy in rational numbers from one in floats: the vertex of the linear program that it lies at.

A basic optimal strategy is the solution of a square system: the pure strategies that it plays make as many of the
opponent's equally good (Shapley and Snow, Basic solutions of discrete games, 1950). Floats tell which; the system is
then solved over the rationals. Nothing is lost where they tell wrongly: whoever uses the strategy is checked anyway.
"""

from __future__ import annotations

from fractions import Fraction
from math import lcm

import numpy as np

from dualgap.core.exact import Exact
from dualgap.problems.integer_program.rationals import independent, solve_exactly

MOST_PLAYED = 40  # the elimination's numbers grow with each strategy played, and weights must fit 64 bits
_PLAYED = 1e-9
_TIGHT = 1e-7  # of the range of payoffs


def rational(payoff: Exact, strategy: np.ndarray) -> np.ndarray | None:
    """Whole weights (m,) of the vertex near a strategy (m,) of the player who picks rows and pays (m, n).

    None where no vertex is near, or its weights don't fit 64 bits.
    """
    share = np.maximum(strategy, 0.0) / np.maximum(strategy, 0.0).sum()
    played = np.flatnonzero(share > _PLAYED)
    if len(played) > MOST_PLAYED:
        return None
    floats = payoff.floats()
    paid = share @ floats
    # The player pays: the dearest columns are tight.
    spread = float(np.ptp(floats)) or 1.0
    tight = np.flatnonzero(paid >= paid.max() - _TIGHT * spread)
    system = np.zeros((len(tight) + 1, len(played) + 1))
    system[:-1, :-1] = floats[np.ix_(played, tight)].T
    system[:-1, -1] = -1.0
    system[-1, :-1] = 1.0
    equations, unknowns = independent(system, np.append(share[played], 1.0))
    if len(unknowns) == 0 or len(equations) != len(unknowns):
        return None
    entries = [[_entry(payoff, system, played, tight, i, k) for k in unknowns.tolist()] for i in equations.tolist()]
    total = len(tight)
    solution = solve_exactly(entries, [Fraction(int(i == total)) for i in equations.tolist()])
    return None if solution is None else _whole(solution, unknowns, played, len(share))


def _entry(
    payoff: Exact, system: np.ndarray, played: np.ndarray, tight: np.ndarray, equation: int, unknown: int
) -> Fraction:
    if equation < len(tight) and unknown < len(played):
        return payoff.item((int(played[unknown]), int(tight[equation])))
    return Fraction(int(system[equation, unknown]))


def _whole(solution: list[Fraction], unknowns: np.ndarray, played: np.ndarray, size: int) -> np.ndarray | None:
    shares = {int(k): value for k, value in zip(unknowns.tolist(), solution, strict=True) if k < len(played)}
    if any(value < 0 for value in shares.values()) or not any(shares.values()):
        return None
    common = lcm(*(value.denominator for value in shares.values()))
    weights = {k: int(value * common) for k, value in shares.items()}
    if sum(weights.values()) >= 2**62:
        return None
    found = np.zeros(size, dtype=np.int64)
    for k, weight in weights.items():
        found[played[k]] = weight
    return found
