"""Cells, thresholds and linear classifiers as integer programs, against linear programs and enumeration."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

import dualgap
from dualgap.core.certificate import Evidence, Verdict
from dualgap.core.claim import Outcome, Stop, Use
from dualgap.core.errors import InvalidWitnessError, SpecError
from dualgap.core.relations import Relation
from dualgap.core.verify import WORD, verify
from dualgap.core.witness import Multipliers
from dualgap.engine.run import Run
from dualgap.problems.fair_classifier import FairClassifier, Linear, Table, Thresholds
from dualgap.problems.fair_classifier.cells_program import program
from dualgap.problems.fair_classifier.linear_program import basis
from dualgap.problems.fair_classifier.rates import Tally
from dualgap.problems.fair_classifier.separable import separable

EXAMPLES = Path(dualgap.__file__).parent / "problems/fair_classifier/examples"
METRICS = ["demographic-parity", "equalized-odds", "equal-opportunity"]
DIFFERENCES = ["max-min", "to-overall", "ratio"]


def changed(problem: FairClassifier, **fields: Any) -> FairClassifier:
    return FairClassifier(**{**{name: getattr(problem, name) for name in FairClassifier.model_fields}, **fields})


def drawn(seed: int, size: int = 30, **options: Any) -> FairClassifier:
    return FairClassifier.generate(size, seed, **options)


def solved(problem: FairClassifier, solver: str = "highs", **options: Any) -> Run:
    run = dualgap.solve(problem, solver, isolate=False, **options)
    assert run.certificate is not None
    return run


def value(run: Run) -> float:
    assert run.certificate is not None
    assert run.certificate.value is not None
    return float(run.certificate.value)


def least(problem: FairClassifier, positives: np.ndarray) -> float:
    """The least error of mixtures of classifiers with these (k, 2 G) masses, by SciPy; rows written out anew."""
    mass = problem.tally(np.zeros(len(problem.label))).mass
    tally = Tally(np.broadcast_to(mass, (len(positives), *mass.shape)), positives.reshape(-1, *mass.shape))
    assert problem.rates is not None
    rows = []
    for rate in problem.rates.rates:
        rates, overall = tally.rates(rate), tally.overall(rate)
        for g, h in product(range(problem.count), repeat=2):
            if problem.difference == "to-overall":
                rows += [rates[:, g] - overall, overall - rates[:, g]]
            elif problem.difference == "max-min":
                rows.append(rates[:, g] - rates[:, h])
            else:
                rows.append((1 - float(problem.epsilon)) * rates[:, g] - rates[:, h])
    limit = 0.0 if problem.difference == "ratio" else float(problem.epsilon)
    found = linprog(
        tally.errors, A_ub=np.array(rows), b_ub=np.full(len(rows), limit), A_eq=np.ones((1, len(positives))), b_eq=[1.0]
    )
    assert found.success
    return float(found.fun)


def tables(problem: FairClassifier) -> np.ndarray:
    """(2^c, 2 G) the masses of every table without chance."""
    masses = problem.cells.masses
    return np.array(list(product((0.0, 1.0), repeat=len(masses)))) @ masses


def best(problem: FairClassifier, positives: np.ndarray) -> float:
    """The least error among these classifiers that are fair."""
    mass = problem.tally(np.zeros(len(problem.label))).mass
    tally = Tally(np.broadcast_to(mass, (len(positives), *mass.shape)), positives.reshape(-1, *mass.shape))
    assert problem.rates is not None
    fair = tally.gaps(problem.rates, problem.difference) <= float(problem.epsilon) + 1e-9
    return float(tally.errors[fair].min())


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("difference", DIFFERENCES)
@pytest.mark.parametrize("aware", [False, True])
def test_the_best_table_is_that_of_all_mixtures(metric: str, difference: str, aware: bool) -> None:
    options = {"metric": metric, "difference": difference, "group_aware": aware, "epsilon": 0.04, "groups": 2 + aware}
    problem = drawn(3, features=3 - aware, hypothesis="table", **options)
    run = solved(problem)
    assert run.certificate is not None
    assert run.certificate.verdict is Verdict.OPTIMAL
    assert run.certificate.evidence is Evidence.PROVED
    assert value(run) == pytest.approx(least(problem, tables(problem)), abs=1e-9)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("difference", DIFFERENCES)
def test_the_best_table_without_chance_is_that_of_enumeration(metric: str, difference: str) -> None:
    problem = drawn(5, metric=metric, difference=difference, epsilon=0.1, hypothesis="table", randomized=False)
    run = solved(problem)
    assert run.certificate is not None
    assert value(run) == pytest.approx(best(problem, tables(problem)), abs=1e-9)
    assert run.certificate.verdict in (Verdict.OPTIMAL, Verdict.CLAIMED_OPTIMAL)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("difference", DIFFERENCES)
@pytest.mark.parametrize("aware", [False, True])
def test_the_best_mixture_of_thresholds_is_that_of_all_of_them(metric: str, difference: str, aware: bool) -> None:
    options = {"metric": metric, "difference": difference, "group_aware": aware, "epsilon": 0.05, "groups": 3 - aware}
    problem = drawn(2, features=3, hypothesis="threshold", **options)
    sets = product(*problem.above)
    run = solved(problem)
    assert run.certificate is not None
    assert run.certificate.verdict is Verdict.OPTIMAL
    assert value(run) == pytest.approx(least(problem, np.array([sum(choice) for choice in sets])), abs=1e-9)
    assert all(isinstance(member, Thresholds) for member in run.answer.members)
    assert len(run.answer.members) <= 2 * len(METRICS)
    # the same in the form's words
    view = problem.views()[0]
    assert view.encode is not None
    assert view.decode is not None
    form, point = view.build(), view.encode(run.answer)
    assert form.violation(point) <= 1e-8  # type: ignore[attr-defined]
    assert form.objective(point) == pytest.approx(value(run), abs=1e-9)  # type: ignore[attr-defined]


@pytest.mark.parametrize("aware", [False, True])
def test_the_best_thresholds_without_chance_are_those_of_enumeration(aware: bool) -> None:
    options: dict[str, Any] = {"hypothesis": "threshold", "randomized": False, "group_aware": aware, "epsilon": 0.08}
    problem = drawn(11, features=3, **options)
    positives = np.array([sum(choice) for choice in product(*problem.above)])
    assert value(solved(problem)) == pytest.approx(best(problem, positives), abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("metric", METRICS[:2])
def test_the_best_linear_classifier_is_that_of_enumeration(seed: int, metric: str) -> None:
    problem = drawn(seed, features=3, metric=metric, epsilon=0.15, hypothesis="linear", randomized=False)
    masses, seen = problem.cells.masses, problem.design[problem.train][problem.cells.first]
    choices = [np.array(c) for c in product((0.0, 1.0), repeat=len(masses)) if separable(seen, np.array(c))]
    assert len(choices) < 2 ** len(masses)  # some dichotomies are not linear
    run = solved(problem)
    assert value(run) == pytest.approx(best(problem, np.array(choices) @ masses), abs=1e-9)
    assert run.certificate is not None
    assert Evidence.PROVED in [bound.evidence for bound in run.certificate.bounds]  # that of all classifiers, beside it
    (word,) = (bound.argument for bound in run.certificate.bounds if bound.evidence is Evidence.CLAIMED)
    assert word == f"{WORD}, for any linear classifier of the features without chance"


def test_an_exact_margin_takes_whole_features_and_no_spec_margin() -> None:
    problem = drawn(0, features=3, hypothesis="linear", randomized=False)
    assert basis(problem).exact
    thirds = changed(problem, features=problem.features / 3.0 + (np.arange(len(problem.label)) % 2)[:, None] / 7)
    assert not basis(thirds).exact
    assert _relation(problem) is Relation.EXACT
    assert _relation(thirds) is Relation.RESTRICTION
    assert _relation(changed(problem, randomized=True)) is Relation.RESTRICTION
    run = solved(thirds, via="linear-01")
    assert run.certificate is not None
    assert not any(WORD in bound.argument for bound in run.certificate.bounds)  # a restriction bounds nothing


def _relation(problem: FairClassifier) -> Relation:
    return next(view.relation for view in problem.views() if view.name == "linear-01")


def test_a_margin_of_the_spec_is_held_to() -> None:
    free = drawn(1, features=2, levels=4, hypothesis="linear", randomized=False, epsilon=0.3)
    tight = changed(free, margin=0.2)
    run = solved(tight)
    assert run.certificate is not None
    assert run.certificate.verdict is Verdict.CLAIMED_OPTIMAL
    (member,) = run.answer.members
    assert isinstance(member, Linear)
    size = max(np.abs(member.coefficients).max(), abs(float(member.intercept)))
    assert np.abs(member.scores(tight.design)).min() / size >= 0.2 - 1e-6
    hair = tight.classifier([Linear(coefficients=np.array([1.0, 0.0]), intercept=-0.9)])
    assert "scores closer to 0 than the margin" in tight.evaluate(hair).violations
    assert "scores closer to 0 than the margin" not in free.evaluate(hair).violations
    with pytest.raises(SpecError, match="only linear classifiers without chance"):
        changed(free, margin=0.2, randomized=True)


def test_compas_on_72_cells() -> None:
    problem = dualgap.load(EXAMPLES / "basic.toml")
    assert isinstance(problem, FairClassifier)
    assert len(problem.cells) == 72
    assert problem.people == 5278
    run = solved(problem)
    assert run.certificate is not None
    assert run.certificate.verdict is Verdict.OPTIMAL
    assert value(run) == pytest.approx(0.34075, abs=5e-6)
    assert "on 72 cells" in run.certificate.argument
    assert "weak" not in run.certificate.argument
    sure = solved(changed(problem, randomized=False))
    assert value(sure) == pytest.approx(0.34085, abs=5e-6)
    linear = solved(changed(problem, randomized=False, hypothesis="linear"))
    assert value(linear) == pytest.approx(0.34502, abs=5e-6)
    odds = solved(changed(problem, metric="equalized-odds"))
    assert value(odds) == pytest.approx(0.34283, abs=5e-6)


def test_a_bound_without_chance_is_of_whole_people() -> None:
    """1798.48 people in all must be 1799, which the best table without chance errs on."""
    problem = dualgap.load(EXAMPLES / "basic.toml")
    assert isinstance(problem, FairClassifier)
    sure = changed(problem, randomized=False)
    run = solved(sure)
    assert run.certificate is not None
    assert run.certificate.verdict is Verdict.OPTIMAL
    assert run.certificate.bound == 1799 / 5278
    assert sure.tighten(1798.2 / 5278) == 1799 / 5278
    assert problem.tighten(1798.2 / 5278) == 1798.2 / 5278
    halves = changed(sure, weights=sure.weights / 2)
    assert halves.tighten(0.3407) == 0.3407


def test_unique_rows_are_called_so() -> None:
    rng = np.random.default_rng(0)
    options: dict[str, Any] = {"features": 2, "hypothesis": "table"}
    problem = drawn(0, **options)
    alone = changed(problem, features=rng.normal(size=(60, 2)))
    bound = alone.bound(Multipliers(rows=np.zeros(2)))
    assert bound.argument.startswith("weak: mostly unique rows; ")
    assert "100.0% of them of one person" in bound.argument
    assert "weak" not in problem.bound(Multipliers(rows=np.zeros(2))).argument


def test_a_threshold_bound_is_for_thresholds_alone() -> None:
    """A table may beat every mixture of thresholds, so their bound is not its."""
    options: dict[str, Any] = {"features": 3, "noise": 2.0, "epsilon": 0.05}
    narrow = drawn(4, hypothesis="threshold", **options)
    score = np.arange(len(narrow.label)) % 3
    narrow, wide = changed(narrow, score=score), changed(narrow, score=score, hypothesis="table")
    ranked, free = solved(narrow), solved(wide)
    assert value(free) < value(ranked) - 0.01
    assert ranked.witness is not None
    assert float(wide.bound(ranked.witness).value) <= value(free) + 1e-12
    assert float(narrow.bound(ranked.witness).value) == pytest.approx(value(ranked), abs=1e-9)


def test_the_program_is_that_of_the_view() -> None:
    problem = drawn(6, hypothesis="linear")
    form = program(problem)
    count = len(problem.cells)
    assert form.size == (count + 1, 2)
    assert form.columns[0] == "cell 1"
    assert form.columns[-1] == "smallest selection rate"
    table = Table(probabilities=np.linspace(0, 1, count))
    wide = changed(problem, hypothesis="table")
    view = next(view for view in wide.views() if view.name == "cells")
    assert view.encode is not None
    answer = wide.classifier([table])
    assert form.objective(view.encode(answer)) == pytest.approx(float(wide.evaluate(answer).objective))


@pytest.mark.parametrize(
    ("rows", "said"),
    [([0.0], "1 multipliers for 2 rows"), ([1e300, 0.0], "a multiplier beyond"), ([0.0, 0.0, 0.0], "3 multipliers")],
)
def test_multipliers_that_prove_nothing(rows: list[float], said: str) -> None:
    with pytest.raises(InvalidWitnessError, match=said):
        drawn(0, hypothesis="table").bound(Multipliers(rows=np.array(rows)))


def test_what_the_tolerance_forgives_contradicts_no_bound_of_whole_people() -> None:
    """An answer that misses epsilon by less than the tolerance is feasible: no bound is above it."""
    problem = dualgap.load(EXAMPLES / "basic.toml")
    assert isinstance(problem, FairClassifier)
    for epsilon in (0.01, 0.03, 0.1):
        loose = changed(problem, randomized=False, epsilon=epsilon)
        answer = solved(loose).answer
        gap = float(loose.evaluate(answer).metrics["train"]["demographic-parity"])
        tight = changed(loose, epsilon=gap - 5e-7)
        witness = solved(changed(tight, randomized=True)).witness
        assert witness is not None
        assert tight.evaluate(answer).violations
        outcome = Outcome(answer=answer, feasible=True, stop=Stop.FINISHED, witness=witness)
        certificate = verify(tight, outcome).certificate
        assert certificate.verdict in (Verdict.OPTIMAL, Verdict.FEASIBLE)


def test_a_linear_answer_in_other_columns_is_a_start() -> None:
    """Group indicators depend on each other; the program leaves one out, and finds the answer in the rest."""
    problem = dualgap.load(EXAMPLES / "linear.toml")
    assert isinstance(problem, FairClassifier)
    first = solved(problem)
    (member,) = first.answer.members
    moved = member.coefficients + 0.25 * np.array([name.startswith("group=") for name in problem.design_names])
    answer = problem.classifier([Linear(coefficients=moved, intercept=float(member.intercept) - 0.25)])
    view = next(view for view in problem.views() if view.name == "linear-01")
    assert view.encode is not None
    form, point = view.build(), view.encode(answer)
    assert form.violation(point) <= 1e-9  # type: ignore[attr-defined]
    assert form.objective(point) == pytest.approx(value(first), abs=1e-12)  # type: ignore[attr-defined]
    again = solved(problem, start=answer)
    assert again.start is not None
    assert again.start.use is Use.USED


def test_thresholds_of_a_linear_score_are_linear_and_their_prices_bound_all_classifiers() -> None:
    problem = drawn(4, size=60, features=3, noise=1.0, hypothesis="linear", group_aware=True)
    scorer = Linear(coefficients=np.array([1.0, -0.5, 0.25, 0.0, 0.0]))
    scored = changed(problem, scorer=scorer, score=scorer.scores(problem.design))
    run = solved(scored, via="thresholds")
    assert run.certificate is not None
    assert run.certificate.verdict in (Verdict.FEASIBLE, Verdict.OPTIMAL)
    assert run.certificate.evidence is Evidence.PROVED
    assert "any classifier of the features and group" in run.certificate.argument
    alone = solved(changed(scored, hypothesis="threshold", scorer=None))
    assert value(run) == pytest.approx(value(alone), abs=1e-9)
    assert float(run.certificate.bound) <= value(run)  # type: ignore[arg-type]
