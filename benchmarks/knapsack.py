"""0/1 knapsacks of published classes: core-knapsack and its replay, beside raw backends; the cheap solvers' gaps.

Time is process time of this process (everything runs in it). Rows of core-knapsack time the solver, its replay apart;
those of dualgap take no solver's name and include verification. A backend stops after 10 s; its row says what it had
then. The gap rows are certified relative gaps of the approximate solvers. Published instances are read from
``../shared/data``; a row says where they are missing.
"""

from __future__ import annotations

import csv
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import raw
from harness import Row, main

import dualgap
from dualgap.solvers.knapsack.core import CoreKnapsack
from dualgap.testing.harness import Observer

LIMIT = 10.0
FAMILIES = ("uncorrelated", "weak", "strong", "subset-sum", "similar-weights", "circle")
APPROXIMATE = ("greedy", "bisection", "dual-ascent", "pgd")
DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "knapsack"
TARGETS = (
    ("uncorrelated", 100_000, 0.1),
    ("weak", 100_000, 0.1),
    ("strong", 1_000, 0.1),
    ("strong", 10_000, 0.6),
    ("strong", 100_000, 1.5),
)
SEEDS = range(5)


@dataclass(frozen=True)
class Proof:
    """What core-knapsack did on an instance: its value, whether the replay proves it optimal, and seconds of both."""

    value: int
    optimal: bool
    solve: float
    replay: float


def proof(problem: dualgap.Knapsack, limit: float) -> Proof:
    """One run of core-knapsack under observation, its packing evaluated and its witness replayed."""
    begin = time.process_time()
    claim = CoreKnapsack().solve(problem, Observer(limit))
    middle = time.process_time()
    bound = problem.bound(claim.witness, limit)
    end = time.process_time()
    evaluation = problem.evaluate(claim.point)
    feasible = not evaluation.violations
    return Proof(
        int(evaluation.objective), feasible and bound.value == evaluation.objective, middle - begin, end - middle
    )


def generated() -> Iterable[Row]:
    for family, n, target in TARGETS:
        proofs = [proof(dualgap.Knapsack.generate(n, seed, family=family, range=10_000), LIMIT) for seed in SEEDS]
        what = f"{family} n = {n:,}: core-knapsack ({sum(each.optimal for each in proofs)} of {len(proofs)} proved)"
        yield Row(what, statistics.median(each.solve for each in proofs), "s", target)
        yield Row(f"{what}: replay", statistics.median(each.replay for each in proofs), "s", target)


def published(quick: bool) -> Iterable[Row]:
    if not DATA.is_dir():
        yield Row("published instances: no ../shared/data beside the checkout", None)
        return
    files = sorted((DATA / "kplib").glob("*_R10000_*" if quick else "*"))
    proofs = [proof(dualgap.load(file), LIMIT) for file in files]
    name = f"kplib, {len(files)} instances: core-knapsack"
    yield Row(f"{name}, proved", sum(each.optimal for each in proofs), "", len(files), at_least=True)
    for what, times in (("solve", [each.solve for each in proofs]), ("replay", [each.replay for each in proofs])):
        yield Row(f"{name}, median {what}", statistics.median(times), "s", 0.1)
        yield Row(f"{name}, longest {what}", max(times), "s", LIMIT)
    with (DATA / "jooken" / "optima.csv").open() as file:
        known = {row["name"]: (int(row["optimum"]), float(row["combo_seconds"])) for row in csv.DictReader(file)}
    for capacity, limit, share in (("1000000", 10.0, 0.95), ("100000000", 60.0, 0.5)):
        names = [name for name in known if f"_c_{capacity}_" in name]
        proofs = [proof(dualgap.load(DATA / "jooken" / f"{name}.in.gz"), limit) for name in names]
        name = f"Jooken c = {int(capacity):.0e}, {len(names)} instances: core-knapsack"
        yield Row(f"{name}, proved", sum(each.optimal for each in proofs), "", share * len(names), at_least=True)
        wrong = sum(each.optimal and each.value != known[at][0] for at, each in zip(names, proofs, strict=True))
        yield Row(f"{name}, wrong", wrong, "", 0)
        combo = [known[at][1] for at in names]
        peer = "combo, as published"
        yield Row(
            f"{name}, mean solve", statistics.mean(p.solve for p in proofs), "s", None, peer, statistics.mean(combo)
        )
        yield Row(f"{name}, longest solve", max(p.solve for p in proofs), "s", None, peer, max(combo))
        yield Row(f"{name}, longest replay", max(p.replay for p in proofs), "s")


def highs(problem: dualgap.Knapsack) -> tuple[str, float]:
    """(status, value) of raw highspy within the limit."""
    import highspy

    model = raw.highs(problem, mip_rel_gap=0.0, time_limit=LIMIT)
    optimal = model.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return "optimal" if optimal else "limit", -float(model.getInfo().objective_function_value)


def cp_sat(problem: dualgap.Knapsack) -> tuple[str, float]:
    """(status, value) of raw CP-SAT within the limit, one worker."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    picks = [model.new_bool_var("") for _ in range(problem.size)]
    model.add(cp_model.LinearExpr.weighted_sum(picks, problem.weights[0].tolist()) <= int(problem.capacity[0]))
    model.maximize(cp_model.LinearExpr.weighted_sum(picks, problem.values.tolist()))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = LIMIT
    status = solver.solve(model)
    found = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    return "optimal" if status == cp_model.OPTIMAL else "limit", solver.objective_value if found else 0.0


def ours(problem: dualgap.Knapsack) -> tuple[str, float]:
    """(verdict and evidence, value) of dualgap without a solver named."""
    certificate = dualgap.solve(problem, time=LIMIT, isolate=False).certificate
    return f"{certificate.verdict}, {certificate.evidence}", float(certificate.value)


def timed(solve: Callable[[dualgap.Knapsack], tuple[str, float]], problem: dualgap.Knapsack) -> tuple[float, str]:
    begin = time.process_time()
    status, _ = solve(problem)
    return time.process_time() - begin, status


def rows(quick: bool) -> Iterable[Row]:
    warm = dualgap.Knapsack.generate(50, 0, family="strong")
    for solve in (ours, highs, cp_sat):
        solve(warm)
    yield from generated()
    yield from published(quick)
    sizes = (1_000,) if quick else (1_000, 10_000)
    families = FAMILIES[:2] if quick else FAMILIES
    for n in sizes:
        for family in families:
            problem = dualgap.Knapsack.generate(n, 1, family=family, range=10_000)
            seconds, status = timed(ours, problem)
            for peer in (highs, cp_sat):
                other, how = timed(peer, problem)
                name = f"{peer.__name__} ({how})"
                yield Row(f"{family} n = {n:,}: dualgap ({status})", seconds, "s", None, name, other)
    problem = dualgap.Knapsack.generate(10_000, 1, family="weak", range=10_000)
    for name in APPROXIMATE:
        gap = dualgap.solve(problem, name, time=60, isolate=False).certificate.relative_gap
        yield Row(f"weak n = 10,000: certified gap of {name}", 100 * gap if gap is not None else None, "%")


if __name__ == "__main__":
    sys.exit(main(__doc__, rows))
