"""Proofs by branching: no tree, however made, proves less than the optimum; a thorough one proves just that."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dualgap import Knapsack
from dualgap.core.certificate import Evidence
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.witness import Witness
from dualgap.problems.branching import Branching, Whole, narrowed
from dualgap.problems.knapsack.several import counted
from tests.problems.several import best_of, several

SEEDS = st.integers(0, 2**32 - 1)


def whole(problem: Knapsack) -> Whole:
    program = counted(problem)
    assert program is not None
    return program


def random_tree(problem: Knapsack, seed: int, incumbent: int) -> Branching:
    """Any shape, any columns, any thresholds, prices from sensible to absurd."""
    rng = np.random.default_rng(seed)
    program = whole(problem)
    splits, (rows, columns) = int(rng.integers(0, 20)), program.matrix.shape
    nodes = 2 * splits + 1
    split = np.full(nodes, -1)
    split[rng.permutation(nodes)[:splits]] = rng.integers(0, columns, splits)
    sizes = 10.0 ** rng.choice([-3, 0, 0, 1, 2, 12, 300], (nodes, 1))
    return Branching(
        incumbent=incumbent,
        columns=split,
        thresholds=rng.choice([-(2**62), -1, 0, 0, 0, 1, 2, 3, 2**62], nodes),
        prices=rng.normal(0.5, 1.0, (nodes, rows)) * sizes,
    )


def thorough_tree(problem: Knapsack, incumbent: int) -> Branching:
    """Every item at every count, without any price."""
    program = whole(problem)
    columns: list[int] = []
    thresholds: list[int] = []
    waiting = [(program.lower.astype(int), program.upper.astype(int))]
    while waiting:
        lower, upper = waiting.pop(0)
        free = np.flatnonzero(upper[:-1] > lower[:-1])
        columns.append(int(free[0]) if free.size else -1)
        thresholds.append(int(lower[columns[-1]]))
        if free.size:
            below, above = upper.copy(), lower.copy()
            below[free[0]] = thresholds[-1]
            above[free[0]] = thresholds[-1] + 1
            waiting += [(lower, below), (above, upper)]
    prices = np.zeros((len(columns), len(program.row_upper)))
    return Branching(incumbent=incumbent, columns=columns, thresholds=thresholds, prices=prices)


@settings(max_examples=300, deadline=None)
@given(several(), SEEDS, st.integers(-5, 200) | st.integers(-(10**40), 10**40))
def test_no_tree_proves_too_little(problem: Knapsack, seed: int, incumbent: int) -> None:
    best = best_of(problem)
    bound = problem.bound(random_tree(problem, seed, incumbent))
    assert bound.evidence is Evidence.PROVED
    assert bound.value >= best


@settings(max_examples=60, deadline=None)
@given(several(4), st.integers(-2, 60))
def test_a_thorough_tree_proves_the_optimum(problem: Knapsack, incumbent: int) -> None:
    """Boxes of one point are worth what the point is, and are closed where it doesn't fit."""
    bound = problem.bound(thorough_tree(problem, incumbent))
    most = int(whole(problem).most)
    assert bound.value == max(best_of(problem), min(incumbent, most) * problem.step)


@settings(max_examples=200, deadline=None)
@given(several(4), SEEDS, st.integers(-1, 40))
def test_what_is_better_stays_in_the_box(problem: Knapsack, seed: int, incumbent: int) -> None:
    program, rng = whole(problem), np.random.default_rng(seed)
    prices = program.rounded(rng.normal(0.5, 1.0, (1, len(program.row_upper))))
    box = narrowed(program, program.lower[None], program.upper[None], prices, incumbent)
    for point in np.ndindex(*(program.upper[:-1] + 1).astype(int)):
        x = np.append(point, sum(point)).astype(np.float64)
        if (program.matrix @ x <= program.row_upper).all() and program.values @ x > incumbent:
            assert box.alive[0]
            assert ((box.lower[0] <= x) & (x <= box.upper[0])).all()
            assert program.values @ x * program.scale <= box.bounds[0]


def test_prices_whose_sums_would_be_rounded_count_as_none() -> None:
    program = whole(Knapsack(values=[5, 4], weights=[[3, 2], [1, 4]], capacity=[4, 4]))
    rounded = program.rounded(np.array([[1.0, 2.0, -3.0], [1e30, 1.0, 1.0], [np.inf, np.nan, 0.0], [-1.0, 0.0, 0.0]]))
    assert rounded[0].tolist() == (np.array([1.0, 2.0, -3.0]) * program.scale).tolist()
    assert not rounded[1:].any()


def test_a_restricted_program_says_the_same() -> None:
    problem = Knapsack.generate(30, 1, family="chu-beasley")
    program, rng = whole(problem), np.random.default_rng(0)
    point, columns = np.zeros(31), np.array([0, 3, 7, 30])
    point[[1, 2, 9]] = 1.0
    prices = program.rounded(rng.random((5, len(program.row_upper))))
    lower = np.where(np.isin(np.arange(31), columns), program.lower, point)
    upper = np.where(np.isin(np.arange(31), columns), program.upper, point)
    part = program.restricted(columns, point)
    assert part.scale == program.scale
    narrow = narrowed(program, np.tile(lower, (5, 1)), np.tile(upper, (5, 1)), prices, 100)
    boxes = narrowed(part, np.tile(part.lower, (5, 1)), np.tile(part.upper, (5, 1)), prices, 100)
    assert boxes.bounds.tolist() == narrow.bounds.tolist()
    assert boxes.lower.tolist() == narrow.lower[:, columns].tolist()


def tree(**changes: object) -> Branching:
    fields = {"incumbent": 0, "columns": [0, -1, -1], "thresholds": [0, 0, 0], "prices": np.zeros((3, 3))}
    return Branching(**{**fields, **changes})


@pytest.mark.parametrize(
    ("witness", "reason"),
    [
        (tree(columns=[0, -1]), "a column, a threshold"),
        (tree(prices=np.zeros((3, 2))), "3 prices a node"),
        (tree(columns=[0, 1, -1]), "no binary tree"),
        (tree(columns=[-1, -1, -1]), "no binary tree"),
        (tree(columns=[5, -1, -1]), "no binary tree"),
        (tree(columns=[0.5, -1, -1]), "whole numbers"),
        (tree(columns=[], thresholds=[], prices=np.zeros((0, 3))), "a column"),
    ],
)
def test_what_is_no_tree_is_refused(witness: Branching, reason: str) -> None:
    with pytest.raises(InvalidWitnessError, match=reason):
        Knapsack(values=[5, 4], weights=[[3, 2], [1, 4]], capacity=[4, 4]).bound(witness)


def test_a_tree_over_too_large_numbers_or_endless_items_is_refused() -> None:
    vast = Knapsack(values=[2**60, 1], weights=[[3, 2], [1, 4]], capacity=[4, 4])
    heavy = Knapsack(values=[2, 1], weights=[[2**60, 2], [1, 4]], capacity=[2**60, 4])
    endless = Knapsack(values=[2, 1], weights=[[0, 2], [0, 4]], capacity=[4, 4], copies="unbounded")
    for problem in (vast, heavy, endless):
        with pytest.raises(InvalidWitnessError, match="too large"):
            problem.bound(tree())


def test_a_replay_that_takes_too_long_is_given_up() -> None:
    problem = Knapsack.generate(40, 1, family="chu-beasley")
    with pytest.raises(InvalidWitnessError, match="took longer"):
        problem.bound(tree(prices=np.zeros((3, len(problem.capacity) + 1))), -1.0)


def test_witnesses_survive_packing() -> None:
    witness = tree(incumbent=7)
    assert Witness.unpack(witness.pack()) == witness


def test_dimensions_beyond_what_fits_do_not_matter() -> None:
    """A capacity of 2^70 holds everything: it costs no exactness."""
    problem = Knapsack(values=[5, 4], weights=[[3, 2], [1, 4]], capacity=[4.0, 2.0**60])
    bound = problem.bound(thorough_tree(problem, 0))
    assert bound.value == 5
    assert replace(whole(problem)).row_upper[1] == 5
