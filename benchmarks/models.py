"""Models: what it costs to read one of PuLP's or CVXPY's, beside what PuLP and CVXPY themselves pay to hand it over.

PuLP writes an MPS file for its backends; CVXPY brings a model into canonical form. Building the model in the first
place is the user's own time, and the same for both.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cvxpy
import numpy as np
import pulp
from harness import Row, main, process_seconds

from dualgap.core.certificate import Certificate, Sense, Verdict
from dualgap.models import read_model
from dualgap.models.model import Found

SIZES = ((100_000, 1), (5_000, 50))


def arrays(n: int, m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A dense knapsack: values, weights and capacities."""
    rng = np.random.default_rng(0)
    weights = rng.integers(1, 10_000, size=(m, n))
    return rng.integers(1, 10_000, size=n), weights, weights.sum(axis=1) // 2


def in_pulp(n: int, m: int) -> pulp.LpProblem:
    values, weights, capacity = arrays(n, m)
    model = pulp.LpProblem("knapsack", pulp.LpMaximize)
    xs = [model.add_variable(f"x{j}", cat="Binary") for j in range(n)]
    model += pulp.LpAffineExpression(dict(zip(xs, values.tolist())))
    for row, most in zip(weights.tolist(), capacity.tolist()):
        model += pulp.LpAffineExpression(dict(zip(xs, row))) <= most
    return model


def in_cvxpy(n: int, m: int) -> cvxpy.Problem:
    values, weights, capacity = arrays(n, m)
    x = cvxpy.Variable(n, name="x", boolean=True)
    return cvxpy.Problem(cvxpy.Maximize(values @ x), [weights @ x <= capacity])


def canonical(n: int, m: int, work: Callable[[cvxpy.Problem], Any]) -> Callable[[], Any]:
    """The work on a new model every time: CVXPY keeps the canonical form of one that it has seen."""
    return lambda: work(in_cvxpy(n, m))


def for_pulp(n: int, m: int, repeats: int) -> Iterator[Row]:
    """Reading the model against writing it, and putting values back."""
    size, model = f"PuLP n={n:,} m={m}", in_pulp(n, m)
    with tempfile.TemporaryDirectory() as folder:
        theirs = process_seconds(lambda: model.writeMPS(str(Path(folder) / "model.mps")), repeats)
    ours = process_seconds(lambda: read_model(model), repeats)
    yield Row(f"{size}: read, over writeMPS", ours / theirs, "x", 0.5)
    yield Row(f"{size}: read", ours, "s", None, "writeMPS", theirs)
    read = read_model(model)
    assert read is not None
    found = Found(Certificate(Sense.MAXIMIZE, Verdict.FEASIBLE, ""), values=np.zeros(n))
    yield Row(f"{size}: values and slacks put back", process_seconds(lambda: read.fill(found), repeats))


def for_cvxpy(n: int, m: int, repeats: int) -> Iterator[Row]:
    """Reading a new model against its canonicalisation alone, the time to state it left out of both."""
    size = f"CVXPY n={n:,} m={m}"
    stated = process_seconds(canonical(n, m, lambda model: model), repeats)
    theirs = process_seconds(canonical(n, m, lambda model: model.get_problem_data(cvxpy.HIGHS)), repeats) - stated
    ours = process_seconds(canonical(n, m, read_model), repeats) - stated
    yield Row(f"{size}: read, over canonicalisation", ours / theirs, "x", 3.0)
    yield Row(f"{size}: read", ours, "s", None, "get_problem_data", theirs)


def rows(quick: bool) -> Iterator[Row]:
    """The ratio of process times, and the times, for each package and size."""
    for n, m in SIZES:
        yield from for_pulp(n, m, 5 if quick else 15)
        yield from for_cvxpy(n, m, 5 if quick else 15)


if __name__ == "__main__":
    sys.exit(main(__doc__, rows))
