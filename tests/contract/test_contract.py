"""Each later family, as a toy of at most 60 lines, goes the whole way from a spec to a certificate."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest

import dualgap
from tests.contract.eigenproblem import Directions, Discriminant, Eigh
from tests.contract.fair_threshold import FairCells
from tests.contract.matrix_game import FictitiousPlay, Game
from tests.contract.recall import Recall
from tests.contract.sharding import OuterEnumeration, Plan, Sharding
from tests.contract.unlearning import Unlearning

TOYS = sorted(path for path in Path(__file__).parent.glob("*.py") if not path.name.startswith(("test_", "_")))


@pytest.mark.parametrize("toy", TOYS, ids=lambda path: path.stem)
def test_a_toy_has_at_most_60_lines(toy):
    assert len(toy.read_text().splitlines()) <= 60


@pytest.mark.parametrize(
    ("solver", "via", "closeness"), [(FictitiousPlay(), "saddle", 0.05), ("highs", "lp", 1e-9)], ids=["saddle", "lp"]
)
def test_matrix_game(solver, via, closeness):
    game = Game(payoff=[[0, 1, -2], [-1, 0, 1], [1, -1, 0]])
    certificate = dualgap.solve(game, solver, via=via, isolate=False).certificate
    assert certificate.evidence == "proved"
    assert 0 <= certificate.gap <= closeness
    assert certificate.bound <= certificate.value
    assert float(certificate.value) == pytest.approx(-1 / 12, abs=closeness)


def test_fair_threshold():
    train, test = [[8, 5, 1, 9, 6, 3], [2, 5, 9, 1, 2, 4]], [[7, 4, 2, 9, 5, 4], [3, 5, 8, 2, 2, 3]]
    problems = [FairCells(group=[0, 0, 0, 1, 1, 1], train=train, test=test, epsilon=e) for e in (1, 0.05)]
    free, fair = (dualgap.solve(problem, "highs", isolate=False).certificate for problem in problems)
    assert free.verdict == fair.verdict == "optimal"
    assert fair.evidence == "proved"
    assert fair.value > free.value
    assert float(fair.metrics["train"]["parity"]) == pytest.approx(0.05, abs=1e-6)
    assert set(fair.metrics["test"]) == {"errors", "parity"}
    assert fair.scope == "training split"


@pytest.mark.parametrize("solver", ["proxy-lagrangian", "proxy-augmented", "nupi"])
def test_recall(solver):
    rng = np.random.default_rng(0)
    labels = (rng.random(200) < 0.4).astype(int)
    problem = Recall(scores=rng.normal(size=200) + labels, labels=labels, least=0.9)
    run = dualgap.solve(problem, solver, isolate=False)
    alarms, missed = problem.worth([-np.inf, *problem.scores])
    least = min(  # of all mixtures of two cuts, which suffice: one row beside the weights' sum
        a + (b - a) * t
        for (a, p), (b, q) in product(zip(alarms, missed[:, 0]), repeat=2)
        if p <= 0 and (t := 1.0 if q <= 0 else -p / (q - p)) is not None
    )
    assert run.certificate.feasible
    assert run.certificate.bound <= least + 1e-9
    assert least - 1e-9 <= run.certificate.value <= least + 0.02
    assert len(run.answer.cuts) <= 2


def test_recall_that_no_cut_has_is_an_honest_best_effort():
    problem = Recall(scores=[0.0, 1.0, 2.0], labels=[0, 1, 1], least=1.01)
    run = dualgap.solve(problem, "nupi", isolate=False)
    assert run.certificate.verdict == "nothing"
    assert run.stop == "iterations"
    assert run.certificate.violations["recall"] == pytest.approx(0.01)


def test_unlearning(monkeypatch, tmp_path, registered):
    registered(Unlearning)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    rng = np.random.default_rng(0)
    features = rng.normal(size=(60, 3))
    labels = np.where(features @ [1, -2, 0.5] + rng.normal(size=60) > 0, 1, -1)
    spec = {"kind": "toy-unlearning", "features": features, "labels": labels, "l2": 0.1, "forget": list(range(10))}
    run = dualgap.solve(spec, "pgd", isolate=False)
    assert run.certificate.verdict == "optimal"
    assert run.certificate.evidence == "numerical"
    kept = np.load(tmp_path / "dualgap" / "artefacts" / f"{run.artefacts['features']}.npy")
    assert np.array_equal(kept, features[10:])
    everything = dualgap.load({**spec, "forget": []})
    assert everything.evaluate(run.answer).objective != pytest.approx(run.certificate.value, rel=1e-6)


def test_sharding():
    problem = Sharding(seconds=[[12, 8], [20, 10]], memory=[[1, 3], [2, 4]], overhead=(0, 5), capacity=5)
    run = dualgap.solve(problem, OuterEnumeration(), isolate=False)
    assert run.answer == Plan(degree=2, choice=(0, 1))
    assert run.certificate.value == 16
    assert run.certificate.verdict == "optimal"
    assert run.certificate.evidence == "proved"


def test_eigenproblem():
    rng = np.random.default_rng(3)
    a, c = rng.normal(size=(5, 5)), rng.normal(size=(9, 5))
    problem = Discriminant(between=a @ a.T, within=c.T @ c, rank=2)
    certificate = dualgap.solve(problem, Eigh(), isolate=False).certificate
    assert certificate.verdict == "optimal"
    assert certificate.evidence == "numerical"
    assert certificate.bound >= certificate.value
    spectrum = np.linalg.eigvals(np.linalg.solve(problem.within, problem.between)).real
    assert certificate.value == pytest.approx(np.sort(spectrum)[-2:].sum())
    random = Directions(vectors=np.linalg.qr(rng.normal(size=(5, 2)))[0])
    assert problem.evaluate(random).violations["X'CX = I"].amount > 1e-3
