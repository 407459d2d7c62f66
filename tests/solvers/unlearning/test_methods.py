"""Methods against retraining: the bound covers, the exact ones are exact, each does what its paper says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dualgap
from dualgap import Unlearning
from dualgap.problems.unlearning import Parameters
from dualgap.problems.unlearning.roles import FORGET, RETAIN
from dualgap.problems.unlearning.training import OPTIMAL

LINEAR = (
    "retrain",
    "influence",
    "newton-removal",
    "fine-tune",
    "neg-grad",
    "neg-grad-plus",
    "gradient-surgery",
    "random-labels",
    "soft-relabel",
    "scrub",
    "selective-dampening",
    "forget-ascent",
    "retain-ascent",
    "membership-game",
)
NETWORK = (*(name for name in LINEAR if name not in ("influence", "newton-removal")), "forget-pruning")


def solved(problem: Unlearning, solver: str, **parameters: Any) -> np.ndarray:
    run = dualgap.solve(problem, solver, isolate=False, time=20, parameters=parameters, explain_seconds=0.0)
    assert run.certificate.verdict != "contradicted"
    answer = run.answer
    assert isinstance(answer, Parameters)
    return np.asarray(answer.parameters, dtype=np.float64)


@pytest.fixture(scope="module")
def network() -> Unlearning:
    """A network that knows its rows by heart: a third of the labels are wrong."""
    return Unlearning.generate(60, 1, model="mlp", hidden=32, steps=1500, rate=1e-2, flipped=0.3, features=6, l2=0.0)


@pytest.mark.parametrize("solver", LINEAR)
def test_the_bound_covers_the_distance_on_random_tasks(solver: str) -> None:
    for seed in range(8):
        problem = Unlearning.generate(12, seed, classes=2 + seed % 2, hardest=seed % 4 > 1, forget=0.2, features=3)
        parameters = (
            {} if solver in ("retrain", "influence", "newton-removal", "selective-dampening") else {"steps": 30}
        )
        w = solved(problem, solver, **parameters)
        away = float(np.linalg.norm(w - problem.retrained_models[0]))
        said = problem.evaluate(Parameters(parameters=w))
        itself = OPTIMAL / float(problem.l2)  # how far the retrained model may be from the optimum
        assert said.metrics["distance"]["distance at most"] >= away - itself
        assert (
            problem.bound(problem.implied(Parameters(parameters=w))).value
            <= problem.objective.value(problem.retrained_models[0]) + 1e-12
        )


@pytest.mark.parametrize("classes", [2, 3])
def test_second_order_methods_come_ever_nearer(classes: int) -> None:
    problem = Unlearning.generate(60, 5, classes=classes, hardest=True, forget=0.1)
    away = {
        name: float(np.linalg.norm(w - problem.retrained_models[0]))
        for name, w in {
            "nothing": problem.trained,
            "influence": solved(problem, "influence"),
            "one": solved(problem, "newton-removal", steps=1),
            "two": solved(problem, "newton-removal", steps=2),
            "newton": solved(problem, "retrain"),
            "lbfgs": solved(problem, "retrain", method="lbfgs"),
        }.items()
    }
    assert away["nothing"] > away["influence"] > away["one"] > away["two"]
    assert away["newton"] < 1e-8
    assert away["lbfgs"] < 1e-6


def test_retraining_is_optimal_and_says_so() -> None:
    run = dualgap.solve(Unlearning.generate(20, 0), "retrain", isolate=False)
    assert run.certificate.verdict == "optimal"
    assert run.certificate.evidence == "numerical"
    assert "forgotten rows" in run.certificate.statement


def test_projected_gradient_takes_the_retain_objective() -> None:
    problem = Unlearning.generate(40, 2, l2=0.05)
    w = solved(problem, "pgd")
    assert np.linalg.norm(w - problem.retrained_models[0]) < 1e-3


def test_a_multiplier_of_nothing_is_retraining() -> None:
    """With rho at the retrained model's own loss a linear model's constraint is slack at the optimum."""
    problem = Unlearning.generate(40, 2, l2=0.05)
    x, labels = problem.part(FORGET)
    slack = Unlearning(
        **{**problem.content(), "rho": 0.5 * float(problem.model.losses(problem.trained, x, labels).mean())}
    )
    w = solved(slack, "forget-ascent", steps=2000, batch=0)
    assert (
        np.linalg.norm(w - problem.retrained_models[0])
        < 1e-2 * np.linalg.norm(problem.trained - problem.retrained_models[0]) + 1e-3
    )


@pytest.mark.parametrize("solver", NETWORK)
def test_networks_stay_useful_and_are_repeatable(network: Unlearning, solver: str) -> None:
    parameters = {} if solver in ("retrain", "neg-grad", "selective-dampening") else {"steps": 60}
    w = solved(network, solver, **parameters)
    assert np.array_equal(w, solved(network, solver, **parameters))
    x, labels = network.part(RETAIN)
    assert (network.model.predicted(w, x) == labels).mean() > 0.6


def test_the_lagrangian_forgets_without_having_seen_retraining(network: Unlearning) -> None:
    """The forgotten rows' loss comes to the unseen rows', which fine-tuning leaves far below."""
    x, labels = network.part(FORGET)
    rho = float(network.rho or 0)

    def loss(solver: str) -> float:
        return float(network.model.losses(solved(network, solver, steps=300, rate=0.01), x, labels).mean())

    assert loss("fine-tune") < 0.5 * rho
    assert loss("forget-ascent") == pytest.approx(rho, rel=0.25)


def test_the_game_lowers_what_an_adversary_sees(network: Unlearning) -> None:
    def area(w: np.ndarray) -> float:
        return float(network.evaluate(Parameters(parameters=w)).metrics["membership AUC"]["now"])

    assert area(solved(network, "membership-game", steps=300)) < area(solved(network, "fine-tune", steps=300)) - 0.05


def test_dampening_touches_only_what_matters_more_to_forgotten_rows(network: Unlearning) -> None:
    w, before = solved(network, "selective-dampening", threshold=2.0), network.trained
    gone, every = (
        network.model.squared_slopes(before, *network.part(*roles)) for roles in ((FORGET,), (RETAIN, FORGET))
    )
    chosen = gone > 2.0 * every
    assert chosen.any()
    assert (w[~chosen] == before[~chosen]).all()
    assert w[chosen] == pytest.approx(before[chosen] * np.minimum(every[chosen] / gone[chosen], 1.0))


def test_pruning_cuts_the_most_excited_units(network: Unlearning) -> None:
    from dualgap.solvers.unlearning.pruning import ForgetPruning

    start = ForgetPruning(quantile=0.75).start(network)
    excited = network.model.hidden_values(network.trained.astype(float), network.part(FORGET)[0]).mean(axis=0)
    cut = np.all(network.model.unpacked(start)[-1][0] == 0, axis=1)
    assert cut.sum() == 8
    assert excited[cut].min() > excited[~cut].max()


def test_scrub_rewinds_to_the_error_of_unseen_rows(network: Unlearning) -> None:
    x, labels = network.part(FORGET)

    def away(w: np.ndarray, wanted: float) -> float:
        return abs(float((network.model.predicted(w, x) != labels).mean()) - wanted)

    plain, rewound = (solved(network, "scrub", rewind=rewind, ascents=6) for rewind in (False, True))
    unseen, classes = network.held_out
    wanted = float((network.model.predicted(plain, unseen) != classes).mean())
    assert away(rewound, wanted) <= away(plain, wanted)


@pytest.mark.parametrize(
    ("solver", "fields", "said"),
    [
        ("influence", {"model": "mlp", "hidden": 2, "steps": 3}, "Hessian"),
        ("newton-removal", {"model": "mlp", "hidden": 2, "steps": 3}, "Hessian"),
        ("forget-pruning", {}, "no hidden units"),
    ],
)
def test_refusals_say_why(solver: str, fields: dict[str, Any], said: str) -> None:
    with pytest.raises(dualgap.NoRouteError, match=said):
        dualgap.solve(Unlearning.generate(6, 0, **fields), solver, isolate=False)


def test_methods_that_need_unseen_rows_say_so() -> None:
    content = Unlearning.generate(6, 0).content()
    roles = np.where(content["roles"] == 2, 0, content["roles"])
    bare = Unlearning(**{**content, "roles": roles, "rho": None})
    for solver, said in {"forget-ascent": "needs a level", "membership-game": "no model has seen"}.items():
        with pytest.raises(dualgap.NoRouteError, match=said):
            dualgap.solve(bare, solver, isolate=False)


@pytest.mark.parametrize("solver", ["forget-ascent", "retain-ascent"])
def test_runs_tell_the_last_multiplier(network: Unlearning, solver: str) -> None:
    run = dualgap.solve(network, solver, isolate=False, parameters={"steps": 40})
    assert 0 <= run.statistics["multiplier"] < 10
