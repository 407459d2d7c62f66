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
from dualgap.problems.matrix_game.payoffs import standardised

_MOST_PLAYED = 64  # the elimination is cubic
_BITS = 62  # of weights
_SHARED_BITS = 30  # that weights may have in common at first
_PLAYED = 1e-9
_TIGHT = 1e-6  # of standardised payoffs


def rational(payoff: Exact, strategy: np.ndarray) -> np.ndarray | None:
    """Whole weights (m,) of the vertex near a strategy (m,) of the player who picks rows and pays (m, n).

    None where no vertex is near, or its weights don't fit 64 bits.
    """
    share = np.maximum(strategy, 0.0) / np.maximum(strategy, 0.0).sum()
    played = np.flatnonzero(share > _PLAYED)
    if len(played) > _MOST_PLAYED:
        return None
    floats = standardised(payoff.floats())
    paid = share @ floats
    tight = np.flatnonzero(paid >= paid.max() - _TIGHT)  # the dearest columns
    system = _bordered(floats[np.ix_(played, tight)].T)
    equations, unknowns = independent(system, np.append(share[played], 1.0))
    if len(unknowns) == 0 or len(equations) != len(unknowns):
        return None
    chosen = _bordered(payoff.numerators[np.ix_(played, tight)].T.astype(object))[np.ix_(equations, unknowns)]
    # The determinant is the weights' sum but for a common factor (Shapley and Snow).
    if np.linalg.slogdet(chosen.astype(np.float64))[1] > (_BITS + _SHARED_BITS) * np.log(2.0):
        return None
    entries = [[Fraction(entry) for entry in row] for row in chosen.tolist()]
    solution = solve_exactly(entries, [Fraction(int(i == len(tight))) for i in equations.tolist()])
    return None if solution is None else _whole(solution, unknowns, played, len(share))


def _bordered(part: np.ndarray) -> np.ndarray:
    """Of shares and the value: what each column is paid less the value, and the shares' sum."""
    system = np.zeros((part.shape[0] + 1, part.shape[1] + 1), part.dtype)
    system[:-1, :-1] = part
    system[:-1, -1] = -1
    system[-1, :-1] = 1
    return system


def _whole(solution: list[Fraction], unknowns: np.ndarray, played: np.ndarray, size: int) -> np.ndarray | None:
    shares = {int(k): value for k, value in zip(unknowns.tolist(), solution, strict=True) if k < len(played)}
    if any(value < 0 for value in shares.values()) or not any(shares.values()):
        return None
    common = lcm(*(value.denominator for value in shares.values()))
    weights = {k: int(value * common) for k, value in shares.items()}
    if sum(weights.values()) >= 2**_BITS:
        return None
    found = np.zeros(size, dtype=np.int64)
    for k, weight in weights.items():
        found[played[k]] = weight
    return found
