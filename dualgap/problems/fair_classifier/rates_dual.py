"""The dual of the rows that hold the rates together: its inner minimum is cost-sensitive classification.

For given multipliers the Lagrangian is linear in the masses predicted positive (``lagrangian``), so a table takes the
sign of each cell's cost, and thresholds the least prefix sum. Where classifiers may be random the dual has no gap.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.forms import DualisedProgram, Inner
from dualgap.core.relations import Relation
from dualgap.core.views import View
from dualgap.core.witness import Multipliers, Witness
from dualgap.problems.fair_classifier import cells_program, thresholds_program
from dualgap.problems.fair_classifier.rates import Rows, Tally

if TYPE_CHECKING:
    from dualgap.problems.fair_classifier.spec import FairClassifier

_ROUNDED = 1e-12  # relative: residuals below are rounding
_FAIR = 1e-9  # what the gap of a point may exceed epsilon by

Choice = Callable[[np.ndarray], np.ndarray]
"""The weights of the columns with the least cost, from (2 G,) costs of a unit predicted positive."""


def view(problem: FairClassifier) -> View:
    """``rates-dual``: exact for randomised tables and thresholds; else a relaxation."""
    exact = problem.randomized and problem.hypothesis in ("table", "threshold")
    own = thresholds_program if problem.hypothesis == "threshold" else cells_program
    answers = problem.hypothesis in ("table", "threshold")
    return View(
        name="rates-dual",
        form_type=DualisedProgram,
        relation=Relation.EXACT if exact else Relation.RELAXATION,
        build=lambda: program(problem),
        decode=(lambda point: own.repair(problem, point)) if answers else None,
        lift_witness=lambda witness: _lift(problem, witness),
        encode_witness=lambda witness: _encode(problem, witness),
    )


def program(problem: FairClassifier) -> DualisedProgram:
    """``max q``; a point is that of the view ``cells``, or of ``thresholds`` where the hypothesis is."""
    rows, moves = problem.fair_rows, directions(problem)
    masses, choose = _thresholds(problem) if problem.hypothesis == "threshold" else _cells(problem)
    mass = problem.tally(np.zeros(len(problem.label))).mass
    total = float(mass.sum())
    gain, offset = np.tile([1.0, -1.0], len(mass)) / total, float(mass[:, 1].sum()) / total

    def inner(multipliers: np.ndarray) -> Inner:
        y = moves.basis @ multipliers
        cost, slope = gain - rows.positive.T @ y, -(rows.auxiliary.T @ y)
        slope[np.abs(slope) <= _ROUNDED * np.abs(y).sum()] = 0.0
        weights = choose(cost)
        positive = masses.T @ weights
        helper = np.where(
            slope < 0, 1.0, np.where(slope > 0, 0.0, _extremes(problem, Tally(mass, _by_group(positive))))
        )
        activity = rows.positive @ positive + rows.auxiliary @ helper
        side = np.where(y > 0, rows.lower, np.where(y < 0, rows.upper, np.clip(activity, rows.lower, rows.upper)))
        residual = side - activity
        residual[np.abs(residual) <= _ROUNDED] = 0.0
        priced = float(y[y != 0] @ side[y != 0])
        value = offset + float(cost @ positive) + float(np.minimum(slope, 0.0).sum()) + priced
        return Inner(value, moves.basis.T @ residual, np.concatenate([weights, helper]))

    def primal(point: np.ndarray) -> float:
        positive = masses.T @ np.asarray(point)[: len(masses)]
        assert problem.rates is not None
        gap = Tally(mass, _by_group(positive)).gap(problem.rates, problem.difference)
        return offset + float(gain @ positive) if gap <= float(problem.epsilon) + _FAIR else float("inf")

    return DualisedProgram(
        dimension=moves.basis.shape[1],
        lower=moves.lower,
        upper=moves.upper,
        inner=inner,
        initial=np.zeros(moves.basis.shape[1]),
        primal=primal,
    )


def _by_group(positive: np.ndarray) -> np.ndarray:
    return positive.reshape(-1, 2)


def _extremes(problem: FairClassifier, found: Tally) -> np.ndarray:
    """The auxiliary numbers that the rates would choose."""
    assert problem.rates is not None
    if problem.difference == "to-overall":
        return np.zeros(0)
    extreme = np.nanmax if problem.difference == "ratio" else np.nanmin
    return np.array([extreme(found.rates(rate)) for rate in problem.rates.rates])


def _cells(problem: FairClassifier) -> tuple[np.ndarray, Choice]:
    masses = problem.cells.masses
    return masses, lambda cost: (masses @ cost < 0.0).astype(np.float64)


def _thresholds(problem: FairClassifier) -> tuple[np.ndarray, Choice]:
    parts = thresholds_program.parts(problem)

    def choose(cost: np.ndarray) -> np.ndarray:
        chosen = [np.zeros(len(part)) for part in parts]
        for weights, part in zip(chosen, parts):
            weights[int((part @ cost).argmin())] = 1.0
        return np.concatenate(chosen)

    return np.vstack(parts), choose


@dataclass(frozen=True, eq=False)
class Directions:
    """The rows' multipliers are ``basis @ multipliers`` of the dual, these between ``lower`` and ``upper``."""

    basis: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


def directions(problem: FairClassifier) -> Directions:
    """The multipliers that can be best, with as few numbers as describe them.

    For ``max-min`` those of a rate sum to 0, or its auxiliary number would go to an end: they are differences to the
    first row's. Of two groups' distances to the overall rate the smaller group's is the larger one, and decides.
    """
    rows = problem.fair_rows
    count = len(rows.names)
    if problem.difference == "max-min":
        basis = _differences(rows)
    elif problem.difference == "to-overall" and count == 2:
        basis = np.eye(2)[:, [int(np.abs(rows.positive).sum(axis=1).argmax())]]
    else:
        basis = np.eye(count)
    free = np.full(basis.shape[1], np.inf)
    if problem.difference != "ratio":
        return Directions(basis, -free, free)
    return Directions(basis, np.where(np.isinf(rows.upper), 0.0, -np.inf), np.where(np.isinf(rows.lower), 0.0, np.inf))


def _differences(rows: Rows) -> np.ndarray:
    unit = np.eye(len(rows.names))
    blocks = []
    for column in rows.auxiliary.T:
        first, *others = np.flatnonzero(column).tolist()
        blocks.append(unit[:, others] - unit[:, [first]])
    return np.hstack(blocks)


def _lift(problem: FairClassifier, witness: Witness) -> Witness | None:
    basis = directions(problem).basis
    if not isinstance(witness, Multipliers) or len(witness.rows) != basis.shape[1]:
        return None
    return Multipliers(rows=basis @ witness.rows.astype(np.float64))


def _encode(problem: FairClassifier, witness: Witness) -> Witness | None:
    if not isinstance(witness, Multipliers):
        return None
    basis = directions(problem).basis
    return Multipliers(rows=np.linalg.lstsq(basis, witness.rows.astype(np.float64), rcond=None)[0])
