"""Bounds that multipliers of the fairness rows prove, for all classifiers of a class."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from dualgap.core.certificate import Bound, Evidence
from dualgap.core.errors import InvalidWitnessError
from dualgap.core.verify import DEFAULT_TOLERANCE
from dualgap.core.witness import Multipliers, Witness
from dualgap.problems.fair_classifier.lagrangian import costs, over_cells, over_thresholds

if TYPE_CHECKING:
    from dualgap.problems.fair_classifier.spec import FairClassifier

WEAK = 0.1  # of the people: with more cells, hardly two agree, and a table can learn them by heart
_HUGE = 1e12  # larger prices leave nothing but rounding
_NOISE = 1e-6  # of a person: a solver's float may miss a whole number of them by so much


def prove(problem: FairClassifier, witness: Witness) -> Bound:
    """The Lagrangian at the multipliers, minimised over all classifiers that the bound is for.

    Thresholds are bounded among themselves; every other class by any classifier of the cells. The thresholds' bound
    holds for no larger class: that one may rank people otherwise than the score does.

    Raises:
        InvalidWitnessError: another witness, multipliers of other rows, or prices of sides that aren't there.
    """
    from dualgap.problems.fair_classifier.covariance import prove as covariance

    if problem.rates is None:
        return covariance(problem, witness)
    if not isinstance(witness, Multipliers):
        raise InvalidWitnessError(f"fair-classifier takes no {witness.type} witness")
    rows, multipliers = problem.fair_rows, witness.rows.astype(np.float64)
    if multipliers.shape != (len(rows.names),):
        raise InvalidWitnessError(f"{len(multipliers)} multipliers for {len(rows.names)} rows")
    if not np.abs(multipliers).max(initial=0.0) <= _HUGE:
        raise InvalidWitnessError(f"a multiplier beyond {_HUGE:g}: errors are at most 1")
    mass = problem.tally(np.zeros(len(problem.label))).mass
    found = costs(rows, mass, multipliers, 0 if problem.counted else int(problem.train.sum()))
    if found is None:
        raise InvalidWitnessError("a multiplier prices a side that the row doesn't have")
    if problem.hypothesis == "threshold":
        value, argument = over_thresholds(found, problem.above), _thresholds(problem)
    else:
        value, argument = over_cells(found, problem.cells.masses), _cells(problem)
    forgiven = DEFAULT_TOLERANCE * float(np.abs(multipliers).sum())
    return Bound(max(0.0, value, _whole(problem, value - forgiven)), Evidence.PROVED, argument, found.margin)


def _whole(problem: FairClassifier, value: float) -> float:
    """The least error of a whole number of people from ``value`` on; ``value`` where errors needn't be such.

    A classifier without chance errs on whole people. One that misses epsilon by the verifier's tolerance counts as
    feasible, and must not beat the bound: so the tolerance's worth comes off before the bound is rounded up.
    """
    if problem.randomized or not problem.counted:
        return value
    return ceil(Fraction(value) * int(problem.people)) / int(problem.people)


def tightened(problem: FairClassifier, bound: float) -> float:
    """A solver's own bound, moved up to a whole number of people; its noise comes off first."""
    if problem.rates is None or problem.randomized or not problem.counted:
        return bound
    return ceil(bound * problem.people - _NOISE) / problem.people


def _cells(problem: FairClassifier) -> str:
    found = problem.cells
    n = problem.people if problem.counted else int(problem.train.sum())
    weak = "weak: mostly unique rows; " if len(found) > WEAK * n else ""
    alone = f"{found.alone / len(found):.1%} of them of one person"
    return f"{weak}any classifier of the {_inputs(problem)}{_chance(problem)}, on {len(found):,} cells, {alone}"


def candidates(problem: FairClassifier) -> str:
    """The class that the answer is chosen from."""
    if problem.hypothesis == "threshold":
        return _thresholds(problem)
    kind = "classifier" if problem.hypothesis == "table" else f"{problem.hypothesis} classifier"
    return f"any {kind} of the {_inputs(problem)}{_chance(problem)}"


def _inputs(problem: FairClassifier) -> str:
    return "features and group" if problem.group_aware else "features"


def _thresholds(problem: FairClassifier) -> str:
    each = "for each group" if problem.group_aware else "for all"
    kind = "any mixture of thresholds" if problem.randomized else "any threshold"
    return f"{kind} {each} of the given score"


def _chance(problem: FairClassifier) -> str:
    return ", randomised or not" if problem.randomized or not problem.counted else " without chance"
