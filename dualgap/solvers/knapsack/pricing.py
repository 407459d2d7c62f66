"""Prices for a knapsack: the duals of its linear relaxation with inequalities added as they are violated.

Source of the separation: Chvatal-Gomory inequalities of rank one from a single row, over the factors at which the
rounding of some weight steps up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dualgap.problems.knapsack.packing import Packing
from dualgap.problems.knapsack.prices import fewest, most, rounded
from dualgap.solvers.knapsack.count_price import count_price

_COLUMNS = 5000  # of a linear program: tens of milliseconds
_ROUNDS = 12
_ADDED = 4  # inequalities a round
_LARGEST_FACTOR = 2**15
_MULTIPLES = 8
_WORK = 2e6  # entries of rounded weights looked at a round
_VIOLATED = 1e-6
_GRID = 2.0**20


@dataclass(frozen=True)
class Tariff:
    """Multipliers in steps of the objective (but for the capacity's, which follows), and a packing to start from.

    Attributes:
        count: per copy.
        factors, charges: per unit of each rounding of the weights.
        counts: (k,) the relaxation's packing, rounded down; None where a linear program had too many columns.
    """

    count: float
    factors: np.ndarray
    charges: np.ndarray
    counts: np.ndarray | None


def tariff(packed: Packing, counts: np.ndarray, stop: Callable[[], bool]) -> Tariff:
    """Multipliers that minimise the bound on what beats the packing ``counts``; of many items, without roundings."""
    copies = (fewest(packed, packed.worth(counts)), most(packed))
    size = len(packed.index)
    if size > _COLUMNS:
        none = np.zeros(0)
        return Tariff(count_price(packed, *copies), none.astype(np.int64), none, None)
    program = _Program(packed)
    program.add(np.ones(size), *copies)
    factors = _candidates(packed)
    chosen: list[int] = []
    value = program.solve()
    for _ in range(_ROUNDS):
        if stop() or value + packed.extra < packed.worth(counts) + 1:
            break
        new = _violated(packed, factors, program.point)
        if not new:
            break
        for factor in new:
            row, right = rounded(packed, factor)
            program.add(row.astype(np.float64), -np.inf, right)
        chosen += new
        factors = np.setdiff1d(factors, new)
        value = program.solve()
    duals = program.duals()
    charges = np.rint(np.maximum(duals[2:], 0.0) * _GRID) / _GRID
    used = np.flatnonzero(charges > 0)
    return Tariff(
        count=float(np.rint(duals[1] * _GRID) / _GRID),
        factors=np.array(chosen, dtype=np.int64)[used],
        charges=charges[used],
        counts=np.floor(program.point + _VIOLATED).astype(np.int64),
    )


def _candidates(packed: Packing) -> np.ndarray:
    """Factors at which the rounded weight of some item steps up to 1, 2, ..."""
    weights = np.unique(packed.weights.astype(np.float64))
    steps = np.ceil(np.arange(1, _MULTIPLES + 1)[:, None] * (float(packed.capacity + 1) / weights)).ravel()
    factors = np.unique(steps[steps <= min(_LARGEST_FACTOR, packed.capacity)]).astype(np.int64)
    most_factors = int(_WORK / len(packed.index))
    return factors if len(factors) <= most_factors else factors[:: -(-len(factors) // max(most_factors, 1))]


def _violated(packed: Packing, factors: np.ndarray, point: np.ndarray) -> list[int]:
    """The factors whose inequalities the point violates most, relative to their right-hand sides."""
    support = np.flatnonzero(point > 0)
    shares = packed.weights[support].astype(np.float64) / float(packed.capacity + 1)
    excess = np.array([np.floor(factor * shares + 1e-12) @ point[support] for factor in factors.tolist()])
    excess = excess / np.maximum(factors - 1, 1) - (factors > 1)
    worst = np.argsort(-excess, kind="stable")[:_ADDED]
    return [int(factors[at]) for at in worst if excess[at] > _VIOLATED]


class _Program:
    """max v'x, w'x <= c, 0 <= x <= limits in HiGHS, each further solve starting from the last."""

    def __init__(self, packed: Packing) -> None:
        import highspy

        self.highs: Any = highspy.Highs()
        for option, value in (("output_flag", False), ("presolve", "off"), ("threads", 1)):
            self.highs.setOptionValue(option, value)
        self.scales: list[float] = []
        size = len(packed.index)
        self.highs.addVars(size, np.zeros(size), packed.limits.astype(np.float64))
        self.highs.changeColsCost(size, np.arange(size, dtype=np.int32), packed.values.astype(np.float64))
        self.highs.changeObjectiveSense(highspy.ObjSense.kMaximize)
        self.add(packed.weights.astype(np.float64), -np.inf, float(packed.capacity))

    def add(self, row: np.ndarray, lower: float, upper: float) -> None:
        """Adds a row, divided by its largest entry."""
        scale = max(float(np.abs(row).max()), 1.0)
        at = np.flatnonzero(row).astype(np.int32)
        self.highs.addRow(lower / scale, upper / scale, len(at), at, row[at] / scale)
        self.scales.append(scale)

    def solve(self) -> float:
        self.highs.run()
        return float(self.highs.getObjectiveValue())

    @property
    def point(self) -> np.ndarray:
        return np.array(self.highs.getSolution().col_value)

    def duals(self) -> np.ndarray:
        """(rows,) multipliers of the maximisation: >= 0 on upper sides."""
        duals: np.ndarray = np.array(self.highs.getSolution().row_dual) / np.array(self.scales)
        return duals
