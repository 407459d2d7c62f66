"""Any classifier of the observed cells, as a linear program or, where it may not be random, a 0-1 program."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.relations import Relation
from dualgap.core.views import View
from dualgap.core.witness import Multipliers, Witness
from dualgap.problems.fair_classifier.answers import Classifier, Table, probabilities
from dualgap.problems.fair_classifier.repair import diluted, rounded

if TYPE_CHECKING:
    from dualgap.problems.fair_classifier.spec import FairClassifier

_ROUNDED = 1e-9  # probabilities so close to 0 or 1 are


def view(problem: FairClassifier) -> View:
    """``cells``: exact for tables, a relaxation for every smaller class, whose answers it doesn't give."""
    exact = problem.hypothesis == "table"

    @lru_cache(maxsize=1)
    def build() -> MixedIntegerProgram:
        return program(problem)

    return View(
        name="cells",
        form_type=MixedIntegerProgram,
        relation=Relation.EXACT if exact else Relation.RELAXATION,
        build=build,
        decode=(lambda point: decode(problem, point)) if exact else None,
        repair=(lambda point: repair(problem, point)) if exact else None,
        encode=lambda answer: encode(problem, answer),
        lift_witness=lambda witness: lift(problem, witness),
        encode_witness=encode_witness,
    )


def program(problem: FairClassifier) -> MixedIntegerProgram:
    """min error over the probability p_c of predicting 1 in each cell, and the rates' auxiliary numbers m_k.

    The rows are ``FairClassifier.fair_rows``; masses in them are those of ``FairClassifier.cells``.
    """
    from scipy.sparse import csr_array, hstack

    masses, rows = problem.cells.masses, problem.fair_rows
    total = float(masses.sum())
    k = rows.auxiliary.shape[1]
    gain = masses[:, 0::2].sum(axis=1) - masses[:, 1::2].sum(axis=1)
    count = len(masses)
    return MixedIntegerProgram(
        cost=np.concatenate([gain / total, np.zeros(k)]),
        matrix=csr_array(hstack([csr_array(rows.of(masses)), csr_array(rows.auxiliary)])),
        row_lower=rows.lower,
        row_upper=rows.upper,
        lower=np.zeros(count + k),
        upper=np.ones(count + k),
        integer=np.append(np.full(count, not problem.randomized), np.zeros(k, dtype=bool)),
        offset=float(masses[:, 1::2].sum()) / total,
        columns=(*(f"cell {c + 1}" for c in range(count)), *auxiliary_names(problem)),
        rows=rows.names,
    )


def auxiliary_names(problem: FairClassifier) -> tuple[str, ...]:
    """What the auxiliary numbers are, for people."""
    assert problem.rates is not None
    which = "largest" if problem.difference == "ratio" else "smallest"
    named = tuple(f"{which} {rate}" for rate in problem.rates.rates)
    return named if problem.difference != "to-overall" else ()


def decode(problem: FairClassifier, point: Any) -> Classifier:
    """A point as a table; cells that the training split doesn't have get its majority's label."""
    values = np.clip(np.asarray(point, dtype=np.float64)[: len(problem.cells)], 0.0, 1.0)
    near = np.rint(values)
    values = np.where(np.abs(values - near) <= (_ROUNDED if problem.randomized else 0.5), near, values)
    return _table(problem, values)


def repair(problem: FairClassifier, point: Any) -> Classifier:
    """A table that is fair: as much of the point as can be beside a constant, or the best level to round it at."""
    masses = problem.cells.masses
    values = np.clip(np.asarray(point, dtype=np.float64)[: len(masses)], 0.0, 1.0)
    if not problem.randomized:
        return _table(problem, rounded(problem, masses, values))
    share, label = diluted(problem, masses.T @ values)
    return decode(problem, share * values + (1.0 - share) * label)


def _table(problem: FairClassifier, values: np.ndarray) -> Classifier:
    masses = problem.cells.masses.sum(axis=0)
    fallback = float(masses[1::2].sum() > masses[0::2].sum())
    return problem.classifier([Table(probabilities=values, fallback=fallback)])


def encode(problem: FairClassifier, answer: Classifier) -> np.ndarray:
    """The mean prediction in each cell, and the auxiliary numbers that go with it."""
    total = np.zeros(len(problem.label))
    for weight, member in zip(answer.weights.astype(np.float64).tolist(), answer.members):
        total += weight * probabilities(problem, member)
    values, weights = total[problem.train], problem.mass[problem.train]
    found = problem.cells
    inside = np.bincount(found.code, weights * values, len(found)) / np.bincount(found.code, weights, len(found))
    return np.append(inside, auxiliary(problem, total))


def auxiliary(problem: FairClassifier, positive: np.ndarray) -> np.ndarray:
    """The rates' auxiliary numbers for (n,) probabilities of predicting 1."""
    assert problem.rates is not None
    if problem.difference == "to-overall":
        return np.zeros(0)
    tally = problem.tally(positive)
    extreme = np.nanmax if problem.difference == "ratio" else np.nanmin
    return np.array([extreme(tally.rates(rate)) for rate in problem.rates.rates])


def lift(problem: FairClassifier, witness: Witness) -> Witness | None:
    """Multipliers of the program's first rows are those of the problem's, without the sides that rows don't have."""
    rows = problem.fair_rows
    if not isinstance(witness, Multipliers) or len(witness.rows) < len(rows.names):
        return None
    y = witness.rows.astype(np.float64)[: len(rows.names)]
    priced = ((y > 0) & np.isfinite(rows.lower)) | ((y < 0) & np.isfinite(rows.upper))
    return Multipliers(rows=np.where(priced, y, 0.0))


def encode_witness(witness: Witness, more: int = 0) -> Witness | None:
    """The way back; ``more`` rows of the program have no multiplier among the problem's."""
    return Multipliers(rows=np.append(witness.rows, np.zeros(more))) if isinstance(witness, Multipliers) else None
