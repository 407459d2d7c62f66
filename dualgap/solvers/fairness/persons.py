"""What fairlearn is called with: counts written out as persons, for its methods take no weights."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from dualgap.problems.fair_classifier import FairClassifier

MOST = 1_000_000
"""Persons at most: each is a row in memory."""


def refused(problem: FairClassifier) -> str | None:
    """Why the training split can't be handed over as rows of one person each, or None."""
    if problem.rates is None:
        return f'it takes rates: metric = "demographic-parity", say, not {problem.metric}'
    if not problem.counted:
        return "it takes no weights, and only whole ones can be written out as persons"
    if problem.people > MOST:
        return f"it takes no weights, and {problem.people:,.0f} persons are too many to write out"
    return None


def persons(problem: FairClassifier) -> np.ndarray:
    """(people,) the row of each person of the training split."""
    rows = np.flatnonzero(problem.train)
    return np.repeat(rows, problem.mass[rows].astype(np.int64))


@contextmanager
def outdated() -> Iterator[None]:
    """Inside, fairlearn may call what pandas and scikit-learn will drop one day: that isn't the user's to mend."""
    with warnings.catch_warnings():
        for category in (DeprecationWarning, FutureWarning):
            warnings.filterwarnings("ignore", category=category, module=r"fairlearn\.")
        yield
