"""The attack against exact margins: never below them, close to them, and never outside ball and box."""

from functools import cache

import numpy as np
import pytest

import dualgap
from dualgap import AdversarialExample, Stop, Use
from dualgap.solvers.attacks.attack import Attack
from tests.solvers.attacks.nets import convolved, exact_margin, examples


@cache
def exact_margins(norm):
    problem = examples(norm, RADII[norm])
    return np.array([exact_margin(problem, item) for item in range(len(problem.inputs))])


ORDERS = {"inf": np.inf, "2": 2, "1": 1}
RADII = {"inf": 0.2, "2": 0.3, "1": 0.5}


def solved(problem, **parameters):
    return dualgap.solve(problem, Attack(**parameters), isolate=False, time=60)


def inside(problem, points, radius):
    sizes = np.linalg.norm(points - problem.inputs, ord=ORDERS[problem.norm], axis=1)
    return (sizes <= radius * (1 + 1e-9)).all() and points.min() >= 0 and points.max() <= 1


@pytest.mark.parametrize("norm", ["inf", "2", "1"])
@pytest.mark.parametrize("rule", ["apgd", "pgd"])
def test_margins_are_near_the_exact_ones_and_never_below(norm, rule):
    problem = examples(norm, RADII[norm])
    run = solved(problem, rule=rule)
    exact = exact_margins(norm)
    found = np.array(list(run.certificate.metrics["margin"].values()))
    assert inside(problem, run.answer.points, RADII[norm])
    assert (found >= exact - 1e-6).all()
    assert found.mean() <= exact.mean() + 0.02
    assert run.certificate.value == pytest.approx(found.mean())
    assert run.certificate.bound is None


@pytest.mark.parametrize("norm", ["inf", "2", "1"])
def test_both_backends_find_the_same(norm):
    problem = examples(norm, RADII[norm], widths=(6, 8, 5, 4), count=3)
    runs = [solved(problem, backend=backend, iterations=30) for backend in ("numpy", "jax")]
    np.testing.assert_allclose(runs[0].answer.points, runs[1].answer.points, atol=1e-7)
    assert runs[1].seconds["compile"] > 0
    assert [run.statistics["backend"] for run in runs] == ["numpy", "jax"]


@pytest.mark.parametrize("loss", ["margin", "log-odds", "dlr"])
def test_every_loss_lowers_the_margin(loss):
    problem = examples("inf", 0.1)
    clean = problem.evaluate(problem.trivial()).objective
    assert solved(problem, loss=loss).certificate.value < clean - 0.05


def test_a_seed_gives_the_same_points_again():
    problem = examples("2", 0.2)
    first, again, other = (
        dualgap.solve(problem, Attack(iterations=1, step=0.1), isolate=False, seed=seed) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.answer.points, again.answer.points)
    assert not np.array_equal(first.answer.points, other.answer.points)


def test_a_target_is_kept_to():
    any_class = examples("inf", 0.15, count=6)
    targets = (any_class.labels + 1) % 3
    problem = AdversarialExample(**{**any_class.content(), "network": any_class.network, "targets": targets})
    run = solved(problem)
    logits = problem.network.forward(run.answer.points)
    rows = np.arange(len(logits))
    assert run.certificate.value == pytest.approx((logits[rows, problem.labels] - logits[rows, targets]).mean())
    assert run.certificate.value >= solved(any_class).certificate.value - 1e-6


@pytest.mark.parametrize("norm", ["inf", "2", "1"])
def test_least_radii_are_near_where_the_exact_margin_vanishes(norm):
    problem = examples(norm, "minimal", count=2, widths=(3, 4, 3))
    run = solved(problem)
    assert run.certificate.feasible
    for item, distance in enumerate(run.certificate.metrics["distance"].values()):
        closer = AdversarialExample(**{**problem.content(), "network": problem.network, "radius": 0.97 * distance})
        assert exact_margin(closer, item) > 0
        wider = AdversarialExample(**{**problem.content(), "network": problem.network, "radius": 1.001 * distance})
        assert exact_margin(wider, item) <= 1e-6


def test_least_radii_that_the_box_forbids_are_said_to_be_missing():
    problem = examples("inf", "minimal", clip=None)
    box = problem.inputs
    shut = AdversarialExample(
        **{**problem.content(), "network": problem.network, "lower": box - 1e-4, "upper": box + 1e-4}
    )
    run = solved(shut)
    assert not run.certificate.feasible
    assert "weren't won within their boxes" in run.message


def test_verdicts_stop_as_soon_as_every_input_is_lost():
    problem = examples("inf", 0.9, goal="verdict")
    run = solved(problem)
    assert run.certificate.value == 0
    assert run.stop is Stop.FINISHED


def test_a_start_is_used():
    problem = examples("inf", 0.2)
    first = solved(problem)
    again = dualgap.solve(problem, Attack(restarts=1, iterations=1), isolate=False, start=first.answer)
    assert again.certificate.value <= first.certificate.value + 1e-9
    assert again.start.use is Use.USED


def test_properties_and_boxes_without_labels():
    network = examples("inf", 0.1).network
    inputs = np.full((2, 4), 0.5)
    rows, constants = np.array([[1.0, -1.0, 0.0], [0.0, 1.0, 1.0]]), np.array([0.3, 0.1])
    problem = AdversarialExample(
        network=network,
        inputs=inputs,
        rows=rows,
        constants=constants,
        radius=1,
        lower=inputs - 0.1,
        upper=inputs + np.array([[0.2], [0.05]]),
    )
    run = solved(problem)
    grid = np.stack(np.meshgrid(*[[-1.0, 1.0]] * 4), axis=-1).reshape(-1, 4)
    for item, most in enumerate((0.2, 0.05)):
        corners = inputs[item] + np.where(grid > 0, most, -0.1)
        values = (network.forward(corners) @ rows.T + constants).min(axis=1)
        assert run.certificate.metrics["margin"][str(item)] <= values.min() + 1e-6
    assert (run.answer.points >= problem.lower - 1e-12).all()
    assert (run.answer.points <= problem.upper + 1e-12).all()


def test_convolutions_are_attacked_through_jax():
    network = convolved()
    inputs = np.random.default_rng(4).uniform(size=(3, network.inputs))
    problem = AdversarialExample(
        network=network, inputs=inputs, labels=network.forward(inputs).argmax(axis=1), radius=0.1, clip=(0, 1)
    )
    one, other = (solved(problem, backend=backend, iterations=20, restarts=3) for backend in ("jax", "numpy"))
    np.testing.assert_allclose(one.answer.points, other.answer.points, atol=1e-8)
    assert one.certificate.value < problem.evaluate(problem.trivial()).objective


def test_blocks_of_inputs_change_nothing(monkeypatch):
    problem = examples("2", 0.2, count=5)
    whole = [solved(problem, backend=backend, iterations=10, restarts=2) for backend in ("numpy", "jax")]
    monkeypatch.setattr("dualgap.solvers.attacks.search._BLOCK", 16)
    parts = [solved(problem, backend=backend, iterations=10, restarts=2) for backend in ("numpy", "jax")]
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_allclose(one.answer.points, other.answer.points, atol=1e-8)


def test_parameters_are_checked():
    with pytest.raises(ValueError, match="at least 1"):
        Attack(restarts=0)
    with pytest.raises(ValueError, match="positive"):
        Attack(step=-1.0)
    two = examples("inf", 0.1, widths=(4, 5, 2))
    with pytest.raises(dualgap.NoRouteError, match="take the loss margin"):
        solved(two, loss="dlr")


@pytest.mark.parametrize("backend", ["numpy", "jax"])
def test_time_is_kept_and_the_best_so_far_comes_back(backend):
    problem = examples("inf", 0.2)
    run = dualgap.solve(problem, Attack(iterations=10**8, backend=backend), isolate=False, time=4)
    assert run.stop is Stop.TIME
    assert run.certificate.value <= exact_margins("inf").mean() + 0.1
    assert len(run.trace) > 1
