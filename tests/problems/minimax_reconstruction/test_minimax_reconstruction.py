"""Minimax reconstruction: closed forms against CVXPY's spectral norm, priors as bounds, specs and their faults."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dualgap
from dualgap.core.certificate import Verdict
from dualgap.core.errors import InvalidWitnessError, SpecError
from dualgap.core.witness import Exhaustion
from dualgap.problems.examples import example
from dualgap.problems.minimax_reconstruction import MinimaxReconstruction, Prior, Reconstruction

CRITERIA = list(product(("regret", "error"), (False, True)))


def by_cvxpy(problem: MinimaxReconstruction) -> float:
    """The least spectral norm, over all H, in the data as they are given."""
    import cvxpy

    w, s = problem.W, problem.S
    h = cvxpy.Variable((w.shape[1], s.shape[1]))
    target = w @ np.linalg.pinv(w) if problem.criterion == "regret" else np.eye(len(w))
    rows = [s.T @ w @ h @ s.T == s.T] if problem.consistent else []
    model = cvxpy.Problem(cvxpy.Minimize(cvxpy.sigma_max(w @ h @ s.T - target)), rows)
    model.solve("CLARABEL")
    return float(problem.radius) * float(model.value)


def drawn(shape: tuple[int, int, int], seed: int = 0, **fields) -> MinimaxReconstruction:
    size, columns, samples = shape
    rng = np.random.default_rng(seed)
    return MinimaxReconstruction(W=rng.normal(size=(size, columns)), S=rng.normal(size=(size, samples)), **fields)


@pytest.mark.filterwarnings("ignore:Solution may be inaccurate")  # CVXPY's, of the reference
@pytest.mark.parametrize(("criterion", "consistent"), CRITERIA)
@pytest.mark.parametrize("shape", [(2, 1, 1), (5, 2, 2), (5, 3, 2), (4, 2, 3), (4, 4, 2), (3, 3, 3)], ids=str)
def test_the_closed_forms_are_optimal(shape: tuple[int, int, int], criterion: str, consistent: bool) -> None:
    if consistent and shape[1] < shape[2]:
        pytest.skip("nothing agrees with all samples")
    problem = drawn(shape, radius=2, criterion=criterion, consistent=consistent)
    run = dualgap.solve(problem, "principal-angles", isolate=False)
    assert run.certificate.verdict is Verdict.OPTIMAL
    assert run.certificate.value == pytest.approx(by_cvxpy(problem), abs=1e-5)
    assert all(check.passed for check in run.checks)


@pytest.mark.parametrize(("criterion", "consistent"), CRITERIA)
def test_the_semidefinite_program_agrees(criterion: str, consistent: bool) -> None:
    problem = drawn((5, 3, 2), 1, radius=3, criterion=criterion, consistent=consistent)
    closed = dualgap.solve(problem, "principal-angles", isolate=False).certificate
    conic = dualgap.solve(problem, "clarabel", isolate=False).certificate
    assert conic.verdict is Verdict.OPTIMAL
    assert conic.value == pytest.approx(closed.value, rel=1e-6)


def test_the_closed_form_of_the_regret_is_the_one_that_is_published() -> None:
    problem = drawn((6, 3, 2), 2)
    w, s = problem.W, problem.S
    published = np.linalg.inv(w.T @ w) @ w.T @ s @ np.linalg.inv(s.T @ s)
    assert np.allclose(dualgap.solve(problem, "principal-angles", isolate=False).answer.H, published)


def test_the_closed_form_of_the_regret_does_not_minimise_the_error() -> None:
    problem = dualgap.load(example(MinimaxReconstruction, "error"))
    w, s = problem.W.astype(float), problem.S.astype(float)
    published = np.linalg.inv(w.T @ w) @ w.T @ s @ np.linalg.inv(s.T @ s)
    assert problem.evaluate(Reconstruction(H=published)).objective == pytest.approx(1.144122806)
    assert problem.evaluate(Reconstruction(H=[[0.0]])).objective == pytest.approx(1.0)
    assert dualgap.solve(problem, "principal-angles", isolate=False).certificate.value == pytest.approx(1.0)


def test_what_both_spaces_have_is_kept_where_the_error_counts() -> None:
    shared, own, other = np.eye(4)[:, :1], np.eye(4)[:, 1:2], np.eye(4)[:, 1:2] + np.eye(4)[:, 2:3]
    problem = MinimaxReconstruction(W=np.hstack([shared, own]), S=np.hstack([shared, other]), criterion="error")
    run = dualgap.solve(problem, "principal-angles", isolate=False)
    assert run.certificate.value == pytest.approx(1.0)
    signal = np.array([1.0, 0, 0, 0])
    assert np.allclose(problem.W @ run.answer.H @ problem.S.T @ signal, signal)


def test_dependent_columns_change_nothing() -> None:
    plain = drawn((5, 2, 2), 4)
    wide = MinimaxReconstruction(W=plain.W @ [[1, 0, 2], [0, 1, 1]], S=np.hstack([plain.S, plain.S[:, :1]]))
    values = [dualgap.solve(problem, "principal-angles", isolate=False).certificate for problem in (plain, wide)]
    assert values[0].value == pytest.approx(values[1].value)
    assert values[1].verdict is Verdict.OPTIMAL


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.sampled_from(CRITERIA), st.integers(1, 4))
def test_any_prior_bounds_any_reconstruction(seed: int, kind: tuple[str, bool], count: int) -> None:
    criterion, consistent = kind
    problem = drawn((5, 3, 2), seed, criterion=criterion, consistent=consistent)
    rng = np.random.default_rng(seed)
    bound = problem.bound(Prior(signals=rng.normal(size=(5, count))))
    geometry = problem.geometry
    free = rng.normal(size=(geometry.free.shape[1], 2))
    answer = Reconstruction(H=geometry.matrix(geometry.particular + geometry.free @ free))
    found = problem.evaluate(answer)
    assert all(violation.amount < 1e-6 for violation in found.violations.values())
    assert bound.value <= found.objective + 1e-12
    optimum = dualgap.solve(problem, "principal-angles", isolate=False).certificate.value
    assert bound.value <= optimum + 1e-12


@pytest.mark.parametrize(("criterion", "consistent"), CRITERIA)
def test_the_game_is_the_square_of_the_worst_case(criterion: str, consistent: bool) -> None:
    problem = drawn((5, 3, 2), 7, radius=3, criterion=criterion, consistent=consistent)
    view = next(view for view in problem.views() if view.name == "game")
    form = view.build()
    rng = np.random.default_rng(0)
    free = rng.normal(size=form.initial[0].shape)
    worst = form.best_y(free, form.data)
    value = problem.evaluate(view.decode((free, worst))).objective
    assert form.objective(free, worst, form.data) == pytest.approx(value**2)
    prior = form.y_set.project(rng.normal(size=worst.shape))
    least = form.objective(form.best_x(prior, form.data), prior, form.data)
    for _ in range(20):
        other = form.best_x(prior, form.data) + 0.1 * rng.normal(size=free.shape)
        assert form.objective(other, prior, form.data) >= least - 1e-9
    assert view.encode(view.decode((free, worst)))[0] == pytest.approx(free)


def test_inconsistent_answers_are_violations() -> None:
    problem = drawn((5, 3, 2), 3, consistent=True)
    found = problem.evaluate(Reconstruction(H=np.zeros((3, 2))))
    assert set(found.violations) == {"samples of the reconstruction"}
    assert set(problem.evaluate(Reconstruction(H=np.zeros((2, 3)))).violations) == {"H"}


def test_witnesses_that_prove_nothing_are_refused() -> None:
    problem = drawn((5, 3, 2))
    for witness in (Exhaustion(), Prior(signals=np.zeros((5, 1))), Prior(signals=np.ones((4, 1)))):
        with pytest.raises(InvalidWitnessError):
            problem.bound(witness)


BAD = {
    "rows": ({"W": [[1.0], [2.0]], "S": [[1.0]]}, "W has 2 rows, S 1"),
    "zeros": ({"W": [[0.0], [0.0]], "S": [[1.0], [1.0]]}, "nothing but zeros"),
    "radius": ({"W": [[1.0]], "S": [[1.0]], "radius": 0}, "radius is 0"),
    "criterion": ({"W": [[1.0]], "S": [[1.0]], "criterion": "best"}, "'regret' or 'error'"),
    "orthogonal": ({"W": [[1.0], [0.0]], "S": [[0.0], [1.0]], "consistent": True}, "orthogonal to W"),
    "too few": ({"W": [[1.0], [0.0]], "S": [[1.0, 0.0], [0.0, 1.0]], "consistent": True}, "S has rank 2, W 1"),
    "a word": ({"W": "w", "S": [[1.0]]}, "expected an array"),
}


@pytest.mark.parametrize(("fields", "said"), BAD.values(), ids=BAD)
def test_bad_specs_say_what_is_wrong(fields: dict, said: str) -> None:
    with pytest.raises(SpecError, match=said):
        MinimaxReconstruction(**fields)


@pytest.mark.parametrize(("name", "value"), [("basic", 4.396408978), ("consistent", np.sqrt(2.0)), ("error", 1.0)])
def test_examples(name: str, value: float) -> None:
    run = dualgap.solve(dualgap.load(example(MinimaxReconstruction, name)), isolate=False)
    assert run.certificate.verdict is Verdict.OPTIMAL
    assert run.certificate.value == pytest.approx(value)
