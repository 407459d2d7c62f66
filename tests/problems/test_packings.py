"""Packings in several dimensions: repaired and exchanged, always feasible, never worse than where they began."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dualgap import Knapsack, solve
from dualgap.problems.knapsack.packings import Packer
from dualgap.problems.knapsack.repair import repair
from dualgap.problems.knapsack.several import counted
from tests.problems.several import best_of, several


def packer(problem: Knapsack) -> Packer:
    program = counted(problem)
    assert program is not None
    values = program.values[:-1]
    return Packer(values, program.matrix[:-1, :-1], program.row_upper[:-1], program.upper[:-1], values - values.mean())


@settings(max_examples=200, deadline=None)
@given(several(), st.integers(0, 2**32 - 1))
def test_repaired_packings_are_feasible(problem: Knapsack, seed: int) -> None:
    point = np.random.default_rng(seed).uniform(-1, 4, problem.size)
    evaluation = problem.evaluate(repair(problem, point))
    assert not evaluation.violations
    assert evaluation.objective <= best_of(problem)


@settings(max_examples=200, deadline=None)
@given(several(), st.integers(0, 2**32 - 1))
def test_rounded_points_are_packings_and_exchanges_only_gain(problem: Knapsack, seed: int) -> None:
    tool = packer(problem)
    points = np.random.default_rng(seed).uniform(0, 2, (4, problem.size)) * tool.limits
    worth, counts = tool.best(points)
    assert tool.fits(counts[None])[0]
    better = tool.improved(counts)
    assert tool.fits(better[None])[0]
    assert tool.values @ better >= max(worth, tool.values @ counts)


def test_two_items_leave_for_two() -> None:
    """No single exchange gains, and none of one for two: only both at once."""
    problem = Knapsack(values=[10, 10, 11, 11], weights=[[4, 2, 5, 1], [2, 4, 1, 5]], capacity=[6, 6])
    assert packer(problem).improved(np.array([1.0, 1.0, 0.0, 0.0])).tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("seed", range(5))
def test_repair_comes_close_where_rounding_alone_did_not(seed: int) -> None:
    """Without exchanges none of these comes within 0.1 %."""
    problem = Knapsack.generate(40, seed, family="chu-beasley", dimensions=3)
    best = float(solve(problem, "lagrangian-core", isolate=False).certificate.value)
    found = float(solve(problem, "dual-ascent", isolate=False).certificate.value)
    assert found >= 0.999 * best
