"""Prices of memory: within the optimum's reach, better than one plan for all layers, changes that are what they say."""

from __future__ import annotations

import numpy as np
import pytest

import dualgap
from dualgap import OperatorSharding
from dualgap.problems.operator_sharding import Sharding
from dualgap.solvers.sharding.moves import Costs, improved, mixed
from tests.conformance.placing import sharding
from tests.problems.operator_sharding.test_operator_sharding import limited

SEEDS = range(12)


@pytest.mark.parametrize("seed", SEEDS)
def test_between_its_bound_and_the_optimum(seed: int) -> None:
    problem, optimum, _, _ = sharding(np.random.default_rng(seed))
    for name in ("memory-price", "tied-layers"):
        certificate = dualgap.solve(problem, name, isolate=False).certificate
        if optimum is None:
            assert certificate.verdict == "infeasible"
            continue
        assert float(certificate.value) >= optimum - 1e-9
        assert certificate.bounds[0].value <= optimum
        assert certificate.evidence == "proved"


@pytest.mark.parametrize(("layers", "strategies"), [(12, 4), (48, 8), (96, 16)])
def test_deep_models_are_nearly_closed(layers: int, strategies: int) -> None:
    problem = OperatorSharding.generate(layers, 5, strategies=strategies)
    priced, tied = (dualgap.solve(problem, name, isolate=False).certificate for name in ("memory-price", "tied-layers"))
    assert priced.relative_gap <= (0.005 if layers < 48 else 0.0005)
    assert float(priced.value) <= float(tied.value)
    assert priced.bounds[0].value == tied.bounds[0].value


def test_the_dual_is_the_best_that_a_price_can_prove() -> None:
    from dualgap.problems.operator_sharding.proofs import MemoryPrice

    problem = OperatorSharding.generate(24, 9, strategies=5)
    best = dualgap.solve(problem, "memory-price", isolate=False)
    for factor in (0.0, 0.5, 0.9, 0.999, 1.001, 1.1, 2.0):
        price = factor * best.witness.price  # type: ignore[union-attr]
        assert problem.bound(MemoryPrice(price=price)).value <= best.certificate.bounds[0].value * (1 + 1e-12)


def test_memory_that_suffices_has_no_price() -> None:
    problem = OperatorSharding.generate(6, 4, tightness=1.0)
    roomy = limited(problem, 10 * float(problem.limit))
    run = dualgap.solve(roomy, "memory-price", isolate=False)
    assert run.certificate.verdict == "optimal"
    assert run.witness.price == 0  # type: ignore[union-attr]


def test_changes_are_worth_what_they_say() -> None:
    """The search's own arithmetic against the problem's evaluation, after every kind of change."""
    problem = OperatorSharding.generate(6, 7, strategies=4, tightness=0.6)
    costs = Costs(problem)
    start = np.tile(problem.leanest, (6, 1))
    plans = np.random.default_rng(0).integers(0, 4, (20, 12))
    found = improved(costs, start, plans, lambda: False)
    told = problem.evaluate(Sharding(choice=found))
    assert not told.violations
    assert costs.time(found) == pytest.approx(float(told.objective), rel=1e-12)
    assert costs.memory(found) == pytest.approx(float(told.metrics["memory"]["used"]), rel=1e-12)
    assert costs.time(found) < costs.time(start)
    again = improved(costs, found, plans, lambda: False)
    assert np.array_equal(again, found)
    for layer in range(6):  # no single change that fits is any faster
        for operator in range(12):
            for strategy in range(4):
                other = found.copy()
                other[layer, operator] = strategy
                assert costs.memory(other) > problem.limit or costs.time(other) >= costs.time(found) * (1 - 1e-9)


def test_layers_of_two_plans_are_mixed_as_well_as_can_be() -> None:
    problem = OperatorSharding.generate(5, 3, strategies=4)
    costs = Costs(problem)
    fast = np.tile([int(part.argmin()) for part in problem.node_seconds], (5, 1))
    lean = np.tile(problem.leanest, (5, 1))
    found = mixed(costs, fast, lean)
    assert found is not None
    ways = [np.vstack([one[:k], two[k:]]) for one, two in ((fast, lean), (lean, fast)) for k in range(6)]
    assert costs.time(found) == min(costs.time(way) for way in ways if costs.memory(way) <= problem.limit)
    assert mixed(costs, fast, fast) is None
