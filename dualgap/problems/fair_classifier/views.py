"""The forms of the problem."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dualgap.core.views import View
from dualgap.problems.fair_classifier import cells_program, thresholds_program

if TYPE_CHECKING:
    from dualgap.problems.fair_classifier.spec import FairClassifier


def views(problem: FairClassifier) -> tuple[View, ...]:
    """Every way to state the problem as a form."""
    if problem.rates is None:
        return ()
    thresholds = problem.hypothesis == "threshold" or problem.scorer is not None
    found = [thresholds_program.view(problem)] if thresholds else []
    return (*found, cells_program.view(problem)) if problem.hypothesis != "threshold" else tuple(found)
