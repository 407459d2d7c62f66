"""From classifiers whose rates are too far apart to fair ones: a share of a constant classifier, or other rounding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dualgap.problems.fair_classifier.rates import Tally

if TYPE_CHECKING:
    from dualgap.problems.fair_classifier.spec import FairClassifier

_SLACK = 5e-7  # what a gap may exceed epsilon by: solvers miss rows by 1e-7, and the verifier forgives 1e-6


def diluted(problem: FairClassifier, positive: np.ndarray) -> tuple[float, int]:
    """(share, label): a classifier kept with that share, and the label for everybody else, is fair.

    Mixed with a constant classifier, whose rates are equal, gaps shrink with the share; of both labels the one is
    taken that leaves the smaller error.

    Args:
        problem: the spec.
        positive: (2 G,) the masses that the classifier predicts positive.
    """
    mass = problem.tally(np.zeros(len(problem.label))).mass
    found = Tally(mass, positive.reshape(mass.shape))
    errors = float(mass[:, 1].sum() / mass.sum()), float(mass[:, 0].sum() / mass.sum())
    shares = [_share(problem, found, label) for label in (0, 1)]
    label = min((0, 1), key=lambda k: shares[k] * found.error + (1.0 - shares[k]) * errors[k])
    return shares[label], label


def _share(problem: FairClassifier, found: Tally, label: int) -> float:
    """The largest share of the classifier beside a constant one."""
    assert problem.rates is not None
    epsilon, gap = float(problem.epsilon), found.gap(problem.rates, problem.difference)
    if gap <= epsilon + _SLACK:
        return 1.0
    if problem.difference != "ratio":
        return epsilon / gap
    if label == 0:  # all rates shrink alike, and their ratio stays
        return 0.0
    rates = [found.rates(rate) for rate in problem.rates.rates]
    lack = max(float((1.0 - epsilon) * np.nanmax(r) - np.nanmin(r)) for r in rates)
    return epsilon / (epsilon + lack)


def rounded(problem: FairClassifier, masses: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(c,) 0 and 1: the best fair choice of the cells whose values are largest; all or none of them always is.

    Args:
        problem: the spec.
        masses: (c, 2 G) of the cells.
        values: (c,) probabilities.
    """
    assert problem.rates is not None
    order = np.argsort(-values, kind="stable")
    mass = problem.tally(np.zeros(len(problem.label))).mass
    above = np.vstack([np.zeros(masses.shape[1]), np.cumsum(masses[order], axis=0)])
    found = Tally(np.broadcast_to(mass, (len(above), *mass.shape)), above.reshape(-1, *mass.shape))
    fair = found.gaps(problem.rates, problem.difference) <= float(problem.epsilon) + _SLACK
    best = int(np.where(fair, found.errors, np.inf).argmin())
    chosen = np.zeros(len(values))
    chosen[order[:best]] = 1.0
    return chosen
