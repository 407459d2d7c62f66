"""Scatters against sums over examples, choices against the validation split, and specs that don't fit together."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.linalg import eigh

import dualgap
from dualgap import Discriminant, SpecError, UsageError
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.witness import Exhaustion, Spectrum
from dualgap.problems.discriminant import Directions, scatters
from dualgap.problems.discriminant.digits import coloured, colours, shipped
from dualgap.problems.examples import example, examples

TABLE = """h,w,h_red,w_red,h_blue,w_blue,kind,paint,part
1,2,1,2,2,2.5,cat,red,train
2,1,1.5,1,2,1,dog,blue,train
1.2,2.2,1.2,2.2,2,2.5,cat,red,train
1.5,2,1,2,1.5,2,cat,blue,train
2.1,1.3,2.1,1.3,3,2,dog,red,train
3,1.5,2,1,3,1.5,dog,blue,validation
1.7,2,1.7,2,2.5,2.5,cat,red,test
"""


def fields(**changed: Any) -> dict[str, Any]:
    """Six examples of two classes and two categories."""
    rng = np.random.default_rng(3)
    given = {"features": rng.normal(size=(6, 2)).round(2), "label": list("aabbab"), "spurious": list("xyxyxx")}
    return {**given, **changed}


def loaded(folder: Path, text: str) -> Discriminant:
    (folder / "t.csv").write_text(TABLE)
    told = "".join(f'{name} = "{column}"\n' for name, column in (("label", "kind"), ("spurious", "paint")))
    (folder / "s.toml").write_text(f'kind = "discriminant"\ndata = "t.csv"\n{told}{text}\n')
    problem = dualgap.load(folder / "s.toml")
    assert isinstance(problem, Discriminant)
    return problem


def product_of(problem: Discriminant) -> np.ndarray:
    """Every training example, multiplied out by itself."""
    return np.array([np.kron(c, g) for c, g in zip(problem.sample.settings, problem.sample.features)])


def outer(rows: np.ndarray) -> np.ndarray:
    return sum(np.outer(row, row) for row in rows) / len(rows)


# Scatters.
@pytest.mark.parametrize("style", ["groups", "digits"])
def test_observed_scatters_add_up_to_the_whole(style: str) -> None:
    problem = Discriminant.generate(60, 2, style=style)
    parts = problem.scatters
    seen = product_of(problem) if problem.product else problem.sample.features
    whole = outer(seen - seen.mean(axis=0))
    assert np.allclose(parts.between + parts.within + parts.spurious, whole, atol=1e-10 * np.abs(whole).max())
    for part in (parts.between, parts.within, parts.spurious):
        assert np.linalg.eigvalsh(part).min() > -1e-10 * np.abs(whole).max()


def test_gamma_1_is_the_ordinary_discriminant_whatever_is_spurious() -> None:
    values = [
        dualgap.solve(Discriminant(**fields(spurious=spurious)), "eigh", isolate=False).certificate.value
        for spurious in (list("xyxyxx"), list("xyyxyx"))
    ]
    assert values[0] == pytest.approx(values[1])


def test_a_category_is_priced_by_the_means_of_its_cells() -> None:
    problem = Discriminant.generate(50, 5)
    sample = problem.sample
    value, moved = sample.settings.argmax(axis=1), np.zeros((len(sample), sample.width))
    for k, v in itertools.product(range(sample.count), range(sample.settings.shape[1])):
        cell = (sample.codes == k) & (value == v)
        if cell.any():
            moved[cell] = sample.features[cell].mean(axis=0) - sample.features[sample.codes == k].mean(axis=0)
    assert np.allclose(problem.scatters.spurious, outer(moved))


def test_products_in_closed_form_are_what_all_recoloured_examples_give() -> None:
    digits = Discriminant.generate(30, 4, style="digits", scatter="interventional")
    sample = digits.sample
    recoloured = np.array([[np.kron(c, g) for g in sample.features] for c in sample.settings])
    short = scatters.interventional(
        type(sample)(recoloured[0], sample.codes, sample.settings, False, recoloured, sample.count)
    )
    for name in ("root", "within", "spurious", "centroids"):
        closed, counted = getattr(digits.scatters, name), getattr(short, name)
        assert np.allclose(closed, counted, atol=1e-9 * max(1.0, np.abs(counted).max())), name


def test_projection_is_the_limit_of_a_price_without_end() -> None:
    # 40 features leave room beside the nine directions in which three values move three classes.
    options = {"features": 40, "shift": 3.0}
    limit = Discriminant.generate(200, 1, scatter="projection", **options)
    dear = Discriminant.generate(200, 1, gamma=1e9, **options)
    assert not limit.scatters.spurious.any()
    unit = dear.scatters.variance / limit.scatters.variance  # of the ridge
    values = eigh(limit.scatters.between, limit.scatters.metric(1.0, 0.1 * unit), eigvals_only=True)
    bought = dualgap.solve(dear, "eigh", isolate=False).certificate.value
    assert float(bought) == pytest.approx(float(values[-2:].sum()), rel=1e-4)


# Solving and certifying.
@pytest.mark.parametrize("scatter", ["observed", "interventional", "projection"])
def test_solvers_agree_with_a_dense_decomposition(scatter: str) -> None:
    problem = Discriminant.generate(120, 7, features=14, scatter=scatter, gamma=3.0)
    truth = float(eigh(problem.scatters.between, problem.metric, eigvals_only=True)[-2:].sum())
    for solver in ("low-rank", "eigh", "lobpcg", "subspace-iteration", "whitened-gradient"):
        certificate = dualgap.solve(problem, solver, isolate=False).certificate
        assert certificate.verdict == "optimal", solver
        assert certificate.evidence == "numerical"
        assert float(certificate.value) == pytest.approx(truth, rel=1e-9)
        assert float(certificate.bound) >= truth * (1 - 1e-12)


def test_plain_descent_falls_short_and_its_certificate_says_so() -> None:
    problem = dualgap.load(example(Discriminant, "observed"))
    certificate = dualgap.solve(problem, "stiefel-descent", isolate=False).certificate
    assert certificate.verdict == "feasible"
    assert certificate.relative_gap > 0.01
    assert float(certificate.value) < 0.99 * float(dualgap.solve(problem, isolate=False).certificate.value)


def test_only_the_span_of_directions_counts() -> None:
    problem = Discriminant.generate(60, 1, features=6)
    rng = np.random.default_rng(0)
    drawn, mixed = rng.normal(size=(6, 2)), rng.normal(size=(2, 2))
    first, again = (problem.evaluate(Directions(directions=w)) for w in (drawn, 1e6 * drawn @ mixed))
    assert again.objective == pytest.approx(first.objective, rel=1e-9)
    assert first.metrics == again.metrics
    assert not first.violations


@pytest.mark.parametrize(
    ("directions", "broken"),
    [
        (np.ones((5, 2)), "directions"),
        (np.ones((6, 0)), "directions"),
        (np.ones((6, 2)), "independent directions"),
        (np.zeros((6, 1)), "independent directions"),
        (np.eye(6)[:, :3], "k"),
    ],
)
def test_what_are_no_directions_is_a_violation(directions: np.ndarray, broken: str) -> None:
    evaluation = Discriminant.generate(60, 1, features=6).evaluate(Directions(directions=directions))
    assert set(evaluation.violations) == {broken}


def test_bad_witnesses_bound_nothing() -> None:
    problem = Discriminant.generate(60, 1, features=6)
    for witness in (Exhaustion(), Spectrum(values=[1.0], vectors=np.ones((6, 1)))):
        with pytest.raises(InvalidWitnessError):
            problem.bound(witness)


# Accuracy and choice.
def test_setting_the_colour_apart_tells_digits_whose_colour_says_nothing() -> None:
    metrics = dualgap.solve(dualgap.load(example(Discriminant)), isolate=False).certificate.metrics["test"]
    assert metrics["accuracy"] > 0.9
    assert metrics["MDA accuracy"] < 0.55


def test_paying_for_the_colour_helps_where_nothing_else_is_known() -> None:
    metrics = dualgap.solve(dualgap.load(example(Discriminant, "observed")), isolate=False).certificate.metrics["test"]
    assert metrics["accuracy"] > metrics["MDA accuracy"] + 0.07


def test_the_ordinary_discriminant_stands_beside_and_is_what_gamma_1_gives() -> None:
    problem = Discriminant.generate(80, 3, features=6)
    found = dualgap.solve(problem, "low-rank", isolate=False).certificate.metrics
    assert list(found) == ["train", "validation", "test"]
    for split in found.values():
        for name in ("accuracy", "balanced accuracy", "worst cell"):
            assert split[name] == split[f"MDA {name}"]


def test_accuracies_by_cells_count_each_cell_alike() -> None:
    problem = Discriminant.generate(80, 3, features=6)
    answer = dualgap.solve(problem, "low-rank", isolate=False).answer
    frame = problem.normalised(np.asarray(answer.directions))
    points, places = problem.features @ frame, problem.scatters.centroids @ frame
    nearest = np.linalg.norm(points[:, None] - places, axis=2).argmin(axis=1)
    right: dict[tuple[str, str], list[bool]] = {}
    for i in np.flatnonzero(problem.rows["test"]):
        cell = problem.label[i], problem.spurious[i]
        right.setdefault(cell, []).append(problem.classes_named[nearest[i]] == problem.label[i])
    shares = [np.mean(cell) for cell in right.values()]
    metrics = problem.evaluate(answer).metrics["test"]
    assert metrics["balanced accuracy"] == pytest.approx(np.mean(shares))
    assert metrics["worst cell"] == pytest.approx(min(shares))


def test_lists_are_chosen_from_by_the_validation_split_and_the_choice_is_kept() -> None:
    raw = {"kind": "discriminant", "generate": {"size": 90, "seed": 4, "features": 8, "agree": 0.8}}
    chosen = dualgap.load({**raw, "gamma": [0, 1, 100], "ridge": [0.01, 1], "k": ["full", 1]})
    assert chosen.tried.shape == (12, 4)
    scores = []
    for gamma, ridge, k, score in chosen.tried.tolist():
        one = dualgap.load({**raw, "gamma": gamma, "ridge": ridge, "k": int(k)})
        run = dualgap.solve(one, "low-rank", isolate=False)
        scores.append(float(run.certificate.metrics["validation"]["balanced accuracy"]))
        assert score == pytest.approx(scores[-1])
    best = chosen.tried[int(np.argmax(scores))]
    assert (chosen.gamma, chosen.ridge, chosen.k) == tuple(best[:3])
    assert len(set(scores)) > 1


def test_the_test_split_has_no_say_in_the_choice() -> None:
    raw = {"kind": "discriminant", **Discriminant.generate(60, 4, features=8).content(), "gamma": [0, 1, 100]}
    first = dualgap.load(raw)
    tests = np.array(raw["split"]) == "test"
    other = np.where(tests[:, None], -raw["features"], raw["features"])
    again = dualgap.load({**raw, "features": other})
    assert (again.gamma, again.tried.tolist()) == (first.gamma, first.tried.tolist())


def test_tables_show_what_was_chosen() -> None:
    problem = dualgap.load(example(Discriminant, "observed"))
    accuracies, tried = problem.render_metrics(dualgap.solve(problem, isolate=False).certificate.metrics)
    assert [row[0] for row in accuracies] == ["split", "train", "validation", "test"]
    assert [row[-1] for row in tried].count("chosen") == 1
    assert len(tried) == 1 + len(problem.tried)


# Coloured digits.
def test_the_same_seed_gives_the_same_colours_and_only_training_goes_by_the_digit() -> None:
    digits, split = np.arange(1000) % 10, ["train"] * 500 + ["test"] * 500
    first, again, other = (colours(digits, split, seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.min() >= 0
    assert first.max() <= 1

    def explained(rows: slice) -> float:
        """The share of the colours' variance that is between digits."""
        part, of = first[rows], digits[rows]
        means = np.array([part[of == k].mean(axis=0) for k in range(10)])
        return float(means[of].var(axis=0).sum() / part.var(axis=0).sum())

    assert explained(slice(0, 500)) > 0.6
    assert explained(slice(500, 1000)) < 0.1


def test_the_shipped_digits_are_those_of_scikit_learn() -> None:
    datasets = pytest.importorskip("sklearn.datasets")
    data = datasets.load_digits()
    made = coloured(data.data, data.target, {"train": 1000, "validation": 297, "test": 500}, 0)
    grey, digits = shipped()
    assert np.array_equal(made["grey"], grey)
    assert np.array_equal(made["digit"], digits)


@pytest.mark.shared_data
def test_digits_of_mnist(shared_data: Path) -> None:
    table = np.loadtxt(shared_data / "digits" / "mnist_5k.csv.gz", delimiter=",", dtype=np.int64)[::4]
    grey = table[:, :-1].reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(-1, 196)
    made = coloured(grey, table[:, -1], {"train": 850, "validation": 100, "test": 300}, 0)
    told = {"features": made["grey"], "label": made["digit"], "spurious": made["colour"], "split": made["split"]}
    problem = Discriminant(**told, product=True, scatter="interventional", ridge=1)
    metrics = dualgap.solve(problem, "low-rank", isolate=False).certificate.metrics["test"]
    assert metrics["accuracy"] > 0.7
    assert metrics["accuracy"] > metrics["MDA accuracy"] + 0.2


# Specs.
@pytest.mark.parametrize("path", examples(Discriminant).values(), ids=lambda path: path.stem)
def test_every_example_loads(path: Path) -> None:
    assert isinstance(dualgap.load(path), Discriminant)
    assert path.read_text(encoding="utf-8").startswith("# ")


BAD = {
    "one class": (fields(label=list("aaaaaa")), "label: all examples are of one class"),
    "no class": (fields(label=["a", "", "b", "a", "b", "a"]), "example 1 has no class"),
    "lengths": (fields(label=list("aab"), spurious=list("xyx")), "label: 3 entries.*\n.*spurious: 3 entries"),
    "class not trained": (
        fields(split=["train", "train", "test", "test", "train", "test"]),
        "no training example of class 'b'",
    ),
    "split": (fields(split=["train"] * 5 + ["tests"]), "'tests' is no split"),
    "gamma": (fields(gamma=-1), "gamma: -1"),
    "ridge": (fields(ridge=-0.5), "ridge: -0.5"),
    "gammas in Python": (fields(gamma=[1, 2]), "gamma"),
    "k": (fields(k=3), "3 directions of 2 features"),
    "no k": (fields(k=0), "a whole number from 1"),
    "interventional": (fields(scatter="interventional"), "scatter: nothing tells"),
    "product of categories": (fields(product=True), "give the spurious variable as numbers"),
    "versions": (fields(counterfactuals=np.ones((2, 6, 3))), "counterfactuals: an array of 2 x 6 x 3"),
    "one version": (fields(counterfactuals=np.ones((1, 6, 2))), "two values"),
    "versions of products": (
        fields(counterfactuals=np.ones((2, 6, 2)), product=True, spurious=[1, 2, 3, 4, 5, 6]),
        "counterfactuals: with product",
    ),
    "nothing varies": (fields(features=np.ones((6, 2))), "features: the training examples don't differ"),
    "nothing spurious": (fields(spurious=list("xxyyxy")), "the same for all training examples of a class"),
    "nothing is left": (fields(scatter="projection"), "scatter: .*a projection leaves nothing"),
    "no metric": (
        fields(features=np.arange(12.0).reshape(6, 2) @ np.ones((2, 2)), ridge=0),
        "ridge: without one",
    ),
    "names": (fields(names=["a"]), "names: 1 entries, with 2 features"),
    "tried": (fields(tried=[1.0, 2.0]), "tried: shape"),
    "large": (fields(features=np.full((6, 2), 1e200)), "scale the data"),
    "a word": (fields(spurious="paint"), "names a column"),
}


@pytest.mark.parametrize(("given", "said"), BAD.values(), ids=BAD)
def test_bad_specs_say_what_is_wrong(given: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        Discriminant(**given)


def test_columns_of_a_table(tmp_path: Path) -> None:
    text = 'scatter = "interventional"\ncounterfactuals = [["h_red", "w_red"], ["h_blue", "w_blue"]]\n'
    problem = loaded(tmp_path, f'{text}split = {{column = "part"}}\ngamma = [0, 1]')
    assert problem.names == ("h", "w")
    assert problem.counterfactuals.shape == (2, 7, 2)
    assert problem.split == ("train",) * 5 + ("validation", "test")
    assert len(problem.tried) == 2
    assert problem.scatters.centroids[0] == pytest.approx([8.7 / 6, 13.2 / 6])  # cats, red and blue alike


def test_splits_are_drawn_from_tables_by_the_seed(tmp_path: Path) -> None:
    names = sorted(loaded(tmp_path, "split = {validation = 0.3, test = 0.1, seed = 1}").split)
    assert names == ["test"] + ["train"] * 4 + ["validation"] * 2
    first, again, other = (loaded(tmp_path, f"split = {{test = 0.3, seed = {seed}}}").split for seed in (1, 1, 2))
    assert first == again != other


def test_several_spurious_columns_and_matrices_of_npz_files(tmp_path: Path) -> None:
    problem = loaded(tmp_path, 'features = ["h", "w"]').content()
    assert problem["names"] == ("h", "w")
    rng = np.random.default_rng(0)
    arrays = {"x": rng.normal(size=(8, 3)), "y": np.arange(8) % 2, "c": rng.random((8, 2)), "v": rng.random((2, 8, 3))}
    np.savez(tmp_path / "d.npz", **arrays)
    text = 'kind = "discriminant"\ndata = "d.npz"\nfeatures = "x"\nlabel = "y"\nspurious = "c"\ncounterfactuals = "v"\n'
    (tmp_path / "n.toml").write_text(f'{text}scatter = "interventional"\nsplit = {{validation = 0, test = 0}}\n')
    found = dualgap.load(tmp_path / "n.toml")
    assert found.settings == pytest.approx(arrays["c"])
    assert found.counterfactuals == pytest.approx(arrays["v"])
    assert found.label[:2] == ("0", "1")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gamma = []", "gamma: an empty list"),
        ('gamma = ["a", 1]', "expected a number, got 'a'"),
        ('gamma = [1, -2]\nsplit = {column = "part"}', "gamma: -2"),
        ("gamma = [1, 2]\nsplit = {validation = 0}", "no validation examples"),
        ('split = {column = "kind"}', "'cat' is no split"),
        ('split = {column = "nope"}', "no column 'nope'"),
        ("split = {column = 3}", "3 is no column"),
        ("split = {test = 1.5}", "1.5 is no share"),
        ("split = {test = 0.5, validation = 0.5}", "nothing is left to train on"),
        ("split = {seed = -1}", "is no seed"),
        ("split = {tests = 0.1}", "unknown field"),
        ("split = 3", "split"),
        ('features = ["h", "kind"]', "column 'kind' isn't numeric"),
        ('counterfactuals = [["h_red", "zzz"]]', "no column 'zzz'"),
        ("counterfactuals = 7", "names no columns"),
        ("categorical = 3", "true or false"),
    ],
)
def test_bad_columns(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SpecError, match=said):
        loaded(tmp_path, text)


@pytest.mark.parametrize(
    ("size", "options", "said"),
    [
        (1, {}, "two examples"),
        (1000, {"style": "digits"}, "1,797"),
        (50, {"style": "digits", "shift": 1}, "digits take no shift"),
        (50, {"classes": 1}, "classes"),
    ],
)
def test_bad_options_of_the_generator(size: int, options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Discriminant.generate(size, 0, **options)


def test_directions_are_exported_as_rows_of_features() -> None:
    problem = Discriminant.generate(20, 0)
    answer = dualgap.solve(problem, "low-rank", isolate=False).answer
    written = np.loadtxt(problem.exports()["directions"](answer).decode().splitlines(), delimiter=",")
    assert np.array_equal(written, answer.directions)
