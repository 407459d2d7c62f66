"""Infeasible systems of linear inequalities, and irreducible ones, recognised in exact arithmetic.

``a_k'x >= b_k`` (k = 1..K) is infeasible if and only if some ``y >= 0`` has ``sum y_k a_k = 0`` and ``sum y_k b_k > 0``
(Farkas 1902). It is irreducible if and only if, besides, the ``a_k`` have just one linear dependency, and all of its
``y_k`` are positive: any K - 1 of the ``a_k`` are then independent, so that a point meets those K - 1 with equality
(Chakravarti, Some results concerning post-infeasibility analysis, 1994).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from fractions import Fraction
from math import gcd, lcm

from dualgap.problems.systems.members import Inequality

_Sparse = dict[int, Fraction]


def farkas_multipliers(system: Sequence[Inequality], seconds: float = 10.0) -> tuple[int, ...] | None:
    """(K,) whole ``y >= 0`` that prove the system infeasible, from its first linear dependency.

    All of them positive show that it is irreducible. Where None comes back, nothing is known: other dependencies may
    prove it, or time was up.
    """
    dependency = _first_dependency(system, time.monotonic() + seconds)
    if dependency is None:
        return None
    total = sum((y * system[k].side for k, y in dependency.items()), Fraction(0))
    sign = 1 if total > 0 else -1
    if total == 0 or any(sign * y < 0 for y in dependency.values()):
        return None
    scale = lcm(*(y.denominator for y in dependency.values()))
    whole = [int(sign * dependency.get(k, Fraction(0)) * scale) for k in range(len(system))]
    common = gcd(*whole)
    return tuple(y // common for y in whole)


def _first_dependency(system: Sequence[Inequality], end: float) -> _Sparse | None:
    """The first gradient that depends on those before it, as coefficients of the combination that is zero."""
    # Pivot column: a reduced gradient and the combination of the given ones that it is. It holds no earlier pivot, so
    # that one pass over the pivots in their order reduces the next gradient.
    echelon: dict[int, tuple[_Sparse, _Sparse]] = {}
    for k, inequality in enumerate(system):
        row: _Sparse = dict(zip(inequality.columns, inequality.coefficients))
        combination: _Sparse = {k: Fraction(1)}
        for pivot, (reduced, origin) in echelon.items():
            if pivot in row:
                if time.monotonic() > end:
                    return None
                factor = row[pivot] / reduced[pivot]
                _subtract(row, reduced, factor)
                _subtract(combination, origin, factor)
        if not row:
            return combination
        echelon[min(row)] = row, combination
    return None


def _subtract(row: _Sparse, other: _Sparse, factor: Fraction) -> None:
    for j, a in other.items():
        rest = row.get(j, 0) - factor * a
        if rest:
            row[j] = rest
        else:
            row.pop(j, None)
