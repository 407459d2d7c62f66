"""Relaxations of many boxes at once, beside a linear program for each; trees that grow, beside what they prove."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from dualgap.solvers.box_simplex import BoxSimplex
from dualgap.solvers.branch_tree import Nodes, Open

CUTOFF = -1e4
COUNT = 5


def drawn(seed: int) -> tuple[BoxSimplex, np.ndarray, np.ndarray, list[float | None]]:
    """A program with rows of every kind, a few boxes, and their maxima (None where there is no point)."""
    rng = np.random.default_rng(seed)
    m, n = int(rng.integers(1, 6)), int(rng.integers(1, 12))
    matrix, values = rng.integers(-5, 10, (m, n)).astype(float), rng.integers(-10, 20, n).astype(float)
    lower = rng.integers(-3, 2, (COUNT, n)).astype(float)
    upper = lower + rng.integers(0, 4, (COUNT, n))
    side, kind = matrix @ rng.integers(lower[0], upper[0] + 1), rng.integers(0, 4, m)
    row_lower, row_upper = np.where(kind == 0, -np.inf, side - (kind == 3)), np.where(kind == 1, np.inf, side)
    rows = np.vstack([matrix[np.isfinite(row_upper)], -matrix[np.isfinite(row_lower)]])
    sides = np.concatenate([row_upper[np.isfinite(row_upper)], -row_lower[np.isfinite(row_lower)]])
    best = []
    for low, high in zip(lower, upper, strict=True):
        found = linprog(-values, A_ub=rows, b_ub=sides, bounds=np.column_stack([low, high]))
        best.append(None if found.status == 2 else float(-found.fun))
    return BoxSimplex(values, matrix, row_lower, row_upper, 200), lower, upper, best


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_boxes_relax_to_their_linear_programs(seed: int) -> None:
    simplex, lower, upper, best = drawn(seed)
    found = simplex.solve(lower, upper, np.repeat(simplex.slacks(), COUNT, axis=0), CUTOFF)
    for bound, solved, expected in zip(found.bounds, found.solved, best, strict=True):
        if expected is None:
            assert not solved
        else:
            assert bound == pytest.approx(expected, abs=1e-6 * (1 + abs(expected)))


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_prices_bound_whatever_ended_them(seed: int) -> None:
    """After any number of pivots, from the bases of other boxes: signs are right and bounds hold."""
    simplex, lower, upper, best = drawn(seed)
    begun = simplex.solve(lower, upper, np.repeat(simplex.slacks(), COUNT, axis=0), CUTOFF)
    simplex.pivots = seed % 3
    found = simplex.solve(lower, upper, np.roll(begun.basis, 1, axis=0), CUTOFF)
    n = simplex.columns
    for k, expected in enumerate(best):
        prices = found.prices[k] * simplex.signs
        assert (prices[np.isinf(simplex.slack)] >= -1e-7).all()
        reduced = simplex.values[:n] - prices @ simplex.matrix[:, :n]
        ends = np.where(np.isinf(simplex.slack), 0.0, simplex.slack) * np.maximum(-prices, 0.0)
        bound = prices @ simplex.sides + ends.sum() + np.where(reduced > 0, upper[k], lower[k]) @ reduced
        if expected is not None:
            assert bound >= expected - 1e-6 * (1 + abs(expected))


def test_boxes_below_the_cutoff_are_left_early() -> None:
    simplex = BoxSimplex(np.array([5.0, 4.0]), np.array([[3.0, 2.0]]), np.array([-np.inf]), np.array([4.0]))
    lower, upper = np.zeros((1, 2)), np.ones((1, 2))
    found = simplex.solve(lower, upper, simplex.slacks(), 100.0)
    assert (found.solved[0], found.bounds[0]) == (False, 9.0)
    assert simplex.solve(lower, upper, simplex.slacks(), 0.0).bounds[0] == pytest.approx(4 + 10 / 3)


def nodes(bounds: list[float], depth: int = 0) -> Nodes:
    count = len(bounds)
    box, wide = np.zeros((count, 3), dtype=np.uint8), np.zeros((count, 2))
    return Nodes(np.arange(count), np.array(bounds), np.full(count, depth), box, box, wide.astype(np.int64), wide)


def test_open_nodes_come_best_first_and_places_are_used_again() -> None:
    waiting = Open(nodes([]))
    waiting.put(nodes([3.0, 9.0, 5.0, 7.0]))
    assert (len(waiting), waiting.bound) == (4, 9.0)
    assert sorted(waiting.take(2).bound.tolist()) == [7.0, 9.0]
    waiting.put(nodes([4.0, 8.0], depth=1))
    assert waiting.below(4.5).bound.tolist() in ([3.0, 4.0], [4.0, 3.0])
    assert sorted(waiting.nodes().bound.tolist()) == [5.0, 8.0]
    assert len(waiting.take(99)) == 2
    assert (len(waiting), waiting.bound) == (0, -np.inf)
