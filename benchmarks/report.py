"""Reports on 10,000 runs in one store: process time from opening it to the whole page, and the page's size.

The store is made here: whole runs as ``sweep`` keeps them, with answers, bounds and traces of 20 points, of instances
with known optima. A tenth of the runs was refused, failed or ended empty, and a few claims are wrong.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from harness import Row, main, process_seconds

from dualgap.study.review.collect import review
from dualgap.study.review.summary import summary
from dualgap.study.review.tallies import tallies
from dualgap.study.review.write import write_review
from dualgap.study.sweep.cases import Outcome
from dualgap.study.sweep.store import Store

SOLVERS = ("highs", "cp-sat", "dynamic-programming", "dual-ascent", "greedy", "pgd", "scip", "core-knapsack")
SEEDS, SIZES, POINTS, LIMIT = 5, (50, 100, 500, 1000), 20, 10.0
BUDGET = {"time": LIMIT, "gap": 0.0, "threads": 1, "memory": None}


def outcomes(runs: int) -> Iterator[Outcome]:
    """Synthetic runs, the same each time: solvers x instances x seeds."""
    rng = np.random.default_rng(1)
    for k in range(runs):
        instance, solver, seed = k // (len(SOLVERS) * SEEDS), SOLVERS[k % len(SOLVERS)], k // len(SOLVERS) % SEEDS
        size = SIZES[instance % len(SIZES)]
        name = f"knapsack seed={instance} size={size}"
        yield Outcome(
            f"{k:064x}",
            run(rng, instance, solver, seed),
            name,
            size,
            0.0,
            "vm:1",
            1,
            {"system": "Linux", "machine": "x86_64", "cores": 2},
        )


def run(rng: np.random.Generator, instance: int, solver: str, seed: int) -> dict[str, Any]:
    best = 10_000 + 37 * instance
    fate = rng.random()
    exact = solver in ("highs", "cp-sat", "dynamic-programming", "scip")
    common = {
        "schema_version": 1,
        "problem": {"kind": "knapsack", "hash": f"{instance:064x}"},
        "solver": solver,
        "label": "",
        "parameters": {"iterations": 2000},
        "budget": BUDGET,
        "seed": seed,
        "versions": {"python": "3.11", "dualgap": "0.1.0", "numpy": "2.4"},
        "checks": [{"name": "witness", "passed": True, "detail": "multipliers"}],
        "peak_memory": 10**8,
    }
    if fate < 0.05:
        return {**common, "refused": f"{solver} refuses: more than {LIMIT:g} GB", "seconds": {}}
    if fate < 0.08:
        return {**common, "error": "Traceback\nValueError: no", "message": "ValueError: no", "seconds": {"total": 0.1}}
    gap = 0.0 if exact else float(10 ** rng.uniform(-5, -1))
    seconds = float(10 ** rng.uniform(-3, 1 if exact else 0))
    value = int(best * (1 - gap))
    bound, evidence = (best, "proved") if not exact or solver == "dynamic-programming" else (best, "claimed")
    if fate > 0.999:
        bound, evidence = best - 100, "claimed"  # a wrong claim
    relative = abs(bound - value) / bound
    trace = [[seconds * (k + 1) / POINTS, int(value * (k + 1) / POINTS), best + POINTS - k - 1] for k in range(POINTS)]
    certificate = {
        "sense": "maximize",
        "verdict": "optimal" if relative == 0 and evidence == "proved" else "feasible",
        "statement": "Feasible, checked.",
        "value": value,
        "quantity": "total value",
        "unit": "",
        "bound": bound,
        "evidence": evidence,
        "relative_gap": relative,
        "bounds": [{"value": bound, "evidence": evidence, "argument": "multipliers on capacity", "margin": 0.0}],
    }
    times = {"solve": seconds, "verify": 0.001, "total": seconds + 0.01}
    answer = {"items": {str(k): 1 for k in range(100)}}
    return {
        **common,
        "answer": answer,
        "certificate": certificate,
        "seconds": times,
        "trace": trace,
        "stop": "finished",
    }


def rows(quick: bool) -> Iterator[Row]:
    count = 2_000 if quick else 10_000
    with tempfile.TemporaryDirectory() as folder:
        path, page = Path(folder) / "runs.db", Path(folder) / "report.html"
        with Store.open(path) as store:
            for outcome in outcomes(count):
                store.add(outcome, "synthetic")

        def report() -> None:
            with Store.open(path, create=False) as store:
                found = review(store, 0.01)
            counted = tallies(found)
            write_review(page, found, counted, summary(found, counted, "benchmarks/report.py"))

        taken = process_seconds(report, repeats=3, warm=0)
        yield Row(f"report.html of {count:,} runs", taken, target=10.0 * count / 10_000)
        yield Row("its size", page.stat().st_size / 2**20, "MB")


if __name__ == "__main__":
    sys.exit(main(__doc__, rows))
