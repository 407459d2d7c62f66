"""gamma, ridge and k from lists: what tells the classes best on the validation split; the test split is never read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dualgap.problems.discriminant.accuracy import accuracies, score
from dualgap.problems.discriminant.splits import VALIDATION
from dualgap.problems.spectra import leading

if TYPE_CHECKING:
    from dualgap.problems.discriminant.spec import Discriminant


def tried(problem: Discriminant, gammas: Sequence[float], ridges: Sequence[float], counts: Sequence[int]) -> np.ndarray:
    """(m, 4) gamma, ridge, k and the score on the validation split of every combination, in the order given.

    The k leading directions are the first k of more: each pair of gamma and ridge takes one decomposition.
    """
    scatters, rows = problem.scatters, []
    for gamma in gammas:
        for ridge in ridges:
            _, frame = leading(scatters.root, scatters.metric(gamma, ridge), max(counts))
            for count in counts:
                found = accuracies(problem, frame[:, :count], scatters.centroids)[VALIDATION]
                rows.append((gamma, ridge, count, score(found)))
    return np.array(rows, dtype=np.float64)


def best(table: np.ndarray) -> tuple[float, float, int]:
    """(gamma, ridge, k) of the best score; of equals the first."""
    gamma, ridge, count, _ = table[int(np.argmax(table[:, 3]))].tolist()
    return gamma, ridge, int(count)
