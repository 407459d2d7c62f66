"""Bisection: Dantzig's bound on one capacity, infeasible rows, refusals, weak duality."""

import numpy as np
import pytest
from hypothesis import given, settings

import dualgap
from dualgap.core.claim import Stop
from dualgap.core.solver import Budget
from dualgap.core.witness import FarkasRay, Multipliers
from dualgap.engine.bridges.dualise import dualise
from dualgap.solvers.bisection import Bisection
from tests.solvers.duality import CELLS, SEEDS, assert_weak_duality, drawn
from tests.solvers.programs import INF, Recorder, farkas_gap, lagrangian_bound, program


def dantzig(values, weights, capacity):
    """The fractional optimum, by the greedy ratio."""
    order = np.argsort(-values / weights, kind="stable")
    before = np.concatenate([[0], np.cumsum(weights[order])[:-1]])
    share = np.clip((capacity - before) / weights[order], 0, 1)
    return float(share @ values[order])


@pytest.mark.parametrize("size", [1, 10, 1000, 10_000])
def test_one_capacity_gives_dantzig_s_bound(size):
    rng = np.random.default_rng(size)
    values, weights = rng.integers(1, 1000, size), rng.integers(1, 1000, size)
    form = program(-values, weights[None], [-INF], [int(weights.sum()) // 3], upper=1)
    claim = Bisection().solve(dualise(form), Recorder())
    expected = dantzig(values, weights, int(weights.sum()) // 3)
    assert claim.stop is Stop.FINISHED
    assert -claim.bound == pytest.approx(expected, rel=1e-12)
    assert lagrangian_bound(form, claim.witness) == pytest.approx(claim.bound, rel=1e-9)
    assert form.objective(claim.point) == pytest.approx(-expected, rel=1e-9)
    assert np.count_nonzero(claim.point % 1) <= 1 or np.unique(values / weights).size < size
    assert claim.statistics["evaluations"] < 100


def test_strongly_correlated_values_and_a_flat_dual():
    weights = np.full(50, 7)
    form = program(-weights, weights[None], [-INF], [100], upper=1)
    claim = Bisection().solve(dualise(form), Recorder())
    assert claim.bound == pytest.approx(-100)


def test_a_row_that_can_t_hold_is_infeasible_with_a_ray():
    form = program([1, 1], [[2, 3]], [20], [20], upper=3)
    claim = Bisection().solve(dualise(form), Recorder())
    assert claim.stop is Stop.INFEASIBLE
    assert isinstance(claim.witness, FarkasRay)
    assert farkas_gap(form, claim.witness) > 0


def test_it_refuses_all_but_one_multiplier():
    for rows, number in ((np.ones((2, 1)), "2"), (np.zeros((0, 1)), "0")):
        form = program([1], rows, np.zeros(len(rows)), np.ones(len(rows)), upper=1)
        reason = Bisection().refuses(dualise(form))
        assert f"there are {number}" in reason
        assert "dual-ascent" in reason
    assert Bisection().refuses(dualise(program([1], [[1]], [0], [1], upper=1))) is None


def test_out_of_time_it_still_bounds():
    form = program([-5, -4], [[3, 2]], [-INF], [4], upper=1)
    claim = Bisection().solve(dualise(form), Recorder(budget=Budget(seconds=0.0)))
    assert claim.stop is Stop.TIME
    assert isinstance(claim.witness, Multipliers)
    assert claim.bound <= -5


def test_out_of_iterations_it_says_so():
    rng = np.random.default_rng(0)
    form = program(-rng.integers(1, 99, 200), rng.integers(1, 99, (1, 200)), [-INF], [3000], upper=1)
    assert Bisection(iterations=1).solve(dualise(form), Recorder()).stop is Stop.ITERATIONS


@given(CELLS, SEEDS)
@settings(max_examples=150, deadline=None)
def test_weak_duality(cell, seed):
    instance = drawn(cell, seed)
    if "two rows" in cell[1]:
        return
    assert_weak_duality(instance, dualgap.solve(instance.problem, "bisection", isolate=False))
