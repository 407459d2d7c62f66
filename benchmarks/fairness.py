"""Fair classifiers: dualgap beside fairlearn and CVXPY, in process time of one thread, JIT compilation apart.

COMPAS as 72 cells comes with the package. The people of COMPAS, Statlog's German credit data and Adult are read from
``../shared/data/fairness`` where that folder is; else a row says so. ``--quick`` leaves out fairlearn's searches on
Adult, all split seeds but the first, and CVXPY.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported
os.environ.setdefault("OMP_NUM_THREADS", "1")

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from harness import Row, main
from people import DATA, people

import dualgap
from dualgap.problems.examples import example
from dualgap.problems.fair_classifier import FairClassifier

LIMIT = 60.0
METRICS = {"DP": "demographic-parity", "EO": "equalized-odds"}
EPSILONS = (0.01, 0.05)
SEEDS = 5
GRADIENT, THRESHOLDS = "exponentiated-gradient@fairlearn", "threshold-optimizer@fairlearn"


def solved(problem: Any, solver: str, **parameters: Any) -> tuple[dualgap.Run, float]:
    """The run, and the process seconds of all but compiling."""
    begin = time.process_time()
    run = dualgap.solve(problem, solver, parameters=parameters, time=LIMIT, isolate=False)
    return run, time.process_time() - begin - run.seconds.get("compile", 0.0)


def timed(problem: Any, solver: str, repeats: int = 3, **parameters: Any) -> tuple[dualgap.Run, float]:
    """The run and the median of the seconds; what is cached from one solve to the next is made anew."""
    solved(fresh(problem), solver, **parameters)  # warms up
    runs = [solved(fresh(problem), solver, **parameters) for _ in range(repeats)]
    return runs[0][0], statistics.median(seconds for _, seconds in runs)


def fresh(problem: FairClassifier, **fields: Any) -> FairClassifier:
    """The same spec, or another, with nothing computed yet."""
    return FairClassifier(**{name: getattr(problem, name) for name in FairClassifier.model_fields} | fields)


def error(run: dualgap.Run) -> float | None:
    """The certified error; None where the answer isn't feasible."""
    certificate = run.certificate
    return float(certificate.value) if certificate is not None and certificate.feasible else None  # type: ignore[arg-type]


def certified(run: dualgap.Run, evidence: str) -> bool:
    """Whether the answer is optimal, with a bound of this evidence."""
    certificate = run.certificate
    optimal = (dualgap.Verdict.OPTIMAL, dualgap.Verdict.CLAIMED_OPTIMAL)
    return certificate is not None and certificate.evidence == evidence and certificate.verdict in optimal


def cells(quick: bool) -> Iterable[Row]:
    """The best there is on 72 cells of COMPAS."""
    table = dualgap.load(example(FairClassifier, "basic"))
    linear = dualgap.load(example(FairClassifier, "linear"))
    assert isinstance(table, FairClassifier)
    assert isinstance(linear, FairClassifier)
    theirs, spent = beside(fresh(linear, randomized=True), GRADIENT)
    for what, problem, evidence, value, limit in (
        ("any classifier, LP", table, "proved", 0.34075, 0.05),
        ("any without chance, MILP", fresh(table, randomized=False), "proved", 0.34085, 0.05),
        ("linear 0-1, MILP", linear, "claimed", 0.34502, 1.0),
    ):
        run, seconds = timed(problem, "highs")
        found = error(run) if certified(run, evidence) else None
        peer = "fairlearn's EG, linear"
        yield Row(f"COMPAS, 72 cells, DP .01, {what}: error", found, "", value + 5e-6, peer, theirs)
        yield Row(f"COMPAS, 72 cells, DP .01, {what}", seconds, "s", limit, peer, spent)


def beside(problem: FairClassifier, solver: str) -> tuple[float | None, float | None]:
    """(error, seconds) of a peer; (None, None) where it isn't installed."""
    try:
        run, seconds = solved(problem, solver)
    except dualgap.NoRouteError:
        return None, None
    return error(run), seconds


def missing() -> Iterable[Row]:
    yield Row(f"people of COMPAS, German credit and Adult: no folder {DATA.name} beside the checkout", None, "")


def accuracy(run: dualgap.Run, split: str) -> float:
    """Of a feasible answer on a split, else NaN."""
    certificate = run.certificate
    if certificate is None or not certificate.feasible:
        return float("nan")
    return float(certificate.metrics[split]["accuracy"])


def lagrangian(quick: bool) -> Iterable[Row]:
    """Training accuracy against ExponentiatedGradient, whose bound is searched until the gap is epsilon."""
    names = ("compas", "german") if quick else ("compas", "german", "adult")
    wins, count = 0, 0
    for name in names:
        for short, metric in METRICS.items():
            for epsilon in EPSILONS:
                problem = people(name, metric=metric, epsilon=epsilon)
                run, seconds = timed(problem, "proxy-lagrangian")
                ours = accuracy(run, "train")
                try:
                    other, spent = solved(problem, GRADIENT)
                except dualgap.NoRouteError:
                    yield Row(f"{name}, {short} {epsilon:g}: training accuracy", ours, "", None, "fairlearn's EG")
                    continue
                theirs = accuracy(other, "train")
                wins, count = wins + bool(ours >= theirs), count + 1
                what = f"{name}, {short} {epsilon:g}: training accuracy"
                yield Row(what, ours, "", theirs, "fairlearn's EG", theirs, at_least=True)
                yield Row(
                    f"{name}, {short} {epsilon:g}: training", seconds, "s", None, "fairlearn's EG, searched", spent
                )
    if count:
        yield Row(f"as accurate as fairlearn's EG, of {count}", wins, "", count, at_least=True)


def generalisation(quick: bool) -> Iterable[Row]:
    """Test accuracy less ExponentiatedGradient's, over data sets, metrics and split seeds, at epsilon .01."""
    differences: dict[str, list[float]] = {}
    for name in ("compas", "german") if quick else ("compas", "german", "adult"):
        for seed in range(1 if quick else SEEDS):
            for metric in METRICS.values():
                problem = people(name, metric=metric, epsilon=0.01, seed=seed)
                try:
                    theirs = accuracy(solved(problem, GRADIENT)[0], "test")
                except dualgap.NoRouteError:
                    yield Row("test accuracy less fairlearn's EG: not installed", None, "")
                    return
                settings = {name: {}, **({"german, lines=0, responses=0": REMEDY} if name == "german" else {})}
                for what, parameters in settings.items():
                    ours = accuracy(solved(problem, "proxy-lagrangian", **parameters)[0], "test")
                    differences.setdefault(what, []).append(ours - theirs)
    for what, found in differences.items():
        error = statistics.stdev(found) / len(found) ** 0.5
        label = f"{what}: test accuracy less fairlearn's EG, mean of {len(found)}, s.e. {error:.2g}"
        yield Row(label, statistics.fmean(found), "")
    plain = [value for what, found in differences.items() if "=" not in what for value in found]
    yield Row(f"all three, mean of {len(plain)}", statistics.fmean(plain), "", 0.0, at_least=True)


REMEDY: Mapping[str, Any] = {"lines": 0, "responses": 0}


def thresholds(quick: bool) -> Iterable[Row]:
    """Thresholds by group: the exact program against fairlearn's grid."""
    scored = {"hypothesis": "threshold", "score": "logistic-regression", "group_aware": True}
    for name in ("compas", "german", "adult"):
        problem = people(name, metric=METRICS["DP"], epsilon=0.01, **scored)
        ours = error(solved(problem, "highs")[0])
        try:
            theirs = error(solved(problem, THRESHOLDS, grid=20_000)[0])
        except dualgap.NoRouteError:
            theirs = None
        apart = None if ours is None or theirs is None else abs(ours - theirs)
        yield Row(f"{name}, thresholds by group, DP .01: apart from fairlearn", apart, "", 1e-5)
        run = solved(people(name, metric=METRICS["EO"], epsilon=0.05, **scored), "highs")[0]
        found = error(run) if certified(run, "proved") else None
        yield Row(f"{name}, thresholds by group, EO .05: error, where it raises", found, "", 1.0)


def adult(quick: bool) -> Iterable[Row]:
    """Times on Adult, DP .01."""
    scored = {"hypothesis": "threshold", "score": "logistic-regression"}
    for each, aware in (("for all", False), ("by group", True)):
        problem = people("adult", metric=METRICS["DP"], epsilon=0.01, group_aware=aware, **scored)
        _, seconds = timed(problem, "highs", 5)
        _, theirs = beside(problem, THRESHOLDS) if aware else (None, None)
        peer = "fairlearn's ThresholdOptimizer" if aware else ""
        yield Row(f"Adult, thresholds {each}, after the scores", seconds, "s", 0.15, peer, theirs)
    problem = people("adult", metric=METRICS["DP"], epsilon=0.01)
    _, seconds = timed(problem, "proxy-lagrangian")
    one = None if quick else fairlearn_once(problem)
    yield Row("Adult, Lagrangian, compile apart", seconds, "s", 0.5, "" if quick else "fairlearn's EG, one fit", one)
    compiled = [compile_seconds() for _ in range(2)][-1]  # the first fills the cache on disk
    yield Row("Adult, Lagrangian, compile from the cache, wall", compiled, "s", 0.3)


def compile_seconds() -> float:
    """Of a process of its own, JAX's import included."""
    command = [sys.executable, "-m", "dualgap", "solve", str(Path(__file__).with_name("adult.toml")), "--json"]
    command += ["-s", "proxy-lagrangian", "--set", "epsilon=0.01"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(json.loads(done.stdout)["seconds"]["compile"])


def fairlearn_once(problem: FairClassifier) -> float | None:
    """Seconds of a single fit, its bound not searched."""
    try:
        return solved(problem, GRADIENT, fits=1)[1]
    except dualgap.NoRouteError:
        return None


def covariance(quick: bool) -> Iterable[Row]:
    """Zafar et al. on Adult: mean scores at most c = .5 apart."""
    first = people("adult", metric="covariance", epsilon=0.1)
    share = float(first.mass[first.train & (first.groups == 1)].sum() / first.people)
    problem = fresh(first, epsilon=0.5 * share * (1 - share))
    run, seconds = timed(problem, "covariance-newton", 1)
    certificate = run.certificate
    gap = None if certificate is None or certificate.gap is None else float(certificate.gap)
    yield Row("Adult, covariance, c = .5: certified gap", gap, "", 1e-5)
    theirs, spent = (None, None) if quick else conic(problem)
    peer = "CVXPY with Clarabel" if theirs is not None else "CVXPY with Clarabel, no answer"
    yield Row("Adult, covariance, c = .5", seconds, "s", 3.0, "" if quick else peer, spent)
    if theirs is not None:
        apart = abs(float(run.certificate.value) - theirs)  # type: ignore[union-attr, arg-type]
        yield Row("Adult, covariance, c = .5: apart from CVXPY's objective", apart, "", 1e-5)


def conic(problem: FairClassifier) -> tuple[float | None, float]:
    """(objective or None, process seconds) of CVXPY's model of the same program."""
    import cvxpy as cp

    program = problem.surrogate
    signs = 2.0 * program.labels - 1.0
    begin = time.process_time()
    theta = cp.Variable(program.x.shape[1])
    loss = program.shares @ cp.logistic(-cp.multiply(signs, program.x @ theta))
    ridge = program.ridge / 2 * cp.sum_squares(theta[:-1])
    model = cp.Problem(cp.Minimize(loss + ridge), [cp.abs(program.rows @ theta) <= program.epsilon])
    try:
        model.solve(solver=cp.CLARABEL, time_limit=4 * LIMIT)
    except cp.SolverError:
        return None, time.process_time() - begin
    value = float(model.value) if model.status == cp.OPTIMAL and np.isfinite(model.value) else None
    return value, time.process_time() - begin


def rows(quick: bool) -> Iterable[Row]:
    yield from cells(quick)
    if not Path(DATA).is_dir():
        yield from missing()
        return
    for part in (thresholds, adult, lagrangian, covariance, generalisation):
        yield from part(quick)


if __name__ == "__main__":
    sys.exit(main(__doc__, rows))
