"""Raw specs: rows get their roles, models are trained, what can't be is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dualgap
from dualgap import SpecError, Unlearning
from dualgap.problems.unlearning.roles import FORGET, RETAIN, TEST, VALIDATION

ROWS = 40


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    kind = np.arange(ROWS) % 2
    lines = [
        f"{kind[k] + rng.normal():.4f},{rng.normal():.4f},{('dog', 'cat')[kind[k]]},{k % 5},{'te' if k < 10 else 'tr'}"
        for k in range(ROWS)
    ]
    path = tmp_path / "pets.csv"
    path.write_text("\n".join(["height,weight,pet,owner,split", *lines]) + "\n")
    return path


def loaded(table: Path, **fields: Any) -> Unlearning:
    raw = {"kind": "unlearning", "data": str(table), "label": "pet", "drop": ["split", "owner"], **fields}
    problem = dualgap.load({name: value for name, value in raw.items() if value is not None})
    assert isinstance(problem, Unlearning)
    return problem


def test_rows_by_columns(table: Path) -> None:
    problem = loaded(
        table, forget={"column": "owner", "equals": 3}, test={"column": "split", "equals": "te"}, drop=None
    )
    assert problem.names == ("height", "weight")  # columns that name roles are no features
    assert problem.classes_named == ("cat", "dog")
    assert (np.flatnonzero(problem.roles == TEST) == np.arange(10)).all()
    assert (np.flatnonzero(problem.roles == FORGET) % 5 == 3).all()


def test_rows_by_class_by_share_and_by_number(table: Path) -> None:
    by_class = loaded(table, forget={"class": "dog"})
    assert (by_class.label[by_class.roles == FORGET] == 1).all()
    assert (by_class.label[by_class.roles == RETAIN] == 0).all()
    shares = loaded(table, forget={"fraction": 0.25, "seed": 1}, validation={"fraction": 0.25, "seed": 2})
    assert [int((shares.roles == role).sum()) for role in (RETAIN, FORGET, TEST, VALIDATION)] == [18, 6, 8, 8]
    numbered = loaded(table, forget={"indices": [11, 20]}, test={"indices": [0, 1]})
    assert np.flatnonzero(numbered.roles == FORGET).tolist() == [11, 20]


def test_the_smallest_margins_are_those_of_the_largest_losses(table: Path) -> None:
    problem = loaded(table, forget={"margin": 0.25})
    losses = problem.model.losses(problem.trained, problem.x, problem.label)
    trained = np.isin(problem.roles, (RETAIN, FORGET))
    assert losses[problem.roles == FORGET].min() >= losses[trained & (problem.roles == RETAIN)].max()


def test_levels(table: Path) -> None:
    problem = loaded(table, forget={"fraction": 0.2}, validation={"fraction": 0.2})
    assert problem.rho == pytest.approx(problem.model.losses(problem.trained, *problem.held_out).mean())
    assert len(problem.held_out[0]) == int((problem.roles == VALIDATION).sum())
    again = loaded(table, forget={"fraction": 0.2}, level="retrain")
    x, labels = again.part(FORGET)
    assert again.rho == pytest.approx(again.model.losses(again.retrained_models[0], x, labels).mean())
    assert loaded(table, forget={"fraction": 0.2}, level=0.7).rho == 0.7


def test_networks_are_retrained_from_other_seeds(table: Path) -> None:
    problem = loaded(table, forget={"fraction": 0.2}, model={"type": "mlp", "hidden": [4], "steps": 5}, models=3)
    assert problem.retrained.shape == (3, problem.model.size)
    assert len({tuple(row) for row in problem.retrained}) == 3
    assert not problem.model.linear
    assert problem.steps == 5


def test_a_model_that_was_trained_elsewhere_is_taken_as_it_is(table: Path) -> None:
    given = [0.5, -0.25, 0.125]
    assert loaded(table, forget={"fraction": 0.2}, trained=given).trained.tolist() == given


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "forget: missing"),
        ({"forget": {"column": "city", "equals": 1}}, r"forget.column: no column 'city'.*columns: height"),
        ({"forget": {"column": "owner", "equals": 9}}, "forget.equals: no row of owner is '9'"),
        ({"forget": {"class": "cow"}}, "forget.class: no training row is 'cow'.*classes: cat, dog"),
        ({"forget": {"fraction": 1.5}}, "forget.fraction: 1.5 is no share"),
        ({"forget": {"indices": [99]}}, "forget.indices: expected row numbers.*0 to 39"),
        ({"forget": {"indices": [3]}, "test": {"indices": [3]}}, "forget: row 3 is no training row"),
        ({"forget": {"margin": 0}}, "forget.margin: 0 is no share"),
        ({"forget": "all"}, "forget: 'all' names no rows"),
        ({"forget": {"fraction": 0.1}, "label": "owners"}, "label"),
        (
            {"forget": {"fraction": 0.1}, "validation": {"indices": [1]}, "test": {"indices": [1]}},
            "row 1 is a test row",
        ),
        ({"forget": {"fraction": 0.1}, "model": {"type": "tree"}}, "model: .* is no model"),
        ({"forget": {"fraction": 0.1}, "model": {"type": "logistic", "l2": 0}}, "model.l2: without a ridge"),
        ({"forget": {"fraction": 0.1}, "model": {"type": "logistic", "steps": 3}}, "model.steps: unknown field"),
        ({"forget": {"fraction": 0.1}, "model": {"type": "mlp", "hidden": [0]}}, "model.hidden: 0 is no whole number"),
        ({"forget": {"fraction": 0.1}, "model": {"type": "mlp", "rate": 0}}, "model.rate: 0 is no rate"),
        ({"forget": {"fraction": 0.1}, "model": {"type": "mlp"}, "noise": 1.0}, "noise: certified removal"),
        ({"forget": {"fraction": 0.1}, "level": "oracle"}, "level: 'oracle' is no level"),
        ({"forget": {"fraction": 0.1}, "level": "retrain", "models": 0}, "level: no model is retrained"),
        ({"forget": {"fraction": 0.1}, "trained": [1.0]}, "trained: 1 parameters, for a model of 3"),
        ({"forget": {"fraction": 0.1}, "features": ["height", "pet"]}, "features"),
    ],
)
def test_bad_specs_name_the_place(table: Path, fields: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        loaded(table, **fields)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"roles": [0, 1]}, "roles: 2 entries"),
        ({"roles": [4] * 12}, "roles: no number of a role.*0: retain"),
        ({"roles": [1] * 12}, "roles: no row is retained"),
        ({"label": [7] * 12}, "label: no number of a class"),
        ({"l2": 0}, "l2: 0.* is not positive"),
        ({"trained": [0.0]}, "trained: 1 parameters, for a model of 5"),
        ({"retrained": [[0.0]]}, "retrained: shape"),
        ({"trained": [1e40] * 5}, "trained: a parameter beyond 1e30"),
        ({"steps": 0}, "steps: 0 is not positive"),
        ({"rho": -1}, "rho: -1 is no loss"),
    ],
)
def test_closed_specs_are_checked(fields: dict[str, Any], said: str) -> None:
    whole = Unlearning.generate(6, 0).content()
    with pytest.raises(SpecError, match=said):
        Unlearning(**{**whole, **fields})


def test_requests_one_after_another(table: Path, tmp_path: Path) -> None:
    """The second starts at what the first left, and its bound covers what both left."""
    test = {"column": "split", "equals": "te"}
    first = loaded(table, forget={"indices": [11, 20]}, test=test, drop=["owner"])
    run = dualgap.solve(first, "newton-removal", isolate=False, parameters={"steps": 1})
    (tmp_path / "first.npz").write_bytes(first.exports()["npz"](run.answer))
    second = loaded(
        table, forget={"indices": [11, 20, 25, 30]}, test=test, trained=str(tmp_path / "first.npz"), drop=["owner"]
    )
    assert (second.trained == run.answer.parameters).all()
    again = dualgap.solve(second, "newton-removal", isolate=False, parameters={"steps": 1})
    away = np.linalg.norm(again.answer.parameters - second.retrained_models[0])
    assert 0 < away <= second.evaluate(again.answer).metrics["distance"]["distance at most"]


def test_runs_keep_a_hash_of_what_was_forgotten(table: Path) -> None:
    raw = {"kind": "unlearning", "data": str(table), "label": "pet", "drop": ["split", "owner"]}
    runs = [
        dualgap.solve({**raw, "forget": {"indices": rows}}, "retrain", isolate=False, seed=1)
        for rows in ([3], [3], [4])
    ]
    hashes = [run.artefacts["forgotten"] for run in runs]
    assert hashes[0] == hashes[1] != hashes[2]


def test_reports_draw_losses(table: Path) -> None:
    problem = loaded(table, forget={"fraction": 0.2})
    found = problem.figures(problem.trivial())
    assert [int(figure.counts.sum()) for figure in found] == [6, 6, 6, 8]
