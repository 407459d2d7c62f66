"""Unlearning beside retraining: linear models' distances, the bound, networks tuned alike, the ceiling of F.

Digits 3 against 8 and networks on noisy labels take MNIST's 5,000 (``../shared/data``), or else scikit-learn's 8 x 8
digits, which ``--quick`` takes, too; all of MNIST with ``DUALGAP_MNIST=FILE.npz`` (``x``: pixels from 0 to 255, ``y``).
Distances are relative to doing nothing. Networks: every method draws equally many settings in a sweep of
``examples/unlearning.toml``; the one whose accuracies on forgotten rows and on those for validation differ the least,
at no more than 3 points lost on the latter, is judged on three other seeds.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported
os.environ.setdefault("OMP_NUM_THREADS", "1")

import statistics
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from harness import Row, main, process_seconds

import dualgap
from dualgap.core.resolve import Resolver
from dualgap.engine.load import load
from dualgap.problems.unlearning import Parameters, Unlearning
from dualgap.problems.unlearning.data import closed
from dualgap.problems.unlearning.objective import Objective
from dualgap.problems.unlearning.roles import FORGET
from dualgap.problems.unlearning_audit import UnlearningAudit
from dualgap.solvers.unlearning.retrain import cold_lbfgs
from dualgap.study.sweep.engines import engine
from dualgap.study.sweep.plan import Plan
from dualgap.study.sweep.run import grid, sweep
from dualgap.study.sweep.store import Store

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data" / "digits" / "mnist_5k.csv.gz"
LINEAR = ("influence", "newton-removal", "pgd", "fine-tune", "neg-grad", "neg-grad-plus", "gradient-surgery")
COVERED = (*LINEAR, "retrain", "random-labels", "soft-relabel", "scrub", "selective-dampening", "forget-ascent")
COVERED += ("retain-ascent", "membership-game")
LOST = 0.03  # accuracy that a method may lose on retained or validation rows
CLOSED = 75.0  # per cent of the forgotten rows' accuracy gap
MODELS = 48  # retrained for the ceiling


def digits(quick: bool) -> tuple[np.ndarray, np.ndarray]:
    """(n, d) pixels from 0 to 1 and the digits."""
    if (whole := os.environ.get("DUALGAP_MNIST")) and not quick:
        arrays = np.load(whole)
        return arrays["x"].reshape(len(arrays["y"]), -1) / 255.0, arrays["y"].astype(np.int64)
    if SHARED.is_file() and not quick:
        table = np.loadtxt(SHARED, delimiter=",")
        return table[:, :-1] / 255.0, table[:, -1].astype(np.int64)
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    return x / 16.0, y


def answered(problem: Unlearning, solver: str, seed: int = 0, **parameters: Any) -> np.ndarray:
    """(p,) parameters after a verified run in this process."""
    run = dualgap.solve(problem, solver, isolate=False, time=120, seed=seed, parameters=parameters, explain_seconds=0.0)
    assert run.answer is not None
    return np.asarray(run.answer.parameters, dtype=np.float64)


def linear_rows(quick: bool) -> Iterator[Row]:
    """Distances of two digits' logistic regression, and times beside cold retraining."""
    x, y = digits(quick)
    two = np.isin(y, (3, 8))
    unit = x[two] / np.linalg.norm(x[two], axis=1, keepdims=True)
    targets = {"random 10 %": {"newton-removal": 1e-6}, "worst 10 %": {"newton-removal": 5e-3, "pgd": 2e-3}}
    for name, forget in (("random 10 %", {"fraction": 0.1, "seed": 0}), ("worst 10 %", {"margin": 0.1})):
        spec = {"features": unit, "label": y[two], "forget": forget, "model": {"type": "logistic", "l2": 1e-3}}
        problem = Unlearning(**closed(spec, Resolver(seed=0)))
        best = problem.retrained_models[0]
        nothing = float(np.linalg.norm(problem.trained - best))
        for solver in LINEAR:
            w = answered(problem, solver, **({"iterations": 200} if solver == "pgd" else {}))
            away = float(np.linalg.norm(w - best)) / nothing
            yield Row(f"3 v 8, {name}: {solver}, distance to retraining", away, "", targets[name].get(solver))
        objective = problem.objective
        spent = process_seconds(partial(newton_steps, objective, problem.trained.astype(np.float64), 2))
        works = {
            "Newton, cold": partial(objective.minimiser, np.zeros(problem.model.size)),
            "L-BFGS, cold": partial(cold_lbfgs, objective, 1e-10),
        }
        for peer, work in works.items():
            what = f"3 v 8, {name}: two Newton steps"
            yield Row(what, spent, "s", None, f"retraining by {peer}", process_seconds(work))


def newton_steps(objective: Objective, w: np.ndarray, steps: int) -> np.ndarray:
    """What ``newton-removal`` does, without the toolkit."""
    for _ in range(steps):
        w = w + objective.newton_step(w, objective.gradient(w))
    return w


def cover_rows(quick: bool) -> Iterator[Row]:
    """How often the bound that needs no retraining covers the true distance."""
    tasks = 10 if quick else 100
    held = 0
    for seed in range(tasks):
        problem = Unlearning.generate(15, seed, classes=2 + seed % 3, hardest=seed % 4 > 1, forget=0.15)
        for solver in COVERED:
            w = answered(problem, solver)
            at_most = problem.evaluate(Parameters(parameters=w)).metrics["distance"]["distance at most"]
            held += bool(np.linalg.norm(w - problem.retrained_models[0]) <= float(at_most) + 1e-9)
    share = 100.0 * held / (tasks * len(COVERED))
    yield Row(f"the bound covers, {tasks} tasks x {len(COVERED)} methods", share, "%", 100.0, at_least=True)


def network(seed: int, quick: bool) -> dict[str, np.ndarray]:
    """Columns of a table: 2,000 rows to learn from, a fifth of whose labels are wrong; those for validation, too."""
    x, y = digits(quick)
    rng = np.random.Generator(np.random.PCG64([seed, 7]))
    order = rng.permutation(len(x))[: 1_700 if quick else 4_000]
    learn, hold = (1_000, 350) if quick else (2_000, 1_000)
    wrong = rng.random(len(order)) < 0.2
    wrong[learn + hold :] = False  # tests are right
    label = np.where(wrong, (y[order] + rng.integers(1, 10, len(order))) % 10, y[order])
    role = np.repeat(["forget", "retain", "validation", "test"], [learn // 10, learn - learn // 10, hold, 0])
    role = np.concatenate([role, np.repeat("test", len(order) - len(role))])
    return {"x": x[order], "label": label, "role": role}


def spec(folder: Path, seed: int, quick: bool, models: int) -> Path:
    """A spec's file beside its data."""
    np.savez(folder / f"{seed}.npz", **network(seed, quick))
    parts = [f'{part} = {{column = "role", equals = "{part}"}}' for part in ("forget", "validation", "test")]
    path = folder / f"{seed}.toml"
    lines = ['kind = "unlearning"', f'data = "{seed}.npz"', 'features = "x"', 'label = "label"', *parts]
    model = '{type = "mlp", hidden = [64], steps = 1000, rate = 5e-3}'
    path.write_text("\n".join([*lines, f"model = {model}", f"models = {models}"]) + "\n", encoding="utf-8")
    return path


def loaded(path: Path, seed: int) -> Unlearning:
    """The closed problem."""
    problem = load(path, seed=seed).problem
    assert isinstance(problem, Unlearning)
    return problem


def tuned(folder: Path, quick: bool) -> dict[str, Mapping[str, Any]]:
    """Of each method the settings that validation chooses, after the shipped plan's sweep."""
    shipped = tomllib.loads((ROOT / "examples" / "unlearning.toml").read_text(encoding="utf-8"))
    draws = {"samples": 3} if quick else {}
    path = spec(folder, 100, quick, 1)
    plan = Plan.model_validate(
        {**shipped, "instances": [{"file": path.name}], "solvers": [one | draws for one in shipped["solvers"]]}
    )
    best: dict[str, tuple[tuple[bool, float], Mapping[str, Any]]] = {}
    with Store.open(folder / "runs.db") as store:
        found = grid(plan, folder, store)
        sweep(found, store, engine("joblib", 2), name="tuning")
        for job in found.jobs:
            merit = _merit(store.run(job.key)["certificate"]["metrics"])
            if job.case.solver not in best or merit < best[job.case.solver][0]:
                best[job.case.solver] = merit, dict(job.case.parameters)
    return {solver: parameters for solver, (_, parameters) in best.items()}


def _merit(metrics: Mapping[str, Mapping[str, float]]) -> tuple[bool, float]:
    """Whether too much is lost on the rows for validation; how far the forgotten rows' accuracy is from theirs."""
    unseen, gone = metrics["validation accuracy"], metrics["forget accuracy"]
    return unseen["now"] < unseen["nothing done"] - LOST, abs(gone["now"] - unseen["now"])


def network_rows(quick: bool) -> Iterator[Row]:
    """Shares of the accuracy gap that tuned methods close, and what they lose."""
    seeds = range(1 if quick else 3)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = tuned(folder, quick)
        problems = [loaded(spec(folder, seed, quick, 3), seed) for seed in seeds]
    for solver, parameters in settings.items():
        shares, lost, spent = [], [], []
        for seed, problem in zip(seeds, problems):
            w = answered(problem, solver, seed, **parameters)
            metrics = problem.evaluate(Parameters(parameters=w)).metrics
            gone, kept = metrics["forget accuracy"], metrics["retain accuracy"]
            shares.append(100 * (gone["nothing done"] - gone["now"]) / (gone["nothing done"] - gone["retrained"]))
            lost.append(100 * (kept["retrained"] - kept["now"]))
            spent.append(process_seconds(partial(answered, problem, solver, **parameters), 1, 0))
        ours = solver == "forget-ascent"
        name = f"network, {solver}"
        yield Row(f"{name}: accuracy gap closed", statistics.mean(shares), "%", CLOSED if ours else None, at_least=True)
        yield Row(f"{name}: retain accuracy lost", statistics.mean(lost), "points", 100 * LOST if ours else None)
        yield Row(f"{name}: with evaluation", statistics.mean(spent), "s")


def ceiling_rows(quick: bool) -> Iterator[Row]:
    """F between two sets of retrained networks, relative to the ceiling, with its interval."""
    count = 12 if quick else MODELS
    with tempfile.TemporaryDirectory() as folder:
        problem = loaded(spec(Path(folder), 0, True, 2 * count), 0)
    x, labels = problem.part(FORGET)
    confidences = []
    for w in problem.retrained_models:
        loss = problem.model.losses(w, x, labels)
        confidences.append(-loss - np.log(-np.expm1(-np.maximum(loss, 1e-12))))
    array = np.array(confidences)
    found = UnlearningAudit(unlearned=array[:count], retrained=array[count:]).reference
    share = found["F / ceiling"]
    inside = float(share["2.5 %"]) <= 1.0 <= float(share["97.5 %"])
    yield Row(f"F of {count} retrained networks", float(found["F"]["value"]), "")
    yield Row("F / ceiling", float(share["value"]), "")
    yield Row("1 within the 95 % interval of F / ceiling", float(inside), "", 1.0, at_least=True)


def rows(quick: bool) -> Iterable[Row]:
    for part in (linear_rows, cover_rows, network_rows, ceiling_rows):
        yield from part(quick)


if __name__ == "__main__":
    sys.exit(main(__doc__, rows))
