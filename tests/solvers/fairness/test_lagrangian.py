"""Lagrangian training against exact references: all linear classifiers of bits, and linear programs over cells."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

import dualgap
from dualgap.core.claim import Stop
from dualgap.core.witness import Multipliers
from dualgap.problems.fair_classifier import FairClassifier, Linear, Network
from dualgap.problems.fair_classifier.pairs import pairs
from dualgap.problems.fair_classifier.rates import rows as fair_rows
from dualgap.solvers.fairness.lagrangian import ProxyAugmented, ProxyLagrangian, ProxyNupi

METRICS = ["demographic-parity", "equalized-odds", "equal-opportunity"]
DIFFERENCES = ["max-min", "to-overall", "ratio"]


def people(seed: int = 0, size: int = 120, groups: int = 2, **fields: Any) -> FairClassifier:
    """Two bits and labels that lean by group; features in units of their own."""
    rng = np.random.default_rng(seed)
    group = np.arange(size) % groups
    bits = (rng.random((size, 2)) < 0.3 + 0.4 * (group / max(groups - 1, 1))[:, None]).astype(int)
    label = (rng.random(size) < 0.15 + 0.5 * bits[:, 0] + 0.2 * bits[:, 1]).astype(int)
    names = tuple("abcdef"[:groups])
    given = {"epsilon": 0.05, "min_group": 1, **fields}
    return FairClassifier(features=bits * [1, 1000] + 3, label=label, groups=group, group_names=names, **given)


def labelings(problem: FairClassifier) -> np.ndarray:
    """(k, n) the predictions of every linear classifier of the bits, of those that read the group too."""
    design = problem.design
    designs = np.unique(design, axis=0)
    assert len(designs) <= 8, "few enough to enumerate"
    found = []
    for wanted in product([-1.0, 1.0], repeat=len(designs)):  # separable with margin 1?
        lifted = np.array(wanted)[:, None] * np.hstack([designs / designs.max(axis=0), np.ones((len(designs), 1))])
        ends = linprog(np.zeros(lifted.shape[1]), A_ub=-lifted, b_ub=-np.ones(len(designs)), bounds=(None, None))
        if ends.status == 0:
            place = {tuple(row): sign > 0 for row, sign in zip(designs.tolist(), wanted)}
            found.append([float(place[tuple(row)]) for row in design.tolist()])
    return np.array(found)


def optimum(problem: FairClassifier) -> float:
    """The least error of a fair mixture of linear classifiers, by a linear program over all of them."""
    assert problem.rates is not None
    predicted = labelings(problem)
    tallies = [problem.tally(row) for row in predicted]
    program = pairs(problem.fair_rows)
    excess = np.array([program.matrix @ tally.positive.ravel() + program.offset for tally in tallies])
    if not problem.randomized:
        return min(
            t.error for t in tallies if t.gap(problem.rates, problem.difference) <= float(problem.epsilon) + 1e-9
        )
    errors, one = [tally.error for tally in tallies], np.ones((1, len(tallies)))
    return float(linprog(errors, A_ub=excess.T, b_ub=np.zeros(excess.shape[1]), A_eq=one, b_eq=[1.0]).fun)


def solved(problem: FairClassifier, solver: Any = None, **settings: Any) -> Any:
    return dualgap.solve(problem, solver or ProxyLagrangian(), isolate=False, **settings)


@pytest.mark.parametrize("difference", DIFFERENCES)
@pytest.mark.parametrize("metric", METRICS)
def test_no_worse_than_a_hundredth_from_the_best_mixture_of_linear_classifiers(metric: str, difference: str) -> None:
    problem = people(metric=metric, difference=difference)
    run, best = solved(problem), optimum(problem)
    certificate = run.certificate
    assert certificate.feasible
    assert certificate.evidence == "proved"
    assert certificate.bound <= best + 1e-9
    assert best - 1e-6 <= certificate.value <= best + 0.01
    assert len(run.answer.members) <= len(problem.fair_rows.names) + 1
    assert all(isinstance(member, Linear) for member in run.answer.members)


@pytest.mark.parametrize("solver", [ProxyAugmented(), ProxyNupi()], ids=lambda solver: solver.name)
@pytest.mark.parametrize("metric", METRICS[:2])
def test_other_controllers_do_as_well(solver: ProxyLagrangian, metric: str) -> None:
    problem = people(1, metric=metric)
    certificate = solved(problem, solver).certificate
    assert certificate.feasible
    assert certificate.value <= optimum(problem) + 0.01


@pytest.mark.parametrize("groups", [3, 5])
def test_several_groups(groups: int) -> None:
    problem = people(2, 150, groups, metric="equalized-odds", epsilon=0.1)
    run = solved(problem)
    assert run.certificate.feasible
    assert optimum(problem) - 1e-6 <= run.certificate.value <= optimum(problem) + 0.015


@pytest.mark.parametrize("aware", [False, True])
def test_a_single_classifier_where_chance_is_out(aware: bool) -> None:
    problem = people(3, randomized=False, group_aware=aware, epsilon=0.1)
    run = solved(problem)
    assert run.certificate.feasible
    assert len(run.answer.members) == 1
    assert optimum(problem) - 1e-6 <= run.certificate.value <= optimum(problem) + 0.03


def test_models_that_read_the_group_have_an_intercept_for_each() -> None:
    blind, aware = people(4, epsilon=0.01), people(4, epsilon=0.01, group_aware=True)
    values = [solved(problem).certificate.value for problem in (blind, aware)]
    assert values[1] < values[0] - 0.01
    assert values[1] <= optimum(aware) + 0.01


def test_networks_have_the_sizes_of_the_spec_and_the_seed_is_theirs() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 2))
    problem = FairClassifier(
        features=x,
        label=(x[:, 0] * x[:, 1] > 0).astype(int),  # no linear classifier does better than chance
        groups=np.arange(300) % 2,
        group_names=("a", "b"),
        hypothesis="network",
        hidden=(8, 4),
    )
    solver = ProxyLagrangian(steps=600)
    run, again, other = (solved(problem, solver, seed=seed) for seed in (0, 0, 1))
    assert run.certificate.feasible
    assert run.certificate.value < 0.15
    assert {tuple(w.shape for w in m.weights) for m in run.answer.members if isinstance(m, Network)} == {
        ((2, 8), (8, 4), (4, 1))
    }
    assert again.certificate.value == run.certificate.value
    assert not np.array_equal(other.answer.members[0].biases[0], run.answer.members[0].biases[0])


def test_weights_stand_for_people() -> None:
    whole = people(5)
    seen, code, counts = np.unique(
        np.column_stack([whole.features, whole.label, whole.groups]), axis=0, return_inverse=True, return_counts=True
    )
    counted = FairClassifier(
        features=seen[:, :2],
        label=seen[:, 2],
        groups=seen[:, 3],
        group_names=whole.group_names,
        weights=counts,
        epsilon=whole.epsilon,
        min_group=1,
    )
    assert len(code) == len(whole.label) > len(counts)
    assert solved(counted).certificate.value == pytest.approx(solved(whole).certificate.value, abs=0.01)


def test_a_start_is_mixed_in() -> None:
    problem = people(6)
    first = solved(problem)
    none = ProxyLagrangian(steps=0, responses=0, lines=0, bound=False)
    again = solved(problem, none, start=first.answer)
    assert again.certificate.value == pytest.approx(first.certificate.value, abs=1e-9)
    assert solved(problem, none).certificate.value > first.certificate.value + 1e-3


def test_out_of_time_there_is_an_answer_all_the_same() -> None:
    run = solved(people(7), time=1e-6)
    assert run.stop == Stop.TIME
    assert run.certificate.feasible


def test_ridge_keeps_models_near_the_first() -> None:
    problem = people(8)
    view = next(view for view in problem.views() if view.name == "proxies")
    first = view.decode(dualgap.core.proxies.Mixture((view.build().initial(0),), np.ones(1))).members[0]

    def distance(ridge: float) -> float:
        answer = solved(problem, ProxyLagrangian(ridge=ridge, step=0.01, responses=0, lines=0)).answer
        slopes = [m.coefficients / np.abs(first.coefficients).max() for m in answer.members if m.coefficients.any()]
        return max(float(np.abs(s - first.coefficients / np.abs(first.coefficients).max()).max()) for s in slopes)

    assert distance(1e3) < distance(0.0)


def test_parameters_that_make_no_sense() -> None:
    with pytest.raises(ValueError, match="steps can't be negative"):
        ProxyLagrangian(steps=-1)
    with pytest.raises(dualgap.UsageError, match="damping"):
        dualgap.solve(people(), "nupi[damping=-1]", isolate=False)


@pytest.mark.parametrize("difference", DIFFERENCES)
@pytest.mark.parametrize("metric", METRICS)
def test_pairs_say_what_the_rows_say(metric: Any, difference: Any) -> None:
    problem = people(9, 90, 3, metric=metric, difference=difference, epsilon=0.2)
    tally = problem.tally(np.zeros(len(problem.label)))
    rows = fair_rows(tally.mass, problem.rates, difference, 0.2, problem.group_names)  # type: ignore[arg-type]
    found = pairs(rows)
    rng = np.random.default_rng(0)
    for scale in (0.05, 0.3, 1.0):
        for _ in range(30):
            chances = np.clip(0.5 + scale * (rng.random(6) - 0.5), 0, 1)
            mixed = problem.tally(chances[2 * problem.groups + problem.label])
            excess = (found.matrix @ mixed.positive.ravel() + found.offset).max()
            gap = mixed.gap(problem.rates, difference)  # type: ignore[arg-type]
            assert (excess <= 1e-12) == (gap <= 0.2 + 1e-12)
            if difference != "ratio":
                assert excess == pytest.approx(gap - 0.2)
    assert np.abs(found.lift @ rows.auxiliary).max(initial=0.0) <= 1e-12


def test_multipliers_go_to_the_rows_and_back() -> None:
    problem = people(10, metric="equalized-odds")
    view = next(view for view in problem.views() if view.name == "proxies")
    assert view.lift_witness is not None
    assert view.encode_witness is not None
    prices = np.zeros(4)
    prices[[0, 3]] = 0.2, 0.1
    there = view.lift_witness(Multipliers(rows=prices))
    assert isinstance(there, Multipliers)
    back = view.encode_witness(there)
    assert isinstance(back, Multipliers)
    assert np.allclose(back.rows, prices)
    assert view.lift_witness(Multipliers(rows=np.zeros(7))) is None
    assert view.encode_witness(Multipliers(rows=np.zeros(7))) is None


def test_long_training_forgets_what_it_does_not_need() -> None:
    run = solved(people(11), ProxyLagrangian(steps=6000, bound=False))
    assert run.certificate.feasible
    assert run.statistics["points"] <= 900 < 6000 / 5
    assert run.certificate.value <= optimum(people(11)) + 0.01
