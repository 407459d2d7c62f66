"""Rays of linear programs as statements about members."""

from __future__ import annotations

import numpy as np

from dualgap.problems.systems.members import Kind, Member, Side, System

_NOISE = 1e-9


def support(system: System, multipliers: np.ndarray) -> tuple[Member, ...]:
    """The sides of rows and the bounds that a Farkas ray (floats, one per row) combines.

    Where the ray comes from a basis of the simplex method, they are an irreducible conflict (Gleeson and Ryan,
    Identifying minimally infeasible subsystems of inequalities, 1990).
    """
    form = system.form
    y = np.asarray(multipliers, dtype=np.float64)
    y = np.where(np.abs(y) > _NOISE * np.abs(y).max(initial=0.0), y, 0.0)
    aggregated, size = form.matrix.T @ y, abs(form.matrix).T @ np.abs(y)
    aggregated = np.where(np.abs(aggregated) > _NOISE * size, aggregated, 0.0)
    rows = [Member(Kind.ROW, int(i), Side.LOWER if y[i] > 0 else Side.UPPER) for i in np.flatnonzero(y)]
    bounds = [
        Member(Kind.BOUND, int(j), Side.UPPER if aggregated[j] > 0 else Side.LOWER) for j in np.flatnonzero(aggregated)
    ]
    return tuple(member for member in (*rows, *bounds) if member in system)
