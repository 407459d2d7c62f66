"""Bounds that multipliers of the fairness rows prove, for all classifiers of a class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.certificate import Bound, Evidence
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.witness import Multipliers, Witness
from dualgap.problems.fair_classifier.lagrangian import costs, over_cells, over_thresholds

if TYPE_CHECKING:
    from dualgap.problems.fair_classifier.spec import FairClassifier

WEAK = 0.1  # of the people: with more cells, hardly two agree, and a table can learn them by heart


def prove(problem: FairClassifier, witness: Witness) -> Bound:
    """The Lagrangian at the multipliers, minimised over all classifiers that the bound is for.

    Raises:
        InvalidWitnessError: another witness, multipliers of other rows, or prices of sides that aren't there.
    """
    from dualgap.problems.fair_classifier.covariance import prove as covariance

    if problem.rates is None:
        return covariance(problem, witness)
    if not isinstance(witness, Multipliers):
        raise InvalidWitnessError(f"fair-classifier takes no {witness.type} witness")
    rows = problem.fair_rows
    if witness.rows.shape != (len(rows.names),):
        raise InvalidWitnessError(f"{len(witness.rows)} multipliers for {len(rows.names)} rows")
    mass = problem.tally(np.zeros(len(problem.label))).mass
    found = costs(rows, mass, witness.rows.astype(np.float64))
    if found is None:
        raise InvalidWitnessError("a multiplier prices a side that the row doesn't have")
    if problem.hypothesis == "threshold":
        value, argument = over_thresholds(found, problem.above), _thresholds(problem)
    else:
        value, argument = over_cells(found, problem.cells.masses), _cells(problem)
    return Bound(max(0.0, value), Evidence.PROVED, argument, found.margin)


def _cells(problem: FairClassifier) -> str:
    n, found = problem.people, problem.cells
    weak = "weak: mostly unique rows; " if len(found) > WEAK * n else ""
    aware = "features and group" if problem.group_aware else "features"
    alone = f"{found.alone / len(found):.1%} of them of one person"
    return f"{weak}any classifier of the {aware}, randomised or not, on {len(found):,} cells, {alone}"


def _thresholds(problem: FairClassifier) -> str:
    each = "for each group" if problem.group_aware else "for all"
    return f"any mixture of thresholds {each} of the given score"
