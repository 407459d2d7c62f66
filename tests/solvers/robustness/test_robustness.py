"""Certified and exact margins against enumeration, each other and the attack."""

from itertools import pairwise

import numpy as np
import pytest

import dualgap
from dualgap.core.certificate import Evidence, Verdict
from dualgap.core.claim import Stop
from dualgap.problems.adversarial_example import AdversarialExample
from dualgap.solvers.robustness.branching import ReluBranching
from dualgap.testing.harness import Observer
from tests.problems.networks.enumerated import least_margin, least_radius

CHAIN = ("interval-bounds", "crown", "crown[iterations=15]", "relu-lp", "relu-branching")


def drawn(seed, widths=(3, 4, 3, 3), count=2, **fields):
    """(layers, problem)."""
    rng = np.random.default_rng(seed)
    layers = [(rng.normal(size=(b, a)).round(2), (0.3 * rng.normal(size=b)).round(2)) for a, b in pairwise(widths)]
    inputs = rng.uniform(0.2, 0.8, (count, widths[0])).round(2)
    network = {"layers": [{"weight": weight, "bias": bias} for weight, bias in layers]}
    labels = rng.integers(0, widths[-1], count)
    given = {"radius": 0.25, "clip": (0, 1), **fields}
    return layers, AdversarialExample(network=network, inputs=inputs, labels=labels, **given)


def run(problem, solver):
    name, _, rest = solver.partition("[")
    parameters = dict(part.split("=") for part in rest.rstrip("]").split(",") if part)
    return dualgap.solve(problem, name, parameters=parameters, isolate=False)


@pytest.mark.parametrize("solver", ["relu-branching", "relu-milp"])
@pytest.mark.parametrize("norm", ["inf", "1"])
@pytest.mark.parametrize("seed", range(2))
def test_exact_margins(seed, norm, solver):
    layers, problem = drawn(seed, norm=norm)
    expected = [
        least_margin(layers, x, 0.25, y, norm=norm, clip=(0, 1)) for x, y in zip(problem.inputs, problem.labels)
    ]
    certificate = run(problem, solver).certificate
    assert float(certificate.value) == pytest.approx(np.mean(expected), abs=1e-6)
    proved = solver == "relu-branching"
    assert certificate.verdict is (Verdict.OPTIMAL if proved else Verdict.CLAIMED_OPTIMAL) or not proved
    assert certificate.evidence is Evidence.PROVED or not proved


@pytest.mark.parametrize("norm", ["inf", "1"])
@pytest.mark.parametrize("seed", [12, 20, 23])
def test_least_radii(seed, norm):
    layers, problem = drawn(seed, (2, 3, 3, 2), norm=norm, radius="minimal")
    expected = [least_radius(layers, x, y, norm=norm, clip=(0, 1)) for x, y in zip(problem.inputs, problem.labels)]
    certificate = run(problem, "relu-branching").certificate
    assert certificate.verdict is Verdict.OPTIMAL
    assert float(certificate.value) == pytest.approx(np.mean(expected), abs=1e-6)
    for bound in ("crown", "interval-bounds"):
        assert float(run(problem, bound).certificate.bound) <= np.mean(expected) + 1e-9


def decayed(problem, **fields):
    """The problem after weight decay: nothing but 1e-30 is left of what the first entry weighs."""
    layers = [{"weight": np.array(operator.matrix), "bias": operator.bias} for operator in problem.network.operators]
    layers[0]["weight"][:, 0] = 1e-30
    given = {name: getattr(problem, name) for name in ("inputs", "labels", "radius", "norm", "clip")}
    return [tuple(layer.values()) for layer in layers], AdversarialExample(
        network={"layers": layers}, **{**given, **fields}
    )


@pytest.mark.parametrize("norm", ["inf", "1"])
def test_weights_that_decay_left_behind_stop_no_program(norm):
    layers, problem = decayed(drawn(1, norm=norm)[1])
    expected = [
        least_margin(layers, x, 0.25, y, norm=norm, clip=(0, 1)) for x, y in zip(problem.inputs, problem.labels)
    ]
    for solver in ("relu-branching", "relu-milp", "highs"):
        assert float(run(problem, solver).certificate.value) == pytest.approx(np.mean(expected), abs=1e-5)
    layers, problem = decayed(drawn(12, (2, 3, 3, 2), norm=norm)[1], radius="minimal")
    expected = [least_radius(layers, x, y, norm=norm, clip=(0, 1)) for x, y in zip(problem.inputs, problem.labels)]
    certificate = run(problem, "relu-branching").certificate
    assert certificate.verdict is Verdict.OPTIMAL
    assert float(certificate.value) == pytest.approx(np.mean(expected), abs=1e-6)


def test_inputs_that_are_safe_everywhere_have_no_least_radius():
    layers, problem = drawn(10, radius="minimal")
    assert np.isinf([least_radius(layers, x, y, clip=(0, 1)) for x, y in zip(problem.inputs, problem.labels)]).any()
    certificate = run(problem, "relu-branching").certificate
    assert certificate.verdict is Verdict.INFEASIBLE


@pytest.mark.parametrize("norm", ["inf", "1"])
@pytest.mark.parametrize(("seed", "widths"), [(1, (5, 10, 4)), (2, (4, 8, 8, 3)), (3, (3, 6, 6, 6, 2)), (4, (4, 3))])
def test_the_order_of_bounds(seed, widths, norm):
    """Interval <= CROWN <= optimised slopes <= relaxation <= exact <= attack, input by input."""
    _, problem = drawn(seed, widths, 4, norm=norm)
    proved = [run(problem, solver).certificate.metrics["certified margin"] for solver in CHAIN]
    attacked = run(problem, "attack").certificate.metrics["margin"]
    exact = run(problem, "relu-branching").certificate.metrics["margin"]
    for name in problem.input_names:
        order = [bounds[name] for bounds in proved]
        assert all(low <= high + 1e-7 for low, high in pairwise(order)), order
        assert order[-1] == pytest.approx(exact[name], abs=1e-6)
        assert order[-1] <= exact[name] <= attacked[name] + 1e-9


@pytest.mark.parametrize("seed", range(4))
def test_verdicts(seed):
    layers, problem = drawn(seed, count=4, goal="verdict")
    margins = [least_margin(layers, x, 0.25, y, clip=(0, 1)) for x, y in zip(problem.inputs, problem.labels)]
    certificate = run(problem, "relu-branching").certificate
    assert certificate.verdict is Verdict.OPTIMAL
    assert certificate.value == certificate.bound
    assert float(certificate.value) == np.mean(np.array(margins) > 0)


def test_targets_and_properties():
    layers, problem = drawn(5, target=1, count=1)
    label = int(problem.labels[0])
    expected = least_margin(layers, problem.inputs[0], 0.25, label, clip=(0, 1), target=1)
    assert float(run(problem, "relu-branching").certificate.value) == pytest.approx(expected, abs=1e-6)
    row = np.zeros(3)
    row[label], row[1] = 2.0, -2.0
    stated = AdversarialExample(
        network=problem.network, inputs=problem.inputs, radius=0.25, clip=(0, 1), rows=[row], constants=[0.5]
    )
    assert float(run(stated, "relu-branching").certificate.value) == pytest.approx(2 * expected + 0.5, abs=1e-6)


def test_what_balls_an_exact_search_takes():
    _, problem = drawn(6, norm="2")
    for solver in ("relu-branching", "relu-lp", "relu-milp"):
        with pytest.raises(dualgap.NoRouteError, match="l2 ball"):
            run(problem, solver)
    certificate = run(problem, "crown").certificate
    assert certificate.evidence is Evidence.PROVED
    assert certificate.bound <= certificate.value
    _, linear = drawn(6, (4, 3), norm="2")
    assert run(linear, "relu-branching").certificate.verdict is Verdict.OPTIMAL


def test_time_that_is_up_leaves_a_bound_that_holds():
    _, problem = drawn(7, (6, 12, 12, 3), 3)
    claim = ReluBranching().solve(problem, Observer(stopped=True))
    assert claim.stop is Stop.TIME
    exact = run(problem, "relu-branching").certificate
    assert problem.bound(claim.witness).value <= float(exact.value) <= float(problem.evaluate(claim.point).objective)


def test_a_limit_on_nodes_leaves_open_leaves():
    _, problem = drawn(8, (6, 16, 16, 3), 1, radius=0.5)
    few, many = (ReluBranching(nodes=nodes).solve(problem, Observer()) for nodes in (2, 100_000))
    bounds = [float(problem.bound(claim.witness).value) for claim in (few, many)]
    best = float(problem.evaluate(many.point).objective)
    assert bounds[0] <= bounds[1] == pytest.approx(best, abs=1e-6)


def test_a_witness_that_was_changed_proves_less_or_nothing_false():
    _, problem = drawn(9, (6, 16, 3), 2, radius=0.4)
    claim = ReluBranching().solve(problem, Observer())
    best = float(problem.evaluate(claim.point).objective)
    boasting = claim.witness.model_copy(update={"cutoffs": claim.witness.cutoffs + 1.0})
    assert float(problem.bound(boasting).value) <= best
    noisy = claim.witness.model_copy(update={"multipliers": 1.1 * claim.witness.multipliers})
    assert float(problem.bound(noisy).value) <= best


def test_the_attack_of_the_search_stays_in_its_ball():
    _, problem = drawn(3, norm="1")
    claim = ReluBranching().solve(problem, Observer())
    moved = np.abs(claim.point.points - problem.inputs).sum(axis=1)
    assert (moved <= 0.25 + 1e-12).all()
    assert claim.feasible
