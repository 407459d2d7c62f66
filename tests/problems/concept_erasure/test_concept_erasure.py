"""Concept erasure: R^2 by least squares, optima by brute force over subspaces, specs and their faults."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dualgap
from dualgap.core.certificate import Verdict
from dualgap.core.errors import InvalidWitnessError, SpecError
from dualgap.core.witness import Exhaustion, Spectrum, Strategies
from dualgap.problems.concept_erasure import ConceptErasure, Erasure
from dualgap.problems.examples import example

SOLVERS = ["eigh", "whitened-gradient", "pgd"]


def by_least_squares(problem: ConceptErasure, directions: np.ndarray) -> float:
    """R^2 of the concept, the way a text book has it."""
    features = problem.features - problem.features.mean(axis=0)
    left = features - features @ directions @ directions.T
    fitted = left @ np.linalg.lstsq(left, problem.indicators, rcond=1e-9)[0]
    return 1.0 - float(np.sum((problem.indicators - fitted) ** 2) / np.sum(problem.indicators**2))


def closed_form(problem: ConceptErasure) -> np.ndarray:
    """Q = orth(X'S)."""
    features = problem.features - problem.features.mean(axis=0)
    basis, sizes, _ = np.linalg.svd(features.T @ problem.indicators, full_matrices=False)
    return basis[:, sizes > 1e-9 * sizes[0]]


@pytest.mark.parametrize("groups", [2, 4])
def test_the_closed_form_erases_any_number_of_groups(groups: int) -> None:
    problem = ConceptErasure.generate(200, 1, features=8, groups=groups)
    answer = Erasure(directions=closed_form(problem))
    assert answer.directions.shape[1] == groups - 1 == problem.limit
    before = problem.evaluate(problem.trivial()).objective
    after = problem.evaluate(answer)
    assert before > 0.3
    assert after.objective == 0.0
    assert not after.violations
    assert by_least_squares(problem, answer.directions) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("rank", [1, 2, "full"])
def test_solvers_reach_the_sum_of_the_smallest_canonical_correlations(solver: str, rank: int | str) -> None:
    problem = ConceptErasure.generate(60, 3, features=6, groups=4, rank=rank)
    features = problem.features - problem.features.mean(axis=0)
    basis, _ = np.linalg.qr(features)
    squares = np.linalg.svd(basis.T @ problem.indicators)[1] ** 2 / np.sum(problem.indicators**2)
    run = dualgap.solve(problem, solver, isolate=False)
    assert run.certificate.verdict is Verdict.OPTIMAL
    assert run.certificate.value == pytest.approx(float(squares[problem.limit :].sum()), abs=1e-9)
    assert by_least_squares(problem, run.answer.directions) == pytest.approx(run.certificate.value, abs=1e-9)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 3))
def test_no_directions_beat_the_optimum(seed: int, rank: int) -> None:
    problem = ConceptErasure.generate(30, seed, features=4, groups=3, rank=rank)
    rng = np.random.default_rng(seed)
    optimum = float(
        problem.geometry.signal.size and np.sort(np.linalg.eigvalsh(problem.geometry.moments))[:-rank].sum()
    )
    directions, _ = np.linalg.qr(rng.normal(size=(4, rank)))
    value = problem.evaluate(Erasure(directions=directions)).objective
    assert value >= optimum - 1e-12
    assert value == pytest.approx(by_least_squares(problem, directions), abs=1e-9)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.floats(0.0, 3.0))
def test_any_predictor_bounds_the_optimum_from_below(seed: int, size: float) -> None:
    problem = ConceptErasure.generate(30, seed, features=5, groups=4, rank=1)
    signal, rng = problem.geometry.signal, np.random.default_rng(seed)
    optimum = float(np.sort(np.linalg.eigvalsh(problem.geometry.moments))[:-1].sum())
    predictor = signal + size * rng.normal(size=signal.shape)
    bound = problem.bound(Strategies(x=np.zeros(1), y=predictor.ravel()))
    assert bound.value <= optimum + 1e-12
    best = problem.bound(Strategies(x=np.zeros(1), y=signal.ravel()))
    assert best.value == pytest.approx(optimum, abs=1e-11)


def test_the_forms_game_is_what_its_bound_says() -> None:
    problem = ConceptErasure.generate(40, 5, features=5, groups=4, rank=2)
    view = next(view for view in problem.views() if view.name == "game")
    form = view.build()
    rng = np.random.default_rng(0)
    predictor = rng.normal(size=form.data.size) * 0.1
    lost = form.best_x(predictor, form.data)
    assert form.x_set.contains(lost, 1e-8)
    assert problem.bound(Strategies(x=lost.ravel(), y=predictor)).value == pytest.approx(
        max(0.0, float(form.objective(lost, predictor, form.data))), abs=1e-10
    )
    for _ in range(20):
        other = form.x_set.project(rng.normal(size=lost.shape))
        assert form.objective(other, predictor, form.data) >= form.objective(lost, predictor, form.data) - 1e-9
        best = form.best_y(other, form.data)
        assert form.objective(other, best, form.data) >= form.objective(other, predictor, form.data) - 1e-12


def test_directions_outside_the_features_range_erase_nothing() -> None:
    rng = np.random.default_rng(0)
    two = rng.normal(size=(40, 2))
    problem = ConceptErasure(features=np.column_stack([two, two.sum(axis=1)]), concept=two[:, 0] + 0.1 * two[:, 1])
    outside = np.array([[1.0], [1.0], [-1.0]]) / np.sqrt(3.0)
    slanted = np.array([[1.0], [0.0], [0.0]])
    whole = problem.evaluate(problem.trivial()).objective
    assert whole == pytest.approx(1.0)
    for directions in (outside, slanted):
        assert problem.evaluate(Erasure(directions=directions)).objective == pytest.approx(whole)
    run = dualgap.solve(problem, "eigh", isolate=False)
    assert run.certificate.verdict is Verdict.OPTIMAL
    assert run.certificate.value == 0.0


def test_violations_are_named() -> None:
    problem = ConceptErasure.generate(30, 0, features=4, rank=1)
    assert set(problem.evaluate(Erasure(directions=np.eye(4)[:, :2])).violations) == {"rank"}
    assert set(problem.evaluate(Erasure(directions=2 * np.eye(4)[:, :1])).violations) == {"orthonormal directions"}
    assert set(problem.evaluate(Erasure(directions=np.eye(3)[:, :1])).violations) == {"directions"}


def test_iris_by_hand() -> None:
    problem = dualgap.load(example(ConceptErasure, "one_direction"))
    assert problem.groups == ("setosa", "versicolor", "virginica")
    assert problem.feature_names == ("sepal_length", "sepal_width", "petal_length", "petal_width")
    run = dualgap.solve(problem, isolate=False)
    assert run.certificate.value == pytest.approx(0.1110133155)
    assert run.certificate.metrics["all"]["R2 before"] == pytest.approx(0.5959494125)
    numbers = dualgap.load(example(ConceptErasure, "length"))
    assert numbers.features.shape == (150, 3)
    assert dualgap.solve(numbers, isolate=False).certificate.value == 0.0


def test_units_of_a_concept_of_numbers_do_not_matter() -> None:
    rng = np.random.default_rng(0)
    features, concept = rng.normal(size=(30, 4)), rng.normal(size=(30, 2))
    values = [
        dualgap.solve(
            ConceptErasure(features=features, concept=scaled, rank=1), "eigh", isolate=False
        ).certificate.value
        for scaled in (concept, concept * [1000.0, 0.001])
    ]
    assert values[0] == pytest.approx(values[1])


def test_an_answer_is_read_as_a_projection(tmp_path: Path) -> None:
    problem = dualgap.load(example(ConceptErasure))
    directions = closed_form(problem)
    projection = np.eye(4) - directions @ directions.T
    again = problem.read_answer({"projection": projection.tolist()})
    assert problem.evaluate(again).objective == 0.0
    written = np.loadtxt(problem.exports()["projection"](again).decode().splitlines(), delimiter=",")
    assert np.allclose(written, projection)
    with pytest.raises(SpecError, match="orthogonal projection"):
        problem.read_answer({"projection": (2 * projection).tolist()})
    with pytest.raises(SpecError, match="square"):
        problem.read_answer({"projection": projection[:2].tolist()})


def test_witnesses_of_the_wrong_shape_prove_nothing() -> None:
    problem = ConceptErasure.generate(30, 0, features=4, groups=3, rank=1)
    wrong = [
        Exhaustion(),
        Strategies(x=np.zeros(1), y=np.zeros(3)),
        Spectrum(values=[0.1], vectors=np.ones((3, 1))),
    ]
    for witness in wrong:
        with pytest.raises(InvalidWitnessError):
            problem.bound(witness)


BAD = {
    "one group": ({"features": [[1.0], [2.0]], "concept": ["a", "a"]}, "doesn't vary"),
    "constant features": ({"features": [[1.0], [1.0]], "concept": ["a", "b"]}, "don't vary"),
    "lengths": ({"features": [[1.0], [2.0]], "concept": ["a"]}, "1 entries"),
    "rank": ({"features": [[1.0], [2.0]], "concept": ["a", "b"], "rank": 2}, "rank is 2"),
    "zero rank": ({"features": [[1.0], [2.0]], "concept": ["a", "b"], "rank": 0}, "a whole number from 1"),
    "missing category": ({"features": [[1.0], [2.0]], "concept": ["a", ""]}, "no category"),
    "scales": ({"features": [[1e9, 1.0], [2e9, 2.0], [0, 5.0]], "concept": ["a", "b", "a"]}, "scale them"),
    "names": ({"features": [[1.0], [2.0]], "concept": ["a", "b"], "names": ["x", "y"]}, "2 entries"),
    "mixed": ({"features": [[1.0], [2.0]], "concept": ["a", 1]}, "mixed"),
    "no data": ({"features": [[1.0], [2.0]], "concept": "species"}, "names a column"),
    "a word": ({"features": "x", "concept": ["a", "b"]}, "expected an array"),
}


@pytest.mark.parametrize(("fields", "said"), BAD.values(), ids=BAD)
def test_bad_specs_say_what_is_wrong(fields: dict, said: str) -> None:
    with pytest.raises(SpecError, match=said):
        ConceptErasure(**fields)


TABLE = "a,b,group,site\n1,2.5,x,1\n2,1.5,y,2\n3,0.5,x,2\n5,0.25,y,1\n"


@pytest.mark.parametrize(
    ("text", "features", "groups"),
    [
        ('concept = "group"', 3, ("x", "y")),
        ('concept = "group"\nfeatures = ["b"]', 1, ("x", "y")),
        ('concept = "group"\nfeatures = "a"', 1, ("x", "y")),
        ('concept = "site"\nfeatures = ["a", "b"]', 2, ("concept",)),
        ('concept = "site"\ncategorical = true', 2, ("1", "2")),
        ('concept = ["site", "b"]', 1, ("concept 1", "concept 2")),
    ],
)
def test_columns_of_a_table(tmp_path: Path, text: str, features: int, groups: tuple[str, ...]) -> None:
    (tmp_path / "t.csv").write_text(TABLE)
    (tmp_path / "s.toml").write_text(f'kind = "concept-erasure"\ndata = "t.csv"\n{text}\n')
    problem = dualgap.load(tmp_path / "s.toml")
    assert problem.features.shape == (4, features)
    assert len(problem.names) == features
    assert problem.groups == groups


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('concept = "nobody"', "no column 'nobody'"),
        ('concept = "site"\nfeatures = ["a", "group"]', "features"),
        ('concept = ["a", "b", "site"]', "no column of numbers"),
        ('concept = "group"\ncategorical = "yes"', "true or false"),
        ("", "concept"),
    ],
)
def test_bad_columns(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "t.csv").write_text(TABLE)
    (tmp_path / "s.toml").write_text(f'kind = "concept-erasure"\ndata = "t.csv"\n{text}\n')
    with pytest.raises(SpecError, match=said):
        dualgap.load(tmp_path / "s.toml")


def test_a_column_with_a_cell_that_is_no_number_is_not_left_out(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text('kind = "concept-erasure"\ndata = "t.csv"\nconcept = "group"\n')
    for cell, said in (("", "column 'b' has an empty cell in row 2"), ("NA", "holds 'NA' among numbers in row 2")):
        (tmp_path / "t.csv").write_text(TABLE.replace("1.5", cell))
        with pytest.raises(SpecError, match=said):
            dualgap.load(tmp_path / "s.toml")


def test_categories_as_arrays() -> None:
    features = [[1.0, 2.0], [2.0, 1.0], [4.0, 3.0]]
    for concept in (np.array(["x", "y", "x"]), np.array(["x", "y", "x"], dtype=object)):
        assert ConceptErasure(features=features, concept=concept).groups == ("x", "y")


def test_arrays_of_an_npz_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "d.npz", x=rng.normal(size=(20, 3)), y=np.arange(20) % 4)
    (tmp_path / "s.toml").write_text(
        'kind = "concept-erasure"\ndata = "d.npz"\nfeatures = "x"\nconcept = "y"\ncategorical = true\n'
    )
    problem = dualgap.load(tmp_path / "s.toml")
    assert problem.features.shape == (20, 3)
    assert problem.names == ("x[0]", "x[1]", "x[2]")
    assert problem.groups == ("0", "1", "2", "3")
