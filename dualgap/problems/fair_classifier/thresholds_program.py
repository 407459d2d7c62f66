"""Mixtures of thresholds of a given score, as a linear program over their weights.

Source: Hardt, Price and Srebro, Equality of opportunity in supervised learning (2016), section 3, with a tolerance.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.forms import MixedIntegerProgram
from dualgap.core.relations import Relation
from dualgap.core.views import View
from dualgap.problems.fair_classifier.answers import Classifier, Thresholds
from dualgap.problems.fair_classifier.cells_program import auxiliary, encode_witness, lift
from dualgap.problems.fair_classifier.repair import diluted
from dualgap.problems.fair_classifier.thresholds import coupled, cuts

if TYPE_CHECKING:
    from dualgap.problems.fair_classifier.spec import FairClassifier

_SMALLEST = 1e-9  # weights below are rounded zeros


def view(problem: FairClassifier) -> View:
    """``thresholds``: exact for thresholds, a restriction of larger classes that have them.

    Its multipliers are prices of the same rows: they bound larger classes too, by any classifier of the cells.
    """
    exact = problem.hypothesis == "threshold"

    @lru_cache(maxsize=1)
    def build() -> MixedIntegerProgram:
        return program(problem)

    return View(
        name="thresholds",
        form_type=MixedIntegerProgram,
        relation=Relation.EXACT if exact else Relation.RESTRICTION,
        build=build,
        decode=lambda point: decode(problem, point),
        repair=lambda point: repair(problem, point),
        encode=(lambda answer: encode(problem, answer)) if exact else None,
        lift_witness=lambda witness: lift(problem, witness),
        encode_witness=(lambda witness: encode_witness(witness, len(problem.above))) if exact else None,
    )


def kept(problem: FairClassifier) -> tuple[np.ndarray, ...]:
    """For each set of thresholds those that some mixture of an optimum may need, by number, ascending.

    A threshold between two neighbouring scores of the same label only (and group, where all share their thresholds)
    lies on the line between the masses above the next ones: the mixture of those does as well. Without randomisation
    all stay.
    """
    if not problem.randomized:
        return tuple(np.arange(len(above)) for above in problem.above)
    return tuple(_corners(above) for above in problem.above)


def _corners(above: np.ndarray) -> np.ndarray:
    """The ends, and where the step's direction changes."""
    steps = -np.diff(above, axis=0)
    sizes = steps.sum(axis=1, keepdims=True)
    directions = steps / sizes
    turns = np.flatnonzero((np.abs(np.diff(directions, axis=0)) > 0).any(axis=1)) + 1
    return np.concatenate([[0], turns, [len(above) - 1]])


def parts(problem: FairClassifier) -> list[np.ndarray]:
    """For each set of thresholds the (t, 2 G) masses above those that the program weighs."""
    return [above[places] for above, places in zip(problem.above, kept(problem))]


def program(problem: FairClassifier) -> MixedIntegerProgram:
    """min error over the weights of the thresholds (a simplex for each set of them) and the auxiliary numbers."""
    from scipy.sparse import block_diag, csr_array, hstack, vstack

    rows = problem.fair_rows
    sets = parts(problem)
    masses = np.vstack(sets)
    totals = problem.tally(np.zeros(len(problem.label))).mass
    total, k, count = float(totals.sum()), rows.auxiliary.shape[1], len(masses)
    gain = masses[:, 0::2].sum(axis=1) - masses[:, 1::2].sum(axis=1)
    fair = hstack([csr_array(rows.of(masses)), csr_array(rows.auxiliary)])
    one = hstack([block_diag([np.ones((1, len(part))) for part in sets]), csr_array((len(sets), k))])
    names = problem.group_names if len(sets) > 1 else ("all",)
    return MixedIntegerProgram(
        cost=np.concatenate([gain / total, np.zeros(k)]),
        matrix=csr_array(vstack([fair, one])),
        row_lower=np.append(rows.lower, np.ones(len(sets))),
        row_upper=np.append(rows.upper, np.ones(len(sets))),
        lower=np.zeros(count + k),
        upper=np.ones(count + k),
        integer=np.append(np.full(count, not problem.randomized), np.zeros(k, dtype=bool)),
        offset=float(totals[:, 1].sum()) / total,
        rows=(*rows.names, *(f"one threshold for {name}" for name in names)),
    )


def _values(problem: FairClassifier) -> list[np.ndarray]:
    """The thresholds of each set that the program weighs."""
    groups = range(problem.count) if problem.group_aware else [None]
    masks = [problem.train if g is None else problem.train & (problem.groups == g) for g in groups]
    return [cuts(problem.score[rows].astype(np.float64))[places] for rows, places in zip(masks, kept(problem))]


def decode(problem: FairClassifier, point: Any) -> Classifier:
    """Weights of thresholds as a mixture; sets of them are joined at equal quantiles, so that few members do."""
    sets = _values(problem)
    bounds = np.cumsum([0, *(len(values) for values in sets)])
    weights = np.asarray(point, dtype=np.float64)
    marginals = [_mixture(weights[low:high]) for low, high in pairwise(bounds)]
    members, shares = coupled(sets, marginals)
    return problem.classifier([Thresholds(values=member) for member in members], shares)


def repair(problem: FairClassifier, point: Any) -> Classifier:
    """A mixture that is fair: as much of the point as can be beside a constant classifier.

    Without randomisation the heaviest thresholds are all of the point, or nothing of it.
    """
    sets = parts(problem)
    bounds = np.cumsum([0, *(len(part) for part in sets)])
    weights = np.asarray(point, dtype=np.float64)
    mixed = np.concatenate([_mixture(weights[low:high]) for low, high in pairwise(bounds)])
    if not problem.randomized:
        heaviest = [low + int(mixed[low:high].argmax()) for low, high in pairwise(bounds)]
        mixed = np.zeros(len(mixed))
        mixed[heaviest] = 1.0
    share, label = diluted(problem, np.vstack(sets).T @ mixed)
    if not problem.randomized and share < 1.0:
        share = 0.0
    constant = np.zeros(len(mixed))
    constant[bounds[:-1] if label else bounds[1:] - 1] = 1.0
    return decode(problem, share * mixed + (1.0 - share) * constant)


def _mixture(weights: np.ndarray) -> np.ndarray:
    kept = np.where(weights > _SMALLEST, weights, 0.0)
    return np.asarray(kept / kept.sum()) if kept.sum() > 0 else np.append(np.zeros(len(weights) - 1), 1.0)


def encode(problem: FairClassifier, answer: Classifier) -> np.ndarray | None:
    """The weights of the thresholds that tell the same training rows apart; None for other classifiers."""
    from dualgap.problems.fair_classifier.evaluate import predicted

    if not all(isinstance(member, Thresholds) for member in answer.members):
        return None
    parts = []
    for g, values in enumerate(_values(problem)):
        weights = np.zeros(len(values))
        for weight, member in zip(answer.weights.astype(np.float64).tolist(), answer.members):
            own = member.values[g if len(member.values) > 1 else 0]  # type: ignore[union-attr]
            weights[min(int(np.searchsorted(values, own)), len(values) - 1)] += weight
        parts.append(weights)
    return np.append(np.concatenate(parts), auxiliary(problem, predicted(problem, answer)))
