"""What is said of a model: beside retraining and beside doing nothing; bounds that need neither."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import check_grad, minimize
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from dualgap import Unlearning
from dualgap.core.certificate import Evidence
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.witness import GradientPoint, Strategies
from dualgap.problems.unlearning import Parameters
from dualgap.problems.unlearning.metrics import membership_auc
from dualgap.problems.unlearning.models import Model
from dualgap.problems.unlearning.removal import epsilon
from dualgap.problems.unlearning.roles import FORGET, TEST


@pytest.mark.parametrize("classes", [2, 3])
def test_the_retrained_model_is_scikit_learns(classes: int) -> None:
    """Its ridge leaves intercepts out, so the rows get a column of ones instead."""
    problem = Unlearning.generate(30, 1, classes=classes, l2=0.02)
    x, labels = problem.part(0)
    wide = np.column_stack([x, np.ones(len(x))])
    other = LogisticRegression(C=1 / (0.02 * len(x)), fit_intercept=False, tol=1e-10, max_iter=10_000).fit(wide, labels)
    mine = problem.retrained_models[0].reshape(-1, problem.model.outputs)
    assert pytest.approx(other.coef_, abs=1e-5) == mine.T


@pytest.mark.parametrize(("classes", "hidden"), [(2, ()), (3, ()), (2, (4,)), (3, (4, 3))])
def test_gradients_and_squared_gradients(classes: int, hidden: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    model = Model(3, classes, hidden)
    x, labels = rng.normal(size=(7, 3)), rng.integers(0, classes, 7)
    w, share = rng.normal(size=model.size), np.full(7, 1 / 7)
    targets = model.targets(labels)

    def value(point: np.ndarray) -> float:
        return float(model.losses(point, x, labels).mean())

    assert check_grad(value, lambda point: model.slope(point, x, targets, share), w) < 1e-5
    rows = [model.slope(w, x[[k]], targets[[k]], np.ones(1)) for k in range(7)]
    assert model.squared_slopes(w, x, labels) == pytest.approx(np.mean(np.square(rows), axis=0), abs=1e-12)


def test_the_membership_area_is_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    members, others = np.round(rng.exponential(size=30), 1), np.round(rng.exponential(1.5, size=20), 1)
    wanted = roc_auc_score(np.repeat([1, 0], [30, 20]), -np.concatenate([members, others]))
    assert membership_auc(members, others) == pytest.approx(wanted, abs=1e-12)


def test_every_number_stands_beside_retraining_and_doing_nothing() -> None:
    problem = Unlearning.generate(20, 3)
    found = problem.evaluate(problem.trivial()).metrics
    for name in ("retain accuracy", "forget accuracy", "test accuracy", "forget loss", "membership AUC"):
        assert found[name]["now"] == found[name]["nothing done"]
        assert found[name]["difference"] == pytest.approx(found[name]["now"] - found[name]["retrained"])
    assert found["distance"]["relative distance"] == 1
    x, labels = problem.part(FORGET)
    unseen = problem.model.losses(problem.trained, *problem.part(TEST))
    area = membership_auc(problem.model.losses(problem.trained, x, labels), unseen)
    assert found["membership AUC"]["now"] == pytest.approx(area)


def test_the_bound_needs_no_retrained_model() -> None:
    """Any point's gradient bounds the optimum and the distance, whatever was retrained."""
    problem = Unlearning.generate(20, 3, models=0, l2=0.05)
    best = minimize(problem.objective.value, np.zeros(problem.model.size), jac=problem.objective.gradient, tol=1e-12)
    rng = np.random.default_rng(0)
    for _ in range(20):
        w = best.x + rng.normal(size=problem.model.size) * 10.0 ** rng.uniform(-6, 1)
        bound = problem.bound(GradientPoint(point=w))
        assert bound.evidence == Evidence.NUMERICAL
        assert bound.value <= best.fun + 1e-12
        said = problem.evaluate(Parameters(parameters=w)).metrics["distance"]
        assert set(said) == {"distance at most"}
        assert said["distance at most"] >= np.linalg.norm(w - best.x) - 1e-9


def test_witnesses_that_prove_nothing() -> None:
    problem = Unlearning.generate(6, 0)
    with pytest.raises(InvalidWitnessError, match="takes no strategies"):
        problem.bound(Strategies(x=[1.0], y=[1.0]))
    with pytest.raises(InvalidWitnessError, match="4 parameters for a model of 5"):
        problem.bound(GradientPoint(point=np.zeros(4)))
    network = Unlearning.generate(6, 0, model="mlp", hidden=2, steps=3)
    assert network.implied(network.trivial()) is None
    with pytest.raises(InvalidWitnessError, match="isn't convex"):
        network.bound(GradientPoint(point=network.trained))


def test_answers_of_another_size_are_violated() -> None:
    problem = Unlearning.generate(6, 0)
    assert problem.evaluate(Parameters(parameters=np.zeros(3))).violations
    assert problem.evaluate(Parameters(parameters=np.full(5, 1e200))).violations


def test_removal_is_certified_where_noise_was_in_the_objective() -> None:
    """Guo et al.: epsilon is the residual times c over sigma; removing and retraining agree on it."""
    problem = Unlearning.generate(30, 2, sigma=2.0)
    exact, before = epsilon(problem, problem.retrained_models[0]), epsilon(problem, problem.trained)
    assert exact < 1e-6 < before
    c = np.sqrt(2 * np.log(1.5 / 1e-4))
    residual = len(problem.objective.x) * np.linalg.norm(problem.objective.gradient(problem.trained))
    assert before == pytest.approx(c * residual / 2.0, rel=1e-6)
    assert problem.evaluate(problem.trivial()).metrics["certified removal"]["epsilon"] == before
    elsewhere = Unlearning(**{**problem.content(), "trained": problem.retrained_models[0] * 1.1})
    assert "removal, indicative" in elsewhere.evaluate(elsewhere.trivial()).metrics
    plain = Unlearning.generate(30, 2)
    assert not {"certified removal", "removal, indicative"} & set(plain.evaluate(plain.trivial()).metrics)
    with pytest.raises(ValueError, match="without noise"):
        epsilon(plain, plain.trained)


def test_several_retrained_models_have_an_interval() -> None:
    from scipy.stats import t as student

    problem = Unlearning.generate(20, 0, model="mlp", hidden=3, steps=30, models=4)
    losses = [float(problem.model.losses(w, *problem.part(FORGET)).mean()) for w in problem.retrained_models]
    said = problem.evaluate(problem.trivial()).metrics["forget loss"]
    low, high = student.interval(0.95, 3, np.mean(losses), np.std(losses, ddof=1) / 2)
    assert [said["retrained, at least"], said["retrained, at most"]] == pytest.approx([low, high])
