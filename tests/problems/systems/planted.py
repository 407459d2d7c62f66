"""Infeasible systems planted by family, and what can be found out about small ones by going through everything."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

from dualgap.core.forms import MixedIntegerProgram
from dualgap.problems.systems.members import Kind, Member, System
from tests.solvers.programs import INF, program


def cycle(length: int, spare: int = 0) -> MixedIntegerProgram:
    """x1 >= x2 + 1, ..., x_k >= x1 + 1: irreducible as a whole; ``spare`` rows more hold everywhere."""
    rows = np.zeros((length + spare, length), dtype=np.int64)
    for i in range(length):
        rows[i, i], rows[i, (i + 1) % length] = 1, -1
    for i in range(spare):
        rows[length + i, i % length] = 1
    low = np.concatenate([np.ones(length), np.full(spare, -INF)])
    high = np.concatenate([np.full(length, INF), np.full(spare, 100.0)])
    return program([1] * length, rows, low, high, lower=-INF, integer=False)


def parity(columns: int = 2, side: int = 1, integer: bool = True) -> MixedIntegerProgram:
    """2 x1 + ... + 2 x_n = an odd number: infeasible in whole numbers alone."""
    return program([1] * columns, [[2] * columns], [side], [side], lower=0, upper=9, integer=integer)


def overfull() -> MixedIntegerProgram:
    """A row against its columns' bounds."""
    return program([1, 1, 1], [[1, 1, 0], [0, 1, 1]], [5, 0], [INF, 4], upper=2, integer=False)


def crossed() -> MixedIntegerProgram:
    """A column's bounds against each other."""
    return program([1, 1], [[1, 1]], [0], [9], lower=[3, 0], upper=[2, 5], integer=False)


def ranges() -> MixedIntegerProgram:
    """Two ranges of the same sum that don't meet."""
    return program([1, 1], [[1, 1], [1, 1], [1, -1]], [5, 0, 0], [9, 4, 1], upper=20, integer=False)


FAMILIES = {
    "cycle": cycle(3, spare=2),
    "parity": parity(),
    "overfull": overfull(),
    "crossed": crossed(),
    "ranges": ranges(),
}


@st.composite
def boxed_programs(draw: st.DrawFn) -> MixedIntegerProgram:
    """Integer programs with at most 3 columns in small boxes, and at most 3 rows."""
    n, m = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    matrix = draw(st.lists(st.lists(st.integers(-3, 3), min_size=n, max_size=n), min_size=m, max_size=m))
    low = [draw(st.sampled_from([-INF, -4, 0, 1, 3, 5])) for _ in range(m)]
    high = [draw(st.sampled_from([INF, -2, 0, 1, 2, 4])) for _ in range(m)]
    high = [max(a, b) if draw(st.booleans()) else b for a, b in zip(low, high)]
    return program([1] * n, matrix, low, high, lower=0, upper=2)


class Grid:
    """Every whole point within ``reach``, and which members of a system each of them meets."""

    def __init__(self, system: System, reach: int = 5) -> None:
        axis = np.arange(-reach, reach + 1)
        self.points = np.stack(np.meshgrid(*[axis] * len(system.columns)), axis=-1).reshape(-1, len(system.columns))
        self.met: dict[Member, np.ndarray] = {}
        for member in system.members:
            if member.kind is Kind.INTEGER:
                self.met[member] = np.ones(len(self.points), dtype=bool)
                continue
            inequality = system.inequality(member)
            gradient = np.zeros(len(system.columns))
            gradient[list(inequality.columns)] = [float(a) for a in inequality.coefficients]
            self.met[member] = self.points @ gradient >= float(inequality.side)

    def point(self, members: Collection[Member]) -> tuple[Fraction, ...] | None:
        """The first point that meets the members, None where there is none."""
        found = np.flatnonzero(np.logical_and.reduce([np.ones(len(self.points), bool), *map(self.met.get, members)]))
        return tuple(Fraction(int(value)) for value in self.points[found[0]]) if found.size else None
